"""All calls of this process: places, and who has left without saying so."""

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import Final

from tiangong.agent.tasks import TaskSet
from tiangong.core.clock import now_s
from tiangong.core.errors import TiangongError
from tiangong.service.assembly import Avatar, Engines
from tiangong.service.call import Call

log = logging.getLogger(__name__)
_LOOK_EVERY_S: Final = 1.0


class BusyError(TiangongError):
    """Every place is taken."""


@dataclass
class Quality:
    """How well the calls since the start were served."""

    pictures: int = 0
    late_pictures: int = 0  # by more than 40 ms
    starved_s: float = 0.0  # how long sound had to wait for its pictures

    def add(self, call: Call) -> None:
        self.pictures += call.picture.pace.steps
        self.late_pictures += call.picture.pace.late_steps
        self.starved_s += call.session.playout.starved_s


class Calls:
    """Places for calls."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._settings = engines.settings.serve
        self._avatars: dict[str, Avatar] = {}
        self._opening = asyncio.Lock()
        self._calls: dict[str, Call] = {}
        self._places_asked = 0
        self._reaper: asyncio.Task[None] | None = None
        self._ended = Quality()
        self._closing = TaskSet()

    def quality(self) -> Quality:
        quality = replace(self._ended)
        for call in self._calls.values():
            quality.add(call)
        return quality

    @property
    def open_calls(self) -> int:
        return len(self._calls)

    async def avatar(self, name: str) -> Avatar:
        """An opened avatar, kept. Raises BundleError, ConsentError, MediaError."""
        async with self._opening:
            if name not in self._avatars:
                self._avatars[name] = await self._engines.open_avatar(name)
            return self._avatars[name]

    async def begin(self, sdp: str, avatar: str, language: str) -> tuple[str, str]:
        """(call id, SDP answer). Raises BusyError at once when every place is taken; MediaError for a broken offer."""
        if len(self._calls) + self._places_asked >= self._settings.capacity:
            raise BusyError("all lines are busy; please try again in a moment")
        self._places_asked += 1
        try:
            call = Call(await self.avatar(avatar), self._engines, language, self.end)
            try:
                answer = await call.answer(sdp)
            except TiangongError:
                await call.close()
                raise
            self._calls[call.session.id] = call
        finally:
            self._places_asked -= 1
        self._reaper = self._reaper or asyncio.create_task(self._free_left_places())
        return call.session.id, answer

    async def end(self, call: Call) -> None:
        if self._calls.pop(call.session.id, None):
            log.info("call ended, %d open", len(self._calls))
            self._ended.add(call)
            # In a task of its own: the wish may come from a task of the call, which closing cancels.
            self._closing.spawn(call.close())

    async def _free_left_places(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            for call in list(self._calls.values()):
                failure = call.session.failure()
                if failure:
                    log.error("session failed: %s", failure)
                if failure or now_s() - call.session.heard_from_s > self._settings.vanished_s:
                    await self.end(call)

    async def close(self) -> None:
        if self._reaper:
            self._reaper.cancel()
        await asyncio.gather(*(call.close() for call in self._calls.values()))
        self._calls.clear()
        await self._closing.settled()
