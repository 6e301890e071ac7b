"""Decision records: the real loop writes them, nobody waits for them, and a person can read them."""

import errno
import json
import logging
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.fakes import Room, Say
from tiangong.cli.policy import app
from tiangong.core.config import PolicySettings, Settings
from tiangong.core.errors import ConfigError
from tiangong.policies.compiled import TEMPLATES, read_policy
from tiangong.policies.record_lines import CheckLine, DroppedLine, SaidLine, SessionLine
from tiangong.policies.record_view import Unread, in_words, read_records
from tiangong.policies.records import DecisionLog
from tiangong.policies.rules import RulesPolicy
from tiangong.service.assembly import Engines
from tiangong.service.notes import Notes

CARD = "5105106970587158"
PHONE = "303-555-0188"
POLICY = RulesPolicy(read_policy(TEMPLATES / "default.yaml"))
NOON_S = 1_780_000_000.0


@pytest.fixture
def opened() -> Iterator[Callable[..., DecisionLog]]:
    logs: list[DecisionLog] = []

    def open_log(folder: Path, **options: Any) -> DecisionLog:
        logs.append(DecisionLog(folder, **options))
        return logs[-1]

    yield open_log
    for log in logs:
        log.close()


def lines_of(folder: Path) -> list[Any]:
    return list(read_records(folder))


def talked(log: DecisionLog) -> None:
    """One question with a card number, an answer with a telephone number that the user cuts short, and another turn."""
    first, second = f"my card {CARD} was declined", "no I meant the other one"
    room = Room([Say(0.5, 1.5, first), Say(6.0, 7.2, second)])
    room.policy = POLICY
    room.brain.default = (
        f"Please call {PHONE}. They know all about cards that were declined, and will help you at once."
    )
    room.brain.answers[second] = "I see."
    room.tell = Notes(log, "tian").take
    room.play(12)
    log.close()


def test_the_real_loop_writes_down_what_was_heard_judged_and_said(tmp_path: Path, opened) -> None:  # type: ignore[no-untyped-def]
    talked(opened(tmp_path))
    first, *rest = lines_of(tmp_path)
    assert isinstance(first, SessionLine)
    assert first.avatar == "tian"
    assert {line.session for line in rest} == {first.session}
    checks = [line for line in rest if isinstance(line, CheckLine)]
    heard = checks[0]
    assert (heard.place, heard.turn, heard.action, heard.rule) == ("input", 1, "redact", "privacy.input")
    assert heard.looked > 10
    assert heard.spans
    assert heard.ms > 0
    assert {line.place for line in checks} == {"input", "output.sentence", "output.final"}
    cut, whole = [line for line in rest if isinstance(line, SaidLine)]
    assert not cut.whole
    assert "They know" in cut.text
    assert "at once" not in cut.text
    assert (whole.text, whole.whole) == ("I see.", True)


def test_no_personal_data_are_written(tmp_path: Path, opened) -> None:  # type: ignore[no-untyped-def]
    log = opened(tmp_path)
    log.session("tian").said(f"I noted card {CARD} and the telephone {PHONE}.", whole=True)
    talked(log)
    text = "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
    assert CARD not in text
    assert PHONE not in text
    assert CARD[:8] not in text


def test_only_the_owner_may_read_a_file_of_records(tmp_path: Path, opened) -> None:  # type: ignore[no-untyped-def]
    opened(tmp_path).close()
    (path,) = tmp_path.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_new_run_adds_to_the_file(tmp_path: Path, opened) -> None:  # type: ignore[no-untyped-def]
    for name in ("tian", "gong"):
        log = opened(tmp_path)
        log.session(name)
        log.close()
    assert [line.avatar for line in lines_of(tmp_path)] == ["tian", "gong"]


def test_files_are_of_a_day_and_of_a_size_and_old_ones_go(tmp_path: Path, opened) -> None:  # type: ignore[no-untyped-def]
    now_s = [NOON_S]
    old, other = tmp_path / "decisions-2020-01-01.jsonl", tmp_path / "notes.txt"
    for path in (old, other):
        path.write_text("", encoding="utf-8")
        os.utime(path, (NOON_S - 40 * 86_400,) * 2)
    log = opened(tmp_path, keep_days=30, largest_mb=0.0005, clock=lambda: now_s[0])
    record = log.session("tian")
    for i in range(12):
        record.said(f"Sentence number {'x' * i} of several.", whole=True)
    _until(lambda: log._lines.empty())  # pyright: ignore[reportPrivateUsage]
    now_s[0] += 86_400
    record.said("The next day.", whole=True)
    log.close()
    assert not old.exists()
    assert other.exists()
    names = sorted(path.name for path in tmp_path.glob("*.jsonl"))
    days = {name[:20] for name in names}
    assert len(days) == 2
    assert len(names) >= 4  # 500 bytes hold four lines
    said = [line.text for line in lines_of(tmp_path) if isinstance(line, SaidLine)]
    assert len(said) == 13
    assert said[-1] == "The next day."


def _until(holds: Callable[[], bool]) -> None:
    until_s = time.monotonic() + 5
    while not holds() and time.monotonic() < until_s:
        time.sleep(0.01)
    time.sleep(0.05)


def test_what_does_not_fit_in_the_queue_is_dropped_at_once_and_counted(tmp_path: Path, opened) -> None:  # type: ignore[no-untyped-def]
    log = opened(tmp_path, most_waiting=3)
    gate, begun = threading.Event(), threading.Event()

    def slow(at: str) -> SessionLine:
        begun.set()
        gate.wait(5)
        return SessionLine(at=at, session="slow", avatar="tian")

    log.put(slow)
    begun.wait(5)
    record = log.session("tian")
    started_s = time.perf_counter()
    for _ in range(1_000):
        record.said("too much", whole=True)
    assert time.perf_counter() - started_s < 0.5
    gate.set()
    log.close()
    lines = lines_of(tmp_path)
    assert sum(line.lines for line in lines if isinstance(line, DroppedLine)) == 998
    assert sum(isinstance(line, SaidLine) for line in lines) == 2


def test_a_full_disk_is_told_once_and_what_it_cost_is_written_when_there_is_room(
    tmp_path: Path, opened, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:  # type: ignore[no-untyped-def]
    log = opened(tmp_path)
    record = log.session("tian")
    _until(lambda: log._lines.empty())  # pyright: ignore[reportPrivateUsage]
    write = os.write
    half = [True]

    def full(file: int, data: bytes) -> int:
        if half:  # the last block of the disk
            half.clear()
            return write(file, data[:20])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with caplog.at_level(logging.ERROR):
        monkeypatch.setattr("tiangong.policies.records.os.write", full)
        for _ in range(3):
            record.said("lost", whole=True)
        _until(lambda: log._lines.empty())  # pyright: ignore[reportPrivateUsage]
        monkeypatch.setattr("tiangong.policies.records.os.write", write)
        record.said("kept", whole=True)
        log.close()
    (told,) = caplog.messages
    assert "No space left on device" in told
    assert "\n" not in told
    session, torn, dropped, kept = lines_of(tmp_path)
    assert isinstance(torn, Unread)
    assert (dropped.lines, kept.text) == (3, "kept")
    assert "3 records before this one" in in_words(dropped)


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    settings = Settings(policy=PolicySettings(decisions=tmp_path / "file" / "records"))
    with pytest.raises(ConfigError, match=r"policy\.decisions .* cannot be written \(Not a directory\)") as raised:
        assert Engines(settings).decisions
    assert "\n" not in str(raised.value)


def test_nothing_is_written_where_no_folder_is_set() -> None:
    assert Engines(Settings()).decisions is None
    Notes(None, "tian").take(None)  # type: ignore[arg-type]


def test_the_records_are_told_in_plain_words(tmp_path: Path, opened) -> None:  # type: ignore[no-untyped-def]
    talked(opened(tmp_path))
    told = CliRunner().invoke(app, ["decisions", str(tmp_path)])
    assert told.exit_code == 0
    assert "heard: 'my card" in told.stdout
    assert "privacy.input: hit" in told.stdout
    assert "verdict: redact by privacy.input" in told.stdout
    assert "said, cut short: " in told.stdout
    one = CliRunner().invoke(app, ["decisions", str(tmp_path), "--rule", "privacy.input", "--json"])
    lines = [json.loads(line) for line in one.stdout.splitlines()]
    assert lines
    assert all(any(rule["rule"] == "privacy.input" for rule in line["rules"]) for line in lines)


def test_records_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no decision records"):
        lines_of(tmp_path)
    with pytest.raises(ConfigError, match="cannot be read"):
        lines_of(tmp_path / "none.jsonl")
