"""What Wav2Lip hears: mel spectrogram steps, 80 a second, on a grid that starts where the speech starts.

The same numbers as the original's `audio.py` (Prajwal et al. 2020) takes from librosa: pre-emphasis, 50 ms periodic Hann
windows centred on multiples of 12.5 ms, magnitudes, 80 mel bands of 55 to 7,600 Hz, decibels, -4 to 4. One difference:
beyond both ends of the speech there is silence here, and a mirror image of the sound there.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.media import AudioChunk

RATE_HZ: Final = 16_000
STEPS_PER_S: Final = 80
MELS: Final = 80
MEL_STEPS: Final = 16  # 0.2 s, what the network hears for one frame
_HOP: Final = RATE_HZ // STEPS_PER_S  # samples
_WINDOW: Final = 800  # samples, also the length of the Fourier transform
_LOWEST_HZ, _HIGHEST_HZ = 55.0, 7_600.0
_PREEMPHASIS: Final = 0.97
_REFERENCE_DB, _FLOOR_DB, _LARGEST = 20.0, -100.0, 4.0
_MEL_KNEE_HZ, _MEL_PER_HZ = 1_000.0, 3 / 200  # Slaney's scale: straight below 1 kHz, logarithmic above
_MEL_LOG_STEP: Final = np.log(6.4) / 27

# Lips are drawn from the sound where there is some, from a little before it on, as lips part before they are heard.
_SILENT_DB, _SPOKEN_DB = -50.0, -40.0  # of full scale
_NEAR_STEPS: Final = np.arange(-6, 10)  # 75 ms before a frame begins to 112 ms after
_SPOKEN_SHARE: Final = 0.5  # of these steps: from here on the network draws alone


def _to_mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    knee = _MEL_KNEE_HZ * _MEL_PER_HZ
    above = knee + np.log(np.maximum(hz, _MEL_KNEE_HZ) / _MEL_KNEE_HZ) / _MEL_LOG_STEP
    return np.where(hz < _MEL_KNEE_HZ, hz * _MEL_PER_HZ, above)


def _to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    knee = _MEL_KNEE_HZ * _MEL_PER_HZ
    return np.where(mel < knee, mel / _MEL_PER_HZ, _MEL_KNEE_HZ * np.exp((mel - knee) * _MEL_LOG_STEP))


@cache
def mel_filters() -> NDArray[np.float64]:
    """(80, 401) triangles of equal area, corners evenly spaced on Slaney's mel scale (Auditory Toolbox, 1998)."""
    ends = _to_mel(np.array([_LOWEST_HZ, _HIGHEST_HZ]))
    corners_hz = _to_hz(np.linspace(ends[0], ends[1], MELS + 2))
    bins_hz = np.fft.rfftfreq(_WINDOW, 1 / RATE_HZ)
    low, peak, high = (corners_hz[i : i + MELS, None] for i in range(3))
    triangles = np.minimum((bins_hz - low) / (peak - low), (high - bins_hz) / (high - peak)).clip(0)
    return triangles * (2 / (high - low))


def _windows(
    pcm: NDArray[np.float64] | NDArray[np.float32], start: int, steps: NDArray[np.int_]
) -> NDArray[np.float64]:
    """(steps, 800) samples around each step; `pcm` begins at sample `start` of the speech, silence beyond it."""
    at = steps[:, None] * _HOP - _WINDOW // 2 + np.arange(_WINDOW) - start
    known = (at >= 0) & (at < len(pcm))
    return np.where(known, np.append(pcm, 0.0)[np.where(known, at, len(pcm))], 0.0)


def _preemphasised(pcm: NDArray[np.float32]) -> NDArray[np.float64]:
    before = np.concatenate([np.zeros(1), pcm[:-1]])
    return pcm - _PREEMPHASIS * before


def mel_steps(pcm: NDArray[np.float32], start: int, steps: NDArray[np.int_]) -> NDArray[np.float32]:
    """(samples,) at 16 kHz, beginning at sample `start` of the speech -> (steps, 80) in [-4, 4], -4 is silence.

    `steps` (steps,) counts from the start of the speech, and may lie outside of `pcm`.
    """
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW)
    magnitudes = np.abs(np.fft.rfft(_windows(_preemphasised(pcm), start, steps) * hann))
    mel = magnitudes @ mel_filters().T
    decibels = 20 * np.log10(np.maximum(mel, 10 ** (_FLOOR_DB / 20))) - _REFERENCE_DB
    scaled = 2 * _LARGEST * (decibels - _FLOOR_DB) / -_FLOOR_DB - _LARGEST
    return scaled.clip(-_LARGEST, _LARGEST).astype(np.float32)


def first_sample(sound: AudioChunk) -> int:
    """Where a stretch at 16 kHz begins, in samples from the start of its speech; negative before it."""
    return round(sound.start_s * RATE_HZ)


def frame_mels(sound: AudioChunk, frames: NDArray[np.int_], fps: int) -> NDArray[np.float32]:
    """A stretch at 16 kHz and frames counted from the start of the speech -> (frames, 80, 16): the 0.2 s from each on."""
    firsts = (STEPS_PER_S * frames / fps).astype(np.int_)
    wanted = firsts[:, None] + np.arange(MEL_STEPS)
    steps = np.arange(wanted.min(), wanted.max() + 1)
    mels = mel_steps(sound.pcm, first_sample(sound), steps)
    return mels[wanted - steps[0]].transpose(0, 2, 1)


def spoken_shares(sound: AudioChunk, frames: NDArray[np.int_], fps: int) -> NDArray[np.float32]:
    """As `frame_mels` -> (frames,) 0 in silence to 1 in speech, fading over some 100 ms."""
    steps = (STEPS_PER_S * frames / fps).astype(np.int_)[:, None] + _NEAR_STEPS
    power = (_windows(sound.pcm, first_sample(sound), steps.ravel()) ** 2).mean(axis=1).reshape(steps.shape)
    decibels = 10 * np.log10(power + 1e-12)
    loud = ((decibels - _SILENT_DB) / (_SPOKEN_DB - _SILENT_DB)).clip(0, 1)
    return (loud.mean(axis=1) / _SPOKEN_SHARE).clip(0, 1).astype(np.float32)
