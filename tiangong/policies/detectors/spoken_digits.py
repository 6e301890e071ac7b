"""Numbers read out digit by digit, as a recogniser writes them ("幺三九", "double five"), put into digits."""

import re
from typing import Final

from tiangong.policies.detectors.tracked_text import NormalForm

_LEAST_DIGITS: Final = 7  # a telephone number without its area; shorter runs are counting

_CHINESE: Final = str.maketrans(
    "零〇一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖洞拐勾叉杠", "00123456789121234567890" + "79x-"
)
_CHINESE_DIGIT: Final = "零〇一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖洞拐勾"
_CHINESE_RUN: Final = re.compile(
    rf"[{_CHINESE_DIGIT}\d](?:[ ,、.\-杠]{{0,2}}[{_CHINESE_DIGIT}\d]){{{_LEAST_DIGITS - 1},}}(?:[x叉])?"
)
_ANY_CHINESE_DIGIT: Final = re.compile(f"[{_CHINESE_DIGIT}]")

_UNITS: Final = {w: str(i) for i, w in enumerate("zero one two three four five six seven eight nine".split())} | {
    "oh": "0",
    "o": "0",
}
_TEENS: Final = {
    w: str(i)
    for i, w in enumerate(
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(), start=10
    )
}
_TENS: Final = {
    w: str(i) for i, w in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
_TIMES: Final = {"double": 2, "triple": 3}
_WORDS: Final = "|".join(sorted([*_UNITS, *_TEENS, *_TENS, *_TIMES, "hundred"], key=len, reverse=True))
_TOKEN: Final = re.compile(rf"{_WORDS}|\d+")
_ENGLISH_RUN: Final = re.compile(
    rf"(?<![a-z0-9'])(?:{_WORDS}|\d+)(?:(?: ?[,\-] ?| )(?:dash |hyphen )?(?:{_WORDS}|\d+)(?![a-z'])){{3,}}(?![a-z0-9'])"
)
_ANY_ENGLISH_DIGIT: Final = re.compile(r"zero|one|two|three|four|five|six|seven|eight|nine|double|triple")
_LEAST_WORDS: Final = 3
_AMERICAN: Final = re.compile(r"1?[2-9]\d\d[2-9]\d{6}")

_LETTERED: Final = re.compile(r"(?<![a-z0-9._@])(?=[ol]{0,3}\d)[\dol](?:[ \-]?[\dol]){6,18}(?![a-z0-9@])")
_AS_FIGURES: Final = str.maketrans("ol", "01")


def in_digits(form: NormalForm) -> NormalForm:
    """The text with read-out numbers of 7 digits and more as figures, joined; the same object where there are none."""
    pieces: list[tuple[int, int, str]] = []
    if _ANY_CHINESE_DIGIT.search(form.text):
        for match in _CHINESE_RUN.finditer(form.text):
            if len(_ANY_CHINESE_DIGIT.findall(match.group())) >= _LEAST_WORDS:
                pieces += _one_by_one(match)
        form, pieces = (form.replaced(pieces), []) if pieces else (form, [])
    if _ANY_ENGLISH_DIGIT.search(form.text):
        for match in _ENGLISH_RUN.finditer(form.text):
            figures = _english(match)
            if sum(len(digits) for _, _, digits in figures) >= _LEAST_DIGITS:
                pieces += figures
    form = form.replaced(pieces) if pieces else form
    if "o" not in form.text and "l" not in form.text:
        return form
    return form.rewritten(_LETTERED.sub(_with_figures, form.text))


def _with_figures(match: re.Match[str]) -> str:
    """ "139643o3776": a few letters drawn like 0 and 1 among many figures."""
    run = match.group()
    letters = run.count("o") + run.count("l")
    return run.translate(_AS_FIGURES) if letters * 3 <= len(run) else run


def _one_by_one(match: re.Match[str]) -> list[tuple[int, int, str]]:
    return [
        (i, i + 1, new)
        for i, (old, new) in enumerate(
            zip(match.group(), match.group().translate(_CHINESE), strict=True), start=match.start()
        )
        if old != new
    ]


def _english(match: re.Match[str]) -> list[tuple[int, int, str]]:
    """One piece per word, the gap after a word within the piece; nothing where there are hardly any words."""
    tokens = [(t.start(), t.end(), t.group()) for t in _TOKEN.finditer(match.string, *match.span())]
    if sum(1 for *_, word in tokens if not word.isdigit()) < _LEAST_WORDS:
        return []
    pieces: list[tuple[int, int, str]] = []
    times, times_start = 1, -1
    for i, (start, end, word) in enumerate(tokens):
        following = tokens[i + 1][2] if i + 1 < len(tokens) else ""
        if word in _TIMES:
            times, times_start = _TIMES[word], start
            continue
        digits = _figures(word, following) * times
        pieces.append((start if times == 1 else times_start, end, digits))
        times = 1
    return _without_gaps(pieces)


def _figures(word: str, following: str) -> str:
    if word in _TENS:
        return _TENS[word] if following in _UNITS and following not in ("zero", "oh", "o") else _TENS[word] + "0"
    if word == "hundred":
        return "00"
    return _UNITS.get(word) or _TEENS.get(word) or word


def _without_gaps(pieces: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Each piece reaches to the next one, so that the figures stand side by side."""
    joined = [(start, pieces[i + 1][0], digits) for i, (start, _, digits) in enumerate(pieces[:-1])]
    return _american(joined + pieces[-1:])


def _american(pieces: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Ten figures that fit North America's plan get the gaps they are written with, so that their form is seen."""
    number = "".join(digits for _, _, digits in pieces)
    if not _AMERICAN.fullmatch(number):
        return pieces
    spaced: list[tuple[int, int, str]] = []
    left = len(number)
    for start, end, digits in pieces:
        left -= len(digits)
        spaced.append((start, end, digits + " " if left in (7, 4) else digits))
    return spaced
