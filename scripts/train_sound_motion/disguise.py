"""Makes synthetic speech less alike and more like recorded speech: breath, rooms, noise, microphones, telephones.

espeak-ng's voices are few and clean; what the network must learn is what all voices share. Sound is disguised once when
the clips are made; spectra once more at every training step.
"""

from io import BytesIO
from typing import Final

import av
import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import fftconvolve, istft, stft

from tiangong.rendering.mel import MEL_BANDS, MEL_RATE_HZ, QUIETEST_DB

Floats = NDArray[np.float32]
_MU: Final = 255.0  # ITU-T G.711
# Nobody is taught to be heard under some -45 dBFS: there lies the noise before the first word.
_GAINS_DB: Final = (-3.0, 8.0)
_NOBODY_SPEAKS: Final = 0.03  # noise of an empty room is as loud as it would be beside a voice of this RMS


def disguised(pcm: Floats, rng: np.random.Generator) -> Floats:
    """(samples,) at 16 kHz -> as many, by another throat, in another room, through another line; phone times stay."""
    loud = float(np.sqrt(np.mean(np.square(pcm)))) + 1e-6
    if rng.uniform() < 0.6:
        pcm = _breathy(pcm, rng)
    if rng.uniform() < 0.8:
        pcm = _coloured(pcm, rng)
    if rng.uniform() < 0.5:
        pcm = _in_a_room(pcm, rng)
    pcm = pcm * np.float32(loud / (float(np.sqrt(np.mean(np.square(pcm)))) + 1e-6))
    pcm = pcm * 10 ** (rng.uniform(-20, 6) / 20)
    noise_db = rng.uniform(5, 30) if rng.uniform() < 0.6 else rng.uniform(30, 70)
    level = (float(np.sqrt(np.mean(np.square(pcm)))) or _NOBODY_SPEAKS) * 10 ** (-noise_db / 20)
    pcm = pcm + level * _noise(len(pcm), rng)
    pcm = np.clip(pcm, -1, 1)
    line = rng.uniform()
    if line < 0.12:
        pcm = _telephone(pcm)
    elif line < 0.27:
        pcm = _opus(pcm, int(rng.choice([8_000, 12_000, 16_000, 24_000])))
    return pcm.astype(np.float32)


def _breathy(pcm: Floats, rng: np.random.Generator) -> Floats:
    """Some of the voice replaced by noise of the same spectral envelope: real voices are rougher, some whisper."""
    _, _, spectrum = stft(pcm, MEL_RATE_HZ, nperseg=320)
    envelope = gaussian_filter1d(np.abs(spectrum), 3.0, axis=0)
    _, hiss = istft(envelope * np.exp(2j * np.pi * rng.uniform(size=envelope.shape)), MEL_RATE_HZ, nperseg=320)
    share = rng.uniform(0.1, 1.0) ** 2
    return ((1 - share) * pcm + share * hiss[: len(pcm)]).astype(np.float32)


def _smooth_curve(rng: np.random.Generator, size: int, spread_db: float, detail: int) -> NDArray[np.float64]:
    """(size,) dB, a random curve with about `detail` bends."""
    return np.interp(np.linspace(0, detail, size), np.arange(detail + 1), rng.normal(0, spread_db, detail + 1))


def _coloured(pcm: Floats, rng: np.random.Generator) -> Floats:
    """An equalizer nobody would choose, and a tilt of -6 to 4 dB an octave."""
    spectrum = np.fft.rfft(pcm)
    octaves = np.log2(np.linspace(0, MEL_RATE_HZ / 2, len(spectrum)).clip(60) / 60)
    gain_db = rng.uniform(-6, 4) * (octaves - 3.5)
    on_octaves = _smooth_curve(rng, 256, 5.0, int(rng.integers(4, 14)))
    gain_db += np.interp(octaves, np.linspace(0, 7.06, 256), on_octaves)
    return np.fft.irfft(spectrum * 10 ** (np.clip(gain_db, -30, 25) / 20), len(pcm)).astype(np.float32)


def _in_a_room(pcm: Floats, rng: np.random.Generator) -> Floats:
    """Noise that decays by 60 dB within 0.1 to 0.8 s stands for the room (Polack 1988)."""
    decay_s = rng.uniform(0.1, 0.8)
    t = np.arange(round(decay_s * MEL_RATE_HZ)) / MEL_RATE_HZ
    tail = rng.standard_normal(len(t)) * 10 ** (-3 * t / decay_s)
    tail *= 10 ** (-rng.uniform(0, 18) / 20) / np.sqrt(np.square(tail).sum())
    tail[: round(0.002 * MEL_RATE_HZ)] = 0
    tail[0] = 1
    return fftconvolve(pcm, tail)[: len(pcm)].astype(np.float32)


def _noise(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """(count,) of RMS 1: any colour, steady or swelling, at times with mains hum."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    octaves = np.log2(np.linspace(0, MEL_RATE_HZ / 2, len(spectrum)).clip(40) / 40)
    gain_db = -rng.uniform(-2, 7) * octaves + np.interp(octaves, np.arange(9), rng.normal(0, 4, 9))
    noise = np.fft.irfft(spectrum * 10 ** (gain_db / 20), count)
    if rng.uniform() < 0.4:
        noise *= 10 ** (_smooth_curve(rng, count, 6.0, int(rng.integers(2, 40))) / 20)
    noise /= np.sqrt(np.mean(np.square(noise))) + 1e-9
    if rng.uniform() < 0.2:
        t = np.arange(count) / MEL_RATE_HZ
        noise += sum(rng.uniform(0, 1.5) * np.sin(2 * np.pi * 50 * k * t) for k in (1, 2, 3, 4, 6))
    return noise


def _telephone(pcm: Floats) -> Floats:
    """8 kHz, mu-law."""
    narrow = np.clip(soxr.resample(pcm, MEL_RATE_HZ, 8_000), -1, 1)
    bent = np.round(np.sign(narrow) * np.log1p(_MU * np.abs(narrow)) / np.log1p(_MU) * 127) / 127
    narrow = np.sign(bent) * np.expm1(np.abs(bent) * np.log1p(_MU)) / _MU
    return _as_long(soxr.resample(narrow, 8_000, MEL_RATE_HZ), len(pcm))


def _opus(pcm: Floats, bits_per_s: int) -> Floats:
    """Through Opus (RFC 6716) and back; its delay is taken out by the decoder, as in any call."""
    wide = np.clip(soxr.resample(pcm, MEL_RATE_HZ, 48_000), -1, 1).astype(np.float32)
    file = BytesIO()
    with av.open(file, "w", format="ogg") as box:
        stream = box.add_stream("libopus", rate=48_000)
        stream.bit_rate, stream.layout = bits_per_s, "mono"
        frame = av.AudioFrame.from_ndarray(wide[None], format="flt", layout="mono")
        frame.sample_rate = 48_000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            box.mux(packet)
    file.seek(0)
    with av.open(file) as box:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=MEL_RATE_HZ)
        parts = [r.to_ndarray().ravel() for f in box.decode(audio=0) for r in resampler.resample(f)]
    return _as_long(np.concatenate(parts), len(pcm))


def _as_long(pcm: Floats, count: int) -> Floats:
    return np.pad(pcm[:count], (0, max(0, count - len(pcm)))).astype(np.float32)


def disguised_spectra(mel_db: Floats, rng: np.random.Generator) -> Floats:
    """(clips, frames, 40) dB -> the same through other throats, microphones and gains; cheap enough for every step."""
    clips = len(mel_db)
    out = np.empty_like(mel_db)
    at = np.arange(MEL_BANDS)
    for i in range(clips):
        # Formants moved, each by its own amount: bands are read from up to some 3 places beside their own.
        moved = at * rng.uniform(0.93, 1.07) + _smooth_curve(rng, MEL_BANDS, 0.8, 5)
        low = np.clip(np.floor(moved).astype(int), 0, MEL_BANDS - 2)
        share = np.clip(moved - low, 0, 1).astype(np.float32)
        out[i] = mel_db[i][:, low] * (1 - share) + mel_db[i][:, low + 1] * share
        out[i] += _smooth_curve(rng, MEL_BANDS, 3.0, 6) + rng.uniform(*_GAINS_DB)
        if rng.uniform() < 0.3:
            hiss_db = np.percentile(out[i], 95) - rng.uniform(12, 60) + _smooth_curve(rng, MEL_BANDS, 5.0, 4)
            flicker = rng.normal(0, 3.0, out[i].shape)
            swell_db = _smooth_curve(rng, mel_db.shape[1], rng.uniform(0, 6), int(rng.integers(2, 40)))[:, None]
            out[i] = 10 * np.log10(10 ** (out[i] / 10) + 10 ** ((hiss_db + flicker + swell_db) / 10))
    return np.maximum(out, QUIETEST_DB)
