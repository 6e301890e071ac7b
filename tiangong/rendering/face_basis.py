"""Where each of ARKit's 52 blend shapes moves the skin: hand-made after FACS (Ekman, Friesen & Hager 2002).

Every shape is a smooth function of face coordinates (see face_frame), asked for one side of the cuts at mouth and eyes;
both sides agree outside of the corners, so nothing tears there. Gaze moves no skin but the lids: see eyes.py.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from tiangong.core.face import ARKIT_BLEND_SHAPES, BLEND_SHAPE_INDEX
from tiangong.rendering import lip_shapes as lips
from tiangong.rendering.face_frame import Floats, step
from tiangong.rendering.face_sites import Sites, vector
from tiangong.rendering.slits import Slit

# How lids follow: shares of the eye's opening at rest, (upper lid downwards, lower lid upwards). A blink sums to more
# than 1, so that it is shut for certain; lids that would cross are stopped where they meet.
LIDS: Final = {
    "eyeBlink": (0.98, 0.16),
    "eyeSquint": (0.16, 0.34),
    "eyeWide": (-0.22, -0.02),
    "eyeLookDown": (0.36, -0.10),
    "eyeLookUp": (-0.16, 0.06),
    "cheekSquint": (0.02, 0.22),
    "browDown": (0.07, 0.0),
}
LOWER_LID_REACH = 0.13  # how far below the eye the skin follows the lower lid
LID_REACH_SHARE = 0.8  # of the way from the upper lid to the brow: the brow itself stays
LID_REACH_RANGE = (0.07, 0.18)
BROWS = {True: (285, 295, 282, 336, 296, 334), False: (55, 65, 52, 107, 66, 105)}
INNER_BROWS = {True: (285, 336), False: (55, 107)}
OUTER_BROWS = {True: (283, 293, 276), False: (53, 63, 46)}
CHEEKS = {True: (330, 347, 280), False: (101, 118, 50)}

# Shapes that pull the same skin the same way: their weights together count for hardly more than one of them.
GROUPS: Final = (
    ("mouthSmileLeft", "mouthDimpleLeft", "mouthStretchLeft"),
    ("mouthSmileRight", "mouthDimpleRight", "mouthStretchRight"),
    ("mouthPucker", "mouthFunnel"),
    ("browInnerUp", "browOuterUpLeft"),
    ("browInnerUp", "browOuterUpRight"),
    ("mouthRollLower", "mouthPressLeft"),
    ("mouthRollUpper", "mouthPressRight"),
)
GROUP_CEILING = 1.3
EAGERNESS = 0.5  # jaws open faster at first: speech lives below a half, and small openings are easily overlooked
_EAGER = np.array([BLEND_SHAPE_INDEX["jawOpen"], BLEND_SHAPE_INDEX["mouthClose"]])
_GROUP_INDICES = tuple(np.array([BLEND_SHAPE_INDEX[name] for name in group]) for group in GROUPS)


def saturate(expression: Floats) -> Floats:
    """(52,) -> (52,): shapes add up, but skin gives way only so far."""
    weights = expression.astype(np.float32)
    weights[_EAGER] *= 1 + EAGERNESS * (1 - weights[_EAGER])
    for group in _GROUP_INDICES:
        total = float(weights[group].sum())
        if total > 1:
            weights[group] *= (1 + (GROUP_CEILING - 1) * np.tanh((total - 1) / (GROUP_CEILING - 1))) / total
    return weights


def displacements(s: Sites) -> Floats:
    """(52, ..., 3) displacement of every point at weight 1, face coordinates, for one side of the cuts."""
    basis = np.zeros((len(ARKIT_BLEND_SHAPES), *s.at.shape), np.float32)
    for name, shape in _WHOLE.items():
        basis[BLEND_SHAPE_INDEX[name]] += shape(s)
    for name, paired in _PAIRED.items():
        for left, suffix in ((True, "Left"), (False, "Right")):
            basis[BLEND_SHAPE_INDEX[name + suffix]] += paired(s, left)
    for name, (upper, lower) in LIDS.items():
        for left, suffix in ((True, "Left"), (False, "Right")):
            basis[BLEND_SHAPE_INDEX[name + suffix]] += _lid(s, left, upper, lower)
    return basis


def lid_reach(s: Sites, left: bool) -> float:
    """How far above the eye the skin follows the upper lid: up to the brow."""
    eye = s.eyes[int(left)]
    brow = float(s.marks[list(BROWS[left][:3]), 1].mean())
    return float(np.clip(LID_REACH_SHARE * (eye.upper[:, 1].min() - brow), *LID_REACH_RANGE))


def lid_share(s: Sites, eye: Slit, reach: float) -> Floats:
    """(...) 1 at the lid of this side, fading over the skin away from the eye (on both sides, so that both sides agree
    again at the brow and on the cheek)."""
    off = eye.off(s.at)
    # Straight towards the brow: a curve would be steeper somewhere, and stretch the lid there.
    return np.clip(1 + np.minimum(off, 0) / reach, 0, 1) * (1 - step(off, 0, LOWER_LID_REACH))


def _lid(s: Sites, left: bool, upper: float, lower: float) -> Floats:
    eye = s.eyes[int(left)]
    travel = -lower if s.below else upper
    return vector(eye.opening(s.at) * lid_share(s, eye, lid_reach(s, left)), y=travel)


def _brow_down(s: Sites, left: bool) -> Floats:
    brow = s.bump(BROWS[left], 0.24, 0.17) * s.above_eyes()
    inner = s.bump(INNER_BROWS[left], 0.13, 0.15) * s.above_eyes()
    return vector(brow, y=0.055) + vector(inner, x=-0.042 if left else 0.042, y=0.028)


def _brow_inner_up(s: Sites) -> Floats:
    left, right = s.bump(INNER_BROWS[True], 0.15, 0.26), s.bump(INNER_BROWS[False], 0.15, 0.26)
    return vector(np.maximum(left, right) * s.above_eyes(), y=-0.10)


def _brow_outer_up(s: Sites, left: bool) -> Floats:
    return vector(s.bump(OUTER_BROWS[left], 0.22, 0.26) * s.above_eyes(), y=-0.075)


def _cheek_squint(s: Sites, left: bool) -> Floats:
    return vector(s.bump(CHEEKS[left], 0.2, 0.13, 0.18), y=-0.045)


def _sneer(s: Sites, left: bool) -> Floats:
    return lips.sneer(s, left) + 0.35 * _brow_down(s, left)


_WHOLE: Final[dict[str, Callable[[Sites], Floats]]] = {
    "browInnerUp": _brow_inner_up,
    "cheekPuff": lips.puff,
    "jawForward": lips.jaw_forward,
    "jawOpen": lips.jaw_open,
    "mouthClose": lips.mouth_close,
    "mouthFunnel": lips.funnel,
    "mouthPucker": lips.pucker,
    "mouthRollLower": lambda s: lips.roll(s, lower=True),
    "mouthRollUpper": lambda s: lips.roll(s, lower=False),
    "mouthShrugLower": lips.shrug_lower,
    "mouthShrugUpper": lips.shrug_upper,
}
_PAIRED: Final[dict[str, Callable[[Sites, bool], Floats]]] = {
    "browDown": _brow_down,
    "browOuterUp": _brow_outer_up,
    "cheekSquint": _cheek_squint,
    "jaw": lips.jaw_sideways,
    "mouth": lips.mouth_sideways,
    "mouthDimple": lips.dimple,
    "mouthFrown": lips.frown,
    "mouthLowerDown": lips.lower_down,
    "mouthPress": lips.press,
    "mouthSmile": lips.smile,
    "mouthStretch": lips.stretch,
    "mouthUpperUp": lips.upper_up,
    "noseSneer": _sneer,
}
