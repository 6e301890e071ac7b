"""One loudness for all that is said, and no clipping."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

SPEECH_RMS: Final = (
    0.1  # -20 dBFS while speaking: a sad voice stays over -23 LUFS, and there is room for 12 dB of peaks
)
_FRAME_S: Final = 0.02
_SPEAKING_OVER_LOUDEST: Final = 0.06  # frames 24 dB under the loudest ones are not speech but its gaps
_KNEE: Final = 0.7  # below this amplitude nothing is changed
_MOST_GAIN: Final = 8.0  # a run of one voiceless sound must not be blown up to the level of a vowel


def level_over_time(pcm: NDArray[np.float32], rate_hz: int, frame_s: float = _FRAME_S) -> NDArray[np.float32]:
    """(samples,) -> RMS of each frame of `frame_s`, the rest that fills no frame left out; one frame at least."""
    size = max(1, min(round(frame_s * rate_hz), len(pcm)))
    frames = pcm[: len(pcm) // size * size].reshape(-1, size)
    return np.sqrt(np.mean(np.square(frames), axis=1)).astype(np.float32) if len(pcm) else np.zeros(1, np.float32)


def even_loudness(pcm: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    """Scaled so that its speaking frames have SPEECH_RMS (after the idea of ITU-T P.56: gaps do not count)."""
    level = level_over_time(pcm, rate_hz)
    speaking = level[level > _SPEAKING_OVER_LOUDEST * level.max()]
    if not len(speaking):
        return pcm
    rms = float(np.sqrt(np.mean(np.square(speaking))))
    return pcm * np.float32(min(SPEECH_RMS / rms, _MOST_GAIN))


def limited(pcm: NDArray[np.float32], gain: float) -> NDArray[np.float32]:
    """Times `gain`; what exceeds 0.7 is bent smoothly towards 1 and never reaches it."""
    loud = pcm * np.float32(gain)
    size = np.abs(loud)
    over = np.maximum(size - _KNEE, 0.0) / (1 - _KNEE)
    bent = _KNEE + (1 - _KNEE) * np.tanh(over)
    return np.where(size > _KNEE, np.sign(loud) * bent, loud).astype(np.float32)


def faded(pcm: NDArray[np.float32], samples: int) -> NDArray[np.float32]:
    """A copy whose first and last `samples` rise from and fall to silence, so that a cut does not click."""
    soft = pcm.copy()
    n = min(samples, len(soft) // 2)
    ramp = np.linspace(0, 1, n, endpoint=False, dtype=np.float32)
    soft[:n] *= ramp
    soft[len(soft) - n :] *= ramp[::-1]
    return soft
