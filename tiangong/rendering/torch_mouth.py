"""Mouths of a batch of frames: the torch side of mouth_interior.py."""

import torch
from torch import Tensor

from tiangong.core.face import BLEND_SHAPE_INDEX
from tiangong.rendering.lip_shapes import JAW_OPEN_RAD
from tiangong.rendering.mouth_interior import (
    FLESH_SHADOW,
    FUNNEL_HIDES,
    HIDES_AT_MOST,
    LIP_SHADOW,
    LIP_SHADOW_REACH,
    NARROW,
    NARROW_DARK,
    OWN_RIM,
    PUCKER_HIDES,
    ROUND_DARK,
    TONGUE_FOLLOWS,
    TONGUE_RISES,
)
from tiangong.rendering.mouth_paint import TEXELS, X_RANGE, Y_RANGE
from tiangong.rendering.torch_avatar import Cast
from tiangong.rendering.torch_fields import TorchSkin
from tiangong.rendering.torch_lookup import look_up, look_up_sharp, step
from tiangong.rendering.torch_openings import MOUTH, TorchOpening, blend, opening, paste, skin_colours

_TONGUE, _LOWER, _UPPER = range(3)  # of Insides.textures


def draw_mouths(
    canvas: Tensor, cast: Cast, skin: TorchSkin, expression: Tensor, turned: Tensor, unturned: Tensor
) -> None:
    """Draw lips and the mouths between them into `canvas` (n, 3, 512, 512), in place."""
    hole = opening(cast, skin, MOUTH, cast.mouth_px, turned, unturned)
    colours = skin_colours(cast, skin, hole)
    paste(canvas, hole, blend(colours, _interior(cast, hole, expression), hole.inside))


def _interior(cast: Cast, hole: TorchOpening, expression: Tensor) -> Tensor:
    """(n, 3, 1, height, width)"""

    def weight(name: str) -> Tensor:
        return expression[:, BLEND_SHAPE_INDEX[name], None, None, None]

    inside, x, y = cast.insides, hole.x, hole.y
    side = 0.1 * (weight("jawLeft") - weight("jawRight"))
    drop = weight("jawOpen") * JAW_OPEN_RAD * inside.jaw_depth[:, None, None, None]
    out, tongue_y = weight("tongueOut"), y - drop * TONGUE_FOLLOWS
    seen = 1 - (PUCKER_HIDES * weight("mouthPucker") + FUNNEL_HIDES * weight("mouthFunnel")).clamp(max=HIDES_AT_MOST)
    depth = ((y - hole.upper_y) / hole.gap.clamp(min=1e-3)).clamp(0, 1)
    throat, gum = (colour[:, :, None, None, None] for colour in (inside.throat, inside.gum))
    colour = torch.lerp(throat, gum, (0.45 * depth**2)[:, None])
    colour = _over(colour, cast, _TONGUE, x - side, tongue_y + out * (TONGUE_RISES * 0.4))
    colour = _over(colour, cast, _LOWER, x - side, y - drop, seen)
    raised = _over(colour, cast, _TONGUE, x - side, tongue_y + out * TONGUE_RISES)
    colour = blend(colour, raised, (2 * out).clamp(max=1))
    hung = seen
    if cast.parted:
        own = ((hole.rest_lower_y - y) / OWN_RIM - 2).clamp(0, 1)
        hung = seen * torch.lerp(torch.ones_like(own), own, inside.parted[:, None, None, None])
    colour = _lit(_over(colour, cast, _UPPER, x, y, hung), hole, seen)
    return _own(cast, hole, colour) if cast.parted else colour


def _lit(colour: Tensor, hole: TorchOpening, seen: Tensor) -> Tensor:
    """Under the shadow of the lips, darker the narrower and the rounder they are."""
    lit = 1 - LIP_SHADOW * torch.exp(-(hole.y - hole.upper_y).clamp(min=0) / LIP_SHADOW_REACH)
    lit = lit * (1 - NARROW_DARK * (1 - step(hole.gap, 0, NARROW)))
    lit = lit * (1 - ROUND_DARK * (1 - seen))
    # One channel after the other: their constants need not be sent to the device.
    shadows = [lit * (1 + float(red) * (1 - lit)) for red in FLESH_SHADOW]
    return colour * torch.stack(shadows, dim=1)


def _over(under: Tensor, cast: Cast, texture: int, x: Tensor, y: Tensor, share: Tensor | None = None) -> Tensor:
    """Lay a texture over `under` (n, 3, 1, height, width) at face coordinates from the mouth's middle."""
    at = torch.stack([x - X_RANGE[0], y - Y_RANGE[0]], dim=-1) * TEXELS - 0.5
    found = look_up(cast.insides.textures[:, texture], at, "zeros")
    if share is not None:
        found = found * share[:, None]
    return under * (1 - found[:, 3:]) + found[:, :3]


def _own(cast: Cast, hole: TorchOpening, painted: Tensor) -> Tensor:
    """Where the portrait itself shows teeth, they are shown (mouth_interior)."""
    own = look_up_sharp(cast.insides.portrait, hole.at_px)
    share = [
        (within / OWN_RIM + 1 - 2.5 * (moved.abs() / OWN_RIM).clamp(0, 1)).clamp(0, 1)
        for within, moved in (
            (hole.y - hole.rest_upper_y, hole.upper_y - hole.rest_upper_y),
            (hole.rest_lower_y - hole.y, hole.lower_y - hole.rest_lower_y),
        )
    ]
    return blend(painted, own, torch.minimum(*share) * cast.insides.parted[:, None, None, None])
