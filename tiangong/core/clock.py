"""The one clock.

Live, the clock is the event loop's own (`asyncio.get_running_loop().time()`), so that sleeping, deadlines and reading the
time can never disagree. A test swaps the loop instead of the clock: `run_virtual` runs a coroutine on a loop that jumps to
the next thing due instead of waiting for it, and an hour of conversation takes milliseconds.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def now_s() -> float:
    """Seconds on the running loop's clock; only differences mean anything."""
    return asyncio.get_running_loop().time()


class _JumpingSelector(selectors.SelectSelector):
    """Waits for nothing: the time until the next timer is added to the clock at once."""

    def __init__(self) -> None:
        super().__init__()
        self.jumped_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            # No timer and nothing readable: only another thread can wake the loop, so wait for it in real time.
            return super().select(None)
        if not ready and timeout:
            self.jumped_s += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose time starts at 0 and stands still while code runs."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.jumped_s


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end on virtual time, starting at 0 s."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
