"""The embedded voice: espeak-ng, Chinese and English in one sentence, with the time of every phone.

A piece of text is split into runs of one language; each is spoken by its own voice, brought to one loudness and joined on
one timeline. It takes about 5 ms for 3 s of speech, so a sentence comes out whole, and only a very long one in pieces.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Final

from tiangong.core.config import Settings
from tiangong.core.media import AudioChunk, Phone, Speech, SpeechStyle
from tiangong.core.sound import resample
from tiangong.voice.espeak_library import FASTEST_WPM, SLOWEST_WPM, Delivery, espeak_library, why_unusable
from tiangong.voice.language_runs import Run, Tongue, language_runs, main_tongue, short_pieces
from tiangong.voice.loudness import limited
from tiangong.voice.prosody import Prosody, prosody_of
from tiangong.voice.protocol import PROFILE, VOICE_RATE_HZ, Speaker, Voice
from tiangong.voice.spoken_run import SpokenRun, joined, trimmed
from tiangong.voice.spoken_text import speakable
from tiangong.voice.tone import dipped

_LOG: Final = logging.getLogger(__name__)
LONGEST_PIECE_S: Final = 12.0
_VOICE_OF: Final[dict[Tongue, str]] = {"en": "en-us", "zh": "cmn"}
# At rate 1: English 165 words a minute; Mandarin 4.6 syllables a second, which espeak-ng's scale calls 195.
_WPM: Final[dict[Tongue, float]] = {"en": 165.0, "zh": 195.0}
# espeak-ng raises the fundamental 1.6-fold for 50 steps of its pitch.
_PITCH_STEPS_PER_E: Final = 50 / log(1.6)
_PITCH_RANGE: Final[dict[Tongue, int]] = {"en": 50, "zh": 60}
# Mandarin tones are the melody: a narrower range than this makes words unintelligible.
_NARROWEST_RANGE: Final[dict[Tongue, int]] = {"en": 15, "zh": 45}
_LEAD_S: Final = 0.03  # first sound is early, yet the lips may part before it
_SENTENCE_PAUSE_S: Final = 0.25
_CLAUSE_PAUSE_S: Final = 0.16
_JOIN_S: Final = 0.04  # between languages: a voice starts anew, a closer join sounds swallowed
_RING_HZ: Final = 3_700.0  # where espeak-ng's voices are up to 10 dB louder than people
_SENTENCE_END: Final = "。！？!?…."
_CLAUSE_END: Final = ",;:，；：、—"


@dataclass(frozen=True)
class EspeakVariant:
    """A timbre of espeak-ng: the name of one of its voice variants, and where its pitch lies.

    Pitches are on espeak-ng's scale, 0 to 100, one for each language, so chosen that both have one mean fundamental.
    """

    variant: str
    pitch_en: float
    pitch_zh: float
    dip_db: float = 0.0  # how much its ring at 3.7 kHz is lowered


# Of all 88 variants those that pocketsphinx understands best at the pitch of a woman and of a man (word error 0.33 and
# 0.30; the next ones 0.47 and 0.33, espeak-ng's plain voice 0.64); the dips flatten their spectra to those of real speech.
FEMALE: Final = EspeakVariant("f5", pitch_en=48.0, pitch_zh=60.0, dip_db=7.0)  # mean fundamental near 195 Hz
MALE: Final = EspeakVariant("edward", pitch_en=58.0, pitch_zh=70.0, dip_db=3.5)  # near 112 Hz

_SPEAKERS: Final = {"female": FEMALE, "male": MALE}
# Of these the one nearest to a person is moved onto their voice. Clones on the male one lose more words (of one man
# pocketsphinx missed 41 % against 20 % on the female one, of one woman 70 % against 52 %) and are no nearer to the person, so
# it is taken only for voices so deep that the female one is far off.
CLONE_BASES: Final = {"female": 0.0, "male": 1.2}


class EspeakVoice:
    """Speaks Chinese and English; sessions and threads may share it."""

    name = "espeak"
    embedded = True
    languages = frozenset({"en", "zh"})

    def __init__(self, variant: EspeakVariant = FEMALE) -> None:
        """Raises MissingExtra where espeak-ng cannot be loaded."""
        self._library = espeak_library()
        self._variant = variant

    @classmethod
    def unavailable(cls, settings: Settings) -> str | None:
        """Why espeak-ng cannot be loaded here, or None; loads nothing."""
        return why_unusable()

    def for_speaker(self, speaker: Speaker) -> Voice:
        """A cloned voice where `speaker.folder` holds one that this engine learnt; "female" or "male"; else this one itself."""
        if speaker.folder and (speaker.folder / PROFILE).is_file():
            from tiangong.voice.clone.cloned_voice import ClonedVoice  # late: PyTorch and WORLD take two seconds
            from tiangong.voice.clone.profile import read_profile

            profile = read_profile(speaker.folder)
            return ClonedVoice(_speaking_as(profile.facts.base), profile)
        if speaker.folder:
            _LOG.warning(
                "%s holds no voice that the embedded engine has learnt; it speaks with its own", speaker.folder
            )
        return _speaking_as(speaker.variant) if speaker.variant in _SPEAKERS else self

    def learn(self, folder: Path) -> str | None:
        """Keep a profile of the voice in `folder`, by which this engine speaks as that person; a third of its time."""
        from tiangong.voice.clone.learning import learnt

        profile = learnt(folder, CLONE_BASES, _speaking_as)
        profile.save(folder)
        return profile.facts.in_words

    def plainly(self, sentence: str, language: str) -> Speech:
        """One short sentence, without any feeling."""
        return next(self.synthesize(sentence, SpeechStyle(language)))

    def synthesize(self, sentence: str, style: SpeechStyle) -> Iterator[Speech]:
        """Speech with phones at 24 kHz, one piece for what takes up to 12 s, else a piece for every few clauses.

        Nothing where no letter and no digit is to be spoken. Raises MediaError where espeak-ng has not the variant.
        """
        text = speakable(sentence, main_tongue(sentence, style.language))
        main = main_tongue(text, style.language)
        prosody = prosody_of(style)
        pieces = short_pieces(text, LONGEST_PIECE_S * prosody.rate) if text else []
        for piece in pieces:
            said = self._piece(piece.strip(), main, prosody)
            if said is not None:
                # Memory keeps what was heard in the words of the writer; only pieces of a long text lose their marks.
                written = sentence.strip() if len(pieces) == 1 else piece.strip()
                yield Speech(said.audio, said.phones, written, style)

    def _piece(self, text: str, main: Tongue, prosody: Prosody) -> Speech | None:
        runs = language_runs(text, main)
        spoken = [self._run(run, i == len(runs) - 1, prosody) for i, run in enumerate(runs)]
        heard = [run for run in spoken if run.phones]
        if not heard:
            return None
        whole = joined(heard, _LEAD_S)
        plain = resample(AudioChunk(whole.pcm, whole.rate_hz), VOICE_RATE_HZ).pcm
        sound = limited(dipped(plain, VOICE_RATE_HZ, _RING_HZ, self._variant.dip_db), prosody.energy)
        duration_s = len(sound) / VOICE_RATE_HZ
        # Resampling rounds to whole samples: no phone may end after the sound.
        phones = tuple(Phone(p.symbol, min(p.start_s, duration_s), min(p.end_s, duration_s)) for p in whole.phones)
        return Speech(AudioChunk(sound, VOICE_RATE_HZ), phones, text)

    def _run(self, run: Run, last: bool, prosody: Prosody) -> SpokenRun:
        text, pause_s = run.text.strip(), _pause_after(run.text, last)
        if not last and pause_s == _JOIN_S:
            text += ","  # the melody of "to be continued"; the pause that it brings is trimmed off
        raw = self._library.speak(text, self._delivery(run.tongue, prosody))
        return trimmed(raw, run.tongue, pause_s)

    def _delivery(self, tongue: Tongue, prosody: Prosody) -> Delivery:
        base = self._variant.pitch_zh if tongue == "zh" else self._variant.pitch_en
        pitch = base + _PITCH_STEPS_PER_E * log(prosody.pitch)
        pitch_range = max(_PITCH_RANGE[tongue] * prosody.pitch_range, _NARROWEST_RANGE[tongue])
        return Delivery(
            voice=f"{_VOICE_OF[tongue]}+{self._variant.variant}",
            rate_wpm=round(min(max(_WPM[tongue] * prosody.rate, SLOWEST_WPM), FASTEST_WPM)),
            pitch=round(min(max(pitch, 0.0), 100.0)),
            pitch_range=round(min(pitch_range, 100.0)),
        )


def _speaking_as(variant: str) -> EspeakVoice:
    return EspeakVoice(_SPEAKERS.get(variant, FEMALE))


def _pause_after(text: str, last: bool) -> float:
    """Seconds of silence after a run that ends in these marks."""
    mark = text.rstrip(" \t”’」』）)\"'")[-1:]
    if mark and mark in _SENTENCE_END:
        return _SENTENCE_PAUSE_S
    if mark and mark in _CLAUSE_END:
        return _CLAUSE_PAUSE_S
    return _SENTENCE_PAUSE_S if last else _JOIN_S
