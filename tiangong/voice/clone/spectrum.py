"""Sound <-> pitch and spectral envelope, by WORLD.

Morise, Yokomori and Ozawa, "WORLD: a vocoder-based high-quality speech synthesis system for real-time applications"
(IEICE Trans. Inf. Syst. 2016): Harvest or DIO with StoneMask for F0, CheapTrick for the envelope, D4C for aperiodicity.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyworld
from numpy.typing import NDArray

from tiangong.voice.protocol import VOICE_RATE_HZ

Floats = NDArray[np.float32]

FRAME_S: Final = 0.005
FRAMES_PER_S: Final = 200
FRAME_SAMPLES: Final = VOICE_RATE_HZ // FRAMES_PER_S
BANDS: Final = 64
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 11_500.0
_FFT: Final = 1024
_F0_FLOOR_HZ, _F0_CEILING_HZ = 60.0, 500.0
_ENVELOPE_FLOOR_HZ: Final = 71.0  # CheapTrick's lowest F0 for a transform of 1,024 at 24 kHz
_TINY: Final = 1e-12


@dataclass(frozen=True)
class Frames:
    """A stretch of speech, every 5 ms."""

    f0_hz: NDArray[np.float64]  # (n,) 0 where there is no voice
    power: NDArray[np.float64]  # (n, 513) spectral envelope up to 12 kHz
    bands: Floats  # (n, 64) natural logarithm of the envelope's power in mel bands

    def __len__(self) -> int:
        return len(self.f0_hz)

    @property
    def voiced(self) -> NDArray[np.bool_]:
        return self.f0_hz > 0

    def part(self, rows: NDArray[np.bool_] | slice) -> "Frames":
        return Frames(self.f0_hz[rows], self.power[rows], self.bands[rows])


def _mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1127 * np.log1p(hz / 700), np.float64)


_BINS_MEL: Final = _mel(np.linspace(0, VOICE_RATE_HZ / 2, _FFT // 2 + 1))
BAND_MELS: Final = np.linspace(_mel(np.array(_LOWEST_HZ)), _mel(np.array(_HIGHEST_HZ)), BANDS)
BAND_HZ: Final = 700 * np.expm1(BAND_MELS / 1127)


def _pooling() -> NDArray[np.float64]:
    """(513, 64) triangles of one band's width; the lowest bands, narrower than a bin, take the nearest one."""
    step = BAND_MELS[1] - BAND_MELS[0]
    weights = np.maximum(0, 1 - np.abs(_BINS_MEL[:, None] - BAND_MELS[None]) / step)
    for band in np.flatnonzero(weights.sum(0) < 0.2):
        weights[np.argmin(np.abs(_BINS_MEL - BAND_MELS[band])), band] = 1.0
    return weights / weights.sum(0)


_POOL: Final = _pooling()
_SPREAD: Final = np.array([np.interp(_BINS_MEL, BAND_MELS, row) for row in np.eye(BANDS)])  # (64, 513)


def analysed(pcm: Floats, *, carefully: bool = False) -> Frames:
    """(samples,) at 24 kHz -> its frames; `carefully` takes 25 times as long and finds the pitch of real recordings."""
    sound = pcm.astype(np.float64)
    f0_hz, times_s = (pyworld.harvest if carefully else pyworld.dio)(
        sound, VOICE_RATE_HZ, f0_floor=_F0_FLOOR_HZ, f0_ceil=_F0_CEILING_HZ, frame_period=FRAME_S * 1_000
    )
    if not carefully:
        f0_hz = pyworld.stonemask(sound, f0_hz, times_s, VOICE_RATE_HZ)
    power = pyworld.cheaptrick(sound, f0_hz, times_s, VOICE_RATE_HZ, f0_floor=_ENVELOPE_FLOOR_HZ)
    return Frames(f0_hz, power, bands_of(power))


def bands_of(power: NDArray[np.float64]) -> Floats:
    """(n, 513) -> (n, 64) natural logarithm."""
    return np.log(power @ _POOL + _TINY).astype(np.float32)


def breath_of(pcm: Floats, frames: Frames) -> Floats:
    """(513,) mean share of noise in the voiced sound, 0 to 1, by D4C."""
    times_s = np.arange(len(frames)) * FRAME_S
    share = pyworld.d4c(pcm.astype(np.float64), frames.f0_hz, times_s, VOICE_RATE_HZ)
    return (
        share[frames.voiced].mean(0).astype(np.float32) if frames.voiced.any() else np.ones(_FFT // 2 + 1, np.float32)
    )


def with_gain(power: NDArray[np.float64], gain: Floats) -> NDArray[np.float64]:
    """(n, 513) times e to the power of `gain` (n, 64), interpolated between the bands."""
    return power * np.exp(gain.astype(np.float64) @ _SPREAD)


def spoken(f0_hz: NDArray[np.float64], power: NDArray[np.float64], breath: Floats) -> Floats:
    """Frames -> sound (samples,), 120 samples a frame."""
    noise = np.repeat(breath[None].astype(np.float64), len(f0_hz), 0)
    sound = pyworld.synthesize(f0_hz, np.ascontiguousarray(power), noise, VOICE_RATE_HZ, FRAME_S * 1_000)
    return sound[: len(f0_hz) * FRAME_SAMPLES].astype(np.float32)
