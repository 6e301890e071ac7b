"""Dates, times of day and years."""

import re
from typing import Final

from tiangong.voice.spoken_text.context import Place, Rule
from tiangong.voice.spoken_text.numerals import cardinal_en, cardinal_zh, digits_zh, ordinal_en, plural, year_en

MONTHS: Final = "January February March April May June July August September October November December".split()
_SHORT: Final = {month[:3]: month for month in MONTHS} | {"Sept": "September"}
_MONTH: Final = "(?:" + "|".join([*MONTHS, "Sept", *(m[:3] for m in MONTHS)]) + r")\b\.?"
_DAYS: Final = {"Mon": "Monday", "Tue": "Tuesday", "Tues": "Tuesday", "Wed": "Wednesday", "Thu": "Thursday", "Thur": "Thursday",
                "Thurs": "Thursday", "Fri": "Friday", "Sat": "Saturday", "Sun": "Sunday"}  # fmt: skip
_TO: Final = r"\s*(?:-|–|—|~|至|到)\s*"
_CLOCK: Final = r"(?<![\d:.])([01]?\d|2[0-4])[:：]([0-5]\d)(?:[:：]([0-5]\d))?(?![\d:：])"
_HALF: Final = r"\s?([ap])\.?m\b\.?"
_BEFORE_YEAR: Final = (
    r"(?:in|since|of|by|until|till|from|year|late|early|mid|to|and|before|after|around|circa|summer|winter|spring|fall|autumn|"
    + "|".join(MONTHS) + ")"
)  # fmt: skip


def _month_en(name: str) -> str:
    bare = name.rstrip(".")
    return _SHORT.get(bare, bare)


def _date_en(year: str, month: int, day: int) -> str | None:
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    said = f"{MONTHS[month - 1]} {ordinal_en(str(day))}"
    return f"{said}, {year_en(year)}" if year else said


def _date_zh(year: str, month: int, day: int) -> str | None:
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return f"{digits_zh(year)}年{cardinal_zh(str(month))}月{cardinal_zh(str(day))}日"


def _iso_en(place: Place) -> str | None:
    return _date_en(place["year"], int(place["month"]), int(place["day"]))


def _iso_zh(place: Place) -> str | None:
    return _date_zh(place["year"], int(place["month"]), int(place["day"]))


def _slashed(place: Place) -> str | None:
    """Month first, as in America, unless only the other way is a date."""
    first, second = int(place["a"]), int(place["b"])
    month, day = (second, first) if first > 12 else (first, second)
    return (_date_zh if place.tongue == "zh" else _date_en)(place["year"], month, day)


def _named_en(place: Place) -> str | None:
    day = place["day"] or place["day2"]
    month = _month_en(place["month"] or place["month2"])
    said = f"{ordinal_en(day)} of {month}" if " of " in place[0] else f"{month} {ordinal_en(day)}"
    until = place["until"]
    said += f" to {ordinal_en(until)}" if until else ""
    year = place["year"] or place["year2"]
    return f"{said}, {year_en(year)}" if year else said


def clock_en(hour: str, minute: str, second: str, half: str) -> str:
    """ "9", "05", "", "a" -> "nine oh five a.m."."""
    h, m = int(hour), int(minute)
    after = {"a": " a.m.", "p": " p.m."}.get(half.lower(), "")
    if second:
        seconds = "" if int(second) == 0 else f" and {cardinal_en(second)} second{'' if int(second) == 1 else 's'}"
        return f"{cardinal_en(hour)} {_minutes_en(m)}{seconds}{after}"
    if m == 0:
        if after:
            return cardinal_en(hour) + after
        return (
            "midnight"
            if h in (0, 24)
            else f"{cardinal_en(hour)} o'clock"
            if h <= 12
            else f"{cardinal_en(hour)} hundred"
        )
    return f"{cardinal_en(hour)} {_minutes_en(m)}{after}"


def _minutes_en(minute: int) -> str:
    return "oh " * (minute < 10) + cardinal_en(str(minute)) if minute else "hundred"


def clock_zh(hour: str, minute: str, second: str, half: str) -> str:
    """ "9", "05" -> 九点零五分."""
    h, m = int(hour), int(minute)
    before = {"a": "上午", "p": "下午" if h in range(12) and h < 6 or h == 12 else "晚上"}.get(half.lower(), "")
    said = before + ("两" if h == 2 else cardinal_zh(str(h))) + "点"
    if m or second:
        said += ("零" if m < 10 else "") + (cardinal_zh(str(m)) if m else "") + "分"
    if second:
        said += ("零" if int(second) < 10 else "") + cardinal_zh(second) + "秒"
    return said


def _clock(place: Place) -> str:
    groups = tuple(g or "" for g in place.match.groups())
    clock = clock_zh if place.tongue == "zh" else clock_en
    if len(groups) == 4:
        return clock(*groups)
    return clock(*groups, "")  # type: ignore[call-arg]


def _clocks(place: Place) -> str:
    a, b, half = (place["h1"], place["m1"]), (place["h2"], place["m2"]), place["half"]
    if place.tongue == "zh":
        return f"{clock_zh(*a, '', half)}到{clock_zh(*b, '', '')}"
    first = clock_en(*a, "", half)
    return f"{re.sub(' [ap].m.$', '', first)} to {clock_en(*b, '', half)}"


def _hour(place: Place) -> str | None:
    half = place["half"]
    return clock_zh(place["h"], "00", "", half) if place.tongue == "zh" else clock_en(place["h"], "00", "", half)


def _year_figures(place: Place) -> str:
    return (
        re.sub(r"\d+", lambda m: digits_zh(m[0]), place[0])
        .replace("-", "到")
        .replace("–", "到")
        .replace("~", "到")
        .replace("至", "至")
    )


def _decade_en(place: Place) -> str:
    digits = place["decade"]
    words = year_en(digits) if len(digits) == 4 else cardinal_en(digits)
    head, _, last = words.rpartition(" ")
    return f"{head} {plural(last)}".strip()


def _decade_zh(place: Place) -> str:
    digits = place["decade"]
    return (digits_zh(digits) if len(digits) == 4 else cardinal_zh(digits)) + "年代"


def _years_en(place: Place) -> str:
    return (
        f"{year_en(place['y1'])} to {year_en(place['y2'] if len(place['y2']) == 4 else place['y1'][:2] + place['y2'])}"
    )


def _year_en(place: Place) -> str:
    return year_en(place["year"])


RULES: Final = (
    Rule(
        re.compile(
            r"(?<![\d.\-/])(?P<year>[12]\d{3})(?P<s>[\-/.])(?P<month>\d{1,2})(?P=s)(?P<day>\d{1,2})(?![\d\-/]|\.\d)(?:T(?=\d\d:))?"
        ),
        _iso_en,
        _iso_zh,
    ),
    Rule(
        re.compile(r"(?<![\d./\-])(?P<a>\d{1,2})(?P<s>[/.\-])(?P<b>\d{1,2})(?P=s)(?P<year>(?:19|20)\d\d)(?![\d/\-])"),
        _slashed,
        _slashed,
    ),
    Rule(
        re.compile(
            rf"\b(?:(?P<month>{_MONTH}) (?P<day>\d{{1,2}})(?:st|nd|rd|th)?"
            rf"(?:{_TO}(?P<until>\d{{1,2}})(?:st|nd|rd|th)?)?(?![\d:])(?:,? (?P<year>[12]\d{{3}})\b)?"
            rf"|(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month2>{_MONTH})(?:,? (?P<year2>[12]\d{{3}})\b)?)"
        ),
        _named_en,
        _named_en,
    ),
    Rule(
        re.compile(rf"\b(?P<month>{_MONTH}) (?P<year>[12]\d{{3}})\b"),
        lambda p: f"{_month_en(p['month'])} {year_en(p['year'])}",
        lambda p: f"{_month_en(p['month'])} {year_en(p['year'])}",
    ),
    Rule(
        re.compile(rf"\b(Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)(?:\.|(?=,? (?:{'|'.join(MONTHS)})))"),
        lambda p: _DAYS[p[1]],
        lambda p: _DAYS[p[1]],
    ),
    Rule(
        re.compile(rf"(?<!\d)[12]\d{{3}}(?:{_TO}[12]\d{{3}})?(?=\s?(?:年(?!前|后|来|间|内)|级|届))"),
        lambda p: None,
        _year_figures,
        spaced=False,
    ),
    Rule(
        re.compile(r"(?<!\d)(?P<month>1[0-2]|0?[1-9])\s?月(?!\d)|(?<!\d)(?P<m2>1[0-2]|0?[1-9])月(?=\d)"),
        lambda p: None,
        lambda p: cardinal_zh((p["month"] or p["m2"]).lstrip("0")) + "月",
        spaced=False,
    ),
    Rule(
        re.compile(
            rf"(?<!\d)(?P<day>[12]\d|3[01]|0?[1-9])(?:(?P<to>{_TO})(?P<until>[12]\d|3[01]|0?[1-9]))?\s?(?P<unit>日|号(?!楼|线|码|房|店|桌))"
        ),
        lambda p: None,
        lambda p: (
            cardinal_zh(p["day"].lstrip("0"))
            + (f"到{cardinal_zh(p['until'].lstrip('0'))}" if p["until"] else "")
            + p["unit"]
        ),
        spaced=False,
    ),
    Rule(re.compile(r"(?<!\d)(?P<decade>(?:\d\d)?\d0)\s?年代"), lambda p: None, _decade_zh, spaced=False),
    Rule(re.compile(r"(?<![\d$€£¥])(?:'|’)?(?P<decade>(?:1\d|20)?\d0)(?:'|’)?s\b"), _decade_en, _decade_zh),
    Rule(
        re.compile(
            rf"(?<![\d:])(?P<h1>[01]?\d|2[0-4])[:：](?P<m1>[0-5]\d){_TO}(?P<h2>[01]?\d|2[0-4])[:：](?P<m2>[0-5]\d)(?![\d:])(?:\s?(?P<half>[ap])\.?m\b\.?)?",
            re.I,
        ),
        _clocks,
        _clocks,
    ),
    Rule(re.compile(_CLOCK + _HALF, re.I), _clock, _clock),
    Rule(re.compile(_CLOCK), _clock, _clock),
    Rule(re.compile(r"(?<![\d.:])(?P<h>1[0-2]|0?[1-9])\s?(?P<half>[ap])\.?m\b\.?", re.I), _hour, _hour),
    Rule(
        re.compile(r"(?<![\d.:])(?P<h>[01]?\d|2[0-4])点(?P<m>[0-5]?\d)(?P<unit>分?)(?!\d)"),
        lambda p: None,
        lambda p: (
            clock_zh(p["h"], "00", "", "")
            + ("零" if p["m"][0] == "0" else "")
            + cardinal_zh(p["m"].lstrip("0") or "0")
            + p["unit"]
        ),
        spaced=False,
    ),
    Rule(
        re.compile(r"(?<![\d.,$€£¥])(?P<y1>(?:1[5-9]|20)\d\d)\s?[-–]\s?(?P<y2>(?:1[5-9]|20)\d\d|\d\d)(?![\d.,%\-])"),
        _years_en,
        lambda p: digits_zh(p["y1"]) + "到" + digits_zh(p["y2"]),
    ),
    Rule(
        re.compile(
            rf"(?<=\b)(?i:(?P<cue>{_BEFORE_YEAR})) (?P<year>1[1-9]\d\d|20\d\d)(?![\d,.:%]\d|\d"
            r"| ?(?:[a-z]+s\b|%|percent|million|dollars))"
        ),
        lambda p: f"{p['cue']} {year_en(p['year'])}",
        lambda p: None,
    ),
    Rule(
        re.compile(
            r"(?<![\d.,$€£¥\-/:#])\b(?P<year>(?:19|20)\d\d)\b(?![.,:/]\d|-|%|\s?[°×]| (?:(?!is\b|was\b|has\b|as\b)[a-z]{2,}s\b"
            r"|(?!(?:is|to|in|we|and|was|at|the|on|by|for|it|but|has)\b)[A-Za-z]{1,4}\b))"
        ),
        _year_en,
        lambda p: None,
    ),
)
