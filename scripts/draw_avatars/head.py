"""The head as a relief: height in px towards the viewer over every pixel, so that light can be computed and not guessed."""

from dataclasses import dataclass

import numpy as np
import skia

from scripts.draw_avatars.canvas import (
    FORM_SCALE,
    MIDDLE_PX,
    Floats,
    Points,
    fill,
    grid,
    mask,
    mirror,
    path_of,
    ramp,
    smooth,
    soften,
    tapered,
)
from scripts.draw_avatars.character import Character
from scripts.draw_avatars.motion import LipCurves, at_rest, lid_curves, lip_curves
from scripts.draw_avatars.pose import Pose

CENTRE_Y_PX = 232.0  # from where the outline is measured
DEPTH_PX = 84.0  # from the ears' plane to the front of the face
FAR_PX = -120.0  # height where nothing is

# Bumps of face and skull: distance from the axis, y, half extents, degrees (outer end downwards), height.
BONES = (
    (34, 203, 27, 8, 4, 3.2),  # brow ridge
    (0, 206, 9, 8, 0, 1.2),  # between the brows
    (24, 221, 17, 10, 12, -6.0),  # eye socket
    (15, 224, 7, 10, 0, -1.8),  # beside the bridge
    (39, 227, 15.5, 11, 0, 6.5),  # eyeball
    (56, 256, 22, 15, -18, 5.5),  # cheekbone
    (42, 272, 18, 16, 0, 4.0),  # cheek
    (27, 243, 15, 5, 14, -0.9),  # hollow under the eye
    (0, 304, 29, 24, 0, 9.0),  # teeth push the lips forward
    (0, 331, 17, 6.0, 0, -3.2),  # under the lower lip
    (0, 346, 19, 12, 0, 6.0),  # chin
    (30, 291, 13, 3.4, 58, -1.3),  # fold from nose to mouth
    (34, 309, 4.5, 6, 0, -1.8),  # corner of the mouth
    (57, 305, 15, 20, 20, -3.0),  # between cheek and jaw
    (77, 190, 13, 24, 0, -4.0),  # temple
    (0, 160, 40, 26, 0, 4.0),  # forehead
    (0, 293, 3.2, 7, 0, -0.9),  # philtrum
    (5.4, 293, 2.8, 7, 8, 0.5),  # its ridges
)

EAR_RIM = (
    (78, 222),
    (87, 213),
    (94, 212),
    (98.5, 220),
    (98, 236),
    (94.5, 252),
    (90.5, 266),
    (86, 274),
    (81, 272),
    (78, 256),
)
EAR_BOWL = ((85, 232), (90, 228), (93, 234), (91.5, 246), (87.5, 256), (84, 254))
EAR_LINES = (
    (((86, 220), (91, 216.5), (95, 221), (95, 234), (91.5, 250)), 1.6, 0.40),  # inside the rim
    (((87, 228), (91.5, 229), (90.5, 243), (86.5, 254)), 1.4, 0.38),  # edge of the bowl
    (((85, 240), (87, 247), (85, 254)), 2.0, 0.42),  # in front of the ear canal
)
EAR_FOLD = ((88, 219), (93, 220), (95, 230), (93, 246), (89.5, 258))


@dataclass(frozen=True)
class Relief:
    """Fields of one scene, each (512 * FORM_SCALE,) * 2."""

    height: Floats
    head: Floats  # cover in 0..1
    neck: Floats


def bump(away: Floats, y: Floats, x0: float, y0: float, rx: float, ry: float, degrees: float) -> Floats:
    turn = np.deg2rad(degrees)
    u, v = away - x0, y - y0
    a = (u * np.cos(turn) + v * np.sin(turn)) / rx
    b = (v * np.cos(turn) - u * np.sin(turn)) / ry
    return np.exp(-(a * a) - b * b)


def relief(person: Character, pose: Pose) -> Relief:
    x, y = grid()
    rest_x, rest_y = at_rest(person, pose, x, y)
    away = np.abs(rest_x - MIDDLE_PX)
    reach = outline_share(person, rest_x, rest_y)
    height = _skull(rest_x, rest_y, reach)
    for x0, y0, rx, ry, degrees, rise in BONES:
        height += person.relief * rise * bump(away, rest_y, x0, y0, rx, ry, degrees)
    height += _nose(person, away, rest_y)
    height += _lips(lip_curves(person, pose))
    for left in (False, True):
        height += _lid(person, pose, left)
    head = np.clip((1 - reach) * 60 * FORM_SCALE, 0, 1)
    neck_height, neck = _neck(person, x, y)
    whole = np.where(neck > 0.5, neck_height, FAR_PX)
    whole = np.where(head > 0.5, np.maximum(height, whole), whole)
    if not person.long_hair:
        ears, ear_cover = _ears(x, y)
        whole = np.where((ear_cover > 0.5) & (head < 0.5), ears, whole)
        head = np.maximum(head, ear_cover)
    return Relief(whole.astype(np.float32), head.astype(np.float32), neck.astype(np.float32))


def outline_share(person: Character, x: Floats, y: Floats) -> Floats:
    """Distance from the head's middle over the outline's in that direction: 1 on the outline."""
    ring = smooth(_ring(person), closed=True)
    angle = np.arctan2(ring[:, 1] - CENTRE_Y_PX, ring[:, 0] - MIDDLE_PX)
    order = np.argsort(angle)
    radius = np.hypot(ring[:, 0] - MIDDLE_PX, ring[:, 1] - CENTRE_Y_PX)[order]
    here = np.arctan2(y - CENTRE_Y_PX, x - MIDDLE_PX)
    reach = np.interp(here.ravel(), angle[order], radius, period=2 * np.pi).reshape(here.shape)
    return (np.hypot(x - MIDDLE_PX, y - CENTRE_Y_PX) / reach).astype(np.float32)


def _ring(person: Character) -> Points:
    right = np.asarray(person.outline, np.float64) + (MIDDLE_PX, 0)
    return np.vstack([right, mirror(right)[::-1][1:-1]])


def _skull(x: Floats, y: Floats, reach: Floats) -> Floats:
    """A rounded form that is flatter from brow to chin than from ear to ear."""
    upright = np.abs(np.sin(np.arctan2(y - CENTRE_Y_PX, x - MIDDLE_PX)))
    power = 2.3 + 2.2 * upright**2
    return DEPTH_PX * np.sqrt(np.clip(1 - reach**power, 0.0, 1))


def _nose(person: Character, away: Floats, y: Floats) -> Floats:
    n = person.nose
    stations = np.array([205, 216, 226, 240, 256, n.tip_y - 5, n.tip_y, n.tip_y + 5, n.base_y, n.base_y + 6])
    rise = np.array(
        [0.4, n.bridge * 0.75, n.bridge, n.tip * 0.40, n.tip * 0.66, n.tip * 0.80, n.tip * 0.80, n.tip * 0.62, 3.0, 0.0]
    )
    half = n.ridge * np.array([1.7, 1.35, 1.2, 1.1, 1.12, 1.3, 1.34, 1.2, 0.9, 0.9])
    fine = np.arange(200, 300, 0.5)
    kernel = np.hanning(29) / np.hanning(29).sum()
    rise_at, half_at = (np.convolve(np.interp(fine, stations, v), kernel, "same") for v in (rise, half))
    # The tip's underside is an arc: lowest in the middle.
    low = y + 0.035 * away**2
    ridge = np.interp(low, fine, rise_at, left=0, right=0) * np.exp(
        -(np.abs(away / np.interp(y, fine, half_at)) ** 2.1)
    )
    tip = 0.26 * n.tip * bump(away, y, 0, n.tip_y, n.ridge * 1.5, 10.0, 0)
    column = 3.6 * bump(away, y, 0, n.base_y - 1.5, 3.4, 5.0, 0)
    wing = 9.5 * bump(away, y, n.width - 6.5, n.tip_y + 4.0, 7.2, 7.0, 0)
    crease = -3.2 * bump(away, y, n.width + 0.5, n.tip_y + 2.0, 2.4, 8.0, -20)
    flank = 3.0 * bump(away, y, 14, 256, 9, 22, 10)
    nostril = -4.0 * bump(away, y, 9.0, n.base_y - 2.0, 4.2, 2.4, -12)
    return soften(ridge + tip + wing + flank, 1.6) + column + crease + nostril


def _lips(curves: LipCurves) -> Floats:
    upper = mask(path_of(np.vstack([curves.upper_outer, curves.upper_inner[::-1]])), 1.3)
    lower = mask(path_of(np.vstack([curves.lower_inner, curves.lower_outer[::-1]])), 1.6)
    line = mask(tapered(curves.upper_inner, [1, 2.2, 2.6, 2.2, 1]), 0.9)
    return 2.6 * soften(upper, 1.2) + 4.6 * soften(lower, 2.2) + 0.8 * upper - 2.2 * line


def _lid(person: Character, pose: Pose, left: bool) -> Floats:
    lids = lid_curves(person, pose, left)
    crease = mask(tapered(lids.crease, [0.5, 2.4, 2.8, 2.2, 0.6]), 0.9)
    rim = mask(tapered(lids.upper, [1, 3, 3.4, 3, 1]), 1.0)
    under = mask(tapered(lids.lower + (0, 2.2), [1, 2.6, 3.0, 2.6, 1]), 1.2)
    return -1.5 * crease + 1.1 * rim + 0.55 * under


def _neck(person: Character, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    away = np.abs(x - MIDDLE_PX)
    half = person.neck_half
    flare = np.interp(
        y, [300, 380, 402, 420, 440, 520], [half * 0.98, half, half * 1.08, half * 1.5, half * 2.6, half * 3.4]
    )
    round_ = np.sqrt(np.clip(1 - (away / flare) ** 2.2, 0, 1))
    height = -30 + 40 * round_ + 0.10 * np.maximum(y - 400, 0)
    muscle = away - np.interp(y, [340, 446], [half * 0.92, 9])
    height += 2.4 * np.exp(-((muscle / 10) ** 2)) * ramp(y, 352, 380) * (1 - ramp(y, 440, 456))
    height -= 4.0 * bump(away, y, 0, 449, 9, 8, 0)
    height += 2.5 * bump(away, y, 48, 450, 34, 4.5, -6)
    cover = np.clip((flare - away) * FORM_SCALE, 0, 1) * (y > 300)
    return np.asarray(height, np.float32), np.asarray(cover, np.float32)


def draw_ears(canvas: skia.Canvas) -> None:
    """Shade in the bowl and along the rim, which is finer than the relief."""
    for side in (-1, 1):
        bowl = path_of(smooth([_ear(side, p) for p in EAR_BOWL], closed=True))
        canvas.drawPath(bowl, fill((112, 48, 36), 0.34, 1.6))
        for line, wide, dark in EAR_LINES:
            canvas.drawPath(
                tapered(smooth([_ear(side, p) for p in line]), [0.3, wide, 0.3]), fill((110, 48, 36), dark, 0.7)
            )
        lit_rim = smooth([_ear(side, p) for p in EAR_RIM[3:6]])
        canvas.drawPath(tapered(lit_rim - (side * 1.3, 0), [0.2, 1.6, 0.2]), fill((255, 222, 200), 0.22, 0.8))


def _ears(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Behind the cheeks, from brow to nose base; the rim is raised, the bowl sinks."""
    height, cover = np.zeros(x.shape, np.float32), np.zeros(x.shape, np.float32)
    for side in (-1, 1):
        rim = smooth([_ear(side, p) for p in EAR_RIM], closed=True)
        shape = mask(path_of(rim))
        bowl = mask(path_of(smooth([_ear(side, p) for p in EAR_BOWL], closed=True)), 1.2)
        fold = mask(tapered(smooth([_ear(side, p) for p in EAR_FOLD]), [1, 2.0, 2.0, 1]), 0.9)
        height += shape * 4 + 7 * soften(shape, 2.5) - 5.5 * bowl + 1.8 * fold
        cover = np.maximum(cover, shape)
    return height.astype(np.float32), cover.astype(np.float32)


def _ear(side: int, at: tuple[float, float]) -> tuple[float, float]:
    return MIDDLE_PX + side * at[0], at[1]
