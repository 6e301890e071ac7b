"""The embedded voice speaking as a person whose voice was cloned."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from tiangong.core.media import AudioChunk, Speech, SpeechStyle
from tiangong.voice.clone.morphing import Morph
from tiangong.voice.clone.profile import VoiceProfile
from tiangong.voice.pieces import ToldText
from tiangong.voice.protocol import VOICE_RATE_HZ, Speaker, Voice


class _Embedded(Protocol):
    name: str
    languages: frozenset[str]

    def for_speaker(self, speaker: Speaker) -> Voice: ...

    def synthesize(self, sentence: str, style: SpeechStyle) -> Iterator[Speech]: ...

    def learn(self, folder: Path) -> str | None: ...


class ClonedVoice:
    """Speaks as the embedded voice does, and each piece of its sound is then moved onto the person's."""

    def __init__(self, embedded: _Embedded, profile: VoiceProfile) -> None:
        self._embedded = embedded
        self._morph = Morph(profile)
        self._rate = profile.facts.rate
        self.name = embedded.name
        self.languages = embedded.languages

    def for_speaker(self, speaker: Speaker) -> Voice:
        return self._embedded.for_speaker(speaker)

    def learn(self, folder: Path) -> str | None:
        return self._embedded.learn(folder)

    def synthesize(self, sentence: str, style: SpeechStyle) -> Iterator[Speech]:
        """As the protocol says; the first piece lasts about 0.4 s and comes some 50 ms after the text."""
        for speech in self._embedded.synthesize(sentence, replace(style, rate=style.rate * self._rate)):
            told = ToldText(speech.text, speech.audio.duration_s)
            for piece in self._morph.pieces(speech.audio.pcm, speech.phones or ()):
                sound = AudioChunk(piece.pcm, VOICE_RATE_HZ)
                yield Speech(sound, piece.phones, told.next(sound.duration_s, piece.last), style)
