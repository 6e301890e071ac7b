"""A judge model is asked while the avatar speaks: one text of a session after the other, beside the loop."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final

from tiangong.agent.tasks import TaskSet
from tiangong.agent.workers import Workers
from tiangong.core.errors import EngineError
from tiangong.core.media import LaterVerdict, Verdict

log = logging.getLogger(__name__)
MOST_WAITING: Final = 16  # texts; an answer runs about ten sentences ahead of its sound
Overturned = Callable[[Verdict], None]


class LateVerdicts:
    """Belongs to one conversation."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, LaterVerdict, Overturned]] = deque()
        self._asking: asyncio.Task[None] | None = None
        self._tasks = TaskSet()

    def expect(self, workers: Workers, turn_id: int, later: LaterVerdict, overturned: Overturned) -> None:
        """Ask when those before are answered; a verdict other than "allow" goes to `overturned`.

        Where too many wait already the judge is not asked, which is written down as any check that could not be made.
        """
        if len(self._waiting) >= MOST_WAITING:
            later.give_up(f"the judge is {MOST_WAITING} texts behind")
            self._tasks.spawn(self._settle(workers, turn_id, later, overturned, asked=False))
            return
        self._waiting.append((turn_id, later, overturned))
        if self._asking is None or self._asking.done():
            self._asking = self._tasks.spawn(self._ask_all(workers))

    async def _ask_all(self, workers: Workers) -> None:
        while self._waiting:
            await self._settle(workers, *self._waiting.popleft(), asked=True)

    async def _settle(
        self, workers: Workers, turn_id: int, later: LaterVerdict, overturned: Overturned, *, asked: bool
    ) -> None:
        try:
            verdict = await answered(workers, turn_id, later, held=False, asked=asked)
        except EngineError as error:
            log.error("a judge's answer could not be used: %s", error)
            return
        if verdict.action != "allow":
            overturned(verdict)

    async def close(self) -> None:
        self._waiting.clear()
        await self._tasks.close()


async def answered(workers: Workers, turn_id: int, later: LaterVerdict, *, held: bool, asked: bool = True) -> Verdict:
    """The verdict after the judge has answered, or could not. Raises EngineError where the quick checks fail."""
    try:
        if asked:
            await workers.run("judge", turn_id, later.ask)
    except EngineError as error:
        later.give_up(str(error))
    return await workers.run("policy", turn_id, partial(later.verdict, held=held))
