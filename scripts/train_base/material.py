"""What the base generator learns from: people who allow it, and faces that this project draws.

The folder is laid out as `media/expressions/...`, `media/talking_video/...` with `SOURCES.tsv`; only rows of class A (CC BY,
CC0, public domain) are taken.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.draw_avatars.character import CHARACTERS
from scripts.draw_avatars.frames import frames as drawn_frames
from tiangong.core.errors import MediaError
from tiangong.core.face_mesh import FaceMesh
from tiangong.core.media import FaceMotion
from tiangong.core.pictures import read_picture, read_video
from tiangong.rendering.face_frame import frame_of
from tiangong.rendering.follow import Follower
from tiangong.rendering.protocol import FPS
from tiangong.rendering.training.pairs import Pairs, filmed_pairs, sketches_of
from tiangong.rendering.warp import warp_face

Picture = NDArray[np.uint8]
Face = tuple[Picture, NDArray[np.float32]]

PORTRAITS_OF_A_FILM: Final = 3  # frames of it that stand for the photo, in turn
MOVED_PER_PORTRAIT: Final = 2  # invented motions for which the sketch itself is the truth
# How much more often a photo is shown than a frame of a film: only photos show what teeth are like.
SHARP_COUNT: Final = 6
AROUND_PX: Final = 7  # around lips and lids that is learned from films
LIVELIEST: Final = 0.8  # largest weight of an invented motion


def allowed(media: Path, kind: str, group: str) -> list[Path]:
    """Files of one kind whose source says that weights may be trained on them."""
    with (media / "SOURCES.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [
        media / r["file"]
        for r in rows
        if r["kind"] == kind and r["rights_class"] == "A" and r["group"].startswith(group)
    ]


def people_smiling(media: Path) -> Iterator[Pairs]:
    """The London Set: each person's neutral and smiling photo, each from the other."""
    faces: dict[str, list[Face]] = {}
    with FaceMesh(tracking=False, most_faces=1) as mesh:
        for path in allowed(media, "expressions", "london"):
            image = read_picture(path).image
            found = mesh.find(image)
            if found:
                faces.setdefault(path.stem.split("_")[0], []).append((image, found[0]))
    for both in faces.values():
        for portrait in both:
            others = [face for face in both if face is not portrait]
            if others:
                yield _pairs(portrait, others)


def people_talking(media: Path) -> Iterator[Pairs]:
    """GRID: each film from three of its own frames."""
    for path in allowed(media, "talking_video", "grid"):
        with FaceMesh(tracking=True, most_faces=1) as mesh:
            seen = [(frame.image, mesh.find(frame.image)) for frame in read_video(path)]
        film = [(image, found[0]) for image, found in seen if found]
        for k in range(PORTRAITS_OF_A_FILM):
            yield _pairs(film[k * len(film) // PORTRAITS_OF_A_FILM], film)


def drawn_people(count: int) -> Iterator[Pairs]:
    """The starter characters, `count` poses each."""
    for person in CHARACTERS:
        with FaceMesh(tracking=False, most_faces=1) as mesh:
            seen = [(image, mesh.find(image)) for image in drawn_frames(person, count, seed=11)]
        film = [(image, found[0]) for image, found in seen if found]
        yield _pairs(film[0], film)


def people_moved(media: Path, seed: int) -> Iterator[Pairs]:
    """The London Set under motion that nobody filmed: the sketch is the truth, so that the generator leaves alone what
    it has no better knowledge of."""
    draw_from = np.random.default_rng(seed)
    with FaceMesh(tracking=False, most_faces=1) as mesh:
        for path in allowed(media, "expressions", "london"):
            image = read_picture(path).image
            found = mesh.find(image)
            if found:
                face = warp_face(frame_of(image, found[0]))
                sketches = sketches_of(face, _invented(draw_from, MOVED_PER_PORTRAIT))
                yield Pairs(sketches, sketches[..., :3].copy())


def _pairs(portrait: Face, film: list[Face]) -> Pairs:
    face = warp_face(frame_of(*portrait))
    own = face.warp.frame.to_face(face.warp.frame.landmarks)
    frames, marks = [image for image, _ in film], [marks for _, marks in film]
    return where_photos_fail(filmed_pairs(face, Follower(face.warp, own), frames, marks))


def where_photos_fail(pairs: Pairs) -> Pairs:
    """The film is the truth at mouth and eyes; elsewhere the sketch is.

    Skin of two photos never lies pore on pore: learned from, it would teach the generator to wipe wrinkles away.
    """
    truths = np.empty_like(pairs.truths)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * AROUND_PX + 1, 2 * AROUND_PX + 1))
    for truth, sketch, filmed in zip(truths, pairs.sketches, pairs.truths, strict=True):
        shown = cv2.dilate(np.ascontiguousarray(sketch[..., 3:].max(-1)), kernel).astype(np.float32) / 255
        share = cv2.GaussianBlur(shown, (0, 0), AROUND_PX / 2)[..., None]
        old = sketch[..., :3].astype(np.float32)
        truth[:] = np.round(old + share * (filmed - old))
    return Pairs(pairs.sketches, truths)


def _invented(draw_from: np.random.Generator, count: int) -> FaceMotion:
    """A few shapes at a time, each at a weight of its own; heads turned a little."""
    active = draw_from.random((count, 52)) < 0.15
    weights = active * draw_from.random((count, 52)) * LIVELIEST
    head = draw_from.normal(0, 0.08, (count, 3))
    return FaceMotion(weights.astype(np.float32), head.astype(np.float32), FPS)


def gathered(media: Path | None, drawn: int, seed: int) -> list[Pairs]:
    """All of it. Raises MediaError where there is neither a media folder nor drawn frames."""
    parts = list(drawn_people(drawn)) if drawn else []
    if media:
        parts += list(people_smiling(media)) * SHARP_COUNT
        # Films are soft, and one frame is like the next: half of them is enough.
        parts += [pairs[::2] for pairs in people_talking(media)]
        parts += list(people_moved(media, seed))
    if not parts:
        raise MediaError("nothing to train on: give --media, or --drawn above 0")
    return parts
