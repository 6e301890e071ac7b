"""The generator's opponent: tells drawn faces from filmed ones, patch by patch (Isola et al. 2017).

Spectral normalisation (Miyato et al. 2018) keeps it from running away, all but in its last layer: held there too, it could
hardly tell two pictures that differ as little as a sketch and its film. It sees the masks beside the picture, so that a mouth
that is sharp but open where it should be shut is no success.
"""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as f
from torch.nn.utils.parametrizations import spectral_norm

WIDTHS: Final = (24, 48, 96)
_SLOPE: Final = 0.2


class Discriminator(nn.Module):
    """(n, 3, 224, 176) picture and (n, 3, 224, 176) masks -> scores of patches, and what was seen on the way."""

    def __init__(self) -> None:
        super().__init__()
        channels = (6, *WIDTHS)
        self.steps = nn.ModuleList(
            spectral_norm(nn.Conv2d(before, after, 4, stride=2, padding=1))
            for before, after in zip(channels[:-1], channels[1:], strict=True)
        )
        self.judge = nn.Conv2d(WIDTHS[-1], 1, 3, padding=1)

    def forward(self, picture: Tensor, masks: Tensor) -> tuple[Tensor, list[Tensor]]:
        x, seen = torch.cat([picture, masks], dim=1), list[Tensor]()
        for step in self.steps:
            x = f.leaky_relu(step(x), _SLOPE)
            seen.append(x)
        return self.judge(x), seen
