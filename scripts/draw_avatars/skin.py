"""The skin's own colour, before any light: blush, lips, shade of lids and beard."""

import cv2
import numpy as np
import skia

from scripts.draw_avatars.canvas import (
    FORM_SCALE,
    MIDDLE_PX,
    Colour,
    Floats,
    fill,
    mask,
    path_of,
    pixels,
    surface,
    tapered,
)
from scripts.draw_avatars.character import Character
from scripts.draw_avatars.motion import lid_curves, lip_curves, moved
from scripts.draw_avatars.pose import Pose

LID_DARK = 0.10  # thin skin lets the blood show
MOTTLE = 2.2  # sRGB steps of slow variation: even skin looks like plastic

Tint = tuple[float, float, float, float, Colour, float, float]
# distance from the axis, y, half extents, colour, opacity, blur; both sides are tinted
TINTS: tuple[Tint, ...] = (
    (50, 266, 22, 15, (224, 112, 104), 0.30, 12),  # cheeks
    (0, 271, 12, 8, (222, 120, 108), 0.16, 7),  # tip of the nose
    (19, 277, 6, 6, (206, 100, 88), 0.14, 4),  # its wings
    (39, 217, 21, 6, (170, 96, 88), 0.20, 5),  # upper lids
    (38, 237, 17, 4, (176, 104, 104), 0.16, 4),  # under the eyes
    (20, 227, 5, 5, (188, 100, 92), 0.18, 4),  # inner corners
    (0, 346, 17, 9, (220, 120, 108), 0.12, 8),  # chin
    (0, 160, 44, 22, (252, 222, 190), 0.25, 14),  # forehead
    (72, 296, 14, 34, (196, 134, 108), 0.22, 12),  # side of the jaw
)


def skin_colour(person: Character, pose: Pose) -> Floats:
    """(1024, 1024, 3) sRGB in 0..255."""
    made = surface(FORM_SCALE)
    canvas = made.getCanvas()
    canvas.clear(skia.Color(*(int(c) for c in person.skin)))
    for away, y, rx, ry, colour, opacity, blur in TINTS:
        for side in (-1, 1):
            at = moved(person, pose, np.array([[MIDDLE_PX + side * away, y]]))[0]
            paint = fill(colour, opacity * person.blush, blur)
            canvas.drawOval(skia.Rect.MakeLTRB(at[0] - rx, at[1] - ry, at[0] + rx, at[1] + ry), paint)
    colour = pixels(made)[..., :3].astype(np.float32)
    for left in (False, True):
        colour = colour * (1 - LID_DARK * lid_tint(person, pose, left)[..., None] * (0.5, 1.0, 0.9)).astype(np.float32)
    colour = _lip_colour(person, pose, colour)
    return colour + _mottle(person.seed)


def _lip_colour(person: Character, pose: Pose, colour: Floats) -> Floats:
    curves = lip_curves(person, pose)
    upper = mask(path_of(np.vstack([curves.upper_outer, curves.upper_inner[::-1]])), 0.75)
    lower = mask(path_of(np.vstack([curves.lower_inner, curves.lower_outer[::-1]])), 0.95)
    inner = mask(tapered((curves.upper_inner + curves.lower_inner) / 2, [1, 5, 7, 5, 1]), 2.2)
    lips = np.asarray(person.lips.colour, np.float32)
    for cover, tone in ((upper, 0.93), (lower, 1.03)):
        strength = (cover * person.lips.tint)[..., None]
        colour = colour + (lips * tone - colour) * strength
    deep = np.asarray(person.lips.colour, np.float32) * (0.72, 0.60, 0.62)
    return (colour + (deep - colour) * (0.45 * inner * np.maximum(upper, lower))[..., None]).astype(np.float32)


def lid_tint(person: Character, pose: Pose, left: bool) -> Floats:
    """Cover of the thin, darker skin that shows when a lid comes down."""
    lids = lid_curves(person, pose, left)
    return mask(path_of(np.vstack([lids.crease, lids.upper[::-1]])), 1.2) * lids.closed


def _mottle(seed: int) -> Floats:
    noise = np.random.default_rng(seed).standard_normal((128, 128, 3)).astype(np.float32)
    noise = noise.mean(2, keepdims=True) + 0.35 * noise
    slow = np.dstack([cv2.GaussianBlur(np.ascontiguousarray(noise[..., c]), (0, 0), 1.2) for c in range(3)])
    return MOTTLE * 2.5 * cv2.resize(slow, (512 * FORM_SCALE, 512 * FORM_SCALE), interpolation=cv2.INTER_CUBIC)
