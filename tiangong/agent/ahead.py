"""Stages run ahead of one another: the next sentence is ready before the last one ends."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TypeVar, cast

T = TypeVar("T")
_END = object()


async def ahead(source: AsyncIterator[T], depth: int) -> AsyncGenerator[T]:
    """The items of `source`, drawn by a task of its own up to `depth` items before they are asked for.

    The generator owns that task: closing it cancels and awaits the task; an error in `source` is raised here, in its turn.
    """
    ready: asyncio.Queue[object] = asyncio.Queue()
    room = asyncio.Semaphore(depth)

    async def draw() -> None:
        try:
            async for item in source:
                ready.put_nowait(item)
                await room.acquire()
        finally:
            ready.put_nowait(_END)

    task = asyncio.create_task(draw())
    try:
        while (item := await ready.get()) is not _END:
            room.release()
            yield cast(T, item)
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
