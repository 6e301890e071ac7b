"""The small parts of a picture around mouth and eyes, for a batch of frames: the torch side of patches.py.

n frames are drawn with k slits each (the mouth, or both eyes), all in patches of one size: each begins where its frame's
slit is, and what of it numpy would not have drawn is left as it was.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from tiangong.rendering.face_frame import SIZE_PX
from tiangong.rendering.patches import MARGIN_PX, STEEPEST_EDGE, TAPER
from tiangong.rendering.slits import SAMPLES
from tiangong.rendering.torch_avatar import Cast
from tiangong.rendering.torch_fields import TorchSkin, sample
from tiangong.rendering.torch_lookup import along, gradient, look_up_px, look_up_sharp, pixels

MOUTH, EYES = slice(0, 1), slice(1, 3)  # of the three slits


@dataclass(frozen=True)
class TorchOpening:
    """Slits in n frames, pixel by pixel; (n, k, height, width) but for `origin` and `at_px`."""

    origin: Tensor  # (n, k, 2) column, row of the patches' first pixels
    drawn: Tensor  # bool: pixels that the patch draws
    at_px: Tensor  # (n, k, height, width, 2) where each pixel was before the head turned
    x: Tensor  # face coordinates from the slit's middle, eye distances
    y: Tensor
    upper_y: Tensor  # the edges at this x
    lower_y: Tensor
    rest_upper_y: Tensor  # the portrait's own edges at this x
    rest_lower_y: Tensor
    inside: Tensor  # 0 to 1: share of the pixel that lies in the opening

    @property
    def gap(self) -> Tensor:
        return self.lower_y - self.upper_y


def opening(
    cast: Cast, skin: TorchSkin, which: slice, size_px: tuple[int, int], turned: Tensor, unturned: Tensor
) -> TorchOpening:
    """`which` of the three slits, in patches of `size_px` height, width; `turned`, `unturned` (n, 2, 128, 128) px."""
    slits = cast.slits
    edges = _shut_corners(skin.edges[:, which])
    rest_px, middle, to_local = slits.rest_px[:, which], slits.middle_px[:, which], slits.to_local[:, which]
    low, high = _bounds(torch.cat([edges, rest_px], dim=2), turned)
    height, width = size_px
    room = torch.stack([low[..., 0].clamp(max=SIZE_PX - width), low[..., 1].clamp(max=SIZE_PX - height)], dim=-1)
    grid = pixels(height, width, low.device, low.dtype) + room[:, :, None, None]
    drawn = ((grid >= low[:, :, None, None]) & (grid < high[:, :, None, None])).all(-1)
    at_px = grid + look_up_px(unturned, grid).permute(0, 2, 3, 4, 1)
    local = (at_px - middle[:, :, None, None]) @ to_local[:, :, None]
    x, y = local.unbind(-1)
    moved = (edges - middle[:, :, None, None]) @ to_local[:, :, None]
    (upper_y, upper_steep), (lower_y, lower_steep) = (_heights(x, moved[:, :, side]) for side in (0, 1))
    steep = torch.maximum(upper_steep, lower_steep)
    half = 0.5 / cast.grid.eye_distance[:, None, None, None] * (1 + steep.clamp(max=STEEPEST_EDGE) ** 2).sqrt()
    share = torch.minimum(y + half, lower_y) - torch.maximum(y - half, upper_y)
    rest = slits.rest[:, which]
    rest_y = [_heights(x, rest[:, :, side])[0] for side in (0, 1)]
    return TorchOpening(
        room.long(), drawn, at_px, x, y, upper_y, lower_y, rest_y[0], rest_y[1], (share / (2 * half)).clamp(0, 1)
    )


def _bounds(outline: Tensor, turned: Tensor) -> tuple[Tensor, Tensor]:
    """(n, k, 2, points, 2) px before the head turned -> (n, k, 2) first pixel, and the one after the last."""
    moved = outline + look_up_px(turned, outline).permute(0, 2, 3, 4, 1)
    low = (moved.amin((2, 3)) - MARGIN_PX).floor().clamp(0, SIZE_PX - 1)
    return low, (moved.amax((2, 3)) + MARGIN_PX).ceil().clamp(1, SIZE_PX)


def _heights(x: Tensor, edge: Tensor) -> tuple[Tensor, Tensor]:
    """y and steepness of an edge (n, k, 33, 2) at each pixel's x (n, k, height, width)."""
    flat = edge.flatten(0, 1)
    edge_x, edge_y = flat[..., 0].contiguous(), flat[..., 1]
    apart = gradient(edge_x, 1).mean(1, keepdim=True)
    found = along(x.flatten(0, 1), edge_x, edge_y, (gradient(edge_y, 1) / apart).abs())
    return found[0].view_as(x), found[1].view_as(x)


def _shut_corners(edges: Tensor) -> Tensor:
    """(n, k, 2, 33, 2) px: both edges end in the same two points; the fields that moved them disagree there a little."""
    left_over = (edges[:, :, 1] - edges[:, :, 0]) / 2
    first, last = left_over[:, :, :1], left_over[:, :, -1:]
    count = len(TAPER)
    taper = torch.arange(count, 0, -1, device=edges.device, dtype=edges.dtype)[:, None] / count
    between = edges.new_zeros(*left_over.shape[:2], SAMPLES - 2 * count, 2)
    half = torch.cat([first * taper, between, last * taper.flip(0)], dim=2)
    return edges + torch.stack([half, -half], dim=2)


def skin_colours(cast: Cast, skin: TorchSkin, hole: TorchOpening) -> Tensor:
    """(n, 3, k, height, width) the skin on both sides of the openings, met in their middle."""
    back = sample(cast, skin.back.flatten(1, 2), hole.at_px).unflatten(1, (2, 2))
    source = hole.at_px[:, None] + back.permute(0, 1, 3, 4, 5, 2)
    above, below = look_up_sharp(cast.insides.portrait, source).unbind(2)
    middle = (hole.upper_y + hole.lower_y) / 2
    share = ((hole.y - middle) * cast.grid.eye_distance[:, None, None, None] + 0.5).clamp(0, 1)
    return torch.lerp(above, below, share[:, None])


def blend(under: Tensor, over: Tensor, share: Tensor) -> Tensor:
    """`share` (n, k, height, width) 0 to 1 of `over` (n, 3, k, height, width)."""
    return torch.lerp(under, over, share[:, None])


def paste(canvas: Tensor, hole: TorchOpening, colours: Tensor) -> None:
    """Put patches (n, 3, k, height, width) into the canvas (n, 3, 512, 512), in place, one slit after the other."""
    height, width = colours.shape[-2:]
    flat = canvas.flatten(2)
    row = torch.arange(height, device=canvas.device)[:, None]
    column = torch.arange(width, device=canvas.device)
    for slit in range(colours.shape[2]):
        left, top = hole.origin[:, slit, :, None, None].unbind(1)
        index = ((top + row) * SIZE_PX + left + column).flatten(1)[:, None].expand(-1, 3, -1)
        before = flat.gather(2, index)
        drawn = torch.where(hole.drawn[:, slit].flatten(1)[:, None], colours[:, :, slit].flatten(2), before)
        flat.scatter_(2, index, drawn)
