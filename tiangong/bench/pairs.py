"""An avatar that repeats a filmed motion, against the film itself: `mouth_psnr_db`, `mouth_ssim`, `mouth_landmark_distance`.

Frames are matched by time. The driven face is brought by a similarity transform (eyes, bridge of the nose, middle of the
forehead) to where the filmed one is, so that framing does not count. PSNR and SSIM are of the box around the filmed lips,
1.8 mouth widths wide, as 128 x 128 RGB; the distance is that of the 40 lip landmarks over that of the outer eye corners.
Frames where either has no face are counted, not hidden.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tiangong.bench.filmed import Floats, Picture, Seen, seen_frames
from tiangong.rendering.region import OUTER_LIPS
from tiangong.rendering.training.measuring import LIPS, box_around, lip_distance, psnr_db, ssim
from tiangong.studio.film_reading import film_frames

UNMOVED: Final = [33, 133, 362, 263, 168, 6, 197, 9, 151]  # corners of the eyes, bridge of the nose, forehead
SHORTLIST: Final = 12  # training frames that are aligned exactly to a filmed one


@dataclass
class PairMeasure:
    """One value a frame with both faces."""

    frames: int = 0  # of the truth
    unfound: int = 0  # of these without a face in either
    psnr_db: list[float] = field(default_factory=list[float])
    ssim: list[float] = field(default_factory=list[float])
    landmark_distance: list[float] = field(default_factory=list[float])

    def add(self, driven: Seen, truth: Seen) -> None:
        self.frames += 1
        if driven.marks is None or truth.marks is None:
            self.unfound += 1
            return
        to_truth = alignment(driven.marks, truth.marks)
        box, true_box = _boxes(driven.image, truth.image, to_truth, truth.marks)
        self.psnr_db.append(psnr_db(box, true_box))
        self.ssim.append(ssim(box, true_box))
        self.landmark_distance.append(lip_distance(moved(driven.marks, to_truth), truth.marks))

    @property
    def means(self) -> tuple[float | None, float | None, float | None]:
        """PSNR in dB, SSIM, distance; None where no frame had both faces."""
        psnr, ssim, distance = (
            float(np.mean(values)) if values else None for values in (self.psnr_db, self.ssim, self.landmark_distance)
        )
        return psnr, ssim, distance


def measure_pair(driven: Path, truth: Path) -> PairMeasure:
    """Raises MediaError where one of the films cannot be read."""
    measure = PairMeasure()
    for drawn, filmed in _matched(seen_frames(driven), seen_frames(truth)):
        measure.add(drawn, filmed)
    return measure


def measure_still(driven: Path, truth: Path) -> PairMeasure:
    """The same for a film in which `driven`'s first frame stands still: what any motion has to beat."""
    measure, still = PairMeasure(), next(seen_frames(driven))
    for filmed in seen_frames(truth):
        measure.add(still, filmed)
    return measure


def _matched(driven: Iterable[Seen], truth: Iterable[Seen]) -> Iterator[tuple[Seen, Seen]]:
    """For each filmed frame the driven one nearest in time, of two equally near the earlier."""
    rest = iter(driven)
    now = next(rest)
    later = next(rest, None)
    for filmed in truth:
        while later is not None and abs(later.time_s - filmed.time_s) < abs(now.time_s - filmed.time_s):
            now, later = later, next(rest, None)
        yield now, filmed


# --- one frame -------------------------------------------------------------------------------------------------------


def alignment(marks: Floats, to: Floats) -> NDArray[np.float64]:
    """(2, 3) similarity that takes the unmoved points of `marks` (478, 2) px to those of `to`."""
    found, _ = cv2.estimateAffinePartial2D(marks[UNMOVED], to[UNMOVED], method=cv2.LMEDS)
    return np.asarray(found, np.float64)


def moved(marks: Floats, by: NDArray[np.float64]) -> NDArray[np.float64]:
    return marks @ by[:, :2].T + by[:, 2]


def mouth_box(image: Picture, marks: Floats) -> Picture:
    """(128, 128, 3) around the lips of `marks` (478, 2) px."""
    x, y = (float(at) for at in marks[list(OUTER_LIPS)].mean(axis=0))
    return box_around(image, x, y, float(np.linalg.norm(marks[61] - marks[291])))


def _boxes(image: Picture, truth: Picture, to_truth: NDArray[np.float64], marks: Floats) -> tuple[Picture, Picture]:
    height, width = truth.shape[:2]
    laid = cv2.warpAffine(image, to_truth, (width, height), flags=cv2.INTER_LINEAR)
    return mouth_box(np.asarray(laid, np.uint8), marks), mouth_box(truth, marks)


# --- the nearest training frame --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Wanted:
    """A filmed frame that waits for the training frame most like it."""

    size_px: tuple[int, int]  # width, height
    box: Picture  # (128, 128, 3)
    marks: Floats


def nearest_training_psnr_db(training: Path, truth: Path) -> list[float]:
    """For each frame of `truth`: PSNR of the training frame whose lips, aligned, lie nearest. What copying would reach.

    `training` is read twice, so that no more than one frame of it is held. Empty where either shows no face.
    """
    learned = [seen.marks for seen in seen_frames(training)]
    wanted = [_wanted(seen.image, seen.marks) for seen in seen_frames(truth) if seen.marks is not None]
    uses: dict[int, list[_Wanted]] = {}
    for number, one in zip(_nearest(learned, [one.marks for one in wanted]), wanted, strict=False):
        uses.setdefault(number, []).append(one)
    reached: list[float] = []
    for number, frame in enumerate(film_frames(training)):
        marks = learned[number]
        if marks is None:
            continue
        for one in uses.get(number, ()):
            laid = cv2.warpAffine(frame.image, alignment(marks, one.marks), one.size_px, flags=cv2.INTER_LINEAR)
            reached.append(psnr_db(mouth_box(np.asarray(laid, np.uint8), one.marks), one.box))
    return reached


def _wanted(image: Picture, marks: Floats) -> _Wanted:
    return _Wanted((image.shape[1], image.shape[0]), mouth_box(image, marks), marks)


def _nearest(learned: Sequence[Floats | None], wanted: Sequence[Floats]) -> list[int]:
    """Number of the learned frame nearest to each wanted one; empty where nothing was learned."""
    numbers = [number for number, marks in enumerate(learned) if marks is not None]
    known = [marks for marks in learned if marks is not None]
    if not known:
        return []
    # All faces laid over one of them tells which are near; only these are then aligned to the very frame.
    lips = np.stack([moved(marks, alignment(marks, known[0]))[LIPS] for marks in known])
    found: list[int] = []
    for marks in wanted:
        away = np.linalg.norm(lips - moved(marks, alignment(marks, known[0]))[LIPS], axis=2).mean(axis=1)
        near = np.argsort(away)[:SHORTLIST]
        exact = [lip_distance(moved(known[i], alignment(known[i], marks)), marks) for i in near]
        found.append(numbers[int(near[int(np.argmin(exact))])])
    return found
