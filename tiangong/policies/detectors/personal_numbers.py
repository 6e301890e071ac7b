"""Which numbers in a text are someone's: identity cards, bank cards, telephones, social security.

Sources: GB 11643 (identity numbers), ISO/IEC 7812 with Luhn (cards), the numbering plans of China and of North America,
SSA's rules for social security numbers; libphonenumber for all other countries.
"""

import datetime
import re
from collections.abc import Iterator
from typing import Final

import phonenumbers
from stdnum import luhn
from stdnum.cn import ric

from tiangong.policies.detectors.number_runs import Window, windows
from tiangong.policies.detectors.personal_context import About, Context, context_before, phone_after
from tiangong.policies.detectors.personal_kinds import PersonalKind

_PROVINCES: Final = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83".split()
)
_ID_SHAPES: Final = {
    (18,),
    (17,),
    (6, 8, 4),
    (6, 4, 4, 4),
    (4, 4, 4, 4, 2),
    (3, 3, 4, 4, 4),
    (6, 8, 3),
    (6, 12),
    (6, 11),
}
_CARD_SHAPES: Final = {
    (4, 4, 4, 4),
    (4, 6, 5),
    (4, 4, 4, 4, 3),
    (4, 4, 4, 4, 2),
    (4, 4, 4, 4, 1),
    (8, 8),
    (6, 13),
    (6, 10),
    (4, 4, 5),
}
_CARD: Final = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3(?:0[0-5]|[68]\d|9\d)\d{11}|35\d{14}|"
    r"6\d{15,18}|5[0678]\d{14,17}|9\d{15,18}"
)  # fmt: skip
_MOBILE: Final = re.compile(r"(?:86|0086)?1[3-9]\d{9}")
_MOBILE_SHAPES: Final = {
    (11,),
    (3, 4, 4),
    (4, 3, 4),
    (3, 8),
    (4, 4, 3),
    (5, 6),
    (7, 4),
    (3, 3, 5),
    (3, 2, 2, 2, 2),
    (4, 7),
}
_LANDLINE: Final = re.compile(r"(?:86|0086)?0?(?:10|2\d|[3-9]\d{2})[2-8]\d{6,7}")
_LANDLINE_SHAPES: Final = {(3, 8), (4, 8), (4, 7), (3, 4, 4), (4, 4, 4), (4, 3, 4), (3, 7)}
_AMERICAN: Final = re.compile(r"(?:001|1)?[2-9]\d{2}[2-9]\d{6}")
_AMERICAN_SHAPES: Final = {(3, 3, 4), (3, 7), (6, 4)}
_COUNTRY_SHAPES: Final = {(1,), (2,), (3,), (4,)}
_NUMBER_SHAPES: Final = _MOBILE_SHAPES | _LANDLINE_SHAPES | _AMERICAN_SHAPES
_SHAPES: Final = frozenset(
    _ID_SHAPES | _CARD_SHAPES | {(3, 2, 4)} | _NUMBER_SHAPES | {c + s for c in _COUNTRY_SHAPES for s in _NUMBER_SHAPES}
)
_HOTLINE: Final = re.compile(r"[48]00\d{7}|(?:0|\d\d)800\d{6,7}|1?8(?:00|33|44|55|66|77|88)\d{7}|9\d{4}|1\d{4}")
_EXTENSION: Final = re.compile(r" ?(?:x|ext\.?|extension|转|分机号?) ?\d{1,6}(?!\d)")
_DATE: Final = re.compile(
    r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|(?:0?[1-9]|[12]\d|3[01]){2}(?:19|20)\d{2}"
)
_UNIT_AFTER: Final = re.compile(
    r" ?(?:元|块|万|亿|美元|人民币|米|公里|千克|公斤|克|次|人|件|%|dollars?|usd|rmb|cny|euros?|km|kg|ms|bytes?|people|views|users)"
)

Found = tuple[PersonalKind, int, int, int]  # kind, start, end in the text that was searched, and how sure (more wins)


def find_numbers(text: str) -> Iterator[Found]:
    """All candidates, overlapping ones too."""
    start, context = -1, None
    for window in windows(text, _SHAPES):
        if context is None or window.start != start:  # the windows of one start follow each other
            start, context = window.start, context_before(text, window.start)
        yield from _identity(window, context)
        yield from _card(window, context)
        yield from _security(window, context)
        if phone := _phone(window, context):
            yield phone


def _identity(window: Window, context: Context) -> Iterator[Found]:
    """18 digits with a birthday and a check digit, the last may be X; any 15 or 18 right after "身份证"."""
    digits, end = window.digits, window.end
    if len(digits) == 17:
        with_x = re.compile(r"[ \-]?x(?![a-z0-9])").match(window.text, end)
        digits, end = (digits + "X", with_x.end()) if with_x else (digits, end)
    if window.shape not in _ID_SHAPES and not window.whole:
        return
    named = context.about is About.ID and context.right_before
    if len(digits) == 18 and digits[:2] in _PROVINCES and _is_birthday(digits[6:14]):
        if ric.calc_check_digit(digits) == digits[-1] or named:
            yield PersonalKind.CN_ID, window.start, end, 90
    elif named and (len(digits) == 18 or (len(digits) == 15 and _is_birthday("19" + digits[6:12]))):
        yield PersonalKind.CN_ID, window.start, end, 80


def _is_birthday(digits: str) -> bool:
    try:
        day = datetime.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return 1850 <= day.year <= 2100


def _card(window: Window, context: Context) -> Iterator[Found]:
    if not _CARD.fullmatch(window.digits) or context.about is About.OTHER:
        return
    if _UNIT_AFTER.match(window.text, window.end):
        return
    named = context.about is About.CARD
    fits = len(window.shape) == 1 or window.shape in _CARD_SHAPES or (window.whole and len(window.shape) <= 6)
    if not fits or (window.joined and not named) or "," in "".join(window.signs):
        return
    if luhn.is_valid(window.digits):
        yield PersonalKind.BANK_CARD, window.start, window.end, 85 if named else 70
    elif named and context.right_before and window.whole:
        yield PersonalKind.BANK_CARD, window.start, window.end, 60


def _security(window: Window, context: Context) -> Iterator[Found]:
    """AAA-GG-SSSS; nine digits in another form only where the talk is of social security."""
    if len(window.digits) != 9:
        return
    named = context.about is About.SSN
    written = window.shape == (3, 2, 4) and window.even and window.signs[0].strip(" ") in ("", "-", ".")
    valid = window.digits[:3] not in ("000", "666") and window.digits[0] != "9"
    valid = valid and window.digits[3:5] != "00" and window.digits[5:] != "0000"
    if named and (written or window.whole):
        yield PersonalKind.US_SSN, window.start, window.end, 85
    elif written and valid and not window.joined and context.about in (About.NOTHING, About.ID):
        yield PersonalKind.US_SSN, window.start, window.end, 50


def _phone(window: Window, context: Context) -> Found | None:
    digits = window.digits
    if _UNIT_AFTER.match(window.text, window.end) or (context.about is About.OTHER and context.right_before):
        return None
    if _HOTLINE.fullmatch(digits) and not (context.about is About.PHONE and context.of_a_person):
        return None
    sure = _phone_by_form(window, context) or _phone_by_context(window, context)
    if not sure:
        return None
    extension = _EXTENSION.match(window.text, window.end)
    return PersonalKind.PHONE, window.start, extension.end() if extension else window.end, sure


def _phone_by_form(window: Window, context: Context) -> int:
    """How sure the form alone makes it, 0 for not at all."""
    digits, shape = window.digits, window.shape
    country = shape[1:] if shape[:1] in _COUNTRY_SHAPES and len(shape) > 1 else shape
    decimal = window.joined and len(shape) == 1
    if window.plus and 8 <= len(digits) <= 15 and _is_possible("+" + digits):
        return 80
    if _MOBILE.fullmatch(digits) and not decimal and _shaped(window, _MOBILE_SHAPES, country):
        return 75
    if digits.startswith(("0", "86")) and _LANDLINE.fullmatch(digits):
        if {country, shape} & _LANDLINE_SHAPES or (window.whole and context.about is About.PHONE):
            return 70
        if len(shape) == 1 and context.about is not About.OTHER and not decimal:
            return 55
    if _AMERICAN.fullmatch(digits) and not window.joined and "," not in "".join(window.signs):
        bare = len(digits) > 10 and len(shape) == 1
        if (shape in _AMERICAN_SHAPES or (len(shape) > 1 and country in _AMERICAN_SHAPES)) and not bare:
            return 60 if context.about is not About.OTHER else 0
    if digits.startswith("07") and len(digits) == 11 and not decimal and _is_possible("+44" + digits[1:]):
        return 50
    return 0


def _shaped(window: Window, shapes: set[tuple[int, ...]], country: tuple[int, ...]) -> bool:
    if window.shape in shapes or country in shapes or len(window.shape) == 1:
        return True
    return window.whole and window.even


def _phone_by_context(window: Window, context: Context) -> int:
    digits = window.digits
    if not window.whole or _DATE.fullmatch(digits) or "," in "".join(window.signs):
        return 0
    if len(digits) == 10 and _AMERICAN.fullmatch(digits) and context.about is About.PHONE:
        return 55
    if not 7 <= len(digits) <= 15:
        return 0
    if context.about is About.PHONE and context.right_before:
        return 45
    if phone_after(window.text, window.end):
        return 45
    return 0


def _is_possible(number: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False
