"""Reads policy and scenario files: YAML 1.2 data, with the line of everything that is wrong.

No tags, no anchors, no code: what is read is tables, lists, texts and numbers.
"""

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent

from tiangong.core.errors import ConfigError

LARGEST_BYTES: Final = 2_000_000
Model = TypeVar("Model", bound=BaseModel)
Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class Complaint:
    """One thing that is wrong in a file, and how to mend it."""

    file: str
    line: int  # from 1; 0: the file as a whole
    what: str
    mend: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.what}" + (f"; {self.mend}" if self.mend else "")


class PolicyProblem(ConfigError):
    """A policy or scenario file that cannot be used. `complaints` has all that was found; `str` is the first."""

    def __init__(self, complaints: list[Complaint]) -> None:
        more = f" (and {len(complaints) - 1} more)" if len(complaints) > 1 else ""
        super().__init__(f"{complaints[0]}{more}")
        self.complaints = tuple(complaints)


@dataclass(frozen=True)
class Source:
    """A file as it was read: its data, and in which line each part stands."""

    file: str
    data: Any
    lines: dict[Path_, int]

    def line(self, path: Path_) -> int:
        """The line of a part, or of the nearest part around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def complaint(self, path: Path_, what: str, mend: str = "") -> Complaint:
        return Complaint(self.file, self.line(path), what, mend)


def read_source(path: Path) -> Source:
    """Raises PolicyProblem where the file is missing, too large, not UTF-8, not YAML 1.2, or holds anchors or a key twice."""
    name = path.name
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise PolicyProblem([Complaint(name, 0, f"larger than {LARGEST_BYTES:,} bytes", "split it into packs")])
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise PolicyProblem([Complaint(name, 0, f"cannot be opened ({error.strerror})")]) from error
    except UnicodeDecodeError as error:
        raise PolicyProblem([Complaint(name, 0, "not UTF-8", "save it as UTF-8")]) from error
    return parse_source(text, name)


def parse_source(text: str, name: str) -> Source:
    """The same for a text that was read already."""
    try:
        for event in YAML(typ="rt", pure=True).parse(text):
            if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
                line = event.start_mark.line + 1
                raise PolicyProblem([Complaint(name, line, "an anchor or alias", "write the part out")])
            if tag := getattr(event, "tag", None):
                raise PolicyProblem([Complaint(name, event.start_mark.line + 1, f"a tag ({tag})", "leave it out")])
        data = YAML(typ="rt", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        what = f"not YAML 1.2: {' '.join(str(error.problem).split())}"
        raise PolicyProblem(
            [Complaint(name, mark.line + 1 if mark else 0, what, "check indentation and quotes")]
        ) from error
    except (YAMLError, RecursionError, ValueError) as error:
        raise PolicyProblem([Complaint(name, 0, f"not YAML 1.2 ({type(error).__name__})")]) from error
    if not isinstance(data, CommentedMap):
        raise PolicyProblem([Complaint(name, 1, "must hold keys such as 'policy' and 'rules'")])
    lines: dict[Path_, int] = {}
    return Source(name, _plain(data, (), lines), lines)


def _plain(node: Any, path: Path_, lines: dict[Path_, int]) -> Any:
    if isinstance(node, CommentedMap):
        table: dict[Any, Any] = {}
        for key, value in node.items():
            lines[(*path, key)] = node.lc.key(key)[0] + 1
            table[key] = _plain(value, (*path, key), lines)
        return table
    if isinstance(node, CommentedSeq):
        items: list[Any] = []
        for i, value in enumerate(node):
            lines[(*path, i)] = node.lc.item(i)[0] + 1
            items.append(_plain(value, (*path, i), lines))
        return items
    if isinstance(node, str):
        return str(node)
    return node


def checked(source: Source, model: type[Model]) -> Model:
    """The data as `model`. Raises PolicyProblem with a complaint for each thing that is wrong."""
    try:
        return model.model_validate(source.data)
    except ValidationError as error:
        complaints = [_of_error(source, details, model) for details in error.errors()]
        raise PolicyProblem(sorted(complaints, key=lambda complaint: complaint.line)) from error


def _of_error(source: Source, details: ErrorDetails, model: type[BaseModel]) -> Complaint:
    path = tuple(part for part in details["loc"])
    key = ".".join(str(part) for part in path)
    if details["type"] == "extra_forbidden":
        known = _keys_of(model)
        if path[-1] in known:
            return source.complaint(path, f"unknown key '{key}'", "it does not belong here, but into another table")
        near = get_close_matches(str(path[-1]), known, n=1, cutoff=0.6)
        return source.complaint(path, f"unknown key '{key}'", f"did you mean '{near[0]}'?" if near else "leave it out")
    if details["type"] == "missing":
        return source.complaint(path[:-1], f"the key '{key}' is missing", f"add '{path[-1]}:'")
    given = f" (got {str(details['input'])[:60]!r})" if isinstance(details["input"], (str, int, float)) else ""
    return source.complaint(path, f"'{key}': {details['msg']}{given}")


def _keys_of(model: type[BaseModel]) -> list[str]:
    """Every key that may stand anywhere in a file of this kind."""
    found: set[str] = set()
    schemas = model.model_json_schema(by_alias=True)
    for part in [schemas, *schemas.get("$defs", {}).values()]:
        found |= set(part.get("properties", {}))
    return sorted(found)
