"""Avatars that repeat the rest of their own film: one from its first frame, one from its first three quarters."""

from pathlib import Path
from typing import Final

import numpy as np

from tiangong.bench.filmed import split_film
from tiangong.bench.pairs import PairMeasure, measure_pair, measure_still, nearest_training_psnr_db
from tiangong.bench.report import Figure
from tiangong.bench.stock import Outcome, Stock, tell
from tiangong.core.errors import TiangongError
from tiangong.core.pictures import write_picture
from tiangong.rendering.protocol import FaceRenderer
from tiangong.service.driving import drive, open_for_driving
from tiangong.studio.film_reading import film_frames

LEARNED_SHARE: Final = 0.75  # of the film's duration
PSNR, SSIM, DISTANCE = range(3)


def measure_film(video: Path, renderer: FaceRenderer, stock: Stock, minutes: float | None, workplace: Path) -> Outcome:
    """One film. What it refuses is told in a note, and the rest goes on. `minutes`: of training."""
    workplace.mkdir(parents=True, exist_ok=True)
    learned, truth = workplace / "learned.mp4", workplace / "truth.mp4"
    outcome = Outcome()
    try:
        tell(f"splitting {video.name}")
        cut_s = split_film(video, LEARNED_SHARE, learned, truth)
        _photo(video.stem, learned, truth, renderer, stock, workplace, outcome)
        _video(video.stem, learned, truth, cut_s, minutes, renderer, stock, workplace, outcome)
    except TiangongError as error:
        outcome.notes.append(f"{video.name}: {error}")
    return outcome


def _photo(
    name: str, learned: Path, truth: Path, renderer: FaceRenderer, stock: Stock, workplace: Path, outcome: Outcome
) -> None:
    photo = workplace / "first.png"
    write_picture(next(film_frames(learned)).image, photo)
    made = stock.create("photo", photo)
    if made.folder is None:
        outcome.notes.append(f"{name}: no avatar from its first frame: {made.reason}")
        return
    driven = _driven(made.folder, truth, renderer, workplace / "photo.mp4")
    moving, still = measure_pair(driven, truth), measure_still(driven, truth)
    outcome.figures += _means(f"{name}: photo avatar", moving)
    outcome.figures.append(_mean(f"{name}: still photo, mouth landmarks", "eyes", still, DISTANCE))


def _video(
    name: str, learned: Path, truth: Path, cut_s: float, minutes: float | None,
    renderer: FaceRenderer, stock: Stock, workplace: Path, outcome: Outcome,
) -> None:  # fmt: skip
    tell(f"creating an avatar from {cut_s:.1f} s of {name}")
    made = stock.create("video", learned, *(("--minutes", str(minutes)) if minutes else ()))
    if made.folder is None:
        outcome.notes.append(f"{name}: no avatar from its first {cut_s:.1f} s: {made.reason}")
        return
    outcome.figures.append(Figure.of(f"{name}: creating an avatar from {cut_s:.1f} s of video", "s", [made.took_s]))
    driven = _driven(made.folder, truth, renderer, workplace / "video.mp4")
    outcome.figures += _means(f"{name}: video avatar", measure_pair(driven, truth))
    tell(f"looking for the frames of {name} that are most like those to be drawn")
    nearest = nearest_training_psnr_db(learned, truth)
    mean = float(np.mean(nearest)) if nearest else None
    outcome.figures.append(Figure.single(f"{name}: nearest training frame, mouth PSNR", "dB", mean, len(nearest)))


def _driven(folder: Path, truth: Path, renderer: FaceRenderer, output: Path) -> Path:
    tell(f"{folder.name} repeats {truth.name}")
    drive(open_for_driving(folder), renderer, truth, output, with_sound=False)
    return output


def _means(who: str, measure: PairMeasure) -> list[Figure]:
    return [
        _mean(f"{who}, mouth PSNR", "dB", measure, PSNR),
        _mean(f"{who}, mouth SSIM", "ssim", measure, SSIM),
        _mean(f"{who}, mouth landmarks", "eyes", measure, DISTANCE),
        Figure.single(f"{who}, frames without a face", "frames", measure.unfound, measure.frames),
    ]


def _mean(name: str, unit: str, measure: PairMeasure, which: int) -> Figure:
    """ "eyes": distances of the outer corners of the eyes."""
    return Figure.single(name, unit, measure.means[which], measure.frames - measure.unfound)
