"""Many frames at once, for a GPU: sketches as WarpFace.draw makes them, and the generator's picture over them as GanFace does.

One call draws a batch of frames, of one conversation or of many with different avatars. Nothing in it waits for the device
or loops over frames; positions and fields are float32, the generator runs in half precision where the device has it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from tiangong.rendering.torch_avatar import Cast, TorchAvatar, sent
from tiangong.rendering.torch_eyes import draw_eyes
from tiangong.rendering.torch_fields import skin, source_px, target_landmarks, turn
from tiangong.rendering.torch_lookup import look_up_sharp
from tiangong.rendering.torch_mouth import draw_mouths
from tiangong.rendering.torch_region import TorchPlacement, compose, masks, place

HALF: Final = (
    torch.float16
)  # of the generator on CUDA: 11 bits for pictures of 8; bfloat16's 8 bits would band smooth skin


@dataclass(frozen=True)
class TorchRegions:
    """What the generator is given of n pictures."""

    placed: TorchPlacement
    colours: Tensor  # (n, 3, 224, 176) 0 to 255
    masks: Tensor  # (n, 3, 224, 176) 0 to 1

    @property
    def sketch(self) -> Tensor:
        """(n, 6, 224, 176) the generator's input."""
        return torch.cat([self.colours / 127.5 - 1, self.masks], dim=1)


def sketch(
    avatars: Sequence[TorchAvatar] | Cast, expression: Tensor, head_rad: Tensor, beyond: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """One avatar a frame: (n, 52) weights, (n, 3) yaw, pitch, roll, (n, 478, 2) eye distances beyond the blend shapes
    -> pictures (n, 3, 512, 512) float 0 to 255, and where the portraits' landmarks go (n, 478, 2) px."""
    cast = _cast(avatars)
    moved = skin(cast, expression, beyond)
    turned, unturned = turn(cast, head_rad)
    # Bicubic everywhere: a processor draws the surroundings bilinear, a GPU need not.
    source = source_px(cast, moved, unturned)
    bent = look_up_sharp(cast.insides.front, source)
    canvas = torch.addcmul(bent[:, :3], 1 - bent[:, 3:] / 255, cast.insides.behind).clamp(0, 255)
    draw_eyes(canvas, cast, moved, expression, turned, unturned)
    draw_mouths(canvas, cast, moved, expression, turned, unturned)
    return canvas, target_landmarks(cast, moved, turned)


def regions(avatars: Sequence[TorchAvatar] | Cast, pictures: Tensor, landmarks_px: Tensor) -> TorchRegions:
    """Pictures (n, 3, 512, 512) 0 to 255 and their landmarks (n, 478, 2) px -> what the generator is given of them."""
    placed = place(_cast(avatars).insides.placed_by, landmarks_px)
    return TorchRegions(placed, placed.cut(pictures), masks(placed.to_region(landmarks_px)))


def paint(generators: nn.Module | Sequence[nn.Module], sketches: Tensor) -> Tensor:
    """(n, 6, 224, 176) -> (n, 3, 224, 176) 0 to 255, by one generator for all or by one a frame."""
    with torch.autocast("cuda", HALF, enabled=sketches.device.type == "cuda"):
        painted = _generated(generators, sketches.contiguous(memory_format=torch.channels_last))
    return (painted.to(sketches.dtype) + 1) * 127.5


def _generated(generators: nn.Module | Sequence[nn.Module], sketches: Tensor) -> Tensor:
    if isinstance(generators, nn.Module):
        return generators(sketches)
    frames: dict[nn.Module, list[int]] = {}
    for i, generator in enumerate(generators):
        frames.setdefault(generator, []).append(i)
    if len(frames) == 1:
        return generators[0](sketches)
    # One run a generator: grouped convolutions over stacked weights would leave the fast kernels.
    order = [i for mine in frames.values() for i in mine]
    parts = sketches.index_select(0, sent(order, sketches.device)).split([len(mine) for mine in frames.values()])
    painted = torch.cat([generator(part) for generator, part in zip(frames, parts, strict=True)])
    place_of = {frame: place_ for place_, frame in enumerate(order)}
    return painted.index_select(0, sent([place_of[i] for i in range(len(order))], sketches.device))


@torch.inference_mode()
def draw_batch(
    avatars: Sequence[TorchAvatar],
    generators: nn.Module | Sequence[nn.Module] | None,
    expression: Tensor,
    head_rad: Tensor,
    beyond: Tensor | None = None,
) -> Tensor:
    """One avatar (and generator) a frame, motion as for `sketch` -> (n, 512, 512, 3) uint8 on the device.

    `generators`: one for all, one a frame, or None for the sketches alone; on the avatars' device, in eval mode.
    """
    cast = Cast.of(avatars)
    pictures, landmarks_px = sketch(cast, expression, head_rad, beyond)
    if generators is not None:
        given = regions(cast, pictures, landmarks_px)
        pictures = compose(pictures, given.placed, given.colours, paint(generators, given.sketch))
    return (pictures + 0.5).to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def _cast(avatars: Sequence[TorchAvatar] | Cast) -> Cast:
    return avatars if isinstance(avatars, Cast) else Cast.of(avatars)
