"""How the user of one conversation seems to feel, from all that they have agreed to: face, voice and words."""

from collections.abc import Callable

from tiangong.core.clock import now_s
from tiangong.core.media import AudioChunk, Emotion
from tiangong.perception.emotion_fusion import fuse
from tiangong.perception.voice_emotion import VoiceFeeling
from tiangong.perception.word_emotion import word_feeling


class Mood:
    """Nothing is kept but the last opinion of each channel."""

    def __init__(self, clock: Callable[[], float] = now_s) -> None:
        self._clock = clock
        self._listens = False  # voice and words are read for feelings only where the user has agreed
        self._face: Emotion | None = None
        self._voice: Emotion | None = None
        self._words: Emotion | None = None
        self._ear = VoiceFeeling()

    def listen(self, on: bool) -> None:
        """The user agrees that voice and words are read for feelings, or no longer."""
        self._listens = on
        if not on:
            self._voice = self._words = None
            self._ear = VoiceFeeling()

    @property
    def listens(self) -> bool:
        return self._listens

    def seen(self, face: Emotion | None) -> None:
        """What the camera saw; None: no face, or no camera."""
        self._face = face

    def said(self, text: str) -> None:
        """The user's words of this turn."""
        self._words = word_feeling(text, self._clock()) if self._listens else None

    def heard(self, sound: AudioChunk, said_s: float) -> None:
        """The sound of one utterance of the user, and when it was said. Takes a tenth of its length: not for the event loop."""
        if not self._listens:
            return
        felt = self._ear.read(sound, said_s)
        if self._listens:  # it may have been switched off meanwhile
            self._voice = felt

    @property
    def now(self) -> Emotion | None:
        """All channels together; None where none tells anything."""
        return fuse(self._face, self._voice, self._words, self._clock())
