"""What lips can take from the sound itself: loudness, and where its energy lies. For phones that are known, a factor on
their openings; for speech whose phones nobody knows, the whole motion."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.media import AudioChunk
from tiangong.rendering.coarticulation import FUNNEL, JAW, LOWER, PUCKER, SPREAD, UPPER

Floats = NDArray[np.float32]
HOP_S: Final = 0.01
_WINDOW_S: Final = 0.03
_SYLLABLE_S: Final = 0.12  # loudness is judged over about a syllable: jaws do not follow single periods
_COMPRESSION: Final = 0.35  # a voice 6 dB up opens the mouth a quarter more (Lombard studies: Schulman 1989)
_SMALLEST, _LARGEST = 0.75, 1.2
_SPOKEN_SHARE: Final = 0.1  # of the loudest: what counts when the usual level is taken
_SILENCE: Final = 0.035  # of the recent peak, 29 dB under it: lips closed
_NOISIEST: Final = 0.12  # ... and at most 18 dB under it where a recording is noisy
_FLOOR_PERCENTILE, _OVER_FLOOR = 10, 2.5  # the level of the quietest tenth is taken for noise
_VOICED: Final = 0.25
_PEAK_RELEASE_S: Final = 2.0  # how slowly the recent peak is forgotten
_LEAST_PEAK: Final = 0.01  # noise of a silent line opens no mouth
_FIRST_PEAK: Final = 0.5  # of the whole piece's: noise before the first word opens none either
_WIDEST_JAW: Final = 0.34
_OPENING_POWER: Final = 0.8
_DARK_HZ, _BRIGHT_HZ, _HISS_HZ = 650.0, 1_400.0, 3_200.0  # spectral centroids of "oo", "ah", "s"
_ATTACK_S, _RELEASE_S = 0.02, 0.05  # smoothing of the curves, causal


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


def curves_from_sound(sound: AudioChunk, times_s: NDArray[np.float64]) -> tuple[Floats, Floats]:
    """(times,) -> (times, 6) as `mouth_curves`, and (times,) 1 where lips are closed; but for the levels of
    noise and voice looks only at the sound so far.

    Loud is open, dark is round, bright and hissing is spread and narrow.
    """
    loud = level(sound)
    peak = _recent_peak(loud)
    relative = loud / peak
    floor = _OVER_FLOOR * np.percentile(loud, _FLOOR_PERCENTILE) / peak
    silence = np.clip(floor, _SILENCE, _NOISIEST)
    centroid_hz = _centroid_hz(sound, len(loud))
    opening = _WIDEST_JAW * np.clip((relative - silence) / (1 - silence), 0, 1) ** _OPENING_POWER
    hiss = np.clip((centroid_hz - _BRIGHT_HZ) / (_HISS_HZ - _BRIGHT_HZ), 0, 1)
    dark = np.clip((_BRIGHT_HZ - centroid_hz) / (_BRIGHT_HZ - _DARK_HZ), 0, 1) * (relative > _VOICED)
    curves = np.zeros((len(loud), 6), np.float32)
    curves[:, JAW] = opening * (1 - 0.7 * hiss) * (1 - 0.35 * dark)
    curves[:, LOWER] = 0.3 * curves[:, JAW] + 0.06 * hiss * (relative > silence)
    curves[:, UPPER] = 0.12 * curves[:, JAW]
    curves[:, SPREAD] = 0.16 * hiss * (relative > silence)
    curves[:, FUNNEL] = 0.28 * dark
    curves[:, PUCKER] = 0.30 * dark
    curves = _eased(curves)
    shut = _eased((relative < silence).astype(np.float32)[:, None])[:, 0]
    at_s = np.arange(len(loud)) * HOP_S
    columns = [np.interp(times_s, at_s, column) for column in curves.T]
    # Eased, a closure never quite reaches 1; from 0.8 on it counts as one.
    closed = np.clip(np.interp(times_s, at_s, shut) / 0.8, 0, 1)
    return np.stack(columns, axis=1).astype(np.float32), closed.astype(np.float32)


def _recent_peak(loud: Floats) -> Floats:
    keep = float(np.exp(-HOP_S / _PEAK_RELEASE_S))
    peak, held = np.empty_like(loud), _FIRST_PEAK * float(np.percentile(loud, 95))
    for i, value in enumerate(loud):
        held = max(float(value), held * keep, _LEAST_PEAK)
        peak[i] = held
    return peak


def _centroid_hz(sound: AudioChunk, frames: int) -> Floats:
    """(frames,) centre of gravity of the amplitude spectrum of the 30 ms before each 10 ms."""
    hop, window = round(HOP_S * sound.rate_hz), round(_WINDOW_S * sound.rate_hz)
    padded = np.pad(sound.pcm, (window, hop + window))
    cut = np.lib.stride_tricks.sliding_window_view(padded, window)[hop::hop][:frames]
    spectrum = np.abs(np.fft.rfft(cut * np.hanning(window).astype(np.float32), axis=1))
    hz = np.fft.rfftfreq(window, 1 / sound.rate_hz)
    return ((spectrum @ hz) / (spectrum.sum(1) + 1e-9)).astype(np.float32)


def _eased(curves: Floats) -> Floats:
    """One-pole smoothing, faster up than down."""
    up, down = 1 - np.exp(-HOP_S / _ATTACK_S), 1 - np.exp(-HOP_S / _RELEASE_S)
    smooth = curves.copy()
    for i in range(1, len(smooth)):
        step = curves[i] - smooth[i - 1]
        smooth[i] = smooth[i - 1] + np.where(step > 0, up, down) * step
    return smooth
