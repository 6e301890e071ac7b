"""How good the network is: on voices and sentences it never heard, on recordings, and on faces that really spoke."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scripts.train_sound_motion.aligned_speech import aligned
from scripts.train_sound_motion.disguise import disguised
from scripts.train_sound_motion.filmed_lips import lip_gap
from scripts.train_sound_motion.speakers import HELD_VOICES, measuring_clips
from tiangong.core.media import AudioChunk, Phone, Speech
from tiangong.core.sound import read_audio
from tiangong.rendering import lip_motion
from tiangong.rendering.coarticulation import OPENINGS, mouth_curves, parts_of
from tiangong.rendering.lip_motion import lip_aperture, speaking_mouth
from tiangong.rendering.mel import MEL_RATE_HZ
from tiangong.rendering.protocol import FPS
from tiangong.rendering.sound_level import HOP_S, level
from tiangong.rendering.sound_motion import SoundMotion

Floats = NDArray[np.float32]
Figures = dict[str, float | int | None]
Pair = tuple[AudioChunk, Speech]  # what is heard; the clean sound with its phones
_MEDIA: Final = Path(__file__).parents[3] / "shared" / "media"
_FILMED: Final = ("talking_video/bytedance_LatentSync/demo2_video.mp4", "talking_video/rizkiarm_LipNet/*.mpg")
_RECORDED: Final = ("speech/**/*.wav", "speech/**/*.flac", "speech/**/*.opus", "speech/**/*.m4a")
_OPEN: Final = 0.15
_NOISE: Final = ("speech/speechbrain_speechbrain/noise_rir/noise*.wav",)
_CLOSED: Final = 0.02  # aperture on the scale of jawOpen: under a millimetre
_SILENT: Final = 10 ** (-35 / 20)  # of the level that 5 % of the sound exceed
_INSIDE_S: Final = 0.2
_LAGS_S: Final = np.arange(-0.2, 0.201, 0.01)
_LEAST_GAP: Final = 0.06  # of the mouth's width: lips that a camera sees apart


def all_figures(weights: Path) -> dict[str, object]:
    """Everything that can be measured on this machine; real media only where they lie beside the checkout."""
    motion = SoundMotion(weights)
    lip_motion.sound_motion = lambda: motion  # so that the whole way to the blend shapes is measured with these weights
    found: dict[str, object] = {
        "held-out voices, clean": against_phones(synthesized(disguise=False)),
        "held-out voices, disguised": against_phones(synthesized(disguise=True)),
    }
    if _MEDIA.exists():
        found["people, phones by forced alignment"] = against_phones((s.audio, s) for s in aligned(_MEDIA))
        found["recordings"] = silences(_sounds(_RECORDED))
        for noise_db in (20, 10):
            found[f"recordings, a room's noise {noise_db} dB under them"] = silences(_sounds(_RECORDED), noise_db)
        found["filmed"] = {file.stem: filmed(file) for file in _files(_FILMED)}
    return found


def synthesized(*, disguise: bool) -> Iterator[Pair]:
    """Held-out sentences by held-out voices."""
    rng = np.random.default_rng(7)
    for voice in HELD_VOICES:
        for clip in measuring_clips(voice):
            heard = disguised(clip.pcm, rng) if disguise else clip.pcm
            yield AudioChunk(heard, MEL_RATE_HZ), Speech(AudioChunk(clip.pcm, MEL_RATE_HZ), clip.phones, "")


def against_phones(pairs: Iterable[Pair]) -> Figures:
    """From sound alone against known phones, 25 frames a second: correlations, closures of p, b, m, silences."""
    curves: list[tuple[Floats, Floats]] = []
    apertures: list[tuple[Floats, Floats]] = []
    bilabials: list[bool] = []
    clean: list[Floats] = []
    for heard, speech in pairs:
        given, wanted = (lip_aperture(speaking_mouth(s)) for s in (Speech(heard, None, ""), speech))
        apertures.append((given, wanted))
        bilabials += _closures(speech.phones or (), given)
        curves.append(_curves(heard, speech))
        clean.append(speech.audio.pcm)
    given, wanted = (np.concatenate(side) for side in zip(*apertures, strict=True))
    return {
        "clips": len(clean), "frames": len(given), **_correlations(curves),
        "aperture_correlation": _correlation(given, wanted),
        "aperture_p90": round(float(np.percentile(given, 90)), 3),
        "aperture_p90_of_known_phones": round(float(np.percentile(wanted, 90)), 3),
        "bilabials": len(bilabials), "closed_on_bilabials": round(float(np.mean(bilabials)), 4),
        "open_frames_shown_shut": round(float((given[wanted > _OPEN] < _CLOSED).mean()), 4),
        **_closed_in_silence((pcm, lips) for pcm, (lips, _) in zip(clean, apertures, strict=True)),
    }  # fmt: skip


def _curves(heard: AudioChunk, speech: Speech) -> tuple[Floats, Floats]:
    times_s = np.arange(0, heard.duration_s, 1 / FPS)
    true = mouth_curves(parts_of(speech.phones or (), heard.duration_s), times_s)
    return lip_motion.sound_motion().track(heard, times_s).curves, true


def _correlations(seen: list[tuple[Floats, Floats]]) -> Figures:
    given, true = (np.concatenate(side) for side in zip(*seen, strict=True))
    names = ("jaw", "lower", "upper", "spread", "funnel", "pucker")
    size = float(np.std(given[:, OPENINGS].sum(1)) / np.std(true[:, OPENINGS].sum(1)))
    return {f"{name}_correlation": _correlation(given[:, i], true[:, i]) for i, name in enumerate(names)} | {
        "size_of_openings": round(size, 3)
    }


def _correlation(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    return round(float(np.corrcoef(a, b)[0, 1]), 3)


def _closures(phones: Iterable[Phone], aperture: Floats) -> list[bool]:
    """For each p, b, m whether the lips shut during it, a frame more on either side."""
    at_s = np.arange(len(aperture)) / FPS
    spans = [(p.start_s - 1 / FPS, p.end_s + 1 / FPS) for p in phones if p.symbol.strip("ˈˌːʰ") in ("p", "b", "m")]
    near = [aperture[(at_s >= start) & (at_s <= end)] for start, end in spans]
    return [bool(lips.min() < _CLOSED) for lips in near if len(lips)]


def silences(sounds: Iterable[Floats], noise_db: float | None = None) -> Figures:
    """(samples,) at 16 kHz each -> share of frames at least 0.2 s inside a silence in which lips are closed; recorded
    noise laid over the sound, so far under it, fills the silences that were found before."""
    noises = [pcm for pcm in _sounds(_NOISE)] if noise_db is not None else [np.zeros(1, np.float32)]
    heard = ((pcm, _noisy(pcm, noises[i % len(noises)], noise_db)) for i, pcm in enumerate(sounds))
    return _closed_in_silence((pcm, lip_aperture(speaking_mouth(_unknown(noisy)))) for pcm, noisy in heard)


def _noisy(pcm: Floats, noise: Floats, noise_db: float | None) -> Floats:
    if noise_db is None:
        return pcm
    long = np.resize(noise, len(pcm))
    gain = 10 ** (-noise_db / 20) * np.sqrt(np.mean(np.square(pcm)) / np.mean(np.square(long)))
    return np.clip(pcm + gain * long, -1, 1).astype(np.float32)


def _closed_in_silence(pairs: Iterable[tuple[Floats, Floats]]) -> Figures:
    """Of sounds (samples,), each with the apertures (frames,) of its mouth."""
    closed = [lips[_silent_frames(AudioChunk(pcm, MEL_RATE_HZ), len(lips))] < _CLOSED for pcm, lips in pairs]
    frames = np.concatenate(closed)
    return {"silent_frames": len(frames), "closed_in_silence": round(float(frames.mean()), 4) if len(frames) else None}


def _unknown(pcm: Floats) -> Speech:
    return Speech(AudioChunk(pcm, MEL_RATE_HZ), None, "")


def _silent_frames(sound: AudioChunk, frames: int) -> NDArray[np.bool_]:
    loud = level(sound)
    quiet = loud < _SILENT * np.percentile(loud, 95)
    reach = round(_INSIDE_S / HOP_S)
    at = np.round(np.arange(frames) / FPS / HOP_S).astype(int)
    return np.array([bool(quiet[max(0, i - reach) : i + reach + 1].all()) for i in at])


def filmed(file: Path) -> Figures:
    """A face that speaks: its lips by mediapipe against ours to the same sound, at the lag that fits best (> 0: ours late)."""
    sound = read_audio(file, MEL_RATE_HZ)
    at_s, gap = lip_gap(file)
    aperture = lip_aperture(speaking_mouth(_unknown(sound.pcm)))
    ours_s = np.arange(len(aperture)) / FPS
    inner = at_s[(at_s > -_LAGS_S[0]) & (at_s < at_s[-1] - _LAGS_S[-1])]
    seen = np.interp(inner, at_s, gap)
    fits = [float(np.corrcoef(seen, np.interp(inner + lag, ours_s, aperture))[0, 1]) for lag in _LAGS_S]
    best = int(np.argmax(fits))
    ours = np.interp(inner + float(_LAGS_S[best]), ours_s, aperture)
    return {
        "frames": len(inner), "correlation": round(fits[best], 3), "lag_ms": round(float(_LAGS_S[best]) * 1000),
        "correlation_without_shift": round(fits[len(_LAGS_S) // 2], 3),
        "of_closed_lips_closed": round(float((ours[seen < 0.03] < _CLOSED).mean()), 3),
        "of_open_lips_closed": round(float((ours[seen > _LEAST_GAP] < _CLOSED).mean()), 3),
        **silences([sound.pcm]),
    }  # fmt: skip


def _files(patterns: Iterable[str]) -> list[Path]:
    return [file for pattern in patterns for file in sorted(_MEDIA.glob(pattern))]


def _sounds(patterns: Iterable[str]) -> Iterable[Floats]:
    files = _files(patterns)
    speech = [file for file in files if "noise_rir" not in file.parts]
    return (read_audio(file, MEL_RATE_HZ).pcm for file in speech or files)
