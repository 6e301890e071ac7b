"""Log-mel spectra of a stream of sound, 100 a second: the same rows however the sound is cut into pieces.

Triangular bands equally wide on the mel scale (Stevens and Volkmann 1940, in O'Shaughnessy's formula), as in speech
recognition since Davis and Mermelstein 1980. A frame looks back only: it ends where its hop ends.
"""

from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
MEL_RATE_HZ: Final = 16_000
MEL_BANDS: Final = 40
MEL_HOP: Final = 160  # samples, 10 ms
QUIETEST_DB: Final = -100.0  # of a band, full scale being a mean square of 1
_WINDOW: Final = 400  # 25 ms
_FFT: Final = 512
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 7_600.0
# Keeps the largest array of a long recording at some 20 MB.
_FRAMES_AT_ONCE: Final = 4_096


class MelStream:
    """One per stream: remembers the 15 ms that the next frame reaches back into."""

    def __init__(self) -> None:
        self._left = np.zeros(_WINDOW - MEL_HOP, np.float32)

    def push(self, pcm: Floats) -> Floats:
        """(samples,) at 16 kHz -> (frames, 40) dB from -100 to about 0; a frame for each 10 ms completed so far."""
        sound = np.concatenate([self._left, pcm])
        count = max(0, (len(sound) - _WINDOW) // MEL_HOP + 1)
        self._left = sound[count * MEL_HOP :]
        if not count:
            return np.zeros((0, MEL_BANDS), np.float32)
        cut = np.lib.stride_tricks.sliding_window_view(sound, _WINDOW)[::MEL_HOP][:count]
        return np.concatenate([_mel_db(cut[i : i + _FRAMES_AT_ONCE]) for i in range(0, count, _FRAMES_AT_ONCE)])


def _mel_db(cut: Floats) -> Floats:
    """(frames, 400) -> (frames, 40) dB; the bands of a frame sum to its mean square."""
    window, bands = _analysis()
    spectrum = np.fft.rfft(cut * window, _FFT, axis=1)
    power = (np.square(spectrum.real) + np.square(spectrum.imag)).astype(np.float32)
    return (10.0 * np.log10(np.maximum(power @ bands, 10 ** (QUIETEST_DB / 10)))).astype(np.float32)


@lru_cache(maxsize=1)
def _analysis() -> tuple[Floats, Floats]:
    """Window (400,), and what each of 257 bins gives to each band (257, 40)."""
    window = np.hanning(_WINDOW + 2)[1:-1]
    low, high = _mel(np.array([_LOWEST_HZ, _HIGHEST_HZ]))
    edges = np.linspace(low, high, MEL_BANDS + 2)
    at = _mel(np.fft.rfftfreq(_FFT, 1 / MEL_RATE_HZ))[:, None]
    rising = (at - edges[:-2]) / (edges[1] - edges[0])
    bands = np.clip(np.minimum(rising, 2 - rising), 0, None)
    # One-sided spectrum, hence the 2 (Parseval).
    bands *= 2 / (_FFT * float(np.square(window).sum()))
    return window.astype(np.float32), bands.astype(np.float32)


def _mel(hz: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    return 2_595.0 * np.log10(1 + hz / 700)
