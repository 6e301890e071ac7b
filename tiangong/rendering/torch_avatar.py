"""The avatars of a batch: a TorchAvatar holds the constants of one portrait, a Cast those of every frame of one batch.

Grids and patches of portraits differ in size: in a Cast they are padded with zeros to the largest.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Self, TypeVar

import numpy as np
import torch
from torch import Tensor

from tiangong.rendering.face_frame import SIZE_PX
from tiangong.rendering.patches import MARGIN_PX
from tiangong.rendering.torch_constants import Constants, Grid, Head, Insides, Slits, Spline, constants_of
from tiangong.rendering.warp import WarpFace

# Room for a slit's patch, eye distances: what a wide mouth (eye) at rest and turned needs at most, and a little for landmarks
# that go beyond it. A patch cannot grow with its frame: asking for its size would make the processor wait for the device.
MOUTH_ROOM, EYE_ROOM = (0.36, 0.72), (0.12, 0.30)
PATCH_STEP_PX = 8


@dataclass(frozen=True, eq=False)
class TorchAvatar:
    """One portrait on one device; nothing in it is changed after opening."""

    constants: Constants
    parted: bool  # the portrait shows its own teeth
    mouth_px: tuple[int, int]  # height, width of the patch that is drawn around the mouth
    eye_px: tuple[int, int]

    @classmethod
    def of(cls, face: WarpFace, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> Self:
        """Some 0.2 s and 20 MB. `dtype` is of the fields: positions over 512 px need float32."""
        mouth, *eyes = (cut.slit for cut in face.warp.cuts)
        scale = face.warp.frame.eye_distance_px
        return cls(
            constants_of(face, torch.device(device), dtype),
            mouth.parted,
            _patch_px(mouth.half_width, MOUTH_ROOM, scale),
            _patch_px(max(eye.half_width for eye in eyes), EYE_ROOM, scale),
        )

    @property
    def device(self) -> torch.device:
        return self.constants.insides.portrait.device


@dataclass(frozen=True)
class Cast:
    """The avatars of one batch's frames."""

    grid: Grid  # every tensor with frames (n, ...) in front
    head: Head
    slits: Slits
    insides: Insides
    parted: bool  # any of them
    mouth_px: tuple[int, int]  # the largest
    eye_px: tuple[int, int]
    stacked: Constants  # every tensor with the different avatars (a, ...) in front
    which: Tensor | None  # (n,) of them in each frame; None: there is only one
    frames: int

    @classmethod
    def of(cls, avatars: Sequence[TorchAvatar]) -> Self:
        """One avatar a frame. The last few sets of avatars are kept stacked."""
        different = tuple(sorted(dict.fromkeys(avatars), key=id))
        stacked = _stacked(different)
        number = {avatar: i for i, avatar in enumerate(different)}
        which = None
        if len(different) > 1:
            which = sent([number[avatar] for avatar in avatars], avatars[0].device)
        count = len(avatars)
        return cls(
            gathered(stacked.grid, which, count), gathered(stacked.head, which, count),
            gathered(stacked.slits, which, count), gathered(stacked.insides, which, count),
            any(avatar.parted for avatar in different), _largest([avatar.mouth_px for avatar in different]),
            _largest([avatar.eye_px for avatar in different]), stacked, which, count,
        )  # fmt: skip

    @property
    def spline(self) -> Spline:
        """Gathered only where it is needed: it is as large as all the rest."""
        return gathered(self.stacked.spline, self.which, self.frames)


Part = TypeVar("Part", Grid, Spline, Head, Slits, Insides)


def gathered(part: Part, which: Tensor | None, frames: int) -> Part:
    """Constants of (a, ...) avatars -> of (frames, ...); one avatar alone is not copied."""
    values: list[Tensor] = [getattr(part, field.name) for field in fields(part)]
    if which is None:
        return type(part)(*(value.expand(frames, *value.shape[1:]) for value in values))
    return type(part)(*(value.index_select(0, which) for value in values))


@lru_cache(maxsize=4)
def _stacked(avatars: tuple[TorchAvatar, ...]) -> Constants:
    held = [avatar.constants for avatar in avatars]
    return Constants(
        _stack([h.grid for h in held]), _stack([h.spline for h in held]), _stack([h.head for h in held]),
        _stack([h.slits for h in held]), _stack([h.insides for h in held]),
    )  # fmt: skip


def _stack(parts: list[Part]) -> Part:
    return type(parts[0])(*(_padded([getattr(part, field.name) for part in parts]) for field in fields(parts[0])))


def _padded(tensors: list[Tensor]) -> Tensor:
    """Stack, with zeros after the ends of the smaller ones."""
    shape = [max(sizes) for sizes in zip(*(tensor.shape for tensor in tensors), strict=True)]
    whole = tensors[0].new_zeros(len(tensors), *shape)
    for into, tensor in zip(whole, tensors, strict=True):
        into[tuple(slice(size) for size in tensor.shape)] = tensor
    return whole


def _largest(sizes: list[tuple[int, int]]) -> tuple[int, int]:
    return max(height for height, _ in sizes), max(width for _, width in sizes)


def sent(numbers: list[int], device: torch.device) -> Tensor:
    """To the device without waiting for it."""
    held = torch.tensor(numbers)
    return held.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else held.to(device)


def _patch_px(half_width: float, room: tuple[float, float], scale_px: float) -> tuple[int, int]:
    """Height, width of a slit's patch, `room` (wider than the slit, high) in eye distances."""
    wide, high = (2 * half_width + room[0]) * scale_px, room[1] * scale_px
    sizes = ((size + 2 * MARGIN_PX + 2) / PATCH_STEP_PX for size in (high, wide))
    height, width = (min(int(np.ceil(size)) * PATCH_STEP_PX, SIZE_PX) for size in sizes)
    return height, width
