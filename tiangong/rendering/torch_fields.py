"""Where the skin goes and where each pixel comes from, for a batch of frames: the torch side of dense_warp and head_turn."""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as f

from tiangong.core.face import BLEND_SHAPE_INDEX
from tiangong.rendering.dense_warp import ROUNDS, SEEN_PX, STRETCH_RANGE, UPPER_GIVES
from tiangong.rendering.face_basis import EAGERNESS, GROUP_CEILING, GROUPS
from tiangong.rendering.face_frame import CELL_PX, NODES, SIZE_PX
from tiangong.rendering.head_turn import LARGEST_RAD, SOFT_FROM
from tiangong.rendering.slits import SAMPLES
from tiangong.rendering.torch_avatar import Cast
from tiangong.rendering.torch_constants import Slits
from tiangong.rendering.torch_lookup import gradient, look_up, look_up_px, node_positions_px, pixels
from tiangong.rendering.warp import STILL_RAD


@dataclass(frozen=True)
class TorchSkin:
    """The skin's displacement in n frames, before the head turns."""

    forward: Tensor  # (n, 2, 2, R, C) px: above and below the cuts, x and y
    back: Tensor  # (n, 2, 2, R, C) px, from where a pixel comes
    edges: Tensor  # (n, 3, 2, 33, 2) px: mouth, right eye, left eye; upper and lower


@lru_cache(maxsize=32)
def _shapes(names: tuple[str, ...], device: torch.device) -> Tensor:
    """Indices of blend shapes, sent to the device once."""
    return torch.tensor([BLEND_SHAPE_INDEX[name] for name in names], device=device)


def saturate(expression: Tensor) -> Tensor:
    """(n, 52) -> (n, 52): shapes add up, but skin gives way only so far (face_basis)."""
    weights = expression.clone()
    eager = _shapes(("jawOpen", "mouthClose"), weights.device)
    held = weights[:, eager]
    weights[:, eager] = held * (1 + EAGERNESS * (1 - held))
    for group in GROUPS:
        mine = _shapes(group, weights.device)
        held = weights[:, mine]
        total = held.sum(1, keepdim=True)
        less = (1 + (GROUP_CEILING - 1) * torch.tanh((total - 1) / (GROUP_CEILING - 1))) / total.clamp(min=1)
        weights[:, mine] = held * torch.where(total > 1, less, 1)
    return weights


def skin(cast: Cast, expression: Tensor, beyond: Tensor | None) -> TorchSkin:
    """(n, 52) weights and (n, 478, 2) eye distances by which landmarks go beyond them -> the skin's displacement."""
    grid = cast.grid
    basis = grid.basis.flatten(2)
    forward = torch.bmm(saturate(expression)[:, None], basis).view(len(expression), *grid.basis.shape[2:])
    if beyond is not None:
        forward = forward + _led(cast, beyond * grid.eye_distance[:, None, None])
    edges: list[Tensor] = []
    for number, gives in enumerate(UPPER_GIVES):
        forward, kept = _keep_apart(cast, number, forward, gives)
        edges.append(kept)
    last = grid.last.repeat_interleave(2, dim=0)
    back = invert(forward.flatten(0, 1), last).view_as(forward) * grid.inside[:, None]
    return TorchSkin(forward, back, torch.stack(edges, dim=1))


def _led(cast: Cast, moved_px: Tensor) -> Tensor:
    """(n, 478, 2) px by which landmarks move -> (n, 2, 2, R, C) px above and below the cuts."""
    spline = cast.spline
    frames, sides, rows, columns, marks = spline.weights.shape
    coarse = torch.bmm(spline.weights.reshape(frames, -1, marks), moved_px).view(frames, sides, rows, columns, 2)
    return torch.einsum("nRr,nsrck,nCc->nskRC", spline.rows, coarse, spline.columns)


def _keep_apart(cast: Cast, number: int, forward: Tensor, upper_gives: float) -> tuple[Tensor, Tensor]:
    """Where the sides of a slit would cross, move them back until they touch -> forward, edges (n, 2, 33, 2) px."""
    slits = cast.slits
    rest = slits.rest_px[:, number]
    edges = rest + torch.stack([_at(cast, forward[:, side], rest[:, side]) for side in (0, 1)], dim=1)
    down = slits.down[:, None, :]
    crossing = ((edges[:, 1] - edges[:, 0]) * down).sum(-1).clamp(max=0)  # (n, 33) px, negative
    crossing = torch.where(crossing.amin(1, keepdim=True) < -SEEN_PX, crossing, 0)
    at = _beside(slits, number, crossing)
    gives = (upper_gives, upper_gives - 1)
    push = torch.stack([at * slits.fade[:, number, side] * gives[side] for side in (0, 1)], dim=1)
    forward = forward + push[:, :, None] * slits.down[:, None, :, None, None]
    apart = crossing[..., None] * down
    return forward, edges + torch.stack([apart * give for give in gives], dim=1)


def _beside(slits: Slits, number: int, along_edge: Tensor) -> Tensor:
    """Values (n, 33) along a slit's edge -> (n, R, C) beside it."""
    across = slits.across[:, number].flatten(1)
    start = across.floor().clamp(max=SAMPLES - 2)
    here = start.long()
    found = torch.lerp(along_edge.gather(1, here), along_edge.gather(1, here + 1), across - start)
    return found.view(len(across), *slits.across.shape[2:])


def _at(cast: Cast, field: Tensor, points_px: Tensor) -> Tensor:
    """Field (n, 2, R, C) at (n, points, 2) px -> (n, points, 2)."""
    return sample(cast, field, points_px).transpose(1, 2)


def sample(cast: Cast, field: Tensor, points_px: Tensor) -> Tensor:
    """Field over the face's grid (n, c, R, C) at (n, ..., 2) px -> (n, c, ...); 0 outside of it."""
    corner = cast.grid.corner.view(-1, *[1] * (points_px.ndim - 2), 2)
    return look_up(field, (points_px - (CELL_PX - 1) / 2) / CELL_PX - corner, "zeros")


def invert(field: Tensor, last: Tensor | None = None) -> Tensor:
    """(b, 2, rows, columns) forward displacement px -> backward. `last` (b, 2): column, row where each grid ends."""
    nodes = pixels(*field.shape[2:], field.device, field.dtype)
    slope = torch.stack([gradient(field[:, 0], 2), gradient(field[:, 1], 1)], dim=1) / CELL_PX
    damping = 1 / (1 + slope).clamp(*STRETCH_RANGE)

    def source(back: Tensor) -> Tensor:
        at = nodes + back.permute(0, 2, 3, 1) / CELL_PX
        return at if last is None else torch.minimum(at, last[:, None, None]).clamp(min=0)

    back = -field * damping
    damping = look_up(damping, source(back))
    for _ in range(ROUNDS):
        back = back - (back + look_up(field, source(back))) * damping
    return back


def turn(cast: Cast, head_rad: Tensor) -> tuple[Tensor, Tensor]:
    """(n, 3) yaw, pitch, roll -> the head's motion and its inverse, (n, 2, 128, 128) px."""
    head = cast.head
    less = _rotation(_soft_limit(head_rad)) - torch.eye(3, device=head_rad.device, dtype=head_rad.dtype)
    to_px = torch.bmm(head.axes, less) * cast.grid.eye_distance[:, None, None]
    moving = (head_rad.abs().amax(1) >= STILL_RAD)[:, None, None, None]
    turned = torch.bmm(to_px, head.arm).view(-1, 2, NODES, NODES) * head.share * moving
    return turned, invert(turned)


def _soft_limit(head_rad: Tensor) -> Tensor:
    limited = [_soft(angle.abs() / most) * most for angle, most in zip(head_rad.unbind(1), LARGEST_RAD, strict=True)]
    return torch.stack(limited, dim=1) * head_rad.sign()


def _soft(ratio: Tensor) -> Tensor:
    over = (ratio - SOFT_FROM).clamp(min=0) / (1 - SOFT_FROM)
    return ratio.clamp(max=SOFT_FROM) + (1 - SOFT_FROM) * torch.tanh(over)


def _rotation(head_rad: Tensor) -> Tensor:
    """(n, 3) -> (n, 3, 3), signs as in head_turn.rotation."""
    (cy, cp, cr), (sy, sp, sr) = head_rad.cos().unbind(1), head_rad.sin().unbind(1)
    none, one = torch.zeros_like(cy), torch.ones_like(cy)
    about_y = torch.stack([cy, none, -sy, none, one, none, sy, none, cy], dim=1).view(-1, 3, 3)
    about_x = torch.stack([one, none, none, none, cp, -sp, none, sp, cp], dim=1).view(-1, 3, 3)
    about_z = torch.stack([cr, -sr, none, sr, cr, none, none, none, one], dim=1).view(-1, 3, 3)
    return about_z @ about_y @ about_x


def source_px(cast: Cast, skin: TorchSkin, unturned: Tensor) -> Tensor:
    """(n, 512, 512, 2) px of the portrait that every pixel shows, head and skin together."""
    above, below = skin.back.unbind(1)
    chosen = torch.lerp(above, below, cast.grid.below)
    nodes = node_positions_px(unturned.device, unturned.dtype)
    back = unturned + sample(cast, chosen, nodes + unturned.permute(0, 2, 3, 1))
    full = f.interpolate(back, size=(SIZE_PX, SIZE_PX), mode="bilinear", align_corners=False)
    return full.permute(0, 2, 3, 1) + pixels(SIZE_PX, SIZE_PX, full.device, full.dtype)


def target_landmarks(cast: Cast, skin: TorchSkin, turned: Tensor) -> Tensor:
    """(n, 478, 2) px: where the portraits' landmarks go."""
    rest = cast.grid.landmarks
    above, below = (sample(cast, side, rest) for side in skin.forward.unbind(1))
    moved = rest + torch.lerp(above, below, cast.grid.landmarks_below).transpose(1, 2)
    return moved + look_up_px(turned, moved).transpose(1, 2)
