"""What is seen between parted lips: the dark of the mouth, tongue and teeth, in the portrait's own light.

Upper teeth hang from the skull and do not follow the lip; lower teeth and tongue follow the jaw. All is painted once,
as small textures in face coordinates around the middle of the mouth, and looked up pixel by pixel.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from tiangong.core.face import BLEND_SHAPE_INDEX
from tiangong.rendering.dense_warp import FaceWarp, Skin
from tiangong.rendering.face_frame import FaceFrame, Floats, Picture, step
from tiangong.rendering.lip_shapes import HINGE_Z, JAW_OPEN_RAD
from tiangong.rendering.mouth_paint import (
    TEXELS,
    X_RANGE,
    Y_RANGE,
    Palette,
    lower_teeth,
    palette,
    softened,
    tongue,
    upper_teeth,
)
from tiangong.rendering.patches import LocalAxes, blend, local_axes, opening, skin_colours
from tiangong.rendering.resample import look_up, look_up_sharp
from tiangong.rendering.slits import Slit

TEETH_BEHIND_LIPS = 0.10  # depth of the teeth behind the lips: nearer to the hinge, so they travel less
LIP_SHADOW, LIP_SHADOW_REACH = 0.26, 0.020  # of the upper lip on what is behind it
NARROW_DARK, NARROW = 0.14, 0.05  # a mouth opened less than NARROW lets less light in; darkest at its corners
FLESH_SHADOW = np.array([0.08, -0.08, -0.12], np.float32)  # shadows between lips are red: light comes through flesh
# Lips pushed forward leave the teeth behind in the dark: how much of them is hidden at mouthPucker and mouthFunnel 1,
# and how much darker the rest becomes where they are.
ROUND_DARK = 0.6
PUCKER_HIDES, FUNNEL_HIDES, HIDES_AT_MOST = 1.3, 0.2, 0.85
TONGUE_FOLLOWS = 0.78  # of the jaw's drop
TONGUE_RISES = 0.16  # at tongueOut = 1: the tip comes up between the teeth
OWN_RIM = 0.012  # width of the lips' edge around the portrait's own teeth, where its lips are parted

_JAW_OPEN, _JAW_LEFT, _JAW_RIGHT, _TONGUE_OUT, _FUNNEL, _PUCKER = (
    BLEND_SHAPE_INDEX[name] for name in ("jawOpen", "jawLeft", "jawRight", "tongueOut", "mouthFunnel", "mouthPucker")
)


@dataclass(frozen=True)
class Mouth:
    """The mouth of one portrait."""

    axes: LocalAxes
    slit: Slit
    palette: Palette
    upper: Floats  # textures (height, width, 4): colour times cover, cover
    lower: Floats
    tongue: Floats


def open_mouth(frame: FaceFrame, slit: Slit) -> Mouth:
    colours = palette(frame)
    # Where a portrait smiles with its teeth, ours end where its own do.
    axes = local_axes(frame, slit)
    edge = float(axes.rest.lower[:, 1].max()) if slit.parted else 0.0
    width = slit.half_width
    painted = [paint(colours, width, edge) for paint in (upper_teeth, lower_teeth, tongue)]
    upper, lower, flesh = (softened(texture, frame) for texture in painted)
    return Mouth(axes, slit, colours, upper, lower, flesh)


def jaw_shift(slit: Slit, expression: Floats) -> tuple[float, float]:
    """x, y in eye distances by which lower teeth move."""
    depth = HINGE_Z - (float(slit.upper[len(slit.upper) // 2, 2]) + TEETH_BEHIND_LIPS)
    sideways = 0.1 * float(expression[_JAW_LEFT] - expression[_JAW_RIGHT])
    return sideways, float(expression[_JAW_OPEN]) * JAW_OPEN_RAD * depth


def draw_mouth(
    canvas: Picture, warp: FaceWarp, mouth: Mouth, skin: Skin, expression: Floats, turned: Floats, unturned: Floats
) -> None:
    """Draw lips and the mouth between them into `canvas` (512, 512, 3), in place."""
    hole = opening(warp, mouth.axes, skin.mouth, turned, unturned)
    colours = skin_colours(warp, warp.frame.picture, skin, hole)
    if float(hole.inside.max()) > 0:
        rows = np.flatnonzero(hole.inside.any(1))
        part = slice(int(rows[0]), int(rows[-1]) + 1)
        inner = _Part(*(a[part] for a in (hole.at_px, hole.x, hole.y, hole.upper_y, hole.lower_y)))
        colours[part] = blend(colours[part], _interior(mouth, warp.frame, inner, expression), hole.inside[part])
    canvas[hole.rows, hole.columns] = np.clip(colours + 0.5, 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class _Part:
    """The rows of an opening that hold any of it."""

    at_px: Floats
    x: Floats
    y: Floats
    upper_y: Floats
    lower_y: Floats


def _interior(mouth: Mouth, frame: FaceFrame, part: _Part, expression: Floats) -> Floats:
    side, drop = jaw_shift(mouth.slit, expression)
    gap = part.lower_y - part.upper_y
    depth = np.clip((part.y - part.upper_y) / np.maximum(gap, 1e-3), 0, 1)
    colour = mouth.palette.throat + (mouth.palette.gum - mouth.palette.throat) * (0.45 * depth**2)[..., None]
    out = float(expression[_TONGUE_OUT])
    colour = _over(colour, mouth.tongue, part.x - side, part.y - drop * TONGUE_FOLLOWS + out * TONGUE_RISES * 0.4)
    seen = 1 - min(HIDES_AT_MOST, PUCKER_HIDES * float(expression[_PUCKER]) + FUNNEL_HIDES * float(expression[_FUNNEL]))
    colour = _over(colour, mouth.lower, part.x - side, part.y - drop, seen)
    if out > 0:
        raised = _over(colour, mouth.tongue, part.x - side, part.y - drop * TONGUE_FOLLOWS + out * TONGUE_RISES)
        colour += (raised - colour) * min(1.0, 2 * out)
    rest = _rest(mouth.axes, part)
    hung = seen * np.clip((rest.lower_y - part.y) / OWN_RIM - 2, 0, 1)[..., None] if mouth.slit.parted else seen
    colour = _over(colour, mouth.upper, part.x, part.y, hung)
    lit = 1 - LIP_SHADOW * np.exp(-np.maximum(part.y - part.upper_y, 0) / LIP_SHADOW_REACH)
    lit *= 1 - NARROW_DARK * (1 - step(gap, 0, NARROW))
    lit *= 1 - ROUND_DARK * (1 - seen)
    colour *= lit[..., None] * (1 + FLESH_SHADOW * (1 - lit[..., None]))
    return _own(frame, part, rest, colour) if mouth.slit.parted else colour


def _over(under: Floats, texture: Floats, x: Floats, y: Floats, share: Floats | float = 1.0) -> Floats:
    """Lay a texture over `under` (height, width, 3) at face coordinates from the mouth's middle."""
    at = np.stack([x - X_RANGE[0], y - Y_RANGE[0]], axis=-1) * TEXELS - 0.5
    found = look_up(texture, at.astype(np.float32), cv2.BORDER_CONSTANT) * share
    return under * (1 - found[..., 3:]) + found[..., :3]


def _rest(axes: LocalAxes, part: _Part) -> _Part:
    """The same pixels, with the lips as they are in the portrait."""
    return _Part(part.at_px, part.x, part.y, *axes.rest_heights(part.x))


def _own(frame: FaceFrame, part: _Part, rest: _Part, painted: Floats) -> Floats:
    """Where the portrait itself shows teeth, they are shown.

    At rest the whole opening is the portrait's; once a lip moved, the rim it left behind would show as a second lip.
    """
    own = look_up_sharp(frame.picture, part.at_px)
    share = [
        np.clip(within / OWN_RIM + 1 - 2.5 * np.clip(np.abs(moved) / OWN_RIM, 0, 1), 0, 1)
        for within, moved in (
            (part.y - rest.upper_y, part.upper_y - rest.upper_y),
            (rest.lower_y - part.y, part.lower_y - rest.lower_y),
        )
    ]
    return blend(painted, own, np.minimum(*share))
