"""Geometry and network against the teacher, on people whom the network has not seen."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from scripts.train_face_regressor.samples import Samples
from scripts.train_face_regressor.training import train
from tiangong.core.face import BLEND_SHAPE_INDEX
from tiangong.perception.blend_shapes import RunningRest, expression
from tiangong.perception.face_measures import measure
from tiangong.perception.face_regressor import LEARNED, LearnedShapes

Floats = NDArray[np.float32]
FOLDS = 5
FRAME_S = 0.04
JUDGED = (
    "jawOpen mouthClose mouthFunnel mouthPucker mouthSmile mouthFrown mouthUpperUp mouthLowerDown mouthPress mouthRollLower "
    "mouthRollUpper browInnerUp browOuterUp browDown eyeBlink eyeSquint eyeWide eyeLookUp eyeLookDown eyeLookIn eyeLookOut"
).split()


def held_out(samples: Samples, steps: int, seed: int) -> tuple[Floats, Floats]:
    """(n, 52) by geometry, and with what the network reads in its place, trained each time on the other people."""
    people = np.unique(samples.person)
    fold_of = dict(zip(people, np.random.default_rng(seed).permutation(len(people)) % FOLDS, strict=True))
    fold = np.array([fold_of[person] for person in samples.person])
    geometric, learned = np.zeros_like(samples.teacher), np.zeros_like(samples.teacher)
    for number in range(FOLDS):
        others = fold != number
        part = Samples(*(array[others] for array in vars(samples).values()))
        net = train(part, steps, seed)
        for person in people[[fold_of[p] == number for p in people]]:
            rows = np.flatnonzero(samples.person == person)
            clip = samples.kind[rows[0]] == "clip"
            geometric[rows], learned[rows] = read_person(samples.points[rows], LearnedShapes(net), clip=clip)
    return geometric, learned


def read_person(points: Floats, shapes: LearnedShapes, *, clip: bool) -> tuple[Floats, Floats]:
    """(n, 478, 3) of one person -> as the mesh reader reads them: a clip by its running rest, pictures as a stranger's."""
    rest, rows = RunningRest(), []
    for i, one in enumerate(points):
        measures = measure(one)
        elapsed_s = FRAME_S if i else 0.0
        geometric = expression(measures, rest.learn(measures, elapsed_s)) if clip else expression(measures)
        rows.append((geometric, shapes.follow(geometric, one, elapsed_s) if clip else shapes.stranger(geometric, one)))
    geometric, learned = zip(*rows, strict=True)
    return np.stack(geometric), np.stack(learned)


def table(samples: Samples, geometric: Floats, learned: Floats) -> str:
    """Markdown: correlation with the teacher, geometry -> network, of photographs, of clips (within each), drawn faces."""
    photo = np.isin(samples.kind, ("photo", "neutral"))
    sets = ((photo, False), (samples.kind == "clip", True), (samples.kind == "drawn", False))
    rows = ["| shape | photographs | clips | drawn | read by |", "|---|---|---|---|---|"]
    totals: list[list[float]] = []
    for shape in JUDGED:
        columns = [BLEND_SHAPE_INDEX[s] for s in (shape, shape + "Left", shape + "Right") if s in BLEND_SHAPE_INDEX]
        figures: list[float] = []
        for rows_of, within in sets:
            for read in (geometric, learned):
                figures.append(
                    _mean_r(read[rows_of], samples.teacher[rows_of], samples.person[rows_of], columns, within)
                )
        totals.append(figures)
        by = "network" if {shape, shape + "Left"} & set(LEARNED) else "geometry"
        rows.append(f"| {shape} | {_cells(figures)} | {by} |")
    return "\n".join([*rows, f"| mean | {_cells(list(np.mean(totals, axis=0)))} | |"])


def tremor(samples: Samples, read: Floats) -> float:
    """Noise of a clip's shapes from picture to picture: RMS of second differences, of white noise its spread."""
    clips = np.unique(samples.person[samples.kind == "clip"])
    seconds = np.concatenate([np.diff(read[samples.person == clip], 2, axis=0) for clip in clips])
    columns = [i for name, i in BLEND_SHAPE_INDEX.items() if name.removesuffix("Left").removesuffix("Right") in JUDGED]
    return float(np.sqrt(np.square(seconds[:, columns]).mean() / 6))


def _cells(figures: list[float]) -> str:
    return " | ".join(f"{a:.2f} -> {b:.2f}" for a, b in zip(figures[::2], figures[1::2], strict=True))


def _mean_r(read: Floats, taught: Floats, person: NDArray[np.str_], columns: list[int], within: bool) -> float:
    centred: Callable[[Floats], Floats] = (lambda x: _less_mean(x, person)) if within else (lambda x: x - x.mean())
    values: list[float] = []
    for column in columns:
        a, b = centred(read[:, column]), centred(taught[:, column])
        values.append(float((a * b).sum() / max(float(np.sqrt((a * a).sum() * (b * b).sum())), 1e-9)))
    return float(np.mean(values))


def _less_mean(column: Floats, person: NDArray[np.str_]) -> Floats:
    column = column.copy()
    for one in np.unique(person):
        column[person == one] -= column[person == one].mean()
    return column
