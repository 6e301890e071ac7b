"""Decision records in plain words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from tiangong.core.errors import ConfigError
from tiangong.policies.record_lines import RECORD_LINE, CheckLine, DroppedLine, SaidLine, SessionLine

AnyLine = SessionLine | CheckLine | SaidLine | DroppedLine


@dataclass(frozen=True)
class Unread:
    """A line that is no record: half a line after a crash or a full disk."""

    file: str
    number: int  # from 1


def read_records(path: Path) -> Iterator[AnyLine | Unread]:
    """All lines of a file, or of all files in a folder, oldest first. Raises ConfigError where there is none."""
    files = sorted(path.glob("decisions-*.jsonl"), key=_age) if path.is_dir() else [path]
    if not files:
        raise ConfigError(f"there are no decision records in '{path}'; policy.decisions names their folder")
    for file in files:
        try:
            with file.open(encoding="utf-8", errors="replace") as lines:
                for number, line in enumerate(lines, 1):
                    if line.strip():
                        yield _read(line, file.name, number)
        except OSError as error:
            raise ConfigError(f"'{file}' cannot be read ({error.strerror})") from error


def _age(file: Path) -> tuple[str, int]:
    """By day, then by number."""
    day, _, number = file.stem.removeprefix("decisions-").partition(".")
    return day, int(number) if number.isdecimal() else 1


def _read(line: str, file: str, number: int) -> AnyLine | Unread:
    try:
        return RECORD_LINE.validate_json(line)
    except ValidationError:
        return Unread(file, number)


def about_rule(lines: Iterable[AnyLine | Unread], rule: str) -> Iterator[AnyLine | Unread]:
    """Only the checks in which a rule spoke."""
    for line in lines:
        if isinstance(line, CheckLine) and (line.rule == rule or any(each.rule == rule for each in line.rules)):
            yield line


def in_words(line: AnyLine | Unread) -> str:
    """One record for a person; several lines of text."""
    match line:
        case SessionLine():
            return f"{_when(line.at)}  talk {line.session} with {line.avatar} begins"
        case SaidLine():
            how = "said" if line.whole else "said, cut short"
            return f"{_when(line.at)}  talk {line.session}\n  {how}: {line.text!r}"
        case DroppedLine():
            return f"{_when(line.at)}  {line.lines:,} records before this one could not be written"
        case Unread():
            return f"({line.file}:{line.number} is no record)"
        case CheckLine():
            return _check_in_words(line)


def _check_in_words(line: CheckLine) -> str:
    heard = line.place in ("input", "session")
    told = [
        f"{_when(line.at)}  talk {line.session}, turn {line.turn}" + (", a judge's late word" if line.late else ""),
        f"  {'heard' if heard else 'about to say'}: {line.text!r} ({line.language})" + _feeling(line),
        f"  {line.looked} rules looked at it" + ("" if line.rules else ", none spoke"),
    ]
    for each in line.rules:
        seen = ", ".join(repr(line.text[start:end]) for start, end in each.spans if end <= len(line.text))
        told.append(f"    {each.rule}: {each.status}" + (f" {seen}" if seen else "") + _because(each.reason))
    by = f" by {line.rule}" if line.rule else ""
    status = f" [{line.status}]" if line.status != "checked" else ""
    told.append(f"  verdict: {line.action}{by}{status}, {line.ms:.1f} ms")
    if line.action != "allow":
        told.append(f"  instead: {line.said!r}" if line.said else "  nothing is said instead")
    if line.summary:
        told.append(f"  for the colleague: {line.summary}")
    return "\n".join(told)


def _feeling(line: CheckLine) -> str:
    return f", the user seems {line.emotion} ({line.emotion_confidence:.2f})" if line.emotion else ""


def _because(reason: str) -> str:
    return f" ({reason})" if reason else ""


def _when(at: str) -> str:
    return at[:19].replace("T", " ")
