"""The generator: a sketch of the face (the portrait bent to the wanted motion) -> the face as a camera would see it.

A U-Net (Ronneberger et al. 2015) of residual blocks that adds to the sketch; its outermost layers work at half resolution
(pixel shuffle, Shi et al. 2016), so that 224 x 176 pixels cost under 1 GFLOP. The same network serves a photo (the shipped
base weights) and a video (the base, trained further on the person's frames). Only operators that onnxruntime-web has.
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as f

from tiangong.rendering.region import CHANNELS

LARGEST_CHANGE: Final = 2.0  # of a colour, on the scale -1 to 1: anything can be painted over

SLOPE: Final = 0.1  # of the rectifiers, below zero


@dataclass(frozen=True)
class GeneratorSize:
    """Channels at 1/2, 1/4, 1/8 and 1/16 of the region's resolution."""

    half: int = 16
    quarter: int = 48
    eighth: int = 80
    sixteenth: int = 96


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(_bent(self.first(_bent(x))))


class Generator(nn.Module):
    """(n, 6, 224, 176) sketch in [-1, 1] and masks in [0, 1] -> (n, 3, 224, 176) picture in [-1, 1]."""

    def __init__(self, size: GeneratorSize | None = None) -> None:
        super().__init__()
        self.size = size = size or GeneratorSize()
        a, b, c, d = size.half, size.quarter, size.eighth, size.sixteenth
        self.stem = nn.Conv2d(CHANNELS, a, 6, stride=2, padding=2)
        self.down_quarter, self.at_quarter = nn.Conv2d(a, b, 3, stride=2, padding=1), _Residual(b)
        self.down_eighth, self.at_eighth = nn.Conv2d(b, c, 3, stride=2, padding=1), _Residual(c)
        self.down_sixteenth, self.at_sixteenth = nn.Conv2d(c, d, 3, stride=2, padding=1), _Residual(d)
        self.up_eighth, self.join_eighth = nn.Conv2d(d, c, 1), _Residual(c)
        self.up_quarter, self.join_quarter = nn.Conv2d(c, b, 1), nn.Conv2d(b, b, 3, padding=1)
        self.up_half, self.join_half = nn.Conv2d(b, a, 1), nn.Conv2d(a, a, 3, padding=1)
        self.paint = nn.Conv2d(a, 12, 3, padding=1)
        # An untrained generator shows the sketch as it is.
        for parameter in self.paint.parameters():
            nn.init.zeros_(parameter)

    def forward(self, sketch: Tensor) -> Tensor:
        half = _bent(self.stem(sketch))
        quarter = self.at_quarter(self.down_quarter(half))
        eighth = self.at_eighth(self.down_eighth(quarter))
        x = self.at_sixteenth(self.down_sixteenth(eighth))
        x = self.join_eighth(eighth + _twice(self.up_eighth(x)))
        x = _bent(self.join_quarter(_bent(quarter + _twice(self.up_quarter(x)))))
        x = _bent(self.join_half(_bent(half + _twice(self.up_half(x)))))
        change = f.pixel_shuffle(self.paint(x), 2)
        return (sketch[:, :3] + LARGEST_CHANGE * torch.tanh(change / LARGEST_CHANGE)).clamp(-1, 1)


def _bent(x: Tensor) -> Tensor:
    # Leaky: among many faces that need no change, plain rectifiers die before they have learned the others.
    return f.leaky_relu(x, SLOPE)


def _twice(x: Tensor) -> Tensor:
    return f.interpolate(x, scale_factor=2.0, mode="nearest")
