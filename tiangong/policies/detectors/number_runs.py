"""Digits in a text cut into runs, and runs into the windows that may be one number."""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Final

_RUN: Final = re.compile(r"(?:\+ ?)?\(?\d(?:[ \-.()·_,]{0,3}\d)*")
_GROUP: Final = re.compile(r"\d+")
_MOST_GROUPS: Final = 8  # of one number; digits written one by one count as one group
_LEAST_DIGITS: Final = 6
_MOST_DIGITS: Final = 24
_LONGEST_CHARS: Final = 60
_WORD_BEFORE: Final = re.compile(r"[a-z]+$")
# What may be written against a number without a space.
_LEADING_WORDS: Final = frozenset("tel phone mobile cell card no id ssn wechat vx qq ph call at is number fax".split())


@dataclass(frozen=True, slots=True)
class Window:
    """Neighbouring groups of digits that may be one number; offsets in the text that was searched."""

    text: str
    start: int  # of the first digit, or of the "+" or "(" before it
    end: int
    digits: str
    shape: tuple[int, ...]  # digits per group
    signs: tuple[str, ...]  # between the groups
    whole: bool  # nothing numeric stands beside it
    joined: bool  # a group of the same run stands beside it by the same kind of sign
    plus: bool

    @property
    def even(self) -> bool:
        """All groups are parted by the same sign, as one number is."""
        return len(set(self.signs)) <= 1


@dataclass(frozen=True, slots=True)
class _Group:
    start: int
    end: int
    digits: str


def windows(text: str, shapes: Container[tuple[int, ...]]) -> Iterator[Window]:
    """Stretches of up to 8 groups of digits in every run: whole runs, single groups, and those with one of `shapes`.

    After a "+" every shape is given; runs that are part of a word ("b12") give nothing.
    """
    for match in _RUN.finditer(text):
        if match.end() - match.start() < 5 or not _stands_free(text, match.start(), match.end()):
            continue
        groups = _groups(text, match.start(), match.end())
        lengths = tuple(len(group.digits) for group in groups)
        for first in range(len(groups)):
            count = 0
            for last in range(first, min(len(groups), first + _MOST_GROUPS)):
                count += lengths[last]
                if count > _MOST_DIGITS or groups[last].end - groups[first].start > _LONGEST_CHARS:
                    break
                whole = first == 0 and (last == len(groups) - 1 or text[match.start()] == "+")
                shape = lengths[first : last + 1]
                if count >= _LEAST_DIGITS and (whole or first == last or shape in shapes):
                    yield _window(text, groups, first, last, match.start())


def _stands_free(text: str, start: int, end: int) -> bool:
    after = text[end : end + 1]
    if after.isascii() and after.isalpha() and after != "x":
        return False
    word = _WORD_BEFORE.search(text[max(0, start - 12) : start])
    return word is None or word.group() in _LEADING_WORDS


def _groups(text: str, start: int, end: int) -> list[_Group]:
    groups: list[_Group] = []
    spelled_by = ""
    for match in _GROUP.finditer(text, start, end):
        digits = match.group()
        last = groups[-1] if groups else None
        sign = text[last.end : match.start()] if last else ""
        if last and len(digits) == 1 and (spelled_by == sign or (len(last.digits) == 1 and not spelled_by)):
            groups[-1] = _Group(last.start, match.end(), last.digits + digits)
            spelled_by = sign
            continue
        spelled_by = ""
        groups.append(_Group(match.start(), match.end(), digits))
    return groups


def _window(text: str, groups: list[_Group], first: int, last: int, run_start: int) -> Window:
    part = groups[first : last + 1]
    signs = tuple(text[a.end : b.start] for a, b in zip(part, part[1:], strict=False))
    start = part[0].start
    if first == 0:
        start = run_start
    elif "(" in text[groups[first - 1].end : start] and ")" in "".join(signs):
        start = text.index("(", groups[first - 1].end)
    before = text[groups[first - 1].end : part[0].start] if first else None
    after = text[part[-1].end : groups[last + 1].start] if last + 1 < len(groups) else None
    usual = signs[0] if signs else None
    return Window(
        text=text,
        start=start,
        end=part[-1].end,
        digits="".join(group.digits for group in part),
        shape=tuple(len(group.digits) for group in part),
        signs=signs,
        whole=before is None and after is None,
        joined=any(sign is not None and (sign == usual or sign in (".", ",", "-")) for sign in (before, after)),
        plus=first == 0 and text[run_start] == "+",
    )
