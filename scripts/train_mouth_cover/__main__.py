"""Train the weights of studio/mouth_cover.py: bare mouths against mouths with something before them.

    python -m scripts.train_mouth_cover MEDIA     MEDIA: portraits and clips with a SOURCES.tsv; only files of class A are used

Faces: Face Research Lab London Set (DeBruine & Jones 2017, CC BY 4.0), GRID clips (Cooke et al. 2006, CC BY 4.0), portraits in
the public domain. What covers them is cut from paintings' hands, from other skin, or drawn (cloth, masks, microphones).
People of the test figures are not in the training. Writes tiangong/studio/mouth_cover_weights.py.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from scripts.train_mouth_cover.covers import bearded, cut_hands, put_before_mouth
from tiangong.core.face_mesh import FaceMesh
from tiangong.core.pictures import read_picture, read_video
from tiangong.studio.mouth_cover import mouth_features

HELD_OUT = 5  # every fifth person is for testing
COPIES = 8  # of each picture, bare and covered, each changed differently
RIDGE = 0.02  # of the logistic regression
OUT = Path(__file__).parents[2] / "tiangong" / "studio" / "mouth_cover_weights.py"


@dataclass(frozen=True)
class Sample:
    features: np.ndarray  # (22,)
    covered: bool
    kind: str
    person: str


def faces(media: Path) -> list[tuple[str, np.ndarray]]:
    """Person -> picture."""
    found: list[tuple[str, np.ndarray]] = []
    for folder in ("portraits", "expressions/debruine_webmorphR.stim"):
        for path in sorted((media / folder).rglob("*.[jp]*g")):
            if path.is_file():
                picture = read_picture(path).image
                scale = min(1.0, 900 / max(picture.shape[:2]))
                small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
                found.append((path.stem.split("_")[0], np.asarray(small, np.uint8)))
    for path in sorted((media / "talking_video" / "rizkiarm_LipNet").glob("*.mpg")):
        found += [(path.stem, frame.image) for i, frame in enumerate(read_video(path)) if i % 8 == 0]
    return found


def disturbed(picture: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """As other cameras would have seen it: size, light, colour, blur, noise, JPEG."""
    scale = min(1.0, float(random.choice([1, 0.7, 0.4, 0.25])) * 900 / max(picture.shape[:2]))
    image = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.float32)
    image = 255 * (image / 255) ** random.uniform(0.7, 1.6) * random.uniform(0.5, 1.05)
    grey = image.mean(axis=2, keepdims=True)
    image = grey + (image - grey) * (0.0 if random.random() < 0.1 else random.uniform(0.5, 1.2))
    image *= random.uniform(0.93, 1.07, 3)
    if random.random() < 0.3:
        image = cv2.GaussianBlur(image, (0, 0), random.uniform(0.4, 1.2))
    if random.random() < 0.4:
        image *= side_light(image.shape[:2], random)
    image += random.normal(0, random.uniform(0, 4), image.shape)
    packed = cv2.imencode(".jpg", np.clip(image, 0, 255), [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(40, 97))])[1]
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)


def side_light(shape: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    """(height, width, 1) light that falls off to one side."""
    angle, depth = random.uniform(0, 2 * np.pi), random.uniform(0.2, 0.8)
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    fall = 1 / (1 + np.exp(-random.uniform(2, 8) * (x * np.cos(angle) + y * np.sin(angle))))
    return (1 - depth + depth * fall)[..., None].astype(np.float32)


def samples(media: Path) -> list[Sample]:
    random = np.random.default_rng(5)
    made: list[Sample] = []
    everyone = faces(media)
    with FaceMesh(tracking=False) as mesh:
        hands = cut_hands([p for p in sorted((media / "portraits" / "KwaiVGI_LivePortrait").glob("*.jpg"))])
        print(len(everyone), "faces,", len(hands), "hands")
        for person, picture in everyone:
            seen = mesh.find(picture)
            if not seen:
                continue
            for _ in range(COPIES):
                for covered in (False, True):
                    image, kind = (
                        put_before_mouth(picture, seen[0], hands, random)
                        if covered
                        else (bearded(picture, seen[0], random), "beard")
                        if random.random() < 0.25
                        else (picture, "bare")
                    )
                    image = disturbed(image, random)
                    found = mesh.find(image)
                    if found:
                        made.append(Sample(mouth_features(image, found[0]), covered, kind, person))
    return made


def fit(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """Logistic regression by Newton's method; (n, d), (n,) -> (d,), bias."""
    ones = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    weights = np.zeros(ones.shape[1])
    ridge = RIDGE * len(x) * np.eye(len(weights)) * 0.1
    ridge[-1, -1] = 0
    for _ in range(40):
        p = 1 / (1 + np.exp(-np.clip(ones @ weights, -30, 30)))
        hessian = (ones * (p * (1 - p) + 1e-6)[:, None]).T @ ones + ridge
        weights -= np.linalg.solve(hessian, ones.T @ (p - y) + ridge @ weights)
    return weights[:-1], float(weights[-1])


def expand(features: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    seen = np.clip((features - mean) / scale, -4, 4)
    return np.concatenate([seen, seen**2], axis=1)


def main(media: Path) -> None:
    made = samples(media)
    features = np.stack([s.features for s in made])
    covered = np.array([s.covered for s in made], float)
    people = sorted({s.person for s in made})
    test = np.array([people.index(s.person) % HELD_OUT == 0 for s in made])
    mean, scale = features[~test].mean(0), features[~test].std(0) + 1e-6
    weights, bias = fit(expand(features[~test], mean, scale), covered[~test])
    p = 1 / (1 + np.exp(-(expand(features, mean, scale) @ weights + bias)))
    lines = []
    for kind in sorted({s.kind for s in made}):
        there = np.array([s.kind == kind for s in made]) & test
        shares = ", ".join(f"> {at}: {(p[there] > at).mean():.3f}" for at in (0.5, 0.8, 0.9, 0.97))
        lines.append(f"{kind:<8} n {int(there.sum()):4d}  {shares}")
    print("\n".join(lines))
    mean, scale = features.mean(0), features.std(0) + 1e-6
    weights, bias = fit(expand(features, mean, scale), covered)
    written = ['"""Written by scripts/train_mouth_cover; see there for the data. Figures on people not trained on:', ""]
    written += [*lines, '"""', "", "from typing import Final", "", "import numpy as np", ""]
    for name, value in (("MEAN", mean), ("SCALE", scale), ("WEIGHTS", weights)):
        numbers = ", ".join(f"{v:.4g}" for v in value)
        written.append(f"{name}: Final = np.array([{numbers}])  # fmt: skip  # noqa: E501")
    written.append(f"BIAS: Final = {bias:.4g}")
    OUT.write_text("\n".join(written) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
