"""The hop from the event loop to an engine's thread, and the only place where any error is caught.

Engines are plain synchronous objects. One thread serves one engine for all sessions; what it raises becomes an
`EngineError` that names stage and turn, and so does an answer that does not come before the deadline. A stuck thread is
given up and replaced, so that it costs its own turn and not the engine.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Protocol, TypeVar

from tiangong.core.config import Deadlines
from tiangong.core.errors import EngineError, TiangongError
from tiangong.core.media import Stage

T = TypeVar("T")
log = logging.getLogger(__name__)
_END = object()


class Workers(Protocol):
    async def run(self, stage: Stage, turn_id: int, call: Callable[[], T]) -> T:
        """The result of `call()` on the stage's thread. Raises EngineError."""
        ...


class ThreadWorkers:
    """`threads` for stages whose engine may be called in parallel (one otherwise)."""

    def __init__(self, deadlines: Deadlines, threads: dict[Stage, int] | None = None) -> None:
        self._deadlines_s: dict[Stage, float] = {
            "hearing": deadlines.hearing_s,
            "seeing": deadlines.hearing_s,
            "policy": deadlines.policy_s,
            "judge": deadlines.judge_s,
            "brain": deadlines.brain_s,
            "voice": deadlines.voice_s,
            "motion": deadlines.motion_s,
            "face": deadlines.face_s,
        }
        self._threads = threads or {}
        self._executors: dict[Stage, Executor] = {}

    def _executor(self, stage: Stage) -> Executor:
        if stage not in self._executors:
            threads = self._threads.get(stage, 1)
            self._executors[stage] = ThreadPoolExecutor(threads, thread_name_prefix=stage)
        return self._executors[stage]

    async def run(self, stage: Stage, turn_id: int, call: Callable[[], T]) -> T:
        executor = self._executor(stage)
        future = asyncio.get_running_loop().run_in_executor(executor, call)
        return await deadline(future, stage, turn_id, self._deadlines_s[stage], lambda: self._give_up(stage, executor))

    def _give_up(self, stage: Stage, stuck: Executor) -> None:
        # Several calls may wait for one stuck executor; only the first to give up finds it still in its place.
        if self._executors.get(stage) is stuck:
            del self._executors[stage]
        stuck.shutdown(wait=False)

    def close(self) -> None:
        for stage, executor in list(self._executors.items()):
            self._give_up(stage, executor)


async def deadline(
    answer: asyncio.Future[T], stage: Stage, turn_id: int, within_s: float, give_up: Callable[[], None]
) -> T:
    """Wait for an engine's answer; whatever goes wrong becomes an EngineError of this stage and turn."""
    try:
        async with asyncio.timeout(within_s):
            return await answer
    except TimeoutError as error:
        give_up()
        raise EngineError(stage, turn_id, f"no answer within {within_s:g} s") from error
    except TiangongError as error:
        raise EngineError(stage, turn_id, str(error)) from error
    except Exception as error:  # the loop's edge: an engine may raise anything
        log.exception("%s failed in turn %d", stage, turn_id)
        raise EngineError(stage, turn_id, f"{type(error).__name__}: {error}") from error


async def iterate(workers: Workers, stage: Stage, turn_id: int, begin: Callable[[], Iterator[T]]) -> AsyncGenerator[T]:
    """Draw the items of `begin()` one by one on the stage's thread; closing this closes them there."""
    items = await workers.run(stage, turn_id, begin)
    try:
        while (item := await workers.run(stage, turn_id, lambda: next(items, _END))) is not _END:
            yield item  # type: ignore[misc]  # the sentinel has left
    finally:
        close = getattr(items, "close", None)
        if close:
            # On the same thread, after a `next` still running there; nobody waits for it.
            _keep(asyncio.ensure_future(workers.run(stage, turn_id, close)))


_closing: set[asyncio.Future[None]] = set()


def _keep(task: "asyncio.Future[None]") -> None:
    """Hold a task until it is done (the loop itself keeps only weak references) and read its error."""
    _closing.add(task)
    task.add_done_callback(lambda done: (_closing.discard(done), done.cancelled() or done.exception()))
