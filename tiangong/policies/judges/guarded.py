"""A judge that cannot slow the talk: each question has a deadline, and a judge that keeps failing is left alone for a while."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from tiangong.core.errors import EngineError
from tiangong.policies.judges.protocol import Judge, JudgeTimeout, Question, failed

FAILURES: Final = 3  # in a row, then it rests
REST_S: Final = 30.0
AT_ONCE: Final = 4  # questions of different sessions


class GuardedJudge:
    """Stands before a judge; after a rest one more failure sends it to rest again (a circuit breaker, Nygard 2007)."""

    def __init__(
        self,
        judge: Judge,
        timeout_s: float,
        *,
        at_once: int = AT_ONCE,
        rest_s: float = REST_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = judge.name
        self._judge, self._timeout_s, self._rest_s, self._clock = judge, timeout_s, rest_s, clock
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="judge-model")
        self._lock = threading.Lock()
        self._failures = 0
        self._rests_until_s = 0.0

    def judge(self, question: Question) -> float:
        """As the judge does, within `timeout_s`, the wait for a free thread included. Raises EngineError, JudgeTimeout."""
        self._refuse_while_resting()
        answer = self._threads.submit(self._judge.judge, question)
        try:
            probability = answer.result(self._timeout_s)
        except TimeoutError as error:
            answer.cancel()
            self._note(failure=True)
            raise JudgeTimeout("judge", 0, f"no answer within {self._timeout_s:g} s") from error
        except EngineError:
            self._note(failure=True)
            raise
        self._note(failure=False)
        return probability

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _refuse_while_resting(self) -> None:
        left_s = self._rests_until_s - self._clock()
        if left_s > 0:
            raise failed(f"not asked: it failed {FAILURES} times in a row and is tried again in {left_s:.0f} s")

    def _note(self, *, failure: bool) -> None:
        with self._lock:
            self._failures = self._failures + 1 if failure else 0
            if self._failures >= FAILURES:
                self._rests_until_s = self._clock() + self._rest_s
                self._failures = FAILURES - 1
