"""Personal data in a text: what identifies a person by itself, written in digits, spelled out, or read aloud."""

import ipaddress
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from stdnum import iban
from stdnum.cn import uscc

from tiangong.policies.detectors.personal_context import About, context_before
from tiangong.policies.detectors.personal_kinds import PersonalDatum, PersonalKind, spoken_mask
from tiangong.policies.detectors.personal_numbers import Found, find_numbers
from tiangong.policies.detectors.spoken_digits import in_digits
from tiangong.policies.detectors.tracked_text import NormalForm

__all__ = ["PersonalDatum", "PersonalKind", "find_personal_data", "mask"]

_WORTH_A_LOOK: Final = re.compile(
    r"\d|@|艾特|零|〇|[一二三四五六七八九幺]{4}| at |zero|double|(?:(?:one|two|three|four|five|six|seven|eight|nine)[ ,-]+){2}"
)
_LOCAL_BACKWARDS: Final = re.compile(r"[a-z0-9._%+\-]{1,64}")
_DOMAIN: Final = re.compile(r" ?(?:[a-z0-9\-]{1,63} ?\. ?){1,5}[a-z]{2,24}(?![a-z0-9])")
_PART: Final = r"[a-z0-9][a-z0-9_\-]{0,30}"
_TOP: Final = r"(?:com|net|org|edu|gov|io|cn|co|uk|us|de|fr|eu|info|me|ai|app|dev|hk|tw)"
_SPOKEN_EMAIL: Final = re.compile(
    rf"(?<![a-z0-9._\-]){_PART}(?: ?(?: dot | underscore | dash | hyphen |点|下划线|\.) ?{_PART}){{0,4}}"
    rf"(?: at | ?(?:@|艾特|圈a) ?){_PART}(?: ?(?: dot |点|\.) ?{_PART}){{0,2}}"
    rf" ?(?: dot |点) ?{_TOP}(?: ?(?: dot |点) ?{_TOP})?(?![a-z0-9])"
)
_IBAN: Final = re.compile(r"(?<![a-z0-9])[a-z]{2}\d{2}(?:[ \-]?[0-9a-z]){10,36}")
_USCC: Final = re.compile(
    r"(?<![a-z0-9])[1-9a-y][1-9a-g][ \-]?(?:\d[ \-]?){6}(?:[0-9a-hj-npqrtuwxy][ \-]?){9}[0-9a-hj-npqrtuwxy](?![a-z0-9])"
)
_IP4: Final = re.compile(r"(?<![\d.])(?<!v)\d{1,3}(?:\.\d{1,3}){3}(?![\d]|\.\d)")
_IP6: Final = re.compile(r"(?<![0-9a-f:])(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}(?![0-9a-f:])")
_PUBLIC_SERVERS: Final = frozenset(
    "1.1.1.1 1.0.0.1 8.8.8.8 8.8.4.4 9.9.9.9 114.114.114.114 223.5.5.5 223.6.6.6".split()
)
_VERSION: Final = re.compile(r"(?:version|版本号?|\bver|\bv|firmware|固件|build|release)[ .:]*(?:is |是|为)?$")
_PLATE: Final = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼] ?[a-hj-np-z] ?[·.\- ]? ?[a-hj-np-z0-9]{5,6}(?![a-z0-9])"
)
_CN_PASSPORT: Final = re.compile(r"(?<![a-z0-9])(?:e[a-hj-np-z]\d{7}|[edspgk]\d{8})(?![a-z0-9])")
_DOCUMENT: Final = re.compile(r"(?<![a-z0-9])(?=[a-z\-]{0,4}\d)[a-z]{0,2}-?\d[a-z0-9\-]{4,16}(?![a-z0-9])")
_SPEAKS_OF_DOCUMENTS: Final = re.compile(r"护照|通行证|passport|驾照|驾驶|licen[sc]e|\bdl\b")
_DATE_LIKE: Final = re.compile(r"(?:19|20)\d{2}-?[01]\d-?[0-3]\d|\d{1,2}-\d{1,2}-\d{2,4}|(?:19|20)\d\d-(?:19|20)\d\d")


def find_personal_data(form: NormalForm) -> tuple[PersonalDatum, ...]:
    """What is found, in the order of the text and apart from each other; offsets lead into `form.original`."""
    if not _WORTH_A_LOOK.search(form.text):
        return ()
    digits = in_digits(form)
    found = [item for finder in _FINDERS for item in finder(digits.text)]
    found.sort(key=lambda item: (-item[3], item[1] - item[2], item[1]))
    return tuple(PersonalDatum(kind, *digits.span(start, end)) for kind, start, end, _ in _apart(found))


def _apart(best_first: Iterable[Found]) -> list[Found]:
    """Those that overlap no better one, in the order of the text."""
    kept: list[Found] = []
    for item in best_first:
        at = bisect_right(kept, item[1], key=lambda other: other[1])
        free_before = at == 0 or kept[at - 1][2] <= item[1]
        if free_before and (at == len(kept) or item[2] <= kept[at][1]):
            kept.insert(at, item)
    return kept


def mask(text: str, found: Iterable[PersonalDatum], language: str) -> str:
    """The original text with words in the place of each finding that a voice can read ("zh", else English)."""
    pieces: list[str] = []
    at = 0
    for datum in sorted(found, key=lambda datum: datum.start):
        if datum.start < at:
            continue
        pieces += (text[at : datum.start], spoken_mask(datum.kind, language))
        at = datum.end
    return "".join(pieces) + text[at:]


def _emails(text: str) -> Iterator[Found]:
    at = text.find("@")
    while at >= 0:
        left_end = at - 1 if text[at - 1 : at] == " " and text[at + 1 : at + 2] == " " else at
        local = _LOCAL_BACKWARDS.match(text[max(0, left_end - 64) : left_end][::-1])
        domain = _DOMAIN.match(text, at + 1)
        if local and domain and (start := left_end - len(local.group().rstrip(".-%+"))) < left_end:
            yield PersonalKind.EMAIL, start, _without_prose(text, at, domain.end()), 100
        at = text.find("@", at + 1)
    for match in _SPOKEN_EMAIL.finditer(text):
        yield PersonalKind.EMAIL, *match.span(), 95


def _without_prose(text: str, at: int, end: int) -> int:
    """ "a@b.com. then" ends at "com": a dot with a space after it is the end of a sentence once a domain is whole."""
    whole = re.compile(r" ?[a-z0-9\-]+(?:\.[a-z0-9\-]+)*\.[a-z]{2,24}(?![a-z0-9])").match(text, at + 1)
    return whole.end() if whole and whole.end() < end else end


def _ibans(text: str) -> Iterator[Found]:
    for match in _IBAN.finditer(text):
        named = re.search(r"iban\W{0,3}(?:number |号码?)?\W{0,2}(?:is |是|为)?:? ?$", text[: match.start()][-24:])
        ends = [
            i
            for i in range(match.start() + 12, match.end() + 1)
            if not text[i : i + 1].isascii() or not text[i : i + 1].isalnum()
        ]
        for end in reversed(ends):
            if iban.is_valid(text[match.start() : end], check_country=False):
                yield PersonalKind.IBAN, match.start(), end, 98
                break
        else:
            if named and " " not in match.group() and match.end() in ends:
                yield PersonalKind.IBAN, *match.span(), 60


def _companies(text: str) -> Iterator[Found]:
    for match in _USCC.finditer(text):
        context = context_before(text, match.start())
        named = context.about is About.COMPANY
        likely = match.group().startswith("9") or not match.group()[8:].isdigit()
        if named or (likely and context.about is not About.OTHER and uscc.is_valid(match.group())):
            yield PersonalKind.USCC, *match.span(), 95 if named else 65


def _addresses(text: str) -> Iterator[Found]:
    for match in _IP4.finditer(text):
        if not _VERSION.search(text[max(0, match.start() - 16) : match.start()]) and _is_public(match.group()):
            yield PersonalKind.IP, *match.span(), 88
    for match in _IP6.finditer(text):
        if _is_public(match.group()):
            yield PersonalKind.IP, *match.span(), 88


def _is_public(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_global and address not in _PUBLIC_SERVERS
    except ValueError:
        return False


def _plates(text: str) -> Iterator[Found]:
    for match in _PLATE.finditer(text):
        if sum(c.isdigit() for c in match.group()) >= 2:
            yield PersonalKind.PLATE, *match.span(), 60


def _documents(text: str) -> Iterator[Found]:
    """Passports and driving licences have no check digit: a word right before them must say what they are."""
    if not _SPEAKS_OF_DOCUMENTS.search(text):
        return
    for match in _DOCUMENT.finditer(text):
        if sum(c.isdigit() for c in match.group()) < 5 or _DATE_LIKE.fullmatch(match.group()):
            continue
        context = context_before(text, match.start())
        if context.about is About.PASSPORT and (context.right_before or _CN_PASSPORT.fullmatch(match.group())):
            chinese = _CN_PASSPORT.fullmatch(match.group())
            yield PersonalKind.CN_PASSPORT if chinese else PersonalKind.PASSPORT, *match.span(), 82
        elif context.about is About.LICENSE and context.right_before:
            yield PersonalKind.DRIVER_LICENSE, *match.span(), 72


_FINDERS: Final[tuple[Callable[[str], Iterator[Found]], ...]] = (
    _emails,
    _ibans,
    _companies,
    _addresses,
    _plates,
    _documents,
    find_numbers,
)
