"""Text as it was written -> text that a voice can read: no marks, no emoji, no control characters.

Figures are read by the voice itself; only what espeak-ng would spell out or say in the wrong language is rewritten here.
"""

import re
import unicodedata
from typing import Final

# Emoji and pictographs (Unicode 16, blocks), their joiners, keycaps, flags and tags.
_PICTURES: Final = re.compile(
    "[\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u2500-\u27bf\u2900-\u297f\u2b00-\u2bff\ufe00-\ufe0f\u20e3"
    "\U0001f000-\U0001faff\U000e0000-\U000e0fff]+"
)
_URL: Final = re.compile(
    r"(?:https?://|ftp://|www\.)[^\s<>()\[\]，。！？；、]*[^\s<>()\[\]，。！？；、.,!?;:'\"]", re.I
)
_LINK_WORD: Final = {"zh": "链接", "en": "link"}
_MARKDOWN: Final = (
    (re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)"), r"\1"),  # [text](address), ![alt](address)
    (re.compile(r"^[ \t]*(?:#{1,6}|>+|[-*+•])[ \t]+", re.M), ""),  # headings, quotes, bullets
    (re.compile(r"^[ \t]*(?:[-*_=][ \t]*){3,}$", re.M), ""),  # rules
    (re.compile(r"<[/!]?[A-Za-z][^<>]{0,200}>"), " "),  # HTML
    (re.compile(r"(?<=\d)\s*[*×]\s*(?=\d)"), " × "),
    (re.compile(r"\*+|`+|~{2,}|_{2,}"), ""),
    (re.compile(r"[_\\|#<>{}\[\]^~]+"), " "),
)
_FULL_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF10, 0xFF5B) if chr(code - 0xFEE0).isalnum()} | {
    ord("％"): "%",
    ord("＋"): "+",
    ord("　"): " ",
    ord("￥"): "¥",
}
_YEAR_FIGURES: Final = str.maketrans("0123456789", "零一二三四五六七八九")
_NUMBER: Final = r"(\d+(?:,\d{3})*(?:\.\d+)?)"
# espeak-ng's Mandarin says these signs in English, or a year as a quantity.
_CHINESE_SIGNS: Final = (
    (re.compile(r"(?<=\d),(?=\d{3})"), ""),
    (re.compile(r"(?<!\d)(\d{1,2})[:：](\d{2})(?!\d)"), r"\1点\2分"),
    (re.compile(rf"{_NUMBER}\s*%"), r"百分之\1"),
    (re.compile(rf"¥\s*{_NUMBER}"), r"\1元"),
    (re.compile(rf"\$\s*{_NUMBER}"), r"\1美元"),
    (re.compile(rf"{_NUMBER}\s*(?:℃|°C|°)"), r"\1度"),
    (re.compile(r"(?<=\d) × (?=\d)"), "乘以"),
    (re.compile(r"(?<![\d\w])[-−](?=\d)"), "负"),
)
_CHINESE_YEAR: Final = re.compile(r"(?<!\d)\d{4}(?=年)")
_ENGLISH_SIGNS: Final = (
    (re.compile(r"℃"), "°C"),
    (re.compile(rf"[¥]\s*{_NUMBER}"), r"\1 yuan"),
    (re.compile(r"(?<=\d) × (?=\d)"), " times "),
)


def speakable(text: str, language: str) -> str:
    """What is to be read aloud, on one line; empty where no letter and no digit is left.

    `language` ("zh" or "en") decides how signs and addresses are read: "链接" or "link", "百分之五" or "5 percent".
    """
    plain = _URL.sub(f" {_LINK_WORD.get(language, 'link')} ", unicodedata.normalize("NFC", text))
    plain = _PICTURES.sub(" ", plain.translate(_FULL_WIDTH))
    for pattern, kept in _MARKDOWN:
        plain = pattern.sub(kept, plain)
    plain = "".join(_readable(c) for c in plain)
    if language == "zh":
        plain = _CHINESE_YEAR.sub(lambda year: year.group().translate(_YEAR_FIGURES), plain)
    for pattern, said in _CHINESE_SIGNS if language == "zh" else _ENGLISH_SIGNS:
        plain = pattern.sub(said, plain)
    plain = " ".join(plain.split())
    return plain if any(c.isalnum() for c in plain) else ""


def _readable(character: str) -> str:
    """White space for controls, nothing for the invisible: zero-width, bidirectional, unassigned, private, surrogates."""
    category = unicodedata.category(character)
    if category == "Cc":
        return " "
    return "" if category[0] == "C" else character
