"""The same words in other clothes: streams cut elsewhere, and texts written so as to slip past a filter."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final

from tiangong.policies.scenarios.document import Evasion

_HOMOGLYPHS: Final = str.maketrans("aceopxyijsh", "асеорхуіјѕһ")  # Latin to the Cyrillic letters that look alike
_ZERO_WIDTH: Final = ("\u200b", "\u200d", "\u2060", "\u200c")


def recuts(text: str) -> Iterator[tuple[str, ...]]:
    """The stream whole, letter by letter, and cut in two at every boundary."""
    yield (text,)
    yield tuple(text)
    for i in range(1, len(text)):
        yield (text[:i], text[i:])


def evaded(text: str, evasion: Evasion) -> str | None:
    """The text under an evasion; None where it does nothing to it."""
    written = _EVASIONS[evasion](text)
    return written if written and written != text else None


def _full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def _zero_width(text: str) -> str:
    return "".join(c + _ZERO_WIDTH[i % len(_ZERO_WIDTH)] if i % 2 else c for i, c in enumerate(text))


def _homoglyph(text: str) -> str:
    # Every other letter only: a word that is wholly Cyrillic could be a real one.
    return "".join(c.translate(_HOMOGLYPHS) if i % 2 == 0 or c in "eo" else c for i, c in enumerate(text))


def _spaced(text: str) -> str:
    """ "w o r d   w o r d", "我 想 走": letters apart, a wider gap between words."""
    return "   ".join(" ".join(word) for word in text.split())


def _traditional(text: str) -> str:
    return str(_converter().convert(text))


@lru_cache(maxsize=1)
def _converter() -> Any:
    import opencc  # late: only tests write traditional characters

    return opencc.OpenCC("s2t")


def _pinyin(text: str) -> str:
    from pypinyin import lazy_pinyin  # late: takes 0.1 s

    return " ".join(lazy_pinyin(text)) if any("\u3400" <= c <= "\u9fff" for c in text) else text


_EVASIONS: Final[dict[Evasion, Callable[[str], str]]] = {
    "full_width": _full_width,
    "zero_width": _zero_width,
    "traditional": _traditional,
    "homoglyph": _homoglyph,
    "pinyin": _pinyin,
    "spaced": _spaced,
    "upper": str.upper,
}
