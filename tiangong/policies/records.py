"""Decision records on disk: what was judged, why, and what was said, appended to one file a day.

The loop only puts a line into a queue; a thread of its own masks, writes and tidies. It never raises and never waits: lines that
find no room, in the queue or on the disk, are counted and the count is written as soon as there is room.
"""

import atexit
import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Final

from pydantic import BaseModel

from tiangong.core.errors import ConfigError
from tiangong.policies.decision import Decision
from tiangong.policies.record_lines import DroppedLine, SessionLine, check_line, said_line

log = logging.getLogger(__name__)
MOST_WAITING: Final = 2_000  # lines
_CLOSE_S: Final = 2.0
_DAY_S: Final = 86_400
_MODE: Final = 0o600  # masked or not, what people said is nobody else's
Make = Callable[[str], BaseModel]  # a line of its time


@dataclass(frozen=True)
class SessionRecord:
    """One caller's lines. Any thread may add to it."""

    log: "DecisionLog"
    session: str

    def decided(self, decision: Decision) -> None:
        self.log.put(lambda at: check_line(decision, at, self.session))

    def said(self, text: str, *, whole: bool) -> None:
        """What was heard of an answer, as it was said."""
        self.log.put(lambda at: said_line(text, whole, at, self.session))


class DecisionLog:
    """Shared by all sessions of a process; several processes may share a folder."""

    def __init__(
        self,
        folder: Path,
        *,
        keep_days: int = 30,
        largest_mb: float = 50.0,
        most_waiting: int = MOST_WAITING,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Files are `decisions-2026-01-31.jsonl`, and `.2.jsonl` and so on from `largest_mb` on; older ones than `keep_days` are
        deleted. Raises ConfigError where the folder cannot be written.
        """
        self.folder, self._clock = folder, clock
        self._keep_s, self._largest_bytes = keep_days * _DAY_S, int(largest_mb * 1e6)
        self._lines: queue.Queue[tuple[float, Make] | None] = queue.Queue(most_waiting)
        self._lock = threading.Lock()
        self._dropped = 0
        self._closed = self._complained = self._torn = False
        self._path: Path | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self._file_of(self._today()), os.O_WRONLY | os.O_APPEND | os.O_CREAT, _MODE))
        except OSError as error:
            reason = f"policy.decisions '{folder}' cannot be written ({error.strerror}); choose another folder"
            raise ConfigError(reason) from error
        self._thread = threading.Thread(target=self._run, name="decision-log", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def session(self, avatar: str) -> SessionRecord:
        """A new caller."""
        record = SessionRecord(self, token_hex(6))
        self.put(lambda at: SessionLine(at=at, session=record.session, avatar=avatar))
        return record

    def put(self, make: Make) -> None:
        """Write down what `make` gives; at once, whatever becomes of it."""
        try:
            self._lines.put_nowait((self._clock(), make))
        except queue.Full:
            self._drop(1)

    def close(self) -> None:
        """Write what waits, two seconds at most."""
        if not self._closed:
            self._closed = True
            atexit.unregister(self.close)
            try:
                self._lines.put(None, timeout=_CLOSE_S)
            except queue.Full:
                return
            self._thread.join(_CLOSE_S)

    # --- the thread ----------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while (entry := self._lines.get()) is not None:
            at_s, make = entry
            try:
                self._write(at_s, make)
            except Exception:  # the thread's edge: no record may end all that follow
                log.exception("a decision record could not be made")
                self._drop(1)
        if self._dropped:
            self._append(self._clock(), [])

    def _write(self, at_s: float, make: Make) -> None:
        self._append(at_s, [make(_iso(at_s))])

    def _append(self, at_s: float, lines: list[BaseModel]) -> None:
        """The count of what was lost before, and the lines."""
        with self._lock:
            lost, self._dropped = self._dropped, 0
        counted = [DroppedLine(at=_iso(at_s), lines=lost)] if lost else []
        text = "".join(line.model_dump_json() + "\n" for line in (*counted, *lines))
        try:
            self._put_down(self._day(at_s), text.encode())
        except OSError as error:
            self._drop(lost + len(lines))
            if not self._complained:
                self._complained = True
                log.error(
                    "decision records cannot be written to %s (%s): they are dropped and counted until that is mended",
                    self.folder,
                    error.strerror,
                )
        else:
            self._complained = False

    def _put_down(self, day: str, data: bytes) -> None:
        path = self._file_of(day)
        if path != self._path:
            self._path = path
            self._tidy()
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _MODE)
        try:
            data = b"\n" + data if self._torn else data  # after half a line begins a new one
            written = os.write(file, data)
            self._torn = written < len(data) and written > 0
            if written < len(data):
                raise OSError(28, os.strerror(28))
        finally:
            os.close(file)

    def _file_of(self, day: str) -> Path:
        """The newest file of a day that is not full."""
        number, path = 1, self.folder / f"decisions-{day}.jsonl"
        while path.exists() and path.stat().st_size >= self._largest_bytes:
            number += 1
            path = self.folder / f"decisions-{day}.{number}.jsonl"
        return path

    def _tidy(self) -> None:
        for path in self.folder.glob("decisions-????-??-??*.jsonl"):
            if path.stat().st_mtime < self._clock() - self._keep_s:
                path.unlink(missing_ok=True)

    def _today(self) -> str:
        return self._day(self._clock())

    @staticmethod
    def _day(at_s: float) -> str:
        return _iso(at_s)[:10]

    def _drop(self, lines: int) -> None:
        with self._lock:
            self._dropped += lines


def _iso(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds")
