"""Runs the Wav2Lip generator: faces and the sound under them in, faces with lips that say it out."""

from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.utils import convert_conv2d_weight_memory_format

from tiangong.rendering.wav2lip_convert import open_network
from tiangong.rendering.wav2lip_crop import HALF
from tiangong.rendering.wav2lip_network import Wav2LipNetwork

LARGEST_BATCH: Final = 16  # pictures: 8 is as fast for each, and more costs memory


class LipPainter:
    """A generator ready to draw; shared between faces and threads."""

    def __init__(self, network: Wav2LipNetwork, on_gpu: bool = False) -> None:
        self._device = torch.device("cuda" if on_gpu else "cpu")
        # Twice as fast where the processor computes in it, and far slower elsewhere.
        self._dtype = torch.bfloat16 if not on_gpu and _cpu_knows_bfloat16() else torch.float32
        fused = network.fuse().to(self._device, self._dtype)
        self._network = convert_conv2d_weight_memory_format(fused, torch.channels_last)

    @classmethod
    def open(cls, path: Path, use_gpu: bool = True) -> "LipPainter":
        """Raises MediaError as `open_network` does."""
        return cls(open_network(path), use_gpu and torch.cuda.is_available())

    def paint(self, faces: NDArray[np.uint8], mels: NDArray[np.float32]) -> NDArray[np.float32]:
        """`faces` (n, 96, 96, 3) RGB, `mels` (n, 80, 16) in [-4, 4] -> (n, 96, 96, 3) RGB, 0 to 255."""
        drawn = [
            self._paint(faces[at : at + LARGEST_BATCH], mels[at : at + LARGEST_BATCH])
            for at in range(0, len(faces), LARGEST_BATCH)
        ]
        return np.concatenate(drawn)

    def _paint(self, faces: NDArray[np.uint8], mels: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            # The network was trained on pictures as OpenCV reads them: blue, green, red.
            bgr = torch.from_numpy(faces[..., ::-1].copy()).to(self._device, self._dtype)
            reference = bgr.permute(0, 3, 1, 2) / 255
            hidden = reference.clone()
            hidden[:, :, HALF:] = 0
            both = torch.cat([hidden, reference], dim=1).contiguous(memory_format=torch.channels_last)
            heard = torch.from_numpy(mels).to(self._device, self._dtype)[:, None]
            drawn = self._network(heard, both).float().permute(0, 2, 3, 1) * 255
            return drawn.cpu().numpy()[..., ::-1]


def _cpu_knows_bfloat16() -> bool:
    known = torch.cpu.get_capabilities()
    return bool(known.get("avx512_bf16") or known.get("amx_bf16"))
