"""Parts of patterns that several of them share, by name: "{are} {you} a {machine}"."""

import re
from collections.abc import Mapping
from typing import Final

from tiangong.policies.reading import PolicyProblem, Source

# "{thing}", but neither "{2,3}" nor the braces of "\p{Han}" and "\x{ff}".
_REFERENCE: Final = re.compile(r"(?<!\\[pPx])\{([a-z][a-z0-9_-]*)\}")
Path = tuple[str | int, ...]


def spelled_pieces(pieces: Mapping[str, str], source: Source) -> dict[str, str]:
    """Each piece with those before it put in, as a group. Raises PolicyProblem for one that is not known there."""
    spelled: dict[str, str] = {}
    for name, text in pieces.items():
        spelled[name] = f"(?:{spelled_out(text, spelled, source, ('pieces', name))})"
    return spelled


def spelled_out(pattern: str, pieces: Mapping[str, str], source: Source, path: Path) -> str:
    """The pattern with its {pieces} put in; raises PolicyProblem, at `path` of `source`, for an unknown one."""
    if unknown := [name for name in _REFERENCE.findall(pattern) if name not in pieces]:
        mend = f"known: {', '.join(pieces)}" if pieces else "add it under 'pieces:'"
        raise PolicyProblem([source.complaint(path, f"no piece '{unknown[0]}'", mend)])
    return _REFERENCE.sub(lambda match: pieces[match.group(1)], pattern)
