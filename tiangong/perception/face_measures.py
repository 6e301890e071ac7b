"""The distances on a face that its expression is read from, and what they are on a face at rest."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]

# Mean and spread over 65 neutral faces of the London Set (CC BY 4.0), in widths of the eyes; eyes and iris in widths of
# one eye. Measures of one side are of the person's right and look the same, mirrored, on the left.
_SIDE: Final = {
    "eye": (0.313, 0.028),  # between the lids
    "upper_lid": (0.198, 0.026),  # above the line between the corners of the eye
    "lower_lid": (0.109, 0.017),  # below it
    "iris_in": (-0.038, 0.026),  # towards the nose
    "iris_down": (-0.065, 0.019),
    "brow_inner": (0.203, 0.026),  # heights above the line between the outer corners of the eyes
    "brow_middle": (0.247, 0.028),
    "brow_outer": (0.152, 0.021),
    "corner_out": (0.279, 0.022),  # of the mouth: away from the middle
    "corner_down": (0.763, 0.029),
    "corner_up": (0.006, 0.019),  # against the middle of the lips
    "upper_lip_up": (-0.697, 0.027),  # its edge half way to the corner
    "lower_lip_down": (0.827, 0.037),
    "nostril_up": (-0.409, 0.014),
    "cheek_up": (-0.330, 0.011),
    "cheek_low_up": (-0.464, 0.014),
    "cheek_out": (0.119, 0.008),  # towards the camera
}
_MIDDLE: Final = {
    "lips_apart": (0.009, 0.008),  # between the inner edges of the lips
    "lips_height": (0.202, 0.040),  # between the outer edges
    "lower_inner_down": (0.749, 0.030),  # inner edge of the lower lip
    "lower_outer_down": (0.867, 0.047),
    "upper_outer_up": (-0.671, 0.031),
    "upper_thick": (0.099, 0.018),
    "lower_thick": (0.120, 0.027),
    "upper_out": (0.339, 0.011),  # towards the camera
    "lower_out": (0.293, 0.019),
    "nose_to_lip": (0.170, 0.026),
    "chin_down": (1.270, 0.042),
    "chin_out": (0.123, 0.028),
    "chin_to_lip": (0.403, 0.038),
    "chin_left": (0.0, 0.010),  # to the person's left
    "lips_left": (0.0, 0.010),
    "brows_apart": (0.286, 0.016),
}
MEASURES: Final = tuple(f"{name}_right" for name in _SIDE) + tuple(f"{name}_left" for name in _SIDE) + tuple(_MIDDLE)
MEASURE_INDEX: Final = {name: i for i, name in enumerate(MEASURES)}
SIDE_MEASURES: Final = frozenset(_SIDE)
_TABLE: Final = np.array([*_SIDE.values(), *_SIDE.values(), *_MIDDLE.values()], np.float32)
POPULATION_REST: Final = _TABLE[:, 0]
POPULATION_SPREAD: Final = _TABLE[:, 1]

_MIRROR: Final = np.array([-1.0, 1.0, 1.0], np.float32)
# Points of the mesh, (person's right, person's left).
_UPPER_LID: Final = ((159, 158, 160), (386, 385, 387))
_LOWER_LID: Final = ((145, 153, 144), (374, 380, 373))
_EYE_CORNERS: Final = ((133, 33), (362, 263))  # inner, outer
_IRIS: Final = (468, 473)
_BROW_INNER: Final = ((55, 107), (285, 336))
_BROW_MIDDLE: Final = ((52, 105), (282, 334))
_BROW_OUTER: Final = ((46, 70), (276, 300))
_CORNER: Final = (61, 291)
_UPPER_EDGE: Final = ((39, 40), (269, 270))
_LOWER_EDGE: Final = ((181, 91), (405, 321))
_NOSTRIL: Final = ((48, 129), (278, 358))
_CHEEK: Final = ((50, 101), (280, 330))
_CHEEK_LOW: Final = (205, 425)
_UPPER_OUTER, _UPPER_INNER, _LOWER_INNER, _LOWER_OUTER, _CHIN, _NOSE_BASE = 0, 13, 14, 17, 152, 2


def measure(points: Points) -> NDArray[np.float32]:
    """Points (478, 3) of a face turned to the front (see head_pose) -> (50,) in the order of MEASURES."""
    return np.array([*_side(points, 0), *_side(points * _MIRROR, 1), *_middle(points)], np.float32)


def _side(points: Points, side: int) -> list[float]:
    """In the order of _SIDE; the left side comes mirrored, so both look like the right."""

    def mean(pairs: tuple[tuple[int, ...], tuple[int, ...]]) -> Points:
        return points[list(pairs[side])].mean(axis=0)

    inner, outer = points[_EYE_CORNERS[side][0]], points[_EYE_CORNERS[side][1]]
    width = float(np.linalg.norm(inner - outer))
    middle = (inner + outer) / 2
    above, below = mean(_UPPER_LID), mean(_LOWER_LID)
    iris = (points[_IRIS[side]] - middle) / width
    corner = points[_CORNER[side]]
    lips_y = float(points[_UPPER_OUTER, 1] + points[_LOWER_OUTER, 1]) / 2
    cheek = mean(_CHEEK)
    cheek_low = points[_CHEEK_LOW[side]]
    return [
        float(np.linalg.norm(above - below)) / width,
        float(middle[1] - above[1]) / width,
        float(below[1] - middle[1]) / width,
        float(iris[0]),
        float(iris[1]),
        -float(mean(_BROW_INNER)[1]),
        -float(mean(_BROW_MIDDLE)[1]),
        -float(mean(_BROW_OUTER)[1]),
        -float(corner[0]),
        float(corner[1]),
        lips_y - float(corner[1]),
        -float(mean(_UPPER_EDGE)[1]),
        float(mean(_LOWER_EDGE)[1]),
        -float(mean(_NOSTRIL)[1]),
        -float(cheek[1]),
        -float(cheek_low[1]),
        -float(points[_CHEEK[side][0], 2] + cheek_low[2]) / 2,
    ]


def _middle(points: Points) -> list[float]:
    """In the order of _MIDDLE."""

    def apart(a: int, b: int) -> float:
        return float(np.linalg.norm(points[a] - points[b]))

    return [
        apart(_UPPER_INNER, _LOWER_INNER),
        apart(_UPPER_OUTER, _LOWER_OUTER),
        float(points[_LOWER_INNER, 1]),
        float(points[_LOWER_OUTER, 1]),
        -float(points[_UPPER_OUTER, 1]),
        apart(_UPPER_OUTER, _UPPER_INNER),
        apart(_LOWER_INNER, _LOWER_OUTER),
        -float(points[_UPPER_OUTER, 2]),
        -float(points[_LOWER_OUTER, 2]),
        float(points[_UPPER_OUTER, 1] - points[_NOSE_BASE, 1]),
        float(points[_CHIN, 1]),
        -float(points[_CHIN, 2]),
        float(points[_CHIN, 1] - points[_LOWER_OUTER, 1]),
        float(points[_CHIN, 0]),
        float(points[_UPPER_OUTER, 0] + points[_LOWER_OUTER, 0]) / 2,
        float(points[_BROW_INNER[1][0], 0] - points[_BROW_INNER[0][0], 0]),
    ]
