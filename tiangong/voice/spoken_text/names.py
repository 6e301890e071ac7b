"""Abbreviations, Roman numerals, signs between words, and figures that belong to a name."""

import re
from typing import Final

from tiangong.voice.spoken_text.context import HAN, Place, Rule
from tiangong.voice.spoken_text.numerals import (
    COUNTED,
    cardinal_en,
    cardinal_zh,
    digits_en,
    digits_zh,
    ordinal_en,
    year_en,
)

_LONG: Final = {
    "Dr.": "Doctor", "Mr.": "Mister", "Mrs.": "Missus", "Ms.": "Miz", "Prof.": "Professor", "Jr.": "Junior", "Sr.": "Senior",
    "Mt.": "Mount", "Rev.": "Reverend", "Gen.": "General", "Capt.": "Captain", "Sgt.": "Sergeant", "Gov.": "Governor",
    "e.g.": "for example", "i.e.": "that is", "etc.": "et cetera", "vs.": "versus", "approx.": "approximately",
    "Inc.": "Incorporated", "Ltd.": "Limited", "Corp.": "Corporation", "Co.": "Company", "dept.": "department", "Dept.": "Department",
    "est.": "estimated", "min.": "minimum", "max.": "maximum", "Fig.": "Figure", "fig.": "figure", "Vol.": "Volume", "vol.": "volume",
    "Ch.": "Chapter", "Sec.": "Section", "Ave.": "Avenue", "Blvd.": "Boulevard", "Rd.": "Road", "Ph.D.": "P H D",
    "a.k.a.": "also known as", "cf.": "compare", "et al.": "and others", "P.S.": "P S", "U.S.": "U S", "U.K.": "U K", 
    "w/o": "without", "w/": "with", "c/o": "care of",
}  # fmt: skip
_ENDING: Final = (
    "etc.",
    "et al.",
    "Inc.",
    "Ltd.",
    "Corp.",
    "Co.",
    "Jr.",
    "Sr.",
    "U.S.",
    "U.K.",
    "Ph.D.",
    "Ave.",
    "Blvd.",
    "Rd.",
)
_SHORT: Final = re.compile(
    r"(?<![\w.])(?<!\d )(?:" + "|".join(re.escape(s) for s in sorted(_LONG, key=len, reverse=True)) + r")(?!\w(?<!/))"
)
_ROMAN: Final = r"(?=[IVXL])(?:XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
_VALUES: Final = {"I": 1, "V": 5, "X": 10, "L": 50}
_PART: Final = (
    "Chapter|Part|Volume|Act|Phase|Type|Section|Book|Appendix|Article|Level|Grade|"
    "World War|Episode|Scene|Mark|Title|Super Bowl|Rocky|Final Fantasy"
)
_KINGS: Final = (
    "Henry|Louis|Elizabeth|George|Charles|William|James|Edward|Richard|John Paul|Benedict|"
    "Pius|Philip|Frederick|Napoleon|Catherine|Peter|Ramesses|Leo"
)
_LETTER_NAMES: Final = {"C++": ("C plus plus", "C加加"), "C#": ("C sharp", "C sharp"), "F#": ("F sharp", "F sharp")}


def _roman(numeral: str) -> str:
    values = [_VALUES[c] for c in numeral]
    return str(sum(-v if v < max([0, *values[i + 1 :]]) else v for i, v in enumerate(values)))


def _abbreviation(place: Place) -> str:
    """A point that also ends the sentence is kept."""
    short = place[0]
    ends = short in _ENDING and re.match(r"\s*$|\s+[A-Z]", place.match.string[place.match.end() :][:4])
    return _LONG[short] + (
        "."
        if ends
        and not place.after.strip()[:1].islower()
        and (not place.after.strip() or short in ("etc.", "Inc.", "Ltd."))
        else ""
    )


def _glued_en(place: Place) -> str:
    """GPT-4, MP3, COVID-19: a number up to two figures; longer ones figure by figure."""
    digits = place["digits"]
    whole = len(digits) <= 2 and digits[0] != "0"
    said = cardinal_en(digits) if whole else digits_en(digits)
    if place["decimals"]:
        said = f"{cardinal_en(digits)} point {digits_en(place['decimals'])}"
    return f"{place['word']} {said}"


def _named(place: Place) -> str:
    """iPhone 15, Windows 11 in a Chinese sentence: the figure is part of the English name."""
    digits = place["digits"]
    if len(digits) == 4 and digits[:2] in ("19", "20"):
        return f"{place['word']} {year_en(digits)}"
    return _glued_en(place)


def _glued_zh(place: Place) -> str:
    if "-" in place[0] and len(place["word"]) > 1:
        return _glued_en(place)
    digits = place["digits"]
    whole = len(digits) <= 2 and digits[0] != "0"
    said = (
        cardinal_zh(digits) if whole else digits_zh(digits, "幺" if re.match("次|航班|列车|路", place.after) else "一")
    )
    if place["decimals"]:
        said = f"{cardinal_zh(digits)}点{digits_zh(place['decimals'])}"
    return f"{place['word']}{said}"


def _number_first(place: Place) -> str:
    """4K, 3D, 5G: the number, then the letters."""
    zh = place.tongue == "zh"
    number = place["digits"]
    return f"{cardinal_zh(number)}{place['word']}" if zh else f"{cardinal_en(number)} {place['word']}"


def _numbered(place: Place) -> str:
    return f"{cardinal_zh(place['n'])}号" if place.tongue == "zh" else f"number {cardinal_en(place['n'])}"


BEFORE_FIGURES: Final = (
    Rule(_SHORT, _abbreviation, lambda p: _abbreviation(p) if p[0] not in ("min.", "max.") else None),
    Rule(
        re.compile(r"(?<![\w.])St\.(?= [A-Z])"),
        lambda p: (
            "Street"
            if re.search(r"\d+(?:st|nd|rd|th) $|[a-z] $", p.before)
            and p.before.strip()[-1:].islower()
            and re.search(r"[A-Z][a-z]+ $|(?:st|nd|rd|th) $", p.before)
            else "Saint"
        ),
        lambda p: "Saint",
    ),
    Rule(re.compile(r"(?<=[a-z] )St\.(?!\w)"), lambda p: "Street", lambda p: "Street"),
    Rule(re.compile(r"(?<![\w#])(?:No\.|Nos\.|NO\.|№) ?(?P<n>\d+)"), _numbered, _numbered),
    Rule(re.compile(r"(?<!\w)#(?P<n>\d+)(?!\w)", re.A), _numbered, _numbered),
    Rule(
        re.compile(r"(?<![\w.])(?P<s>pp?)\. ?(?=\d)"),
        lambda p: "page " if p["s"] == "p" else "pages ",
        lambda p: None,
        spaced=False,
    ),
    Rule(re.compile(r"§ ?(?=\d)"), lambda p: "section ", lambda p: "第", spaced=False),
    Rule(
        re.compile(rf"(?<![A-Za-z])(?P<cue>{_PART}) (?P<n>{_ROMAN})\b"),
        lambda p: f"{p['cue']} {cardinal_en(_roman(p['n']))}",
        lambda p: f"{p['cue']} {cardinal_en(_roman(p['n']))}",
    ),
    Rule(
        re.compile(rf"(?<![A-Za-z])(?P<cue>{_KINGS}) (?P<n>{_ROMAN})\b(?!')"),
        lambda p: f"{p['cue']} the {ordinal_en(_roman(p['n']))}",
        lambda p: f"{p['cue']} the {ordinal_en(_roman(p['n']))}",
    ),
    Rule(
        re.compile(rf"第(?P<n>{_ROMAN})(?=[{HAN}])"),
        lambda p: None,
        lambda p: "第" + cardinal_zh(_roman(p["n"])),
        spaced=False,
    ),
    Rule(
        re.compile(r"(?<![A-Za-z])(?:C\+\+|[CF]#)(?!\w)", re.A),
        lambda p: _LETTER_NAMES[p[0]][0],
        lambda p: _LETTER_NAMES[p[0]][1],
    ),
    Rule(
        re.compile(r"(?<![\w])[vV](?P<n>\d+(?:\.\d+)+)\b"),
        lambda p: (
            "version " * (not p.before.lower().endswith("version "))
            + " point ".join(map(cardinal_en, p["n"].split(".")))
        ),
        lambda p: "版本" * (not p.before.endswith("版本")) + "点".join(map(cardinal_zh, p["n"].split("."))),
    ),
    Rule(re.compile(r"(?<!\w)#(?P<tag>\w+)#?"), lambda p: f"hashtag {p['tag']}", lambda p: f"话题{p['tag']}"),
    Rule(re.compile(r"(?<![\w@])@(?P<tag>[A-Za-z]\w*)", re.A), lambda p: f"at {p['tag']}", lambda p: f"艾特{p['tag']}"),
)
_COUNTED_AFTER: Final = (
    "|".join(c for c in COUNTED if c != "名")
    + "|名(?!单)|路|楼|级|号|月|日|年|元|块|岁|班|位|折|强|万|亿|多|[至到~%:：/]"
)
AMONG_FIGURES: Final = (
    Rule(
        re.compile(
            r"(?<![A-Za-z])(?P<word>[A-Za-z]{2,30}) (?P<digits>\d{1,4})(?:\.(?P<decimals>\d+))?"
            rf"(?![\d.]*\d|\s?(?:{_COUNTED_AFTER})|[-–+])"
        ),
        lambda p: None,
        _named,
        spaced=False,
    ),
    Rule(
        re.compile(r"(?<![\d.])(?P<digits>\d{1,3})(?P<word>(?:[A-Z]{1,3}|[GKDSC])(?![A-Za-z]))(?!\d)"),
        _number_first,
        _number_first,
    ),
    Rule(
        re.compile(r"(?P<word>[A-Za-z](?:[A-Za-z']{0,30}))-?(?P<digits>\d+)(?:\.(?P<decimals>\d+))?(?![\d.]*\d)"),
        _glued_en,
        _glued_zh,
    ),
    Rule(re.compile(r"(?P<word>波音|空客)(?P<digits>\d{3})(?P<decimals>)"), lambda p: None, _glued_zh, spaced=False),
)
AFTER_FIGURES: Final = (
    Rule(re.compile(r"(?<=[A-Za-z])\s?&\s?(?=[A-Za-z])"), lambda p: " and ", lambda p: " and ", spaced=False),
    Rule(re.compile(r"\s?&\s?"), lambda p: " and ", lambda p: "和", spaced=False),
    Rule(re.compile(r"(?<=[A-Za-z])\s=\s(?=[A-Za-z])"), lambda p: " equals ", lambda p: "等于", spaced=False),
    Rule(re.compile(r"(?<=[A-Za-z])\s\+\s(?=[A-Za-z])"), lambda p: " plus ", lambda p: "加", spaced=False),
    Rule(re.compile(rf"(?<=[{HAN}])\s?\+\s?(?=[{HAN}])"), lambda p: None, lambda p: "加", spaced=False),
    Rule(re.compile(r"(?<=\b[A-F])\+(?!\w)", re.A), lambda p: " plus", lambda p: "加", spaced=False),
    Rule(re.compile(rf"(?<=[{HAN}])~+(?=[{HAN}\s，。！？]|$)"), lambda p: None, lambda p: "，", spaced=False),
)
