"""The level of a microphone: no direct current, and a soft or a loud voice brought to one loudness.

The gain follows the loudest speech of the last seconds and is slow, as a hand on a fader: what is fast would lift the noise in every
pause. It stands still while the avatar speaks, whose echo is compared with what was played.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from tiangong.core.media import AudioChunk

TARGET_RMS: Final = 0.1  # -20 dBFS
MOST_GAIN, LEAST_GAIN = 16.0, 0.35  # +24 and -9 dB
_POLE: Final = 0.99  # of the high-pass: 25 Hz at 16 kHz
_SPEECH_RMS: Final = 0.002  # -54 dBFS: softer is the room
_FORGETTING_S: Final = 8.0  # in which a loud word loses most of its weight
_GAIN_STEP: Final = 1.03  # most that the gain changes in a chunk of 32 ms: 8 dB a second

Floats = NDArray[np.float32]


class LevelControl:
    """One microphone."""

    def __init__(self) -> None:
        self._state = np.zeros(1)
        self._loudest = 0.0  # nothing was heard yet
        self._gain = 1.0

    def even(self, chunk: AudioChunk, *, learn: bool = True) -> AudioChunk:
        """The same sound without direct current, at the gain of now; `learn` False leaves the gain as it is."""
        high, self._state = lfilter([1, -1], [1, -_POLE], chunk.pcm, zi=self._state)
        pcm = np.asarray(high, np.float32)
        if learn:
            self._follow(float(np.sqrt(np.mean(np.square(pcm)))) if len(pcm) else 0.0, chunk.duration_s)
        return AudioChunk(np.clip(pcm * np.float32(self._gain), -1.0, 1.0), chunk.rate_hz, chunk.start_s)

    def _follow(self, rms: float, duration_s: float) -> None:
        if rms < _SPEECH_RMS:
            return
        self._loudest = max(rms, self._loudest * float(np.exp(-duration_s / _FORGETTING_S)))
        wanted = float(np.clip(TARGET_RMS / self._loudest, LEAST_GAIN, MOST_GAIN))
        self._gain = float(np.clip(wanted, self._gain / _GAIN_STEP, self._gain * _GAIN_STEP))
