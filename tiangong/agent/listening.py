"""The ear: microphone chunks -> turn events, and the words of an utterance.

Voice activity decides on time, chunk by chunk; the recogniser follows at its own pace in a task, so that a slow one
delays the words but never the moment at which an interruption is noticed.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from tiangong.agent.patience import PauseHabit, end_silence_s
from tiangong.agent.turns import Heard, TurnEvent, TurnRules, TurnState, step
from tiangong.agent.workers import Workers
from tiangong.core.clock import now_s
from tiangong.core.errors import EngineError
from tiangong.core.language import language_of
from tiangong.core.media import AudioChunk, Transcript
from tiangong.perception.echo import UserVoice
from tiangong.perception.level import LevelControl
from tiangong.perception.protocol import (
    HEARING_RATE_HZ,
    VAD_SAMPLES,
    SpeechToText,
    TranscriptionSession,
    VoiceActivitySession,
)

T = TypeVar("T")
_PLAIN_WORDS: Final = 3  # so many English words are no interjection
_FELT: Final = 250  # chunks (8 s): a tone of voice shows in less
_STALE_S: Final = 0.8  # of voice: two or three words that a slow recogniser has not told yet
_PRE_ROLL: Final = 10  # chunks (0.32 s) before the first voiced one: soft consonants belong to the word


@dataclass(frozen=True)
class Ear:
    """What hears an avatar's callers."""

    engine: SpeechToText
    hot_words: tuple[str, ...] = ()  # names and terms that they are likely to say


class Utterance:
    """One stretch of the user's speech on its way through the recogniser."""

    def __init__(self, ear: "Ear", language: str, workers: Workers, turn_id: int) -> None:
        self.text = ""  # so far
        self._recent: deque[AudioChunk] = deque(maxlen=_FELT)
        self._workers = workers
        self._turn_id = turn_id
        self._chunks: asyncio.Queue[AudioChunk | None] = asyncio.Queue()
        self._task = asyncio.create_task(self._transcribe(ear, language))

    def feed(self, chunk: AudioChunk) -> None:
        self._chunks.put_nowait(chunk)
        self._recent.append(chunk)

    @property
    def sound(self) -> AudioChunk:
        """The last seconds of it, from which a feeling is read."""
        chunks = list(self._recent)
        return AudioChunk(np.concatenate([chunk.pcm for chunk in chunks]), HEARING_RATE_HZ, chunks[0].start_s)

    async def finish(self) -> Transcript:
        """All of it. Raises EngineError."""
        self._chunks.put_nowait(None)
        return await self._task

    def drop(self) -> None:
        self._task.cancel()

    async def _transcribe(self, ear: "Ear", language: str) -> Transcript:
        session: TranscriptionSession = await self._run(lambda: ear.engine.session(language, ear.hot_words))
        while (chunk := await self._chunks.get()) is not None:
            self.text = await self._run(partial(session.accept, chunk))
        return await self._run(session.finish)

    async def _run(self, call: Callable[[], T]) -> T:
        return await self._workers.run("hearing", self._turn_id, call)


class Listener:
    """Hears one microphone."""

    def __init__(
        self, activity: VoiceActivitySession, ear: Ear, workers: Workers, rules: TurnRules, language: str
    ) -> None:
        self.language = language  # "en", "zh" or "auto"
        self.silence_s = 0.0  # from the last voiced chunk of the utterance that ended last to its judged end
        self.talking = False
        self._activity = UserVoice(activity)
        self._level = LevelControl()
        self._ear = ear
        self._workers = workers
        self._rules = rules
        self._state = TurnState()
        self._recent: deque[AudioChunk] = deque(maxlen=_PRE_ROLL)
        self._utterance: Utterance | None = None
        self._told = ""
        self._last_text, self._unheard_s = "", 0.0  # how much voice came after the recogniser's last words
        self._habit = PauseHabit()
        self._ended_s: float | None = None  # the last voiced moment of the turn that ended last

    def played(self, pcm: NDArray[np.float32], rate_hz: int) -> None:
        """Sound (samples,) of the avatar that goes out to the caller now; it may come back."""
        self._activity.played(pcm, rate_hz)

    @property
    def text(self) -> str:
        """The words so far."""
        return self._utterance.text if self._utterance else ""

    def answer_language(self, text: str) -> str:
        """ "en" or "zh": the one of `text` where it is plain, else the chosen one.

        Somebody who types a Chinese question on an English page wants a Chinese answer; "OK" on a Chinese page does not
        ask for an English one.
        """
        if self.language == "zh" and len(text.split()) < _PLAIN_WORDS:
            return "zh"
        return language_of(text, "en" if self.language == "auto" else self.language)

    def fresh_text(self) -> str:
        """The words so far, "" where they are those of the last call."""
        if self.text == self._told:
            return ""
        self._told = self.text
        return self._told

    def accept(self, chunk: AudioChunk, avatar_speaking: bool, turn_id: int) -> TurnEvent | None:
        """Take 512 samples at 16 kHz; say what they mean for the turn."""
        # Inline, not on a worker: voice activity takes 1 ms and holds the interpreter lock, so a thread would gain nothing.
        even = self._level.even(chunk, learn=not avatar_speaking)
        probability = self._activity.probability(even)
        wait_s = end_silence_s(self._fresh_words(probability, chunk.duration_s), habit_s=self._habit.longest_s)
        heard = Heard(chunk.start_s, chunk.end_s, probability, self.text, wait_s, avatar_speaking)
        before = self._state
        self._state, event = step(before, heard, self._rules)
        self._note_pause(before, event, avatar_speaking)
        if event in (TurnEvent.STARTED, TurnEvent.OVERLAPPED):
            self._utterance = Utterance(self._ear, self.language, self._workers, turn_id)
            for early in self._recent:
                self._utterance.feed(early)
        self._recent.append(even)
        if self._utterance:
            self._utterance.feed(even)
        if event is TurnEvent.ENDED:
            self.silence_s = chunk.end_s - before.last_voiced_s
            self._ended_s = before.last_voiced_s
        self.talking = self._state.speaking
        return event

    def _fresh_words(self, probability: float, duration_s: float) -> str:
        """The words so far, "" where so much was said since that they no longer tell how the utterance ends."""
        if self.text != self._last_text:
            self._last_text, self._unheard_s = self.text, 0.0
        elif probability >= self._rules.start_probability:
            self._unheard_s += duration_s
        return self.text if self._unheard_s <= _STALE_S else ""

    def _note_pause(self, before: TurnState, event: TurnEvent | None, avatar_speaking: bool) -> None:
        """Learn how long this caller pauses: inside of turns, and where a turn was judged to have ended too early."""
        if before.speaking and before.paused and not self._state.paused and event is None:
            self._habit.paused(self._state.last_voiced_s - before.last_voiced_s)
        elif event is TurnEvent.STARTED and self._ended_s is not None and not avatar_speaking:
            self._habit.paused(self._state.onset_s - self._ended_s)

    def take(self) -> Utterance | None:
        """The utterance that has just ended, to be finished by the caller."""
        utterance, self._utterance = self._utterance, None
        return utterance

    async def feel(self, read: Callable[[AudioChunk, float], None]) -> None:
        """Hand the sound of the utterance so far to `read`, beside the recogniser. Nothing is read where nobody speaks."""
        if self._utterance:
            sound = self._utterance.sound
            with contextlib.suppress(EngineError):  # a feeling that cannot be read costs nothing else
                await self._workers.run("seeing", 0, partial(read, sound, now_s()))

    def close(self) -> None:
        if self._utterance:
            self._utterance.drop()


def rechunk(buffer: list[AudioChunk], chunk: AudioChunk) -> list[AudioChunk]:
    """Cut any stream at 16 kHz into pieces of exactly 512 samples; what is left over stays in `buffer`."""
    buffer.append(chunk)
    pcm = np.concatenate([piece.pcm for piece in buffer])
    start_s = buffer[0].start_s
    whole = len(pcm) // VAD_SAMPLES * VAD_SAMPLES
    pieces = [
        AudioChunk(pcm[i : i + VAD_SAMPLES], HEARING_RATE_HZ, start_s + i / HEARING_RATE_HZ)
        for i in range(0, whole, VAD_SAMPLES)
    ]
    buffer[:] = (
        [AudioChunk(pcm[whole:], HEARING_RATE_HZ, start_s + whole / HEARING_RATE_HZ)] if whole < len(pcm) else []
    )
    return pieces
