"""Looking values up between pixels and along edges, batched: the torch side of resample.py.

Pictures and fields are (n, channels, rows, columns), positions (n, ..., columns, 2) as x, y indices. Nothing here waits for
the device: no number is read back, and none is sent to it.
"""

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as f

from tiangong.rendering.face_frame import CELL_PX, NODES


def look_up(values: Tensor, at: Tensor, beyond: str = "border", method: str = "bilinear") -> Tensor:
    """Values (n, c, rows, columns) at (n, ..., w, 2) x, y indices -> (n, c, ..., w).

    `beyond` the edge: "border" repeats it, "zeros" counts as 0. torch's bicubic has the same kernel as OpenCV's (A = -0.75).
    """
    rows, columns = values.shape[-2:]
    scaled = torch.stack([at[..., 0] * (2 / (columns - 1)) - 1, at[..., 1] * (2 / (rows - 1)) - 1], dim=-1)
    flat = scaled.reshape(len(scaled), -1, scaled.shape[-2], 2)
    found = f.grid_sample(values, flat, mode=method, padding_mode=beyond, align_corners=True)
    return found.reshape(*found.shape[:2], *at.shape[1:-1])


def look_up_sharp(picture: Tensor, at: Tensor) -> Tensor:
    """Bicubic, within 0 to 255: the kernel overshoots at hard edges, and bytes cannot."""
    return look_up(picture, at, method="bicubic").clamp(0, 255)


def look_up_px(field: Tensor, at_px: Tensor) -> Tensor:
    """Field over the whole grid (n, c, 128, 128), at (n, ..., 2) px."""
    return look_up(field, (at_px - (CELL_PX - 1) / 2) / CELL_PX)


@lru_cache(maxsize=16)
def pixels(rows: int, columns: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """(rows, columns, 2) x, y of every pixel."""
    y, x = (torch.arange(size, device=device, dtype=dtype) for size in (rows, columns))
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)


@lru_cache(maxsize=4)
def node_positions_px(device: torch.device, dtype: torch.dtype) -> Tensor:
    """(128, 128, 2) x, y of the grid's nodes, as face_frame has them."""
    return (pixels(NODES, NODES, device, dtype) + 0.5) * CELL_PX - 0.5


def step(value: Tensor, low: float, high: float) -> Tensor:
    """Smooth step: 0 below `low`, 1 above `high`."""
    t = ((value - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)


def along(x: Tensor, edge_x: Tensor, *values: Tensor) -> tuple[Tensor, ...]:
    """Values (b, points) given along an edge at `edge_x` (b, points), at each x (b, ...): np.interp for every row of a batch.

    The ends' values hold beyond them. An edge may fold over itself; its outline still runs from right to left.
    """
    ordered = edge_x.cummax(dim=1).values.contiguous()
    flat = x.reshape(len(x), -1).contiguous()
    here = torch.searchsorted(ordered, flat, right=True).sub_(1).clamp_(0, ordered.shape[1] - 2)
    start, end = ordered.gather(1, here), ordered.gather(1, here + 1)
    share = ((flat - start) / (end - start).clamp(min=1e-9)).clamp(0, 1)
    return tuple(torch.lerp(v.gather(1, here), v.gather(1, here + 1), share).reshape(x.shape) for v in values)


def gradient(values: Tensor, dim: int) -> Tensor:
    """np.gradient along one axis, one step apart."""
    return torch.gradient(values, dim=dim)[0]
