"""Faces that are looked at: photographs of the London Set, and its neutral faces drawn with other expressions.

Drawn ones are then spoilt as pictures from anywhere are: cut tightly, small, grey, too bright or dark, noisy, compressed. The mesh's
own mistakes on such pictures are what the network must learn to live with.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.train_face_emotion.expressions import made_face
from tiangong.core.face import EMOTIONS
from tiangong.core.face_mesh import FaceMesh
from tiangong.core.media import FaceMotion
from tiangong.core.pictures import read_picture, write_picture
from tiangong.perception.face_measures import measure
from tiangong.perception.head_pose import take_pose
from tiangong.rendering.warp import WarpFace, WarpRenderer

LONDON: Final = "expressions/debruine_webmorphR.stim"
HEAD_SPREAD_RAD, HEAD_MOST_RAD = (0.25, 0.16, 0.16), 0.6
WIDTHS_PX: Final = (40.0, 260.0)
WORKING_SIDE_PX: Final = 192  # as perception.face_session
MARGIN: Final = 0.45

Floats = NDArray[np.float32]
Picture = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Looked:
    """What the mesh saw."""

    measures: Floats  # (n, 50)
    head_rad: Floats  # (n, 3)
    label: NDArray[np.int64]  # (n,) in the order of EMOTIONS
    person: NDArray[np.int64]  # (n,)
    drawn: NDArray[np.bool_]  # (n,)

    def save(self, path: Path) -> None:
        np.savez(
            path, measures=self.measures, head_rad=self.head_rad, label=self.label, person=self.person, drawn=self.drawn
        )

    @classmethod
    def load(cls, path: Path) -> "Looked":
        with np.load(path, allow_pickle=False) as box:
            return cls(box["measures"], box["head_rad"], box["label"], box["person"], box["drawn"])


def collect(media: Path, each: int, seed: int) -> Looked:
    """Draw `each` faces of every person and look at them; 25 ms a face."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[Floats, Floats, int, int, bool]] = []
    with FaceMesh(tracking=False, most_faces=1) as mesh:
        for person, file in enumerate(sorted((media / LONDON).glob("*_neutral.jpg"))):
            smile = file.with_name(file.name.replace("neutral", "happy"))
            for label, photo in (("neutral", file), ("happy", smile)):
                if photo.exists():
                    rows += _look(mesh, read_picture(photo).image, EMOTIONS.index(label), person, drawn=False)
            face = _open(file)
            for label, image in _drawn(face, each, rng):
                rows += _look(mesh, image, label, person, drawn=True)
    measures, heads, labels, people, drawn = zip(*rows, strict=True)
    return Looked(np.stack(measures), np.stack(heads), np.array(labels), np.array(people), np.array(drawn))


def _look(
    mesh: FaceMesh, image: Picture, label: int, person: int, drawn: bool
) -> list[tuple[Floats, Floats, int, int, bool]]:
    found = mesh.find(image)
    if not found:
        return []
    pose = take_pose(found[0])
    return [(measure(pose.points), pose.head_rad.astype(np.float32), label, person, drawn)]


def _open(portrait: Path) -> WarpFace:
    with tempfile.TemporaryDirectory() as folder:
        write_picture(read_picture(portrait).image, Path(folder) / "portrait.png")
        return WarpRenderer().open(Path(folder))


def _drawn(face: WarpFace, each: int, rng: np.random.Generator) -> Iterator[tuple[int, Picture]]:
    for i in range(each):
        label = i % len(EMOTIONS)
        head = np.clip(rng.normal(0, HEAD_SPREAD_RAD), -HEAD_MOST_RAD, HEAD_MOST_RAD).astype(np.float32)
        frames, marks = face.draw_and_mark(FaceMotion(made_face(EMOTIONS[label], rng)[None], head[None], 25))
        yield label, spoilt(frames[0], marks[0], rng)


def spoilt(image: Picture, marks: Floats, rng: np.random.Generator) -> Picture:
    """A cut-out of the face, as small and bad as pictures get, brought to the size at which faces are looked for."""
    low, high = marks.min(0), marks.max(0)
    margin = rng.uniform(0, MARGIN, 4) * (high - low).max()
    left, top = np.maximum(low - margin[:2], 0).astype(int)
    right, bottom = np.minimum(high + margin[2:], image.shape[0] - 1).astype(int)
    cut = np.asarray(image[top:bottom, left:right])
    scale = float(np.exp(rng.uniform(*np.log(WIDTHS_PX)))) / max(cut.shape[:2])
    if scale < 1:
        cut = np.asarray(cv2.resize(cut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    if rng.random() < 0.5:
        cut = np.asarray(cv2.cvtColor(cv2.cvtColor(cut, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB))
    light = (cut.astype(np.float32) - 128) * np.exp(rng.uniform(-0.5, 0.8)) + 128 + rng.uniform(-50, 50)
    light += rng.normal(0, rng.uniform(0, 6), light.shape)
    cut = np.clip(light, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(50, 95))]
        cut = np.asarray(cv2.imdecode(cv2.imencode(".jpg", cut, quality)[1], cv2.IMREAD_COLOR))
    grow = max(1.0, WORKING_SIDE_PX / min(cut.shape[:2]))
    return np.asarray(cv2.resize(cut, None, fx=grow, fy=grow, interpolation=cv2.INTER_CUBIC), np.uint8)
