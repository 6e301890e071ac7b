"""One person's face through a film: one reading yields what preflight judges and what training needs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tiangong.core.face_mesh import FaceMesh
from tiangong.core.media import VideoFrame
from tiangong.rendering.protocol import FPS
from tiangong.studio.film_reading import FilmHeader, evenly, film_frames, read_header
from tiangong.studio.finding_faces import FaceLook, face_width, faces_in_film, in_crop, look_at
from tiangong.studio.mouth_cover import HandFinder, cover_probability

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]

MOST_FRAMES: Final = 1500  # kept for training: a minute at 25 fps; more of the same teaches little
CROP_PX: Final = 512  # side of a kept crop: the generator draws eyes 112 px apart, here they are at least that
CROP_HEADS: Final = 1.7  # side of the crop in the film, in face heights: hair and chin stay inside
_FITS: Final = 0.9  # a face that fills more of the crop than this gets a larger one
_LOOKED_EVERY: Final = 10  # frames: hands and covers stay for longer
_THUMBNAIL_PX: Final = 32


@dataclass(frozen=True)
class Sight:
    """What was seen at one moment."""

    time_s: float
    landmarks: Floats | None  # (478, 3) px of the upright film; None: no face
    second_face: float  # width of the next face over that of the first, when last looked for; 0: there is none
    look: FaceLook | None
    luma: float  # 0-255 of the whole picture
    changed: float  # 0-255 mean difference to the moment before, of small blurred pictures
    cover: float | None  # 0-1 how likely the mouth is hidden, by its colours; None: not looked at
    hand: float | None  # 0-1 share of the lips under a hand


@dataclass(frozen=True)
class FaceTrack:
    """A film, read."""

    header: FilmHeader
    sights: tuple[Sight, ...]  # 25 a second; frames shown twice only once
    frames: tuple[Picture, ...]  # (512 or less, the same, 3) RGB crops around the head, evenly spread, at most 1,500
    landmarks: tuple[Floats, ...]  # (478, 3) px of each crop
    times_s: tuple[float, ...]  # when in the film

    @property
    def fps(self) -> int:
        return FPS

    @property
    def duration_s(self) -> float:
        return self.sights[-1].time_s + 1 / FPS if self.sights else 0.0


OnRead = Callable[[float], None]  # share of the film that is read, 0-1


def read_track(path: Path, on_progress: OnRead = lambda share: None) -> FaceTrack:
    """Read a whole film once. Needs 1.2 GB at most, however large and long it is.

    The crop follows the head, so that people who move keep their full size; training places each face by its landmarks.
    Raises MediaError for a broken or cut-off file; whether it is good enough is for preflight to say.
    """
    header = read_header(path)
    expected = (header.duration_s or 0.0) * FPS
    kept = _Kept(max(1, int(np.ceil(expected / MOST_FRAMES))))
    sights: list[Sight] = []
    # Asked for two faces, a tracker searches every frame for the second: three looks a second find company soon enough.
    with FaceMesh(tracking=True, most_faces=1) as mesh, FaceMesh(tracking=False) as crowd, HandFinder() as hands:
        eye = _Eye(mesh, crowd, hands)
        for moment in evenly(film_frames(path)):
            if not moment.is_new:
                continue
            sight = eye.see(moment.frame, look_closely=len(sights) % _LOOKED_EVERY == 0)
            sights.append(sight)
            if sight.landmarks is not None:
                kept.offer(moment.frame, sight.landmarks)
            if expected:
                on_progress(min(1.0, moment.number / expected))
    on_progress(1.0)
    return FaceTrack(header, tuple(sights), tuple(kept.frames), tuple(kept.landmarks), tuple(kept.times_s))


class _Eye:
    """Looks at the frames of one film in order."""

    def __init__(self, mesh: FaceMesh, crowd: FaceMesh, hands: HandFinder) -> None:
        self._mesh, self._crowd, self._hands = mesh, crowd, hands
        self._second = 0.0
        self._before: NDArray[np.int16] | None = None

    def see(self, frame: VideoFrame, look_closely: bool) -> Sight:
        image = frame.image
        # Every fourth pixel tells as much, and averaging two million costs 8 ms.
        sparse = np.ascontiguousarray(image[::4, ::4])
        thumbnail = cv2.resize(sparse, (_THUMBNAIL_PX, _THUMBNAIL_PX), interpolation=cv2.INTER_AREA).astype(np.int16)
        changed = 0.0 if self._before is None else float(np.abs(thumbnail - self._before).mean())
        self._before = thumbnail
        faces = faces_in_film(self._mesh, image)
        luma = float(thumbnail.mean())
        if not faces:
            return Sight(frame.captured_s, None, 0.0, None, luma, changed, None, None)
        first = faces[0]
        if look_closely:
            widths = [face_width(face) for face in faces_in_film(self._crowd, image)]
            self._second = widths[1] / max(widths[0], 1.0) if len(widths) > 1 else 0.0
        cover = cover_probability(image, first) if look_closely else None
        hand = self._hands.share_of_lips(image, first) if look_closely else None
        return Sight(frame.captured_s, first, self._second, look_at(image, first), luma, changed, cover, hand)


class _Kept:
    """Crops for training, thinned out evenly as they come."""

    def __init__(self, every: int) -> None:
        self._every, self._offered, self._side = every, 0, 0.0
        self.frames: list[Picture] = []
        self.landmarks: list[Floats] = []
        self.times_s: list[float] = []

    def offer(self, frame: VideoFrame, landmarks: Floats) -> None:
        self._offered += 1
        if (self._offered - 1) % self._every:
            return
        crop, marks = self._cut(frame.image, landmarks)
        self.frames.append(crop)
        self.landmarks.append(marks)
        self.times_s.append(frame.captured_s)
        if len(self.frames) > MOST_FRAMES:  # longer than its container said
            self._every *= 2
            for kept in (self.frames, self.landmarks, self.times_s):
                del kept[1::2]

    def _cut(self, image: Picture, landmarks: Floats) -> tuple[Picture, Floats]:
        low, high = landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)
        face = float((high - low).max())
        if not self._side or face > _FITS * self._side:
            self._side = CROP_HEADS * face
        centre, side = (low + high) / 2, self._side
        left, top = (int(round(float(edge))) for edge in centre - side / 2)
        whole = int(round(side))
        shown = min(CROP_PX, whole)
        # Beyond the picture's edge its last pixels go on: the face itself must lie inside.
        box = _padded(image, left, top, whole)
        scale = shown / whole
        crop = np.asarray(cv2.resize(box, (shown, shown), interpolation=cv2.INTER_AREA), np.uint8) if scale < 1 else box
        return crop, in_crop(landmarks, left, top, scale)


def _padded(image: Picture, left: int, top: int, side: int) -> Picture:
    """(side, side, 3) from a corner that may lie outside."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = max(0, left), max(0, top), min(width, left + side), min(height, top + side)
    if x0 >= x1 or y0 >= y1:
        return np.zeros((side, side, 3), np.uint8)
    inside = np.ascontiguousarray(image[y0:y1, x0:x1])
    above, before = y0 - top, x0 - left
    below, after = side - (y1 - y0) - above, side - (x1 - x0) - before
    return np.asarray(cv2.copyMakeBorder(inside, above, below, before, after, cv2.BORDER_REPLICATE), np.uint8)
