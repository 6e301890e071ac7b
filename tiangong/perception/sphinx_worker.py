"""The child that `SphinxProcess` starts: reads requests from standard input, writes answers to standard output."""

import contextlib
import os
import pickle
import signal
import sys
from typing import IO, Final

import numpy as np

from tiangong.core.errors import TiangongError
from tiangong.perception.sphinx_adapting import build_model
from tiangong.perception.sphinx_decoding import DecoderPool, Utterance
from tiangong.perception.sphinx_process import Accept, Answer, Begin, Build, Ear, Finish, Request, Task, WarmUp

_POOLS: Final = 4  # language models whose idle decoders are kept, some 120 MB each


class Desk:
    """Who is listened to."""

    def __init__(self) -> None:
        self._pools: dict[Ear, DecoderPool] = {}
        self._utterances: dict[int, Utterance] = {}

    def do(self, request: Request) -> Answer:
        for session in request.dropped:
            self._drop(session)
        try:
            return self._do(request.task)
        except (RuntimeError, ValueError, OSError, TiangongError) as error:  # the next task may go well
            return Answer(failure=str(error) or type(error).__name__)

    def _do(self, task: Task) -> Answer:
        match task:
            case WarmUp():
                self._pool(task.ear).warm_up()
            case Begin():
                self._utterances[task.session] = Utterance(self._pool(task.ear))
            case Accept():
                return Answer(self._utterances[task.session].accept(np.frombuffer(task.pcm, np.int16)))
            case Finish():
                answer = Answer(*self._utterances[task.session].finish())
                self._drop(task.session)
                return answer
            case Build():
                build_model(task.vocabulary, task.path)
        return Answer()

    def _pool(self, ear: Ear) -> DecoderPool:
        pool = self._pools.pop(ear, None) or DecoderPool(ear.model, ear.words)
        self._pools[ear] = pool  # the last one is the one used last
        while len(self._pools) > _POOLS:
            del self._pools[next(iter(self._pools))]
        return pool

    def _drop(self, session: int) -> None:
        utterance = self._utterances.pop(session, None)
        if utterance:
            utterance.drop()


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Until `requests` ends."""
    desk = Desk()
    while True:
        try:
            request: Request = pickle.load(requests)
        except EOFError:
            return
        pickle.dump(desk.do(request), answers)
        answers.flush()


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the parent closes the pipe
    # A broken pipe, at the latest when it is closed, means that the parent has gone.
    with contextlib.suppress(BrokenPipeError), os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # whatever a library prints must not stand between answers
        serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
