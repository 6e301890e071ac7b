"""A recording -> what the embedded engine needs to speak as that person."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from tiangong.core.errors import MediaError
from tiangong.core.media import AudioChunk, Phone, Speech
from tiangong.core.sound import read_audio
from tiangong.voice.clone.articulation import SILENCE, sounds_at
from tiangong.voice.clone.hearing_phones import heard_sounds, vowels_per_s
from tiangong.voice.clone.manifold import Sheet
from tiangong.voice.clone.morphing import Morph, voiced_as_spoken
from tiangong.voice.clone.profile import Facts, PitchRange, VoiceProfile
from tiangong.voice.clone.recording import CleanSpeech, clean_speech
from tiangong.voice.clone.spectral_map import SpectralMap, fitted_map
from tiangong.voice.clone.spectrum import FRAMES_PER_S, Floats, Frames, analysed, breath_of
from tiangong.voice.clone.voices_heard import sounds_like_two
from tiangong.voice.loudness import SPEECH_RMS, level_over_time
from tiangong.voice.protocol import REFERENCE, VOICE_RATE_HZ

# Every sound of both languages several times, statements and questions; about 40 s.
CALIBRATION: Final = (
    ("en", "The beige hue on the waters of the loch impressed all, including the French queen."),
    ("en", "A joyful child watched the huge orange balloon float past the church tower."),
    ("en", "Why should we measure the thick rope again before Thursday?"),
    ("en", "My brother usually cooks good fresh vegetables, fish and boiled eggs at noon."),
    ("zh", "请您先把姓名和电话号码告诉我，好吗？"),
    ("zh", "今天下午他们去北京参加一个重要的会议。"),
    ("zh", "小猫睡着了，外面还在下雨，风也很大。"),
    ("zh", "女儿说，热水器坏了四次，怎么修才最省钱呢？"),
)
_QUIET_NEPERS: Final = 8.0  # 35 dB of power under the loudest speech: gaps and breath, not sounds
_PITCH_COST: Final = 0.5  # of one natural logarithm (1.4 octaves) between the pitches, in units of the map's L
# The phone loop's own errors count as speech too: trust it no further. Faster speech costs words.
_SLOWEST, _FASTEST = 0.92, 1.06
_TWO_VOICES: Final = (
    "there seems to be more than one voice in the recording; clone one person alone, or it is a mixture"
)
_LEAST_VOICED_S: Final = 1.0
_GAIN_SENTENCES: Final = 2  # of each language, spoken to find the clone's loudness


class BaseVoice(Protocol):
    """The embedded engine as one of its own speakers."""

    def plainly(self, sentence: str, language: str) -> Speech:
        """One short sentence, without any feeling."""
        ...


@dataclass(frozen=True)
class _Base:
    """How an embedded voice sounds."""

    frames: Frames
    sounds: NDArray[np.intp]
    sentences: tuple[tuple[Floats, tuple[Phone, ...]], ...]

    @property
    def pitch(self) -> PitchRange:
        return PitchRange.of(self.frames.f0_hz)


def learnt(folder: Path, bases: Mapping[str, float], voice_of: Callable[[str], BaseVoice]) -> VoiceProfile:
    """The profile of the voice in `folder`'s reference, on the nearest of `bases`; a third of the recording's time.

    `bases`: name -> what is added to its distance, because it is less well understood.

    Raises MediaError where the recording cannot be used.
    """
    return profile_of(read_audio(folder / REFERENCE, VOICE_RATE_HZ), bases, voice_of)


def profile_of(sound: AudioChunk, bases: Mapping[str, float], voice_of: Callable[[str], BaseVoice]) -> VoiceProfile:
    """As `learnt`, of a recording at 24 kHz."""
    speech = clean_speech(sound)
    frames = analysed(speech.pcm, carefully=True)
    sounds = heard_sounds(speech.pcm)[: len(frames)]
    frames = frames.part(slice(0, len(sounds)))
    breath = breath_of(speech.pcm, frames)
    if sounds_like_two(frames):
        speech = replace(speech, warnings=(*speech.warnings, _TWO_VOICES))
    rate = vowels_per_s(sounds)
    level = frames.bands.mean(1)
    heard = (sounds != SILENCE) & (level > np.quantile(level, 0.95) - _QUIET_NEPERS)
    person, sounds = frames.part(heard), sounds[heard]
    if person.voiced.sum() < _LEAST_VOICED_S * FRAMES_PER_S:
        raise MediaError(
            "hardly any voice was heard in the recording (music, or a whisper?); speak aloud for 10 s or more"
        )
    pitch = PitchRange.of(person.f0_hz)
    name, fitted = _nearest(bases, voice_of, person, sounds, pitch)
    base = _base(name, voice_of)
    facts = _facts(name, base, fitted, pitch, rate, speech)
    sheet = Sheet(person.bands.astype(np.float16).astype(np.float32), person.voiced, sounds)
    plain = VoiceProfile(facts, fitted, sheet, breath)
    gain = SPEECH_RMS / _loudness(plain, base)
    return VoiceProfile(facts.model_copy(update={"gain": gain}), fitted, sheet, breath)


def _facts(
    name: str, base: _Base, fitted: SpectralMap, pitch: PitchRange, vowels_a_second: float, speech: CleanSpeech
) -> Facts:
    # The same ear for both: what the phone loop adds or misses, it adds and misses in the synthetic voice too.
    own = vowels_per_s(heard_sounds(np.concatenate([pcm for pcm, _ in base.sentences])))
    rate = float(np.clip(vowels_a_second / max(own, 0.1), _SLOWEST, _FASTEST))
    return Facts(
        base=name,
        base_pitch=base.pitch,
        pitch=pitch,
        rate=rate,
        gain=1.0,
        warp=fitted.warp,
        loss=fitted.loss,
        speech_s=speech.duration_s,
        warnings=speech.warnings,
    )


def _nearest(
    bases: Mapping[str, float],
    voice_of: Callable[[str], BaseVoice],
    person: Frames,
    sounds: NDArray[np.intp],
    pitch: PitchRange,
) -> tuple[str, SpectralMap]:
    """The embedded voice from which the way to the person is shortest, and that way."""
    fits = {name: fitted_map(*_spectra(_base(name, voice_of)), person.bands, sounds) for name in bases}

    def distance(name: str) -> float:
        apart = abs(np.log(pitch.middle_hz / _base(name, voice_of).pitch.middle_hz))
        return fits[name].loss + _PITCH_COST * float(apart) + bases[name]

    name = min(bases, key=distance)
    return name, fits[name]


def _spectra(base: _Base) -> tuple[Floats, NDArray[np.intp]]:
    return base.frames.bands, base.sounds


@lru_cache(maxsize=8)
def _base(name: str, voice_of: Callable[[str], BaseVoice]) -> _Base:
    voice = voice_of(name)
    said = [voice.plainly(text, language) for language, text in CALIBRATION]
    parts: list[tuple[Frames, NDArray[np.intp]]] = []
    for speech in said:
        frames = analysed(speech.audio.pcm)
        sounds = sounds_at(speech.phones or (), len(frames))
        parts.append((voiced_as_spoken(frames, speech.audio.pcm, sounds), sounds))
    frames = Frames(
        np.concatenate([f.f0_hz for f, _ in parts]),
        np.concatenate([f.power for f, _ in parts]),
        np.concatenate([f.bands for f, _ in parts]),
    )
    sounds = np.concatenate([s for _, s in parts])
    speaking = sounds != SILENCE
    sentences = tuple((speech.audio.pcm, speech.phones or ()) for speech in said)
    return _Base(frames.part(speaking), sounds[speaking], sentences)


def _loudness(profile: VoiceProfile, base: _Base) -> float:
    """RMS of the clone while it speaks, before any gain."""
    morph = Morph(profile)
    half = len(base.sentences) // 2
    chosen = [*base.sentences[:_GAIN_SENTENCES], *base.sentences[half : half + _GAIN_SENTENCES]]
    sound = np.concatenate([piece.pcm for pcm, phones in chosen for piece in morph.pieces(pcm, phones)])
    level = level_over_time(sound, VOICE_RATE_HZ)
    return float(np.sqrt(np.mean(np.square(level[level > 0.06 * level.max()]))))
