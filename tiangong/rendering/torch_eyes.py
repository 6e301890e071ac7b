"""Eyes of a batch of frames: the torch side of eyes.py."""

from functools import lru_cache

import torch
from torch import Tensor

from tiangong.core.face import BLEND_SHAPE_INDEX
from tiangong.rendering.eyes import (
    IRIS_FADED,
    IRIS_SOLID,
    LASH_DARKNESS,
    LASH_WIDTH,
    LID_SHADOW,
    LID_SHADOW_REACH,
    OWN_UNTIL_PX,
)
from tiangong.rendering.torch_avatar import Cast
from tiangong.rendering.torch_fields import TorchSkin
from tiangong.rendering.torch_lookup import look_up_sharp, step
from tiangong.rendering.torch_openings import EYES, TorchOpening, blend, opening, paste, skin_colours


@lru_cache(maxsize=4)
def _looks(device: torch.device) -> tuple[Tensor, Tensor]:
    """Indices of (2, 4) eyeLookIn, Out, Up, Down and of (2,) eyeWide, right and left."""
    sides = ("Right", "Left")
    looks = [[BLEND_SHAPE_INDEX[f"eyeLook{way}{side}"] for way in ("In", "Out", "Up", "Down")] for side in sides]
    wide = [BLEND_SHAPE_INDEX[f"eyeWide{side}"] for side in sides]
    return torch.tensor(looks, device=device), torch.tensor(wide, device=device)


def draw_eyes(
    canvas: Tensor, cast: Cast, skin: TorchSkin, expression: Tensor, turned: Tensor, unturned: Tensor
) -> None:
    """Draw lids and eyeballs into `canvas` (n, 3, 512, 512), in place."""
    hole = opening(cast, skin, EYES, cast.eye_px, turned, unturned)
    colours = skin_colours(cast, skin, hole)
    rest_gap = hole.rest_lower_y - hole.rest_upper_y
    # 0 as open as at rest, 1 shut, column by column.
    closed = step(1 - hole.gap / rest_gap.clamp(min=0.01), 0.35, 1.0)
    corner = cast.slits.rest[:, EYES, 0, -1, 0][..., None, None]
    lash = LASH_DARKNESS * closed * step(1 - hole.x.abs() / corner, 0, 0.6)
    colours = colours * (1 - lash * torch.exp(-(((hole.y - hole.lower_y) / LASH_WIDTH) ** 2)))[:, None]
    shade = LID_SHADOW * step(hole.upper_y - hole.rest_upper_y, 0, 0.06)
    shade = shade * torch.exp(-(hole.y - hole.upper_y).clamp(min=0) / LID_SHADOW_REACH)
    ball = _eyeballs(cast, hole, expression) * (1 - shade)[:, None]
    paste(canvas, hole, blend(colours, ball, hole.inside))


def _eyeballs(cast: Cast, hole: TorchOpening, expression: Tensor) -> Tensor:
    """(n, 3, 2, height, width) the eyes behind the lids."""
    inside = cast.insides
    looks, wide = _looks(expression.device)
    shift_px = (expression[:, looks, None] * inside.gaze).sum(2)  # (n, 2, 2)
    # Both eyes side by side in one batch: each is looked up in its own pictures.
    pictures = inside.eyeballs.flatten(0, 1)
    at = hole.at_px - inside.eyeball_at[:, :, None, None]
    still = look_up_sharp(pictures[:, :6], at.flatten(0, 1)).unflatten(0, (-1, 2)).transpose(1, 2)
    moved_at = at - shift_px[:, :, None, None]
    iris = look_up_sharp(pictures[:, 6:], moved_at.flatten(0, 1)).unflatten(0, (-1, 2)).transpose(1, 2)
    own, white = still[:, :3], still[:, 3:]
    source = hole.at_px - shift_px[:, :, None, None] - inside.iris_px[:, :, None, None]
    away = source.square().sum(-1).sqrt() / inside.iris_radius[..., None, None]
    ball = blend(white, iris, 1 - step(away, IRIS_SOLID, IRIS_FADED))
    moved = torch.maximum(shift_px.abs().amax(-1) / OWN_UNTIL_PX, expression[:, wide] * 4).clamp(max=1)
    return blend(own, ball, moved[..., None, None])
