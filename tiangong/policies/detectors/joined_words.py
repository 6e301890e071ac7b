"""Words that ran together when spelled-out letters were closed up ("i w a n t t o d i e"), parted again.

Norvig 2009, "Natural language corpus data": the likeliest split by single words, here by their ranks (Zipf's law).
"""

import math
import re
from functools import cache
from pathlib import Path
from typing import Final

from tiangong.policies.detectors.tracked_text import NormalForm

WORDS: Final = Path(__file__).parent.parent / "weights" / "common_words.txt"  # the commonest first
LONGEST_WORD: Final = 14
_RUN: Final = re.compile(r"[a-z]{6,}")
_MOST_LETTERS: Final = 2_000  # of one run, from its beginning and from its end: nobody spells out more
_UNKNOWN_LETTER: Final = 14.0  # dearer than any listed word, so that names stay in few pieces


def part_words(form: NormalForm) -> NormalForm | None:
    """The reading in which runs of letters that stood apart one by one are words; None where there are none to part."""
    pieces: list[tuple[int, int, str]] = []
    for match in _RUN.finditer(form.text):
        start, end = match.span()
        if not _stood_apart(form, start, end):
            continue
        for first, last in _looked_at(start, end):
            pieces += [(i, i + 1, form.text[i] + " ") for i in _word_ends(form.text[first:last], first)]
    return form.replaced(pieces) if pieces else None


def _stood_apart(form: NormalForm, start: int, end: int) -> bool:
    return all(form.ends[i] < form.starts[i + 1] for i in range(start, end - 1))


def _looked_at(start: int, end: int) -> list[tuple[int, int]]:
    if end - start <= 2 * _MOST_LETTERS:
        return [(start, end)]
    return [(start, start + _MOST_LETTERS), (end - _MOST_LETTERS, end)]


def _word_ends(run: str, offset: int) -> list[int]:
    """The places of the last letters of all words but the last, ascending."""
    costs = _costs()
    best = [0.0]
    lengths = [0]
    for end in range(1, len(run) + 1):
        cost, length = best[end - 1] + _UNKNOWN_LETTER, 1
        for size in range(1, min(end, LONGEST_WORD) + 1):
            word_cost = costs.get(run[end - size : end])
            if word_cost is not None and best[end - size] + word_cost < cost:
                cost, length = best[end - size] + word_cost, size
        best.append(cost)
        lengths.append(length)
    ends: list[int] = []
    at = len(run) - lengths[-1]
    while at > 0:
        ends.append(offset + at - 1)
        at -= lengths[at]
    return ends[::-1]


@cache
def _costs() -> dict[str, float]:
    words = WORDS.read_text(encoding="utf-8").split()
    scale = math.log(len(words) + 1)
    return {word: math.log((rank + 1) * scale) for rank, word in enumerate(words)}
