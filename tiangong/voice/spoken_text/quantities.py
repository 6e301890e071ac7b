"""Money, units, percent, fractions, ranges, sums, ordinals and plain numbers."""

import re
from typing import Final

from tiangong.voice.spoken_text.arithmetic import arithmetic, by, power_en, power_zh, ratio_en, ratio_zh
from tiangong.voice.spoken_text.context import HAN, Place, Rule
from tiangong.voice.spoken_text.numerals import NUMBER, cardinal_en, cardinal_zh, digits_en, digits_zh, ordinal_en
from tiangong.voice.spoken_text.units import BEFORE_EN, BEFORE_ZH, CURRENCIES, UNITS

# After Chinese a hyphen is a minus only where a value may stand: 结果是-3, but 方案-2.
_MINUS: Final = r"(?:(?:(?<![\w)\]])|(?<=[是为到约于至降升温度有达跌涨得零值差]))[-−])"
_SIGNED: Final = rf"{_MINUS}?(?:{NUMBER})"
_TO: Final = r"\s?(?:-|–|—|~|～|至|到)\s?"
_UNIT: Final = "|".join(re.escape(u) for u in sorted(UNITS, key=len, reverse=True))
_SIGN: Final = "|".join(re.escape(c) for c in sorted(CURRENCIES, key=len, reverse=True) if not c.isalpha())
_NAME: Final = "|".join(c for c in CURRENCIES if c.isalpha())
_SCALES: Final = {
    "k": "thousand",
    "K": "thousand",
    "m": "million",
    "M": "million",
    "mn": "million",
    "b": "billion",
    "B": "billion",
    "bn": "billion",
}
_SCALE_ZH: Final = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000, "trillion": 1_000_000_000_000}
_PARTS: Final = {2: ("half", "halves"), 4: ("quarter", "quarters")}
_UNICODE: Final = {"½": (1, 2), "¼": (1, 4), "¾": (3, 4), "⅓": (1, 3), "⅔": (2, 3), "⅛": (1, 8)}


def _before_a_noun(place: Place) -> bool:
    """A 500 GB disk: the unit has no plural."""
    return bool(re.search(r"\b[Aa]n? $", place.before) and re.match(" [a-z]", place.after))


def _money_en(place: Place) -> str:
    money = CURRENCIES[place["sign"] or place["name"]]
    amount, scale = place["n"], place["scale"]
    minus = "minus " if place["minus"] else ""
    if scale:
        name = money.one if _before_a_noun(place) else money.many
        return f"{minus}{cardinal_en(amount)} {_SCALES.get(scale, scale)} {name}"
    whole, _, part = amount.replace(",", "").partition(".")
    if len(part) > 2:
        return f"{minus}{cardinal_en(amount)} {money.many}"
    cents = int(part.ljust(2, "0")) if part else 0
    said: list[str] = []
    if int(whole) or not cents:
        said.append(f"{cardinal_en(whole)} {money.one if int(whole) == 1 else money.many}")
    if cents:
        said.append(f"{cardinal_en(str(cents))} {money.cent if cents == 1 else money.cents}")
    return minus + " and ".join(said)


def _money_zh(place: Place) -> str:
    money = CURRENCIES[place["sign"] or place["name"]]
    amount, scale = place["n"].replace(",", ""), place["scale"]
    minus = "负" if place["minus"] else ""
    if scale:
        times = _SCALE_ZH[_SCALES.get(scale, scale)]
        amount = f"{float(amount) * times:.0f}"
    return minus + _amount_zh(amount, money.zh) + money.zh


def _amount_zh(amount: str, following: str) -> str:
    """A price without the zeros at its end: 12.50 is 十二点五."""
    if "." in amount:
        amount = amount.rstrip("0").rstrip(".")
    return cardinal_zh(amount, following)


def _yuan(place: Place) -> str:
    return _amount_zh(place["n"].replace(",", ""), place["unit"]) + place["unit"]


def _measure_en(place: Place) -> str:
    unit = UNITS[place["unit"]]
    if place["until"]:
        return f"{cardinal_en(place['n'])} to {cardinal_en(place['until'])} {unit.many}"
    return f"{cardinal_en(place['n'])} {unit.one if place['n'] in ('1', '-1') or _before_a_noun(place) else unit.many}"


def _measure_zh(place: Place) -> str:
    unit = UNITS[place["unit"]].zh
    number = place["n"]
    if place["unit"].startswith("°") and number[0] in "-−":
        until = f"到零上{cardinal_zh(place['until'], unit)}" if place["until"] else ""
        return f"零下{cardinal_zh(number[1:], '' if until else unit)}{until}{unit}"
    until = f"到{cardinal_zh(place['until'], unit)}" if place["until"] else ""
    return f"{cardinal_zh(number, '' if until else unit)}{until}{unit}"


def _percent_en(place: Place) -> str:
    sign = "percent" if place["sign"] == "%" else "per thousand"
    if place["until"]:
        return f"{cardinal_en(place['n'])} to {cardinal_en(place['until'])} {sign}"
    return f"{cardinal_en(place['n'])} {sign}"


def _percent_zh(place: Place) -> str:
    parts = "百分之" if place["sign"] == "%" else "千分之"

    def one(number: str) -> str:
        minus = "负" if number[0] in "-−" else ""
        return minus + parts + cardinal_zh(number.lstrip("-−"))

    return one(place["n"]) + (f"到{one(place['until'])}" if place["until"] else "")


def _parts_en(above: int, below: int) -> str:
    singular, several = _PARTS.get(below, (ordinal_en(str(below)), ordinal_en(str(below)) + "s"))
    return f"{cardinal_en(str(above))} {singular if above == 1 else several}"


def _fraction_en(place: Place) -> str | None:
    above, below = int(place["above"]), int(place["below"])
    if below < 2 or above == 0:
        return None
    if (above, below) == (24, 7):
        return "twenty-four seven"
    if not place["whole"]:
        return _parts_en(above, below)
    said = "a half" if (above, below) == (1, 2) else _parts_en(above, below)
    return f"{cardinal_en(place['whole'])} and {said}"


def _fraction_zh(place: Place) -> str | None:
    if int(place["below"]) < 2:
        return None
    said = f"{cardinal_zh(place['below'])}分之{cardinal_zh(place['above'])}"
    return f"{cardinal_zh(place['whole'])}又{said}" if place["whole"] else said


def _drawn_fraction(place: Place) -> str:
    above, below = _UNICODE[place["sign"]]
    if place.tongue == "zh":
        said = f"{cardinal_zh(str(below))}分之{cardinal_zh(str(above))}"
        return f"{cardinal_zh(place['whole'])}又{said}" if place["whole"] else said
    said = "a half" if below == 2 and place["whole"] else _parts_en(above, below)
    return f"{cardinal_en(place['whole'])} and {said}" if place["whole"] else said


def _range_en(place: Place) -> str:
    return f"{cardinal_en(place['a'])} to {cardinal_en(place['b'])}"


def _range_zh(place: Place) -> str:
    falls = float(place["a"].replace(",", "")) > float(place["b"].replace(",", ""))
    return f"{cardinal_zh(place['a'], '' if falls else place.after)}{'比' if falls else '到'}{cardinal_zh(place['b'], place.after)}"


def _out_of_en(place: Place) -> str:
    return f"{cardinal_en(place['n'])} out of {cardinal_en(place['of'])}"


def _scaled_en(place: Place) -> str:
    return f"{cardinal_en(place['n'])} {_SCALES[place['scale']]}"


def _plain_en(place: Place) -> str:
    return cardinal_en(place[0])


def _plain_zh(place: Place) -> str:
    return cardinal_zh(place[0], place.after)


_FEET: Final = re.compile(r"(?<![\d.])(\d)['′](\d{1,2})[\"″]")
_DUAL: Final = r"[+×*÷=<>≤≥≈≠±]|\s[-−/x]\s"

RULES: Final = (
    Rule(re.compile(rf"(?<=[\dkKMB])\s?[-–—~]\s?(?=(?:{_SIGN}) ?\d)"), lambda p: " to ", lambda p: "到", spaced=False),
    Rule(re.compile(rf"(?P<minus>)(?P<n>{NUMBER})(?P<scale>)\s?(?P<name>[€£])(?P<sign>)(?!\d)"), _money_en, _money_zh),
    Rule(re.compile(rf"(?<![\w.])(?P<n>\d+\.\d+)/(?P<of>{NUMBER})"), _out_of_en, lambda p: None),
    Rule(
        re.compile(r"(?<![\w.])\.(\d{1,15})\b"),
        lambda p: "point " + digits_en(p[1]),
        lambda p: "零点" + digits_zh(p[1]),
    ),
    Rule(
        re.compile(r"(?<![\w.$€£])(?P<n>\d+(?:\.\d+)?)(?P<scale>[MB])(?= (?:people|[a-z]+s)\b)"),
        _scaled_en,
        lambda p: None,
    ),
    Rule(
        re.compile(
            rf"(?P<minus>(?<![\w\d])-)?(?:(?P<sign>{_SIGN}) ?(?P<n>{NUMBER})"
            r"(?:\s?(?P<scale>thousand|million|billion|trillion|bn|mn|[kKmMbB])\b)?(?!\d))"
        ),
        _money_en,
        _money_zh,
    ),
    Rule(
        re.compile(
            rf"(?P<minus>(?<![\w\d])-)?(?P<n>{NUMBER})\s?(?:(?P<scale>thousand|million|billion|trillion|bn|mn|[kKmMbB])\s)?(?P<name>{_NAME})(?P<sign>)\b"
        ),
        _money_en,
        _money_zh,
    ),
    Rule(re.compile(rf"(?P<n>{NUMBER})(?P<unit>[块元])(?!\d)"), lambda p: None, _yuan, spaced=False),
    Rule(
        _FEET,
        lambda p: f"{cardinal_en(p[1])} feet {cardinal_en(p[2])} inch{'' if p[2] == '1' else 'es'}",
        lambda p: f"{cardinal_zh(p[1], '英尺')}英尺{cardinal_zh(p[2], '英寸')}英寸",
    ),
    Rule(re.compile(rf"(?P<n>{_SIGNED})(?:%?{_TO}(?P<until>{NUMBER}))?\s?(?P<sign>[%‰])"), _percent_en, _percent_zh),
    Rule(
        re.compile(
            rf"(?<![\d.,A-Za-z])(?P<n>{_SIGNED})(?:{_TO}(?P<until>{NUMBER}))?[ \-]?(?P<unit>{_UNIT})(?![A-Za-z²³/]|'[a-z])"
        ),
        _measure_en,
        _measure_zh,
    ),
    Rule(
        re.compile(r"(?<![\d/.,])(?:(?P<whole>\d{1,3}) )?(?P<above>\d{1,2})/(?P<below>\d{1,3})(?![\d/]|\.\d)"),
        _fraction_en,
        _fraction_zh,
    ),
    Rule(re.compile(r"(?P<whole>\d+)?(?P<sign>[½¼¾⅓⅔⅛])"), _drawn_fraction, _drawn_fraction),
    Rule(
        re.compile(
            r"(?<![\d.,])(?P<n>\d+|(?<![A-Za-z])[a-z])(?:\^(?P<power>-?\d+)|(?P<p2>[²³⁴-⁹]+))".replace(
                "(?P<p2>[²³⁴-⁹]+)", r"(?=[²³⁴-⁹])(?P<p2>)"
            )
        ),
        lambda p: power_en(p) if p["power"] else None,
        lambda p: power_zh(p) if p["power"] else None,
    ),
    Rule(re.compile(r"(?<![\d.,A-Za-z])(?P<n>\d+|[a-z])(?P<power>[²³⁴-⁹]+)"), power_en, power_zh),
    Rule(
        re.compile(
            rf"(?<![\w.])[-−]?(?:{NUMBER})(?:\s?(?:{_DUAL}|[-−/x])\s?[-−]?(?:{NUMBER})){{0,12}}(?:\s?=\s?[-−]?(?:{NUMBER}))(?![\d%])"
        ),
        arithmetic,
        arithmetic,
    ),
    Rule(
        re.compile(r"(?<![\d.,A-Za-z])\d+(?:\s?[x×]\s?\d+)+(?![\d.]*\d|[A-Za-z])"),
        lambda p: by(p) if "x" in p[0] or len(p[0]) > 6 else arithmetic(p),
        lambda p: by(p) if "x" in p[0] else arithmetic(p),
    ),
    Rule(
        re.compile(rf"(?<![\w.])[-−]?(?:{NUMBER})(?:\s?(?:{_DUAL})\s?[-−]?(?:{NUMBER})){{1,12}}(?![\d%])"),
        arithmetic,
        arithmetic,
    ),
    Rule(
        re.compile(rf"(?P<sign>[≈±≥≤<>])\s?(?P<n>{NUMBER})"),
        lambda p: f"{BEFORE_EN[p['sign']]} {cardinal_en(p['n'])}",
        lambda p: BEFORE_ZH[p["sign"]] + cardinal_zh(p["n"], p.after),
    ),
    Rule(re.compile(r"(?<![\d:.])\d+(?:\.\d+)?[:：]\d+(?:\.\d+)?(?![\d:]|\.\d)"), ratio_en, ratio_zh),
    Rule(
        re.compile(rf"(?<![\d.\-A-Za-z])(?P<a>{NUMBER})\s?(?:-|–|—|~|～)\s?(?P<b>{NUMBER})(?![\d\-]|\.\d)"),
        _range_en,
        _range_zh,
    ),
    Rule(
        re.compile(rf"零下\s?(?P<n>{NUMBER})|(?:(?<=[{HAN}，。])|(?<![\w\d]))[-−](?P<m>{NUMBER})(?=度)"),
        lambda p: None,
        lambda p: "零下" + cardinal_zh(p["n"] or p["m"], p.after),
        spaced=False,
    ),
    Rule(
        re.compile(r"(?<![\d.,])(\d+)(?:st|nd|rd|th)\b"), lambda p: ordinal_en(p[1]), lambda p: "第" + cardinal_zh(p[1])
    ),
    Rule(
        re.compile(rf"第\s?(\d+)(?:(?:-|–|~|至|到)(\d+))?(?:\s(?=[{HAN}]))?"),
        lambda p: None,
        lambda p: "第" + cardinal_zh(p[1]) + (f"到{cardinal_zh(p[2])}" if p[2] else ""),
        spaced=False,
    ),
    Rule(
        re.compile(rf"(?P<n>{NUMBER})\+"), lambda p: f"{cardinal_en(p['n'])} plus", lambda p: cardinal_zh(p["n"]) + "加"
    ),
    Rule(
        re.compile(r"(?<![\d.,])(?P<n>\d+(?:\.\d+)?)[xX×](?![A-Za-z\d])"),
        lambda p: f"{cardinal_en(p['n'])} times",
        lambda p: cardinal_zh(p["n"], "倍") + "倍",
    ),
    Rule(
        re.compile(r"(?<![\d.])\d+(?:\.\d+){2,}"),
        lambda p: " point ".join(map(cardinal_en, p[0].split("."))),
        lambda p: "点".join(map(cardinal_zh, p[0].split("."))),
    ),
    Rule(
        re.compile(r"(?<![\d\-])\d+(?:-\d+){2,}"),
        lambda p: ", ".join(map(digits_en, p[0].split("-"))),
        lambda p: "，".join(map(digits_zh, p[0].split("-"))),
    ),
)
LAST_RULES: Final = (Rule(re.compile(_SIGNED), _plain_en, _plain_zh),)
