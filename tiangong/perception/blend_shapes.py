"""Landmarks -> ARKit's 52 blend shapes, by geometry.

Every coefficient is a weighted sum of a few distances, measured from what they are at rest. Gains of shapes that
the London Set and GRID (both CC BY 4.0) show follow a fit on those to MediaPipe's Face Landmarker as a teacher, rounded by
hand; the others were set by hand. Where a teacher hardly moves (jaw, cheek, nose) the shape was given its whole range.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.face import ARKIT_BLEND_SHAPES, BLEND_SHAPE_INDEX
from tiangong.perception.face_measures import (
    MEASURE_INDEX,
    MEASURES,
    POPULATION_REST,
    POPULATION_SPREAD,
    SIDE_MEASURES,
)

Row = NDArray[np.float32]


@dataclass(frozen=True)
class _Rule:
    """coefficient = start + sum of gain x (measure - rest); a negative start is a dead zone."""

    start: float
    gains: Mapping[str, float]


# Each stands for a left and a right shape, whose measures are those of its own side; "other:" names the other side's.
_PAIRED: Final = {
    "browDown": _Rule(-0.05, {"brow_inner": -2.0, "brow_middle": -3.5, "brow_outer": -3.0, "brows_apart": -3.0}),
    "browOuterUp": _Rule(-0.05, {"brow_outer": 4.0, "brow_middle": 6.0}),
    "cheekSquint": _Rule(-0.10, {"cheek_up": 6.0, "lower_lid": -2.0}),
    "eyeBlink": _Rule(-0.05, {"eye": -3.5}),
    "eyeLookDown": _Rule(0.0, {"iris_down": 2.0, "upper_lid": -2.0}),
    "eyeLookUp": _Rule(0.0, {"iris_down": -2.5, "upper_lid": 1.2}),
    "eyeLookIn": _Rule(0.0, {"iris_in": 2.0, "other:iris_in": -2.0}),  # eyes turn together: the mean is steadier
    "eyeLookOut": _Rule(0.0, {"iris_in": -2.0, "other:iris_in": 2.0}),
    "eyeSquint": _Rule(-0.02, {"lower_lid": -5.0, "eye": -1.0}),
    "eyeWide": _Rule(-0.10, {"eye": 4.0}),
    "mouthDimple": _Rule(-0.15, {"corner_out": 3.0, "lips_apart": -2.0, "corner_up": -1.0}),
    "mouthFrown": _Rule(-0.10, {"corner_up": -7.0, "corner_out": -1.0}),
    "mouthLowerDown": _Rule(-0.08, {"lower_lip_down": 2.0, "lips_apart": 2.0}),
    "mouthPress": _Rule(-0.05, {"lips_height": -3.0, "upper_thick": -2.0}),
    "mouthSmile": _Rule(-0.12, {"corner_out": 4.5, "corner_down": -4.0, "corner_up": 3.0}),
    "mouthStretch": _Rule(-0.15, {"corner_out": 3.0, "corner_down": 3.0, "corner_up": -3.0}),
    "mouthUpperUp": _Rule(-0.10, {"upper_lip_up": 5.0, "lips_apart": 2.0}),
    "noseSneer": _Rule(-0.12, {"nostril_up": 10.0, "brow_inner": -1.5}),
}
_SINGLE: Final = {
    "browInnerUp": _Rule(-0.06, {"brow_inner": 9.0, "brow_middle": 3.5}),
    "cheekPuff": _Rule(-0.30, {"cheek_out": 8.0}),
    "jawForward": _Rule(-0.20, {"chin_out": 3.0}),
    "jawLeft": _Rule(-0.10, {"chin_left": 6.0}),
    "jawRight": _Rule(-0.10, {"chin_left": -6.0}),
    "jawOpen": _Rule(-0.04, {"lower_inner_down": 1.3, "lips_apart": 0.8, "chin_down": 0.4}),
    "mouthClose": _Rule(-0.05, {"lower_inner_down": 0.8, "lips_apart": -2.5}),
    "mouthFunnel": _Rule(-0.10, {"lips_height": 1.2, "corner_out": -3.0, "upper_out": 2.0, "lower_out": 2.0}),
    "mouthLeft": _Rule(-0.08, {"lips_left": 6.0}),
    "mouthRight": _Rule(-0.08, {"lips_left": -6.0}),
    "mouthPucker": _Rule(-0.05, {"corner_out": -7.5, "lips_height": -1.3, "upper_out": 5.0, "upper_thick": 4.5}),
    "mouthRollLower": _Rule(-0.05, {"lower_thick": -5.0, "lower_outer_down": -1.8}),
    "mouthRollUpper": _Rule(-0.05, {"upper_thick": -5.0, "upper_outer_up": 0.5}),
    "mouthShrugLower": _Rule(
        -0.05, {"lower_outer_down": -1.2, "chin_to_lip": 3.0, "lower_thick": -3.0, "lower_out": 4.0}
    ),
    "mouthShrugUpper": _Rule(-0.10, {"upper_outer_up": 3.0, "lips_apart": -4.0, "upper_thick": 2.0}),
}
# tongueOut has no landmark: it stays 0.

REST_PER_S: Final = 1.5  # how fast a new face's rest is learned, in spreads of the population, over its age
REST_AGE_S: Final = (
    0.3,
    20.0,
)  # youngest and oldest age that counts: later it still drifts, 4 % of a spread a second
REST_FREEDOM: Final = 1.3  # spreads, four faces in five: a rest farther from the mean is no rest but a lasting smile
LONGEST_STEP_S: Final = 0.2  # a gap in the video teaches no more than this
# Rest is the median, but for what leaves it one way only: mouths open and smile, lids fall.
_REST_QUANTILE: Final = {
    "lips_apart": 0.25, "lips_height": 0.3, "lower_inner_down": 0.25, "lower_outer_down": 0.25, "chin_down": 0.25,
    "lower_lip_down": 0.25, "upper_lip_up": 0.3, "corner_out": 0.3, "corner_up": 0.3, "corner_down": 0.7,
    "eye": 0.6, "upper_lid": 0.6,
}  # fmt: skip


def _matrix() -> tuple[Row, Row]:
    """Gains (52, 50) and starts (52,)."""
    gains = np.zeros((len(ARKIT_BLEND_SHAPES), len(MEASURES)), np.float32)
    starts = np.zeros(len(ARKIT_BLEND_SHAPES), np.float32)

    def enter(shape: str, rule: _Rule, own: str, other: str) -> None:
        row = BLEND_SHAPE_INDEX[shape]
        starts[row] = rule.start
        for name, gain in rule.gains.items():
            side = other if name.startswith("other:") else own
            bare = name.removeprefix("other:")
            # The middle of a face moves both of its sides; a middle shape takes the mean of both.
            names = [bare] if bare not in SIDE_MEASURES else [f"{bare}_{s}" for s in (side or "right left").split()]
            for each in names:
                gains[row, MEASURE_INDEX[each]] += gain / len(names)

    for name, rule in _PAIRED.items():
        enter(f"{name}Left", rule, "left", "right")
        enter(f"{name}Right", rule, "right", "left")
    for name, rule in _SINGLE.items():
        enter(name, rule, "", "")
    return gains, starts


_GAINS, _STARTS = _matrix()
_QUANTILES: Final = np.array(
    [_REST_QUANTILE.get(name.removesuffix("_left").removesuffix("_right"), 0.5) for name in MEASURES], np.float32
)


def expression(measures: Row, rest: Row = POPULATION_REST) -> Row:
    """Measures (50,) of a face and of its rest -> (52,) in [0, 1], order of core.face.ARKIT_BLEND_SHAPES."""
    return np.clip(_GAINS @ (measures - rest) + _STARTS, 0.0, 1.0).astype(np.float32)


class RunningRest:
    """What is normal for one face, learned while it is seen: a running quantile of each measure.

    Robbins & Monro (1951): step up when the measure lies above, down when below. It starts at the population's mean and
    never leaves what neutral faces look like, so a resting frown becomes normal, and a lasting smile stays a smile.
    """

    def __init__(
        self,
        mean: Row = POPULATION_REST,
        spread: Row = POPULATION_SPREAD,
        quantiles: Row | float = _QUANTILES,
    ) -> None:
        """`mean` and `spread` (n,) of neutral faces; `quantiles` of what is seen that count as rest."""
        self._mean, self._spread, self._quantiles = mean, spread, quantiles
        self._rest = mean.copy()
        self._age_s = 0.0

    def learn(self, measures: Row, elapsed_s: float) -> Row:
        """Take in (n,) measures, `elapsed_s` after the last; returns the rest (n,)."""
        elapsed_s = min(max(elapsed_s, 0.0), LONGEST_STEP_S)
        self._age_s = min(self._age_s + elapsed_s, REST_AGE_S[1])
        step = REST_PER_S * elapsed_s / max(self._age_s, REST_AGE_S[0])
        towards = self._quantiles - (measures < self._rest)
        freedom = REST_FREEDOM * self._spread
        moved = self._rest + step * self._spread * towards
        self._rest = np.clip(moved, self._mean - freedom, self._mean + freedom).astype(np.float32)
        return self._rest
