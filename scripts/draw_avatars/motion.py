"""How a pose moves skin, lips and lids: displacements in px of points at rest."""

from dataclasses import dataclass

import numpy as np

from scripts.draw_avatars.canvas import MIDDLE_PX, Floats, Points, both_sides, mirror, ramp, smooth
from scripts.draw_avatars.character import Character, Half
from scripts.draw_avatars.pose import NEUTRAL, Pose

JAW_DROP_PX = 27.0
CORNER_FOLLOWS = 0.40  # of the jaw's drop
WIDE, SMILE_WIDE, PUCKER, JAW_NARROWS = 0.15, 0.13, 0.36, 0.06  # change of the mouth's width
SMILE_LIFT_PX, BROW_UP_PX, BROW_DOWN_PX = 6.5, 7.0, 4.5
INVERSE_STEPS, INVERSE_DAMPING = 10, 0.5  # fixed point; damped, as skin stretches up to threefold under the lip


def corner_shift(person: Character, pose: Pose) -> tuple[float, float]:
    """Outwards and down, of the corner of the mouth."""
    half = person.lips.line[-1][0]
    factor = (1 + WIDE * pose.wide + SMILE_WIDE * pose.smile - JAW_NARROWS * pose.jaw_open) * (1 - PUCKER * pose.pucker)
    return half * (factor - 1), CORNER_FOLLOWS * JAW_DROP_PX * pose.jaw_open - SMILE_LIFT_PX * pose.smile


def displacement(person: Character, pose: Pose, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Of skin at rest position (x, y), any shape."""
    side = np.sign(x - MIDDLE_PX)
    away = np.abs(x - MIDDLE_PX)
    line = person.lips.line
    # The chin falls, the jaw's angles hardly do: the fall sets in later the farther out.
    fallen = ramp((y - line[0][1] + 14) / (30 + 0.95 * away), 0.0, 1.0)
    jaw = JAW_DROP_PX * pose.jaw_open * fallen
    out, down = corner_shift(person, pose)
    corner_x, corner_y = line[-1]
    near = np.exp(-(((away - corner_x) / 20) ** 2) - ((y - corner_y) / 17) ** 2)
    cheek = np.exp(-(((away - 46) / 24) ** 2) - ((y - 270) / 20) ** 2)
    dx = side * near * out
    dy = jaw + near * (down if down < 0 else 0.6 * down) - 4.0 * pose.smile * cheek
    brow_y = person.brow.spine[2][1]
    brow = np.exp(-(((away - 40) / 34) ** 2) - ((y - brow_y) / 17) ** 2)
    dy = dy + brow * (BROW_DOWN_PX * pose.brow_down - BROW_UP_PX * pose.brow_up)
    dx = dx - side * 2.5 * pose.brow_down * brow
    return dx, dy


def at_rest(person: Character, pose: Pose, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Where the skin now seen at (x, y) lies at rest."""
    if pose == NEUTRAL:
        return x, y
    rest_x, rest_y = x, y
    for _ in range(INVERSE_STEPS):
        dx, dy = displacement(person, pose, rest_x, rest_y)
        rest_x = rest_x + INVERSE_DAMPING * (x - dx - rest_x)
        rest_y = rest_y + INVERSE_DAMPING * (y - dy - rest_y)
    return rest_x, rest_y


def moved(person: Character, pose: Pose, points: Points) -> Points:
    dx, dy = displacement(person, pose, points[:, 0].astype(np.float32), points[:, 1].astype(np.float32))
    return points + np.stack([dx, dy], axis=1)


@dataclass(frozen=True)
class LipCurves:
    """Four dense curves from the picture's left corner to its right one, (n, 2) each."""

    upper_outer: Points
    upper_inner: Points
    lower_inner: Points
    lower_outer: Points


def lip_curves(person: Character, pose: Pose) -> LipCurves:
    lips = person.lips
    return LipCurves(
        _lip(person, pose, lips.upper, 0.0, thick=True),
        _lip(person, pose, lips.line, 0.0),
        _lip(person, pose, lips.line, 1.0),
        _lip(person, pose, lips.lower, 1.0, thick=True),
    )


def _lip(person: Character, pose: Pose, half: Half, follows: float, *, thick: bool = False) -> Points:
    """One lip curve; `follows`: 1 for what goes with the jaw, 0 for what hangs from the skull."""
    curve = smooth(both_sides(half), steps=10)
    line = smooth(both_sides(person.lips.line), steps=10)
    at = (curve[:, 0] - MIDDLE_PX) / person.lips.line[-1][0]  # -1..1
    outer = np.clip(np.abs(at), 0, 1) ** 3
    out, down = corner_shift(person, pose)
    half_width = person.lips.line[-1][0]
    y = curve[:, 1].copy()
    if thick:  # fullness changes away from the line between the lips
        fuller = 1 + 0.22 * pose.pucker - 0.12 * pose.smile - 0.10 * pose.wide
        rest = np.interp(curve[:, 0], line[:, 0], line[:, 1])
        y = rest + (y - rest) * fuller
    middle = follows * JAW_DROP_PX * pose.jaw_open - (1 - follows) * 2.0 * pose.jaw_open
    y += middle * (1 - outer) + down * outer
    y += (1 - outer) * (1.0 * pose.smile)  # a smile draws the middle down a little
    return np.stack([MIDDLE_PX + at * (half_width + out), y], axis=1)


@dataclass(frozen=True)
class LidCurves:
    """Dense curves of one eye, (n, 2) each, from its inner corner to its outer one."""

    upper: Points
    lower: Points
    crease: Points
    centre: tuple[float, float]
    iris: tuple[float, float]
    closed: float  # 0 open .. 1 shut


def lid_curves(person: Character, pose: Pose, left: bool) -> LidCurves:
    """`left` is the character's left eye: the one at the picture's right."""
    eyes = person.eyes
    closed = pose.blink_left if left else pose.blink_right
    upper, lower, crease = (smooth(c, steps=10) for c in (eyes.upper, eyes.lower, eyes.crease))
    rise = lower[:, 1] - np.interp(lower[:, 0], upper[:, 0], upper[:, 1])
    lower = lower - np.stack([0 * rise, rise * (0.16 * closed + 0.20 * pose.smile * (1 - closed))], axis=1)
    meet = np.interp(upper[:, 0], lower[:, 0], lower[:, 1])
    down = np.clip(closed + 0.34 * pose.look_down * (1 - closed), 0, 1)
    lifted = upper[:, 1] - 1.2 * (pose.look_up + 0.5 * pose.brow_up) * (1 - closed) * (meet - upper[:, 1] > 1)
    upper = np.stack([upper[:, 0], lifted + (meet - lifted) * down], axis=1)
    crease = crease + np.stack([0 * crease[:, 0], 2.2 * down * np.ones(len(crease))], axis=1)
    gaze = (5.2 * (pose.look_left - pose.look_right), 3.6 * pose.look_down - 3.2 * pose.look_up)
    cx, cy = MIDDLE_PX + eyes.centre[0], eyes.centre[1]
    if left:
        return LidCurves(
            upper + (cx, cy),
            lower + (cx, cy),
            crease + (cx, cy),
            (cx, cy),
            (cx + gaze[0], cy + eyes.iris_y + gaze[1]),
            closed,
        )
    return LidCurves(
        mirror(upper + (cx, cy)), mirror(lower + (cx, cy)), mirror(crease + (cx, cy)), (2 * MIDDLE_PX - cx, cy),
        (2 * MIDDLE_PX - cx + gaze[0], cy + eyes.iris_y + gaze[1]), closed,
    )  # fmt: skip
