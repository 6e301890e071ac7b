"""`tiangong bench look`: feelings read from labelled pictures, the cost of a camera's picture, flicker, feelings in words."""

import csv
import os
import platform
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tiangong.bench.emotion_figures import balanced_accuracy, calibration_error, confusion_table, surest_half
from tiangong.bench.report import Figure, Report, machine, versions
from tiangong.bench.stock import Outcome
from tiangong.core.errors import MediaError
from tiangong.core.face import EMOTIONS
from tiangong.core.media import FaceMotion, VideoFrame
from tiangong.core.pictures import read_picture
from tiangong.perception.mesh_reader import MeshReader
from tiangong.perception.onnx_emotion import NAMES
from tiangong.rendering.life import gaze, head_sway, living_face
from tiangong.rendering.warp import WarpRenderer
from tiangong.studio.bundle import STARTER

PARTS: Final = ("pictures", "cost", "flicker")
CAMERA_PX: Final = (480, 360)
FRAMES_PER_S: Final = 10
_WARMING: Final = 10  # pictures before the clock counts
_NOISE: Final = 4.0  # of 255, of a camera in a dim room
_PORTRAIT: Final = STARTER / "avatars" / "tian"

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class LookWishes:
    labels: Path | None = None  # a table (tab; file, label, set) of pictures of single faces, files beside it
    seconds: float = 60.0  # of the steady face
    parts: tuple[str, ...] = PARTS


def measure_pictures(labels: Path) -> Outcome:
    """For each set of the table: balanced accuracy, of its surest half, calibration error; confusions as notes.

    A face that is not found counts as neutral. A set with nothing but neutral and happy faces also gets the accuracy of these
    two. Raises MediaError for another kind of table.
    """
    truth: dict[str, list[int]] = {}
    rows: dict[str, list[Floats]] = {}
    unseen: dict[str, int] = {}
    session = MeshReader().session(tracking=False)
    for name, file, label in _labelled(labels):
        seen = session.observe(read_picture(file))
        truth.setdefault(name, []).append(label)
        rows.setdefault(name, []).append(
            seen.emotion.probabilities if seen else np.eye(len(EMOTIONS), dtype=np.float32)[0]
        )
        unseen[name] = unseen.get(name, 0) + (seen is None)
    session.close()
    outcome = Outcome()
    for name in truth:
        _tell(outcome, name, np.array(truth[name], np.int64), np.stack(rows[name]))
        outcome.figures.append(
            Figure.single(f"{name}, faces not found", "share", unseen[name] / len(rows[name]), len(rows[name]))
        )
    return outcome


def _tell(outcome: Outcome, name: str, truth: NDArray[np.int64], rows: Floats) -> None:
    n = len(truth)
    outcome.figures += [
        Figure.single(
            f"{name}, balanced accuracy of {len(np.unique(truth))} classes", "share", balanced_accuracy(truth, rows), n
        ),
        Figure.single(f"{name}, the same of the surest half", "share", surest_half(truth, rows), n),
        Figure.single(f"{name}, calibration error", "share", calibration_error(truth, rows), n),
    ]
    happy = EMOTIONS.index("happy")
    if set(truth.tolist()) == {0, happy}:
        right = ((rows[:, happy] > rows[:, 0]) == (truth == happy)).mean()
        outcome.figures.append(Figure.single(f"{name}, neutral against happy", "share", float(right), n))
    outcome.notes.append(f"{name}\n{confusion_table(truth, rows)}")


def _labelled(labels: Path) -> Iterator[tuple[str, Path, int]]:
    """Set, file and class of every row whose class is one of ours."""
    try:
        with labels.open(encoding="utf-8", newline="") as table:
            found = [(row["set"], row["file"], row["label"].lower()) for row in csv.DictReader(table, delimiter="\t")]
    except (OSError, UnicodeDecodeError, KeyError, AttributeError) as error:
        raise MediaError(f"{labels.name}: not a table with the columns file, label and set, parted by tabs") from error
    for name, file, label in found:
        if label in NAMES:
            yield name, labels.parent / file, EMOTIONS.index(NAMES[label])


def steady_face(seconds: float, seed: int = 2) -> list[VideoFrame]:
    """A face that feels nothing, before a noisy camera: it blinks, looks about and sways; ten pictures a second."""
    face = WarpRenderer().open(_PORTRAIT)
    times_s = np.arange(round(seconds * FRAMES_PER_S)) / FRAMES_PER_S
    head_rad = head_sway(seed, times_s)
    expression = living_face(seed, times_s, gaze(seed, times_s), head_rad)
    rng = np.random.default_rng(seed)
    frames: list[VideoFrame] = []
    for i, time_s in enumerate(times_s):
        image = face.draw(FaceMotion(expression[i : i + 1], head_rad[i : i + 1], FRAMES_PER_S))[0]
        small = cv2.resize(image[:384], CAMERA_PX, interpolation=cv2.INTER_AREA).astype(np.float32)
        noisy = np.clip(small + rng.normal(0, _NOISE, small.shape), 0, 255).astype(np.uint8)
        frames.append(VideoFrame(noisy, float(time_s)))
    return frames


def measure_flicker(seconds: float) -> Outcome:
    """How often the name of the feeling changes on a steady face."""
    session = MeshReader().session(tracking=True)
    seen = [session.observe(frame) for frame in steady_face(seconds)]
    session.close()
    labels = [face.emotion.label for face in seen if face]
    changes = sum(a != b for a, b in zip(labels, labels[1:], strict=False))
    share = labels.count("neutral") / max(len(labels), 1)
    return Outcome(
        [
            Figure.single("changes of label on a steady face", "1/min", changes * 60 / seconds, len(labels)),
            Figure.single("a steady face called neutral", "share", share, len(labels)),
        ]
    )


def _time_frames(seconds: float) -> list[float]:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    frames = steady_face(seconds)
    session = MeshReader().session(tracking=True)
    spent_ms: list[float] = []
    for frame in frames:
        begin_s = perf_counter()
        session.observe(frame)
        spent_ms.append((perf_counter() - begin_s) * 1_000)
    session.close()
    return spent_ms[_WARMING:]


def measure_cost() -> Outcome:
    """Milliseconds for a picture of a camera, face and feeling, on one core."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        spent = process.submit(_time_frames, 20.0).result()
    return Outcome([Figure.of("face and feeling, one picture", "ms", spent)])


def measure_look(wishes: LookWishes) -> Report:
    """Raises MediaError for a table or pictures that cannot be read."""

    def pictures() -> Outcome:
        if wishes.labels is None:
            return Outcome(notes=["pictures are not measured: they need --labels"])
        return measure_pictures(wishes.labels)

    measures: dict[str, Callable[[], Outcome]] = {
        "pictures": pictures,
        "cost": measure_cost,
        "flicker": lambda: measure_flicker(wishes.seconds),
    }
    outcome = Outcome()
    for part in PARTS:
        if part in wishes.parts:
            found = measures[part]()
            outcome.figures += found.figures
            outcome.notes += found.notes
    names = {"face_reader": MeshReader.name, "face_emotion": "geometry"}
    return Report("look", machine(), platform.python_version(), versions(), names, outcome.figures, outcome.notes)
