"""In which language a figure is read, and rules that turn writing into words."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tiangong.voice.language_runs import Tongue
from tiangong.voice.spoken_text.units import UNITS

HAN: Final = "\u3400-\u9fff\uf900-\ufaff"
_HAN_BEFORE: Final = re.compile(rf"[{HAN}][ “‘（(：:，,]?$")
_HAN_AFTER: Final = re.compile(rf"[”’）)]?[ ]?[{HAN}]")
_LATIN_BEFORE: Final = re.compile(r"[A-Za-z][A-Za-z'’.]*[ ,\-–:(]{0,2}$")
_PHRASE_BEFORE: Final = re.compile(r"[A-Za-z'’]+,? [A-Za-z'’]+[ ,\-–:(]{0,2}$")
_LATIN_AFTER: Final = re.compile(r"[ ]?[A-Za-z]")
_WORD: Final = re.compile(r"(?<![\w.@/])[A-Za-z]?[a-z]{2,}(?![\w@/])")
_SEEN: Final = 60  # characters on either side that decide


@dataclass(frozen=True)
class Place:
    """A match in its text."""

    match: re.Match[str]
    tongue: Tongue

    def __getitem__(self, group: str | int) -> str:
        return self.match[group] or ""

    @property
    def after(self) -> str:
        """What follows, a few characters."""
        return self.match.string[self.match.end() : self.match.end() + 12]

    @property
    def before(self) -> str:
        """What comes before, a few characters."""
        return self.match.string[max(0, self.match.start() - 12) : self.match.start()]


def main_of(text: str, wanted: Tongue) -> Tongue:
    """The language of a sentence: the `wanted` one, but English where there are two English words and nothing Chinese.

    Units and names of things (50ms, GPT-4, 500 RMB) do not make a sentence English.
    """
    if wanted == "en" or re.search(f"[{HAN}]", text):
        return wanted
    words = {w for w in _WORD.findall(text) if w not in UNITS}
    return "en" if len(words) > 1 else "zh"


def tongue_at(text: str, start: int, end: int, main: Tongue) -> Tongue:
    """The language in which `text[start:end]`, figures and signs, is read.

    It is the sentence's own, `main`. Exceptions: in a Chinese sentence a figure within English words (both sides, or
    after two of them), and one that an English name ends with (iPhone 15, GPT-4; see names.py; not A4, MP3, which are
    said in Chinese); in an English sentence a figure that touches Chinese (30元).
    """
    if any("\u3400" <= c <= "\u9fff" for c in text[start:end]):
        return "zh"
    before, after = text[max(0, start - _SEEN) : start], text[end : end + _SEEN]
    if main == "en":
        return "zh" if _HAN_AFTER.match(after) or (before[-1:] >= "\u3400" and before[-1:] <= "\u9fff") else "en"
    if _HAN_AFTER.match(after) or _HAN_BEFORE.search(before):
        return "zh"
    if _LATIN_BEFORE.search(before) and _LATIN_AFTER.match(after):
        return "en"
    return "en" if _PHRASE_BEFORE.search(before) else "zh"


@dataclass(frozen=True)
class Rule:
    """What `pattern` finds is read as `english` or `chinese` say; None leaves it to later rules."""

    pattern: re.Pattern[str]
    english: Callable[[Place], str | None]
    chinese: Callable[[Place], str | None]
    spaced: bool = True  # English words are kept apart from what touches them

    def __call__(self, text: str, main: Tongue) -> str:
        def read(match: re.Match[str]) -> str:
            tongue = tongue_at(text, match.start(), match.end(), main)
            said = (self.chinese if tongue == "zh" else self.english)(Place(match, tongue))
            if said is None:
                return match.group()
            return _apart(said, text, match) if self.spaced else said

        return self.pattern.sub(read, text)


def _apart(said: str, text: str, match: re.Match[str]) -> str:
    """A space where two words would grow together."""
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    left = " " if _letter(before) and _letter(said[:1]) else ""
    right = " " if _letter(after) and _letter(said[-1:]) else ""
    return f"{left}{said}{right}"


def _letter(character: str) -> bool:
    return bool(character) and character.isalnum() and character < "\u3400"
