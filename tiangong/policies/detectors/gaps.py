"""Letters and characters that were pulled apart ("i g n o r e", "我*想*轻*生") put together again."""

import re
from collections.abc import Iterator
from typing import Final

from tiangong.core.language import HAN
from tiangong.policies.detectors.tracked_text import NormalForm

_SIGNS: Final = r"\-._*·|/~+^=#&"
# One letter, one sign or space, one letter ...: three letters or more, always the same sign.
_LETTERS: Final = re.compile(rf"(?<![a-z0-9'])[a-z]([ {_SIGNS}])[a-z](?:\1[a-z])+(?![a-z0-9'])")
# "r u a robot", "i m a fan": three letters that are words by themselves, with a word beside them.
_TEXT_SPEAK: Final = re.compile(r"[abcikmnruxy] [abcikmnruxy] [abcikmnruxy]")
_WORD_BEFORE: Final = re.compile(r"[a-z0-9'] $")
_WORD_AFTER: Final = re.compile(r" [a-z0-9']")
# Two letters are a word pulled apart only where no other word stands beside them ("是 A I 吗", but "plan a b").
_TWO_LETTERS: Final = re.compile(r"(?<![a-z0-9'\-._/])(?<![a-z0-9'] )[a-z] [a-z](?![a-z0-9'\-._/])(?! [a-z0-9])")
_HAN_SPACE: Final = re.compile(rf"(?<=[{HAN}]) +(?=[{HAN}])")
_HAN_RUN: Final = re.compile(rf"(?<![{HAN}])[{HAN}]( ?[{_SIGNS}]{{1,3}} ?)[{HAN}](?:\1[{HAN}])+(?![{HAN}])")
_HAN_SIGNS: Final = re.compile(rf"(?<=[{HAN}])[ {_SIGNS}@丶]{{1,6}}(?=[{HAN}])")
_HAN_LIST: Final = re.compile(rf"(?<![{HAN}])[{HAN}](?:[ ,、。.;!…]{{1,3}}[{HAN}]){{2,}}(?![{HAN}])")
_BETWEEN: Final = re.compile(rf"[^{HAN}a-z]+")
_SPACES: Final = re.compile(r"^ +| +$|(?<= ) +")
_ANY_GAP: Final = re.compile(
    rf"  |^ | $|(?<![a-z0-9'])[a-z][ {_SIGNS}][a-z](?![a-z'])|[{HAN}](?: +| ?[{_SIGNS}]{{1,3}} ?)[{HAN}]"
)


def close_gaps(form: NormalForm) -> NormalForm:
    """Spaced-out words closed, white space collapsed to one space and dropped at the ends."""
    if not _ANY_GAP.search(form.text):
        return form
    form = _apart(form, _LETTERS)
    form = _apart(form, _TWO_LETTERS)
    form = form.without(m.span() for m in _HAN_SPACE.finditer(form.text))
    form = _apart(form, _HAN_RUN)
    form = form.without(m.span() for m in _SPACES.finditer(form.text))
    # What stood apart by two spaces everywhere is apart by one now.
    form = _apart(form, _LETTERS)
    return _apart(form, _TWO_LETTERS)


def close_signs(form: NormalForm) -> NormalForm:
    """A bolder reading: no sign at all between Chinese characters ("自*杀"), no comma between single ones."""
    if not _HAN_SIGNS.search(form.text) and not _HAN_LIST.search(form.text):
        return form
    form = _apart(form, _HAN_LIST)
    return form.without(m.span() for m in _HAN_SIGNS.finditer(form.text))


def _apart(form: NormalForm, run: re.Pattern[str]) -> NormalForm:
    gaps = list(_gaps_within(form.text, run))
    return form.without(gaps) if gaps else form


def _gaps_within(text: str, run: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    for match in run.finditer(text):
        if _TEXT_SPEAK.fullmatch(match.group()) and (
            _WORD_BEFORE.search(text[max(0, match.start() - 2) : match.start()]) or _WORD_AFTER.match(text, match.end())
        ):
            continue
        for gap in _BETWEEN.finditer(text, *match.span()):
            yield gap.span()
