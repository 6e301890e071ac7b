"""One caller: a conversation, a stage, a microphone and perhaps a camera. Nothing of it is shared but the engines."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.agent.conversation import Conversation
from tiangong.agent.events import AvatarSaid, Decided, Event, State, StateChanged
from tiangong.agent.listening import rechunk
from tiangong.agent.performer import Performer
from tiangong.agent.playout import Playout
from tiangong.agent.watching import Watcher
from tiangong.core.clock import now_s
from tiangong.core.media import AudioChunk, Emotion, Speech, VideoFrame
from tiangong.perception.protocol import HEARING_RATE_HZ, VAD_SAMPLES
from tiangong.rendering.protocol import FPS
from tiangong.service.assembly import Avatar, Engines
from tiangong.service.notes import Notes
from tiangong.voice.protocol import VOICE_RATE_HZ

_LONGEST_BACKLOG: Final = 300  # chunks (10 s) of microphone that wait; more means that the machine cannot keep up
_QUIET_LINE_S: Final = 0.25  # no packet for so long: go on with silence, so that an open turn can end


class Session:
    """Live until `close()`."""

    def __init__(self, avatar: Avatar, engines: Engines, language: str, tell: Callable[[Event], None]) -> None:
        """`language` is "en", "zh" or "auto"; `tell` receives what the page should know."""
        self.id = secrets.token_urlsafe(16)
        self.avatar = avatar
        self.heard_from_s = now_s()  # when the client last gave a sign of life
        self.playout = Playout(avatar.still, VOICE_RATE_HZ, FPS)
        self._to_page, self._notes = tell, Notes(engines.decisions, avatar.bundle.name)
        self._chunks: asyncio.Queue[AudioChunk] = asyncio.Queue()
        self._left_over: list[AudioChunk] = []
        illustrator = engines.illustrator(avatar, secrets.randbelow(2**31))
        self._performer = Performer(illustrator, self.playout, self._piece_begins)
        self._recognised = engines.speech_to_text.languages
        self._listener = engines.listener(avatar, language)
        self.playout.on_sound = self._sounds
        self.conversation = Conversation(avatar.mind, self._listener, self._performer, self._tell)
        self.watcher = Watcher(engines.face_reader, engines.workers, self._felt)
        self._tasks = [
            asyncio.create_task(self._performer.run()),
            asyncio.create_task(self.conversation.run(self._microphone())),
        ]

    def _tell(self, event: Event) -> None:
        """Decisions come from the thread of the policy, and are not for the page of a visitor."""
        self._notes.take(event)
        if not isinstance(event, Decided):
            self._to_page(event)

    def _piece_begins(self, turn_id: int, speech: Speech) -> None:
        self._tell(StateChanged(State.SPEAKING))
        self._tell(AvatarSaid(turn_id, speech.text))

    def _sounds(self, pcm: NDArray[np.float32]) -> None:
        self._listener.played(pcm, self.playout.rate_hz)

    @property
    def understands_speech(self) -> bool:
        """Whether the recogniser knows the chosen language; typing works in any case."""
        return self._listener.language == "auto" or self._listener.language in self._recognised

    def choose_language(self, language: str) -> None:
        self._listener.language = language

    def hear(self, chunk: AudioChunk) -> None:
        """Sound of the user at 16 kHz, any length."""
        if self.understands_speech and self._chunks.qsize() < _LONGEST_BACKLOG:
            for piece in rechunk(self._left_over, chunk):
                self._chunks.put_nowait(piece)

    def see(self, frame: VideoFrame) -> None:
        """A picture of the user; looked at when the last one is done, at most ten a second, and forgotten."""
        self.watcher.offer(frame)

    def stop_seeing(self) -> None:
        self.watcher.stop()
        self.conversation.mood.seen(None)

    def _felt(self, emotion: Emotion | None) -> None:
        self.conversation.mood.seen(emotion)

    async def _microphone(self) -> AsyncGenerator[AudioChunk]:
        at_s = 0.0
        while True:
            try:
                async with asyncio.timeout(_QUIET_LINE_S):
                    pcm = (await self._chunks.get()).pcm
            except TimeoutError:
                pcm = np.zeros(VAD_SAMPLES, np.float32)
            # Counted anew here: a line that was quiet for a while must not make the audio clock jump.
            yield AudioChunk(pcm, HEARING_RATE_HZ, at_s)
            at_s += VAD_SAMPLES / HEARING_RATE_HZ

    def failure(self) -> str | None:
        """Why a task of this session has ended by itself; None while all is well."""
        for task in self._tasks:
            if task.done() and not task.cancelled() and (error := task.exception()):
                return f"{type(error).__name__}: {error}"
        return None

    async def close(self) -> None:
        self.watcher.close()
        await self.conversation.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
