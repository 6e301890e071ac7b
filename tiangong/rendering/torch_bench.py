"""How many frames a second a device draws."""

from collections.abc import Sequence
from time import perf_counter
from typing import Final

import torch
from torch import Tensor, nn

from tiangong.core.face import ARKIT_BLEND_SHAPES
from tiangong.core.face_mesh import LANDMARKS
from tiangong.rendering.face_frame import SIZE_PX
from tiangong.rendering.torch_avatar import TorchAvatar
from tiangong.rendering.torch_sketch import draw_batch

SWAY_RAD: Final = 0.1
TREMBLE: Final = 0.003  # eye distances
WARM_UP: Final = 3  # batches: kernels are chosen and memory is taken in the first ones
MEASURED_S: Final = 3.0


def bench_batched(
    device: torch.device | str,
    avatars: Sequence[TorchAvatar],
    batch: int,
    generators: nn.Module | Sequence[nn.Module] | None = None,
    beyond: bool = False,
    measured_s: float = MEASURED_S,
) -> float:
    """Frames of 512 x 512 a second, from motion on the processor to pictures on it again, `batch` frames at a time.

    The avatars take turns in the batch; `generators` as for `draw_batch`, one for all or one an avatar. `beyond`: with
    landmarks led one by one.
    """
    device = torch.device(device)
    cast = [avatars[i % len(avatars)] for i in range(batch)]
    if generators is not None and not isinstance(generators, nn.Module):
        generators = [generators[i % len(generators)] for i in range(batch)]
    expression, head_rad, further = _moves(batch, device)
    pictures = torch.empty(batch, SIZE_PX, SIZE_PX, 3, dtype=torch.uint8, pin_memory=device.type == "cuda")

    def draw() -> None:
        sent = [part.to(device, non_blocking=True) for part in (expression, head_rad, further)]
        drawn = draw_batch(cast, generators, sent[0], sent[1], sent[2] if beyond else None)
        pictures.copy_(drawn, non_blocking=True)
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    for _ in range(WARM_UP):
        draw()
    started_s, frames = perf_counter(), 0
    while perf_counter() - started_s < measured_s:
        draw()
        frames += batch
    return frames / (perf_counter() - started_s)


def _moves(batch: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Faces that talk and sway, on the processor, from where they are sent quickly."""
    random = torch.Generator().manual_seed(0)
    expression = torch.rand(batch, len(ARKIT_BLEND_SHAPES), generator=random) * 0.3
    head_rad = (torch.rand(batch, 3, generator=random) * 2 - 1) * SWAY_RAD
    beyond = torch.randn(batch, LANDMARKS, 2, generator=random) * TREMBLE
    parts = (expression, head_rad, beyond)
    return tuple(part.pin_memory() for part in parts) if device.type == "cuda" else parts  # pyright: ignore[reportReturnType]
