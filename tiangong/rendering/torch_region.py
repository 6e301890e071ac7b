"""The generator's region of many pictures at once: the torch side of region.py and of how gan.py lays it over a picture."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as f

from tiangong.rendering.face_frame import SIZE_PX
from tiangong.rendering.region import COLUMNS, EYES, INNER_LIPS, OUTER_LIPS, PLACED_BY, ROWS, seam
from tiangong.rendering.torch_lookup import look_up, look_up_sharp, pixels

# OpenCV fills a polygon and draws a soft line along each edge: what such a line covers of a pixel falls with its distance (px)
# as a sigmoid does, to a half at EDGE_PX. Fitted to masks of real and drawn faces: as much is covered as OpenCV covers.
EDGE_PX, EDGE_STEEPNESS = 0.62, 4.6
# Where in the region mouth, right eye and left eye can be: fewer pixels to measure distances at.
MOUTH_ROWS: Final = slice(80, ROWS)
EYE_ROWS: Final = slice(8, 88)
EYE_COLUMNS: Final = (slice(0, 100), slice(76, COLUMNS))
ALL_COLUMNS: Final = slice(0, COLUMNS)


@dataclass(frozen=True)
class TorchPlacement:
    """Where the region lies in n pictures: a similarity from its px to theirs."""

    turn: Tensor  # (n, 2, 2) rotation times scale
    shift: Tensor  # (n, 2) px

    def cut(self, pictures: Tensor) -> Tensor:
        """(n, 3, 512, 512) -> (n, 3, 224, 176)"""
        grid = pixels(ROWS, COLUMNS, pictures.device, pictures.dtype)
        at = grid.view(-1, 2) @ self.turn.mT + self.shift[:, None]
        return look_up_sharp(pictures, at.view(-1, ROWS, COLUMNS, 2))

    def to_region(self, points_px: Tensor) -> Tensor:
        """(n or 1, points, 2) px of the pictures -> (n, points, 2) px of the region."""
        # The inverse of a similarity is its transpose, scaled.
        size = self.turn[:, :, 0].square().sum(1)[:, None, None]
        return (points_px - self.shift[:, None]) @ (self.turn / size)


def place(rest: Tensor, landmarks_px: Tensor) -> TorchPlacement:
    """`rest` (n, 9, 2) of Insides.placed_by, (n, 478, 2) px: least squares in complex numbers, as region.place."""
    end = landmarks_px[:, _marks(tuple(map(int, PLACED_BY)), landmarks_px.device)]
    centre, to_centre = rest.mean(1, keepdim=True), end.mean(1, keepdim=True)
    (ax, ay), (bx, by) = (rest - centre).unbind(2), (end - to_centre).unbind(2)
    weight = (ax * ax + ay * ay).sum(1).clamp(min=1e-9)
    real, imaginary = (ax * bx + ay * by).sum(1) / weight, (ax * by - ay * bx).sum(1) / weight
    turn = torch.stack([real, -imaginary, imaginary, real], dim=1).view(-1, 2, 2)
    return TorchPlacement(turn, (to_centre - centre @ turn.mT)[:, 0])


def masks(marks: Tensor) -> Tensor:
    """(n, 478, 2) px of the region -> (n, 3, 224, 176) 0 to 1: opening of the mouth, lips around it, openings of the eyes."""
    found = marks.new_zeros(len(marks), 3, ROWS, COLUMNS)
    mouth, lips = (
        _covered(marks[:, _marks(outline, marks.device)], MOUTH_ROWS, ALL_COLUMNS)
        for outline in (INNER_LIPS, OUTER_LIPS)
    )
    found[:, 0, MOUTH_ROWS] = mouth
    found[:, 1, MOUTH_ROWS] = (lips - mouth).clamp(min=0)
    for outline, columns in zip(EYES, EYE_COLUMNS, strict=True):
        eye = found[:, 2, EYE_ROWS, columns]
        eye.copy_(torch.maximum(eye, _covered(marks[:, _marks(outline, marks.device)], EYE_ROWS, columns)))
    return found


@lru_cache(maxsize=16)
def _marks(numbers: tuple[int, ...], device: torch.device) -> Tensor:
    return torch.tensor(numbers, device=device)


def _covered(outline: Tensor, rows: slice, columns: slice) -> Tensor:
    """(n, points, 2) closed polygons -> (n, height, width) 0 to 1: how much of each pixel of a window they cover."""
    grid = pixels(ROWS, COLUMNS, outline.device, outline.dtype)[rows, columns]
    x, y = grid[None, None, :1, :, 0], grid[None, None, :, :1, 1]  # (1, 1, 1, width), (1, 1, height, 1)
    start_x, start_y = outline[..., None, None].unbind(2)
    along_x, along_y = (outline.roll(-1, dims=1) - outline)[..., None, None].unbind(2)
    from_x, from_y = x - start_x, y - start_y  # (n, points, 1, width), (n, points, height, 1)
    length = (along_x**2 + along_y**2).clamp(min=1e-6)
    share = (from_x * (along_x / length) + from_y * (along_y / length)).clamp(0, 1)
    squared = (from_x - share * along_x).square() + (from_y - share * along_y).square()
    crosses = (from_y < 0) != (from_y < along_y)
    beyond = from_x < from_y * (along_x / torch.where(along_y == 0, 1, along_y))
    inside = (crosses & beyond).sum(1) % 2 == 1
    # Every edge is drawn over what is there: where two lie on each other, as those of closed lips do, both count.
    uncovered = f.softplus((EDGE_PX - squared.sqrt()) * EDGE_STEEPNESS).sum(1)
    return torch.where(inside, 1, 1 - torch.exp(-uncovered))


@lru_cache(maxsize=4)
def _seam(device: torch.device, dtype: torch.dtype) -> Tensor:
    """(1, 224, 176)"""
    return torch.as_tensor(seam()).to(device, dtype).permute(2, 0, 1)


def compose(pictures: Tensor, placed: TorchPlacement, before: Tensor, painted: Tensor) -> Tensor:
    """Lay what the generator changed (n, 3, 224, 176) over the pictures (n, 3, 512, 512), all 0 to 255."""
    change = (painted - before) * _seam(pictures.device, pictures.dtype)
    at = placed.to_region(pixels(SIZE_PX, SIZE_PX, pictures.device, pictures.dtype).view(1, -1, 2))
    laid = look_up(change, at.view(-1, SIZE_PX, SIZE_PX, 2), "zeros")
    return (pictures + laid).clamp(0, 255)
