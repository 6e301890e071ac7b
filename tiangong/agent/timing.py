"""Stopwatches of one turn."""

from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from tiangong.agent.events import TurnDone
from tiangong.core.clock import now_s
from tiangong.core.media import Stage, StageTiming

T = TypeVar("T")


class TurnWatch:
    """Collects how long each stage took; stages that run ahead overlap, so the times do not add up to the turn."""

    def __init__(self, user_stopped_s: float, turn_ended_s: float) -> None:
        """Clock times: the user's last sound, and when the turn was judged to have ended."""
        self.user_stopped_s = user_stopped_s
        self.turn_ended_s = turn_ended_s
        self._stages: list[StageTiming] = []

    @contextmanager
    def stage(self, stage: Stage) -> Generator[None]:
        """Time one call."""
        started_s = now_s()
        yield
        self._stages.append(StageTiming(0, stage, started_s, now_s(), now_s()))

    async def stream(self, stage: Stage, source: AsyncIterator[T]) -> AsyncGenerator[T]:
        """Time a stream: to its first item and to its end."""
        started_s = now_s()
        first_s: float | None = None
        try:
            async for item in source:
                first_s = first_s or now_s()
                yield item
        finally:
            self._stages.append(StageTiming(0, stage, started_s, first_s or now_s(), now_s()))

    def report(self, turn_id: int, first_sound_s: float | None) -> TurnDone:
        """Where the time went, now that the turn has its number."""
        return TurnDone(
            turn_id,
            self.turn_ended_s - self.user_stopped_s,
            None if first_sound_s is None else first_sound_s - self.user_stopped_s,
            tuple(replace(timing, turn_id=turn_id) for timing in self._stages),
        )
