"""The generator of Wav2Lip: lips for a face from a fifth of a second of sound.

K R Prajwal, Rudrabha Mukhopadhyay, Vinay Namboodiri, C V Jawahar: "A Lip Sync Expert Is All You Need for Speech to Lip
Generation In the Wild", ACM Multimedia 2020, arXiv 2008.10010. Parameters bear the names that published checkpoints use.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


class Conv(nn.Module):
    """Convolution, batch normalisation, ReLU; `residual` adds the input before the ReLU."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        stride: int | tuple[int, int] = 1,
        padding: int = 1,
        residual: bool = False,
    ) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.Conv2d(inputs, outputs, kernel, stride, padding), nn.BatchNorm2d(outputs)
        )  # fmt: skip
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv_block(x)
        return torch.relu(y + x if self.residual else y)


class Up(nn.Module):
    """Transposed convolution, batch normalisation, ReLU: `stride` times the size, or 1 x 1 -> 3 x 3 at stride 1."""

    def __init__(self, inputs: int, outputs: int, stride: int = 2) -> None:
        super().__init__()
        first = (
            nn.ConvTranspose2d(inputs, outputs, 3, stride, padding=1, output_padding=1)
            if stride > 1
            else nn.ConvTranspose2d(inputs, outputs, 3)
        )
        self.conv_block = nn.Sequential(first, nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.conv_block(x))


def _stage(first: nn.Module, channels: int, residuals: int) -> nn.Sequential:
    return nn.Sequential(first, *(Conv(channels, channels, residual=True) for _ in range(residuals)))


def _face_encoder() -> Iterable[nn.Module]:
    """(6, 96, 96) -> (512, 1, 1); what each stage gives is handed to the decoder too."""
    yield _stage(Conv(6, 16, kernel=7, padding=3), 16, 0)
    for inputs, outputs, residuals in ((16, 32, 2), (32, 64, 3), (64, 128, 2), (128, 256, 2), (256, 512, 1)):
        yield _stage(Conv(inputs, outputs, stride=2), outputs, residuals)
    yield nn.Sequential(Conv(512, 512, padding=0), Conv(512, 512, kernel=1, padding=0))


def _audio_encoder() -> Iterable[nn.Module]:
    """(1, 80, 16) -> (512, 1, 1)."""
    strides: tuple[tuple[int, int, int | tuple[int, int], int], ...] = (
        (1, 32, 1, 2),
        (32, 64, (3, 1), 2),
        (64, 128, 3, 2),
        (128, 256, (3, 2), 1),
    )
    for inputs, outputs, stride, residuals in strides:
        yield from _stage(Conv(inputs, outputs, stride=stride), outputs, residuals)
    yield Conv(256, 512, padding=0)
    yield Conv(512, 512, kernel=1, padding=0)


def _face_decoder() -> Iterable[nn.Module]:
    """(512, 1, 1) -> (64, 96, 96); inputs count the channels that the encoder hands over."""
    yield nn.Sequential(Conv(512, 512, kernel=1, padding=0))
    yield _stage(Up(1024, 512, stride=1), 512, 1)
    for inputs, outputs in ((1024, 512), (768, 384), (512, 256), (320, 128), (160, 64)):
        yield _stage(Up(inputs, outputs), outputs, 2)


class Wav2LipNetwork(nn.Module):
    """Sound and a face whose lower half is hidden -> that face with lips that say the sound. 36 million parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.face_encoder_blocks = nn.ModuleList(_face_encoder())
        self.audio_encoder = nn.Sequential(*_audio_encoder())
        self.face_decoder_blocks = nn.ModuleList(_face_decoder())
        self.output_block = nn.Sequential(Conv(80, 32), nn.Conv2d(32, 3, 1), nn.Sigmoid())

    def forward(self, mel: Tensor, faces: Tensor) -> Tensor:
        """mel (n, 1, 80, 16) in [-4, 4]; faces (n, 6, 96, 96) BGR in [0, 1], first the face with its lower half black,
        then a reference of the same person -> (n, 3, 96, 96) BGR in [0, 1]."""
        seen: list[Tensor] = []
        for block in self.face_encoder_blocks:
            faces = block(faces)
            seen.append(faces)
        x = self.audio_encoder(mel)
        for block in self.face_decoder_blocks:
            x = torch.cat([block(x), seen.pop()], dim=1)
        return self.output_block(x)

    def fuse(self) -> "Wav2LipNetwork":
        """Fold batch normalisation into the convolutions, for evaluation only: the same result, fewer passes."""
        for module in self.eval().modules():
            if isinstance(module, Conv | Up):
                convolution, norm = module.conv_block[0], module.conv_block[1]
                assert isinstance(convolution, nn.Conv2d | nn.ConvTranspose2d)
                assert isinstance(norm, nn.BatchNorm2d)
                transposed = isinstance(convolution, nn.ConvTranspose2d)
                module.conv_block = nn.Sequential(fuse_conv_bn_eval(convolution, norm, transpose=transposed))
        return self
