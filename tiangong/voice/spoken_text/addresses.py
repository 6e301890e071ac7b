"""Web and e-mail addresses, telephone numbers, codes: read out, never as quantities."""

import re
from typing import Final

from tiangong.voice.spoken_text.context import Place, Rule
from tiangong.voice.spoken_text.numerals import digits_en, digits_zh

_LONGEST_HOST: Final = 40
_TLD: Final = (
    "com|org|net|edu|gov|io|cn|ai|app|dev|co|uk|de|jp|fr|info|me|tv|hk|tw|eu|us|shop|xyz|ca|au|nz|in|br|ru|kr|sg|biz"
)
_FILE: Final = "py|md|txt|pdf|json|yaml|yml|toml|csv|html|js|ts|wav|mp3|mp4|png|jpg|jpeg|docx|xlsx|pptx|zip|exe|sh"
_SIGNS_EN: Final[dict[str, str]] = {
    ".": " dot ",
    "@": " at ",
    "-": " dash ",
    "_": " underscore ",
    "+": " plus ",
    ":": " colon ",
    "/": " slash ",
}
_SIGNS_ZH: Final[dict[str, str]] = {
    ".": "点",
    "@": "艾特",
    "-": "杠",
    "_": "下划线",
    "+": "加",
    ":": "冒号",
    "/": "斜杠",
}


def _spelt(text: str, place: Place) -> str:
    """Letters as they are, signs by name, each figure by itself."""
    zh = place.tongue == "zh"
    signs = _SIGNS_ZH if zh else _SIGNS_EN
    read = ""
    parts: list[str] = re.findall(r"\d+|[^\W\d_]+|.", text)
    for part in parts:
        if part.isascii() and part.isdigit():
            read += digits_zh(part) if zh else f" {digits_en(part)} "
        else:
            read += signs.get(part, part)
    return " ".join(read.split())


def _site(place: Place) -> str:
    host = re.sub(r"^www\.", "", place["host"], flags=re.I)
    if len(host) > _LONGEST_HOST:
        return "链接" if place.tongue == "zh" else "link"
    return _spelt(host, place)


def _mail(place: Place) -> str:
    return _spelt(place[0], place)


def _telephone_en(place: Place) -> str:
    plus = "plus " if "+" in place[0] else ""
    return plus + ", ".join(digits_en(group) for group in re.findall(r"\d+", place[0]))


def _telephone_zh(place: Place) -> str:
    groups = re.findall(r"\d+", place[0])
    mobile = groups[-1]
    if len(mobile) == 11:  # heard in three, four and four
        groups[-1:] = [mobile[:3], mobile[3:7], mobile[7:]]
    return ("加" if "+" in place[0] else "") + "，".join(digits_zh(group, "幺") for group in groups)


def _code_en(place: Place) -> str:
    return place["cue"] + re.sub(r"\d+", lambda m: f" {digits_en(m[0])} ", place["code"]).strip()


def _code_zh(place: Place) -> str:
    one = "幺" if re.search("电话|热线|致电|拨|打|房|尾号|警|验证码|手机", place["cue"]) else "一"
    return place["cue"] + re.sub(r"\d+", lambda m: digits_zh(m[0], one), place["code"]).replace("-", "，")


def _loose_digits(place: Place) -> str:
    return digits_zh(place[0]) if place.tongue == "zh" else digits_en(place[0])


_NUMBER_WORD: Final = (
    r"(?:order|room|code|pin|password|account|flight|card|extension|ext\.?|tracking|serial|invoice|ticket|case|zip|postcode)"
    r"(?: number| no\.?| code| id)?(?: is|:)? ?#?"
)
_NUMBER_WORD_ZH: Final = (
    "(?:订单|快递|运单|账|卡|编|工|学|证件|身份证|房间|车牌|货|批|序列|电话|手机)号码?|"
    "验证码|密码|尾号|邮编|房间|热线|电话|致电|拨打?|报警|请打"
)

RULES: Final = (
    Rule(
        re.compile(
            r"(?<![\d.])(?:\d{3,4}(?=室)|(?:100(?:86|10|01)|123(?:06|15|45))(?![\d.,万亿人个元年]))|(?<=转)\d{3,5}(?![\d万亿元])"
        ),
        lambda p: None,
        lambda p: digits_zh(p[0], "幺"),
        spaced=False,
    ),
    Rule(
        re.compile(
            r"(?:https?://|ftp://|www\.)(?:www\.)?(?P<host>[A-Za-z0-9.\-]{1,253})(?::\d{1,5})?"
            r"(?:[/?#][^\s<>()\[\]，。！？；、“”\u3400-\u9fff]*[^\s<>()\[\]，。！？；、.,!?;:'\"“”\u3400-\u9fff])?/?",
            re.I,
        ),
        _site,
        _site,
    ),
    Rule(
        re.compile(r"(?<![\w.+\-])[A-Za-z0-9][\w.+\-]{0,63}@[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63}){1,4}", re.A),
        _mail,
        _mail,
    ),
    Rule(
        re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)"),
        lambda p: _spelt(p[0], p),
        lambda p: _spelt(p[0], p),
    ),
    Rule(
        re.compile(
            rf"(?<![\w.@])(?P<host>(?:[A-Za-z0-9\-]{{1,63}}\.){{1,4}}(?:{_TLD}))(?![\w@\-])(?:/[\w./\-?=&%]*\w)?",
            re.A | re.I,
        ),
        _site,
        _site,
    ),
    Rule(re.compile(rf"(?<![\w.])[A-Za-z][\w\-]{{0,60}}\.(?:{_FILE})(?![\w])", re.A), _mail, _mail),
    Rule(
        re.compile(
            rf"(?P<cue>(?<![A-Za-z]){_NUMBER_WORD})(?P<code>(?<![\d])(?=[A-Z\-]{{0,4}}\d)[A-Z0-9\-]{{2,24}})(?![\w.,:]\w)",
            re.I | re.A,
        ),
        _code_en,
        _code_en,
    ),
    Rule(re.compile(r"(?P<cue>\b(?:call|dial|text) )(?P<code>\d{3,6})(?![\d\-])", re.I), _code_en, lambda p: None),
    Rule(
        re.compile(
            rf"(?P<cue>(?:{_NUMBER_WORD_ZH})(?:是|为|：|:)? ?)(?P<code>[A-Za-z]{{0,4}}\d[\d\-]{{1,24}}\d|\d{{3,24}})(?![\d.]|[个元])"
        ),
        lambda p: None,
        _code_zh,
        spaced=False,
    ),
    Rule(
        re.compile(
            r"(?<![\d.\-])(?:\+\d{1,3}(?:[ \-]?\(?\d{2,4}\)?){2,4}|1[3-9]\d(?P<s>[ \-]?)\d{4}(?P=s)\d{4}"
            r"|(?:1-)?(?:\(\d{3}\) ?|\d{3}[ \-.])\d{3}[\-.]\d{4}|0\d{2,3}-\d{7,8}|[48]00-\d{3,4}-\d{3,4}|\d{3}-\d{4})(?![\d\-]|\.\d)"
        ),
        _telephone_en,
        _telephone_zh,
    ),
    Rule(re.compile(r"(?<![\d.,:/])(?:0\d+|\d{16,})(?![\d.,:/]*\d|[年月日号时点分])"), _loose_digits, _loose_digits),
)
