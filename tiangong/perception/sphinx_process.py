"""The process in which PocketSphinx decodes, seen from outside.

The library holds Python's interpreter lock while it decodes: in one process with the server it froze live pictures for
up to half a second. The child ends when its input closes, so it never outlives its parent.
"""

import contextlib
import os
import pickle
import queue
import subprocess
import sys
import threading
import weakref
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from tiangong.core.errors import EngineError
from tiangong.perception.sphinx_vocabulary import Vocabulary

ANSWER_S: Final = 60.0  # a child that is silent for so long is stuck; on a crowded machine it may be starved for 20 s
_CLOSING_S: Final = 2.0
_COMMAND: Final = (sys.executable, "-P", "-m", "tiangong.perception.sphinx_worker")
_ROOT: Final = str(Path(__file__).parents[2])  # where the package lies, installed or not


@dataclass(frozen=True)
class Ear:
    """What a decoder listens with; the defaults are the library's own."""

    model: Path | None = None  # a binary language model
    words: tuple[tuple[str, str], ...] = ()  # new ones, with their phones


@dataclass(frozen=True)
class WarmUp:
    ear: Ear


@dataclass(frozen=True)
class Begin:
    session: int
    ear: Ear


@dataclass(frozen=True)
class Accept:
    session: int
    pcm: bytes  # int16 at 16 kHz


@dataclass(frozen=True)
class Finish:
    session: int


@dataclass(frozen=True)
class Build:
    """Write the language model of a vocabulary."""

    vocabulary: Vocabulary
    path: Path


Task = WarmUp | Begin | Accept | Finish | Build


@dataclass(frozen=True)
class Request:
    task: Task
    dropped: tuple[int, ...] = ()  # sessions that nobody holds any more


@dataclass(frozen=True)
class Answer:
    text: str = ""
    confidence: float | None = None  # 0 to 1
    failure: str = ""  # why the task could not be done


class SphinxProcess:
    """One child. Any thread may ask; one question is answered at a time."""

    def __init__(self) -> None:
        paths = [_ROOT, *filter(None, [os.environ.get("PYTHONPATH")])]
        child = subprocess.Popen(
            _COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
        assert child.stdin
        assert child.stdout
        self._child = child
        self._input = child.stdin
        self._lock = threading.Lock()
        self._dropped = deque[int]()
        self._answers = queue.SimpleQueue[Answer | None]()
        self._usable = True
        threading.Thread(target=_pass_on, args=(child.stdout, self._answers), name="pocketsphinx", daemon=True).start()
        self.close = weakref.finalize(self, _end, child)

    @property
    def usable(self) -> bool:
        return self._usable and self._child.poll() is None

    def ask(self, task: Task, within_s: float = ANSWER_S) -> Answer:
        """Raises EngineError where the child has ended, is stuck, or cannot do it."""
        with self._lock:
            answer = self._exchange(task, within_s)
        if answer is None:
            reason = f"pocketsphinx's process has ended ({self._child.wait()}); the next utterance starts another one"
            raise EngineError("hearing", 0, reason)
        if answer.failure:
            raise EngineError("hearing", 0, f"pocketsphinx: {answer.failure}")
        return answer

    def drop(self, session: int) -> None:
        """Tell the child with the next question. Takes no lock: the garbage collector may call it at any place."""
        self._dropped.append(session)

    def _exchange(self, task: Task, within_s: float) -> Answer | None:
        if not self._usable:
            return None
        dropped = tuple(self._dropped.popleft() for _ in range(len(self._dropped)))
        try:
            pickle.dump(Request(task, dropped), self._input)
            self._input.flush()
            answer = self._answers.get(timeout=within_s)
        except (OSError, queue.Empty):
            answer = None
        if answer is None:
            self._usable = False
            self._child.kill()
        return answer


def _pass_on(output: IO[bytes], answers: "queue.SimpleQueue[Answer | None]") -> None:
    """Runs in a thread, so that the one who waits can give up."""
    with output, contextlib.suppress(EOFError, OSError, pickle.UnpicklingError):
        while True:
            answers.put(pickle.load(output))
    answers.put(None)


def _end(child: "subprocess.Popen[bytes]") -> None:
    assert child.stdin
    with contextlib.suppress(OSError):
        child.stdin.close()
    try:
        child.wait(_CLOSING_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
