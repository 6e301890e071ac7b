"""How something is said: pitch, loudness, pace and brightness of one utterance, nine numbers.

After the measures that tell emotions apart in Banse and Scherer (1996) and the eGeMAPS set (Eyben et al. 2016). F0 by DIO
(Morise et al. 2009); syllables are peaks of the loudness between 300 Hz and 3 kHz (after de Jong and Wempe 2009). A tenth of
the sound's length on one core at most.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, find_peaks, sosfiltfilt

from tiangong.core.media import AudioChunk

MEASURES: Final = (
    "pitch",  # median F0, semitones over 100 Hz
    "pitch_range",  # semitones between the 10th and the 90th percentile
    "level",  # dB of full scale while speaking
    "level_range",  # dB between the 10th and the 90th percentile while speaking
    "rate",  # syllables a second while speaking
    "pauses",  # share of the time between first and last sound
    "jitter",  # mean change of F0 from one 5 ms frame to the next, %
    "tilt",  # dB of the strongest band below 2 kHz over the strongest of 2 to 5 kHz (Hammarberg index)
    "darkness",  # dB of 50 Hz to 1 kHz over 1 to 5 kHz (alpha ratio, turned round)
)
LEAST_VOICED_S: Final = 0.5
_FRAME_S: Final = 0.005
_SPEAKING_DB: Final = -25.0  # under the loudest frames
_SILENT_DB: Final = -55.0
_SYLLABLE_S: Final = 0.1  # nuclei are at least so far apart
_SYLLABLE_DB: Final = 2.0  # and stand out by so much
_FFT_S: Final = 0.032

Floats = NDArray[np.float64]


def prosody(sound: AudioChunk) -> NDArray[np.float32] | None:
    """16 kHz -> (9,) in the order of MEASURES; None where less than half a second is voiced."""
    import pyworld  # late: most commands hear nobody

    pcm = sound.pcm.astype(np.float64)
    if sound.duration_s < LEAST_VOICED_S or np.abs(pcm).max() < 10 ** (_SILENT_DB / 20):
        return None
    f0, _ = pyworld.dio(pcm, sound.rate_hz, f0_floor=65.0, f0_ceil=500.0, frame_period=1_000 * _FRAME_S, speed=4)
    voiced = f0 > 0
    if voiced.sum() * _FRAME_S < LEAST_VOICED_S:
        return None
    pitch = 12 * np.log2(f0[voiced] / 100.0)
    steady = voiced[1:] & voiced[:-1]
    steps = np.abs(np.diff(f0))[steady] / f0[1:][steady]
    level = _levels_db(pcm, sound.rate_hz)[: len(f0)]
    speaking = level > np.quantile(level, 0.95) + _SPEAKING_DB
    ends = np.flatnonzero(speaking)[[0, -1]]
    spoken_s = float(speaking.sum()) * _FRAME_S
    tilt, darkness = _spectrum(pcm, sound.rate_hz, np.flatnonzero(voiced[: len(level)]))
    low, high = np.quantile(pitch, (0.1, 0.9))
    soft, loud = np.quantile(level[speaking], (0.1, 0.9))
    return np.array(
        [
            np.median(pitch),
            high - low,
            level[speaking].mean(),
            loud - soft,
            _syllables(pcm, sound.rate_hz) / spoken_s,
            1 - speaking[ends[0] : ends[1] + 1].mean(),
            100 * steps[steps < 0.1].mean() if (steps < 0.1).any() else 0.0,
            tilt,
            darkness,
        ],
        np.float32,
    )


def _levels_db(pcm: Floats, rate_hz: int) -> Floats:
    size = round(_FRAME_S * rate_hz)
    window = np.hanning(4 * size)
    power = np.convolve(pcm**2, window / window.sum(), "same")[::size]
    return 10 * np.log10(power + 1e-9)


def _syllables(pcm: Floats, rate_hz: int) -> int:
    voice = sosfiltfilt(butter(2, (300, 3_000), "band", fs=rate_hz, output="sos"), pcm)
    level = np.convolve(_levels_db(np.asarray(voice), rate_hz), np.ones(7) / 7, "same")
    peaks, _ = find_peaks(
        level, height=level.max() + _SPEAKING_DB, prominence=_SYLLABLE_DB, distance=round(_SYLLABLE_S / _FRAME_S)
    )
    return len(peaks)


def _spectrum(pcm: Floats, rate_hz: int, voiced: NDArray[np.intp]) -> tuple[float, float]:
    """Tilt and darkness of the mean spectrum of the voiced frames."""
    size, step = round(_FFT_S * rate_hz), round(_FRAME_S * rate_hz)
    starts = np.clip(voiced[::2] * step - size // 2, 0, max(len(pcm) - size, 0))
    frames = np.stack([pcm[start : start + size] for start in starts])
    power = (np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)) ** 2).mean(axis=0) + 1e-12
    hz = np.fft.rfftfreq(size, 1 / rate_hz)
    below, above = (hz >= 50) & (hz < 2_000), (hz >= 2_000) & (hz < 5_000)
    dark, bright = (hz >= 50) & (hz < 1_000), (hz >= 1_000) & (hz < 5_000)
    tilt = 10 * np.log10(power[below].max() / power[above].max())
    return float(tilt), float(10 * np.log10(power[dark].sum() / power[bright].sum()))
