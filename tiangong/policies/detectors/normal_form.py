"""The normal form of a text: what patterns, word lists and models read, with the way back to the original.

Full width is half width, capitals are small, traditional Chinese is simplified, marks that cannot be seen are gone,
look-alike letters are Latin, and words that were pulled apart are whole. What is not certain (leet digits, signs within
Chinese words) is left to `readings`.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from typing import Final, Protocol

from tiangong.core.language import HAN
from tiangong.policies.detectors.gaps import close_gaps, close_signs
from tiangong.policies.detectors.joined_words import part_words
from tiangong.policies.detectors.look_alikes import all_latin_look, latin_look
from tiangong.policies.detectors.pinyin import pinyin_key, pinyin_of
from tiangong.policies.detectors.tracked_text import NormalForm

__all__ = ["LONGEST_CHARS", "NormalForm", "normal_form", "pinyin_key", "pinyin_of", "readings"]

LONGEST_CHARS: Final = 200_000  # as much as a script may have
_LONGEST_EXPANSION: Final = 4  # one Arabic ligature would become 18 characters, and a text of them 18 times as long
_REMEMBERED: Final = 40_000  # characters kept in the table: all of Chinese, and no more than a few megabytes
_MOST_MARKS: Final = 2  # on one letter; what is beyond is there to confuse

_SMALL_CAPITALS: Final = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz", strict=True))
_LATIN_ODDITIES: Final = dict(zip("ıłøđħǝɑɡɩŧƙɓƈɗɛɠɦɱɲʂʈʋʐ", "ilodheagitkbcdeghmnstvz", strict=True))
_SPECIAL: Final = {
    **dict.fromkeys("‘’‚‛′`´ʼʹ＇", "'"),
    **dict.fromkeys("“”„‟″«»「」『』〝〞＂", '"'),
    **dict.fromkeys("‐‑‒–—―−﹣－⁃", "-"),
    **dict.fromkeys("•∙‧・･●⋅", "·"),
    **dict.fromkeys("〜～∼", "~"),
    **dict.fromkeys("\u115f\u1160\u3164\uffa0\u2800", ""),  # letters by name, blanks by look
    **_SMALL_CAPITALS,
    **_LATIN_ODDITIES,
    **{chr(first + i): chr(97 + i) for first in (0x1F150, 0x1F170, 0x1F1E6) for i in range(26)},  # 🅐 🅰 🇦
    "ς": "σ",
    "妳": "你",
    "祂": "他",
    "牠": "它",
}
_SEEN_MARKS: Final = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe2f\U000e0100-\U000e01ef]+"
)
_HAN: Final = re.compile(f"[{HAN}]")
_MARK_BASE: Final = re.compile(f"[a-z0-9\u0370-\u058f\u13a0-\u13ff\uab70-\uabbf{HAN}]")
# Two code points that are one letter of Russian or Japanese; all other marks are ornament here.
_CLUSTER: Final = re.compile(r"[иИуУ]\u0306|[еЕіІ]\u0308|[\u304b-\u30fd\uff73-\uff8e][\u3099\u309a\uff9e\uff9f]")
_PIECE: Final = re.compile(f"{_CLUSTER.pattern}|.", re.DOTALL)
# One traditional character, two simplified ones: 著名 stays, 活著 is 活着.
_ZHU: Final = re.compile(r"(?<![显名土编专论原卓昭巨遗译拙合])著(?![名作称述书者录])")
_TAGS: Final = re.compile("[\U000e0020-\U000e007e]+")  # invisible, and yet read by language models as ASCII
_LEET_SIGNS: Final = "013457@$!|"
_WORD: Final = re.compile(rf"[a-z{_LEET_SIGNS}]+")
_LEET_EDGE: Final = re.compile(rf"[a-z][{_LEET_SIGNS}]|[{_LEET_SIGNS}][a-z]")
# Numbers and model names: "2019a", "10am", "3d", "b12", and words that only end in signs.
_NO_LEET: Final = re.compile(r"\d{4}|^\d+(?:st|nd|rd|th|[a-z]{1,2})$|^(?!a11$)[a-z]{1,2}\d+$|^[a-z]+[!|]+$")
_TWO_ONES: Final = re.compile("11(?!1)")
_LEET: Final = str.maketrans(_LEET_SIGNS, "oieastasil")
_LEET_L: Final = str.maketrans(_LEET_SIGNS, "oleastasll")


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


def normal_form(text: str) -> NormalForm:
    """The one reading that is always right; at most LONGEST_CHARS of the text are read. Normalising it again changes nothing."""
    cut = len(text) > LONGEST_CHARS
    return _normal(text, text[:LONGEST_CHARS], cut)


def readings(text: str) -> tuple[NormalForm, ...]:
    """The normal form, then each bolder reading that differs from it: a rule hits where any of them hits.

    Words parted that were spelled out ("i w a n t"), leet digits as letters ("1gn0re"), no signs within Chinese words
    ("自*杀"), a text drawn with look-alikes only, and invisible tag characters as the ASCII they hide.
    """
    first = normal_form(text)
    return tuple({form.text: form for form in (first, *_bolder(first))}.values())


def _bolder(first: NormalForm) -> Iterator[NormalForm]:
    text = first.text
    if len(text) < len(first.original) and (parted := part_words(first)):
        yield parted
    if not text.isascii():
        yield close_signs(first)
        if latin := all_latin_look(first):
            yield latin
    if _LEET_EDGE.search(text):
        yield first.rewritten(_WORD.sub(lambda m: _unleet(m.group(), _LEET), text))
        yield first.rewritten(_WORD.sub(lambda m: _unleet(m.group(), _LEET_L), text))
    if not first.original.isascii() and _TAGS.search(first.original):
        shown = _TAGS.sub(lambda m: "".join(chr(ord(c) - 0xE0000) for c in m.group()), first.original)
        yield _normal(first.original, shown[:LONGEST_CHARS], first.cut)


def _unleet(word: str, table: dict[int, int]) -> str:
    if word.isalpha() or not _LEET_EDGE.search(word) or _NO_LEET.search(word):
        return word
    return _TWO_ONES.sub("ll", word).translate(table)


def _normal(original: str, text: str, cut: bool) -> NormalForm:
    if text.isascii() and text.isprintable():
        places = range(len(text))
        return close_gaps(NormalForm(original, text.lower().replace("`", "'"), places, range(1, len(text) + 1), cut))
    form = close_gaps(latin_look(_visible_marks(_folded(original, text, cut))))
    if "著" in form.text or "甚么" in form.text:
        return form.rewritten(_ZHU.sub("着", form.text).replace("甚么", "什么"))
    return form


def _folded(original: str, text: str, cut: bool) -> NormalForm:
    pieces = _PIECE.findall(text) if _CLUSTER.search(text) else text
    folded = [_FOLDS[piece] for piece in pieces]
    joined = "".join(folded)
    lengths = list(map(len, folded))
    if pieces is text and len(joined) == len(text) and lengths.count(1) == len(text):
        return NormalForm(original, joined, range(len(text)), range(1, len(text) + 1), cut)
    ends_of_pieces = list(accumulate(map(len, pieces))) if pieces is not text else range(1, len(text) + 1)
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for length, end in zip(lengths, ends_of_pieces, strict=True):
        if length == 1:
            starts.append(at)
            ends.append(end)
        elif length:
            starts += [at] * length
            ends += [end] * length
        at = end
    return NormalForm(original, joined, starts, ends, cut)


def _visible_marks(form: NormalForm) -> NormalForm:
    """Without the vowel signs of other scripts on Latin, Cyrillic and Chinese letters, and without heaps of them."""
    if form.text.isascii():
        return form
    marks = {c for c in set(form.text) if unicodedata.category(c)[0] == "M"}
    if not marks:
        return form
    gaps: list[tuple[int, int]] = []
    allowed = 0
    for i, c in enumerate(form.text):
        if c not in marks:
            allowed = _MOST_MARKS if c.isalpha() and not _MARK_BASE.match(c) else 0
        elif allowed:
            allowed -= 1
        else:
            gaps.append((i, i + 1))
    return form.without(gaps)


class _Folds(dict[str, str]):
    """Character (or cluster) -> what stands for it, worked out once."""

    def __missing__(self, piece: str) -> str:
        folded = _fold(piece)
        for _ in range(2):  # what became of it may be folded further
            folded = "".join(map(_fold, folded))
        if len(folded) > _LONGEST_EXPANSION:
            folded = piece
        if len(self) >= _REMEMBERED:
            self.clear()  # and not closed: a text of rare characters would slow all later ones
        self[piece] = folded
        return folded


def _fold(piece: str) -> str:
    if (special := _SPECIAL.get(piece)) is not None:
        return special
    if piece.isspace():
        return " "
    category = unicodedata.category(piece[0])
    if category in ("Co", "Cn"):
        return piece
    if category == "Nd":
        return str(unicodedata.digit(piece))
    if category in ("Cf", "Cc", "Cs") or _SEEN_MARKS.fullmatch(piece):
        return ""
    folded = unicodedata.normalize("NFKC", piece).lower()
    if not "\u0400" <= folded <= "\u052f":  # й and ё are letters of their own
        folded = _SEEN_MARKS.sub("", unicodedata.normalize("NFD", folded)) if folded < "\u3000" else folded
        folded = unicodedata.normalize("NFC", folded)
    return "".join(_simplified().convert(c) if _HAN.match(c) else c for c in folded)


@cache
def _simplified() -> _Converter:
    from opencc import OpenCC  # pyright: ignore[reportUnknownVariableType]

    return OpenCC("t2s")


_FOLDS: Final = _Folds()
