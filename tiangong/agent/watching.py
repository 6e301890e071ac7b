"""The eye: camera frames -> the user's latest emotion. It never delays the sound: frames are dropped, not queued."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from tiangong.agent.workers import Workers
from tiangong.core.clock import now_s
from tiangong.core.errors import EngineError
from tiangong.core.media import Emotion, VideoFrame
from tiangong.perception.protocol import FaceReader, FaceSession

_PERIOD_S: Final = 0.1  # at most ten frames a second


class Watcher:
    """Watches one camera; nothing is kept but the last emotion."""

    def __init__(self, reader: FaceReader, workers: Workers, on_emotion: Callable[[Emotion | None], None]) -> None:
        """`on_emotion` gets None where no face is seen or the frame cannot be read."""
        self._reader = reader
        self._workers = workers
        self._on_emotion = on_emotion
        self._session: FaceSession | None = None
        self._looking: asyncio.Task[None] | None = None
        self._looked_s = 0.0

    @property
    def is_ready(self) -> bool:
        """False while the last frame is being looked at or was a moment ago: the next one would be dropped."""
        busy = self._looking is not None and not self._looking.done()
        return not busy and now_s() - self._looked_s >= _PERIOD_S

    def offer(self, frame: VideoFrame) -> None:
        """Look at this frame, unless it comes too soon."""
        if self.is_ready:
            self._looked_s = now_s()
            self._looking = asyncio.create_task(self._look(frame))

    async def _look(self, frame: VideoFrame) -> None:
        try:
            if self._session is None:
                self._session = await self._workers.run("seeing", 0, partial(self._reader.session, tracking=True))
            seen = await self._workers.run("seeing", 0, partial(self._session.observe, frame))
        except EngineError:
            seen = None  # an avatar that cannot see goes on talking
        self._on_emotion(seen.emotion if seen else None)

    def stop(self) -> None:
        """The camera was turned off."""
        if self._looking:
            self._looking.cancel()
        if self._session:
            self._session.close()
            self._session = None

    close = stop
