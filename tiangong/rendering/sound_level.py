"""How loud a sound is over time, and how much wider the mouth opens for it."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.media import AudioChunk

Floats = NDArray[np.float32]
HOP_S: Final = 0.01
_WINDOW_S: Final = 0.03
_SYLLABLE_S: Final = 0.12  # loudness is judged over about a syllable: jaws do not follow single periods
_COMPRESSION: Final = 0.35  # a voice 6 dB up opens the mouth a quarter more (Lombard studies: Schulman 1989)
_SMALLEST, _LARGEST = 0.75, 1.2
_SPOKEN_SHARE: Final = 0.1  # of the loudest: what counts when the usual level is taken


def level(sound: AudioChunk) -> Floats:
    """RMS over 30 ms around each 10 ms. (frames,), one more than fits."""
    hop, window = round(HOP_S * sound.rate_hz), round(_WINDOW_S * sound.rate_hz)
    energy = np.concatenate([[0.0], np.cumsum(np.square(sound.pcm, dtype=np.float64))])
    centres = np.arange(0, len(sound.pcm) + hop, hop)
    low = np.clip(centres - window // 2, 0, len(sound.pcm))
    high = np.clip(centres + window // 2, 0, len(sound.pcm))
    return np.sqrt(np.maximum(energy[high] - energy[low], 0) / window).astype(np.float32)


def loudness_factor(sound: AudioChunk, times_s: NDArray[np.float64]) -> Floats:
    """(times,) -> (times,) 0.75 to 1.2: how much wider than usual the mouth opens, by loudness within this speech."""
    loud = level(sound)
    width = round(_SYLLABLE_S / HOP_S)
    kernel = np.hanning(width + 2)[1:-1]
    smooth = np.convolve(loud, kernel / kernel.sum(), "same")[: len(loud)]
    spoken = smooth[smooth > _SPOKEN_SHARE * float(smooth.max())]
    if not len(spoken):
        return np.ones(len(times_s), np.float32)
    factor = (np.maximum(smooth, 1e-6) / float(np.median(spoken))) ** _COMPRESSION
    at_s = np.arange(len(loud)) * HOP_S
    return np.interp(times_s, at_s, np.clip(factor, _SMALLEST, _LARGEST)).astype(np.float32)
