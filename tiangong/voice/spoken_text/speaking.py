"""The order in which writing is read."""

import re
from typing import Final

from tiangong.voice.language_runs import Tongue
from tiangong.voice.spoken_text import addresses, calendar, names, quantities
from tiangong.voice.spoken_text.context import main_of
from tiangong.voice.spoken_text.markup import unmarked, without_signs
from tiangong.voice.spoken_text.numerals import digits_en, digits_zh

# What is most particular comes first: an address holds dates, a date holds numbers.
_RULES: Final = (
    *addresses.RULES,
    *names.BEFORE_FIGURES,
    *calendar.RULES,
    *quantities.RULES,
    *names.AMONG_FIGURES,
    *quantities.LAST_RULES,
    *names.AFTER_FIGURES,
)
_RULES_WITHOUT_FIGURES: Final = (*addresses.RULES, *names.BEFORE_FIGURES, *calendar.RULES, *names.AFTER_FIGURES)
_FIGURE: Final = re.compile(r"[\d½¼¾⅓⅔⅛²³⁴-⁹]")
# Patterns look back and ahead: in pieces, the time they take grows with the length of the text and not with its square.
_PIECE: Final = re.compile(r".{1,200}(?:(?<=[。！？\n])|(?<=[.!?;,] )|\Z)|.{1,200}(?<=\s)|.{1,100}", re.DOTALL)
_ENDLESS: Final = re.compile(r"(?<!\d)([0-9]{41,})")  # no quantity, date or address


def speakable(text: str, language: str) -> str:
    """What is to be read aloud, on one line, without figures, signs and pictures; empty where nothing can be said.

    `language` (BCP-47, "zh" or "en" first) is that of the sentence; see context.py for figures of the other one within it.
    Never raises; the marks that make pauses stay.
    """
    wanted: Tongue = "zh" if language.lower().startswith("zh") else "en"
    plain = unmarked(text, wanted)
    main = main_of(plain, wanted)
    said: list[str] = []
    for part in _ENDLESS.split(plain):
        if len(part) > 40 and part.isascii() and part.isdigit():
            said.append(f" {digits_zh(part) if main == 'zh' else digits_en(part)} ")
        else:
            said += [_in_words(piece, main) for piece in _PIECE.findall(part)]
    return without_signs("".join(said))


def _in_words(piece: str, main: Tongue) -> str:
    for rule in _RULES if _FIGURE.search(piece) else _RULES_WITHOUT_FIGURES:
        piece = rule(piece, main)
    return piece
