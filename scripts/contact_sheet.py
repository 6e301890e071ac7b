"""Draws `docs/contact_sheet.jpg`: every starter with each mouth and each feeling, by the base generator (as from a photo) and
by its own (as from a film): `python -m scripts.contact_sheet`. With `--portraits FOLDER` those faces instead, to look at."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tiangong.core.errors import MediaError
from tiangong.core.face import BLEND_SHAPE_INDEX, EMOTIONS
from tiangong.core.face_mesh import only_face
from tiangong.core.media import FaceMotion
from tiangong.core.pictures import read_picture, write_picture
from tiangong.rendering.face_frame import frame_of
from tiangong.rendering.feeling import felt_face
from tiangong.rendering.gan import GanFace, GanRenderer
from tiangong.rendering.lip_motion import resting_mouth
from tiangong.rendering.painting import open_painter
from tiangong.rendering.protocol import FPS
from tiangong.rendering.warp import WarpFace, warp_face
from tiangong.studio.bundle import STARTER, find_bundles

Face = NDArray[np.float32]
CELL_PX = 190
FACE_EYE_DISTANCES = 1.3  # half the side of what is shown, around the nose
NOSE = 1
NO_FOLDER = Path("no generator here")  # the base draws


def shapes(**weights: float) -> Face:
    """(52,) by name; a name without its side stands for both."""
    face = np.zeros(len(BLEND_SHAPE_INDEX), np.float32)
    for name, weight in weights.items():
        for side in ("",) if name in BLEND_SHAPE_INDEX else ("Left", "Right"):
            face[BLEND_SHAPE_INDEX[name + side]] = weight
    return face


def shown() -> FaceMotion:
    """Rest, four mouths, shut lids, and the seven feelings."""
    rest = resting_mouth(1)[0]
    mouths = [
        rest, shapes(jawOpen=0.55), shapes(jawOpen=0.3, mouthLowerDown=0.15),
        shapes(mouthFunnel=0.5, mouthPucker=0.5, jawOpen=0.15),
        shapes(jawOpen=0.12, mouthStretch=0.3, mouthUpperUp=0.2, mouthLowerDown=0.3), np.maximum(rest, shapes(eyeBlink=1)),
    ]  # fmt: skip
    smile = shapes(jawOpen=0.15, mouthUpperUp=0.2, mouthLowerDown=0.2)
    feelings = [
        felt_face(label, 1.0) + (smile if label == "happy" else rest) for label in EMOTIONS if label != "neutral"
    ]
    faces = np.clip(np.stack([*mouths, *feelings]), 0, 1).astype(np.float32)
    head = np.zeros((len(faces), 3), np.float32)
    head[4] = (0.12, 0.04, 0.04)
    return FaceMotion(faces, head, FPS)


def row(face: GanFace) -> NDArray[np.uint8]:
    frame = face.warp_face.warp.frame
    half = min(FACE_EYE_DISTANCES * frame.eye_distance_px, 255)
    left, top = (int(np.clip(at - half, 0, 512 - 2 * half)) for at in frame.landmarks[NOSE, :2])
    cut = slice(top, int(top + 2 * half)), slice(left, int(left + 2 * half))
    cells = [
        cv2.resize(picture[cut], (CELL_PX, CELL_PX), interpolation=cv2.INTER_AREA) for picture in face.draw(shown())
    ]
    return np.asarray(np.hstack(cells), np.uint8)


def starters() -> Iterator[GanFace]:
    for _, folder in sorted(find_bundles(STARTER / "avatars").items()):
        own = GanRenderer().open(folder)
        assert isinstance(own, GanFace)
        yield GanFace(own.warp_face, open_painter(NO_FOLDER))
        yield own


def photographed(folder: Path) -> Iterator[GanFace]:
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".jpg", ".png")):
        image = read_picture(path).image
        try:
            face: WarpFace = warp_face(frame_of(image, only_face(image, path.name)))
        except MediaError as error:
            print(error)
            continue
        yield GanFace(face, open_painter(NO_FOLDER))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.contact_sheet", description=__doc__)
    parser.add_argument("--portraits", type=Path)
    parser.add_argument("--out", type=Path, default=Path("docs/contact_sheet.jpg"))
    given = parser.parse_args()
    faces = photographed(given.portraits) if given.portraits else starters()
    write_picture(np.vstack([row(face) for face in faces]), given.out)


if __name__ == "__main__":
    main()
