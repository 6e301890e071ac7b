"""Words that will stay, out of readings that are made again and again while somebody speaks.

LocalAgreement-2 (Macháček, Dabre and Bojar 2023, "Turning Whisper into Real-Time Transcription System",
arXiv:2307.14743, after Liu, Spanakis and Niehues 2020): the end of a reading is a guess, as the sound stops in the middle
of a word; the start on which two readings in a row agree is not. Chinese has no spaces, so there each character is a word.
"""

import re
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from tiangong.core.language import HAN

_WORD: Final = re.compile(rf"[{HAN}]|[^\W{HAN}]+(?:['’.,-][^\W{HAN}]+)*")  # "don't", "3.5" and "well-known" are one
_OPENING: Final = "\"'“‘(（《「"  # belongs to the word after it
_HAN_OR_MARK: Final = re.compile(rf"[{HAN}\u3000-\u303f\uff00-\uff65]")  # beside these no space is written


@dataclass(frozen=True)
class _Word:
    bare: str  # lower case, what is compared: readings change their mind on commas and capitals all the time
    end: int  # where it ends in the text
    marks: str  # what follows it before the next word


class LocalAgreement:
    """The readings of one utterance, each from its beginning."""

    def __init__(self) -> None:
        self.text = ""  # agreed on so far
        self._words = 0
        self._last = ""

    def push(self, reading: str) -> str:
        """The next reading -> the agreed text, in the newest spelling. A reading without words changes nothing.

        The text never loses words; two newer readings that agree on at least as many may put it right.
        """
        if not _words(reading):
            return self.text
        agreed = agreed_start(self._last, reading)
        self._last = reading
        words = len(_words(agreed))
        if words >= self._words:
            self.text, self._words = agreed, words
        return self.text


def agreed_start(before: str, now: str) -> str:
    """The words at the start of both, as `now` writes them; a mark after the last of them only where both have it."""
    old, new = _words(before), _words(now)
    same = len(list(takewhile(lambda pair: pair[0].bare == pair[1].bare, zip(old, new, strict=False))))
    if not same:
        return ""
    last = new[same - 1]
    # Every reading ends in a full stop, since the sound does.
    marks = last.marks if last.marks == old[same - 1].marks else ""
    return now[: last.end].lstrip() + marks


def joined(first: str, then: str) -> str:
    """Two stretches of one utterance: a space between them, but none beside Chinese."""
    beside_chinese = _HAN_OR_MARK.match(first[-1:]) or _HAN_OR_MARK.match(then[:1])
    return f"{first}{'' if not first or not then or beside_chinese else ' '}{then}"


def _words(text: str) -> list[_Word]:
    found = list(_WORD.finditer(text))
    ends = [*(match.start() for match in found), len(text)][1:]  # where the next one begins
    return [
        _Word(match.group().lower(), match.end(), text[match.end() : until].strip().rstrip(_OPENING).rstrip())
        for match, until in zip(found, ends, strict=True)
    ]
