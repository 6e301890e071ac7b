"""What is not said: Markdown, tags, emoji, control and invisible characters."""

import html
import re
import unicodedata
from typing import Final

from tiangong.voice.language_runs import Tongue

# Emoji and pictographs (Unicode 16, blocks), their joiners, keycaps, flags and tags.
_PICTURES: Final = re.compile(
    "[\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u2500-\u27bf\u2900-\u297f\u2b00-\u2bff\ufe00-\ufe0f\u20e3"
    "\U0001f000-\U0001faff\U000e0000-\U000e0fff]+"
)
_KEYCAP: Final = re.compile("[0-9#*]\ufe0f?\u20e3")
_EMOTICON: Final = re.compile(
    r"(?<!\S)(?:[:;=8xX][-o']?[)(DPpO/\\|*3]|<3|\^_+\^|T_T|-_-|[oO]_[oO])(?=[\s。，,.!?！？]|$)"
)
_FENCE: Final = re.compile(r"(?:```|~~~)[^\n`~]{0,40}\n.*?(?:```|~~~|\Z)", re.DOTALL)
_CODE: Final[dict[Tongue, str]] = {"en": " code. ", "zh": "代码。"}
_MARKDOWN: Final = (
    (re.compile(r"<!--.{0,2000}?-->", re.DOTALL), " "),
    (re.compile(r"!?\[([^\[\]]{0,500})\]\([^()\n]{0,500}\)"), r"\1"),  # [text](address), ![alt](address)
    (re.compile(r"<(https?://[^<>\s]{1,500})>"), r"\1"),
    (re.compile(r"^[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)+\|?[ \t]*$", re.M), ""),  # a table's rule
    (re.compile(r"^[ \t]*\|[ \t]*|[ \t]*\|[ \t]*$", re.M), ""),
    (re.compile(r"[ \t]\|[ \t]"), ", "),
    (re.compile(r"^[ \t]*(?:[-*_=][ \t]*){3,}$", re.M), ""),  # rules
    (re.compile(r"^[ \t]*(?:#{1,6}|>+|[-*+•])[ \t]+(?:\[[ xX]\][ \t]+)?", re.M), ""),  # headings, quotes, bullets
    (re.compile(r"</?[A-Za-z][^<>]{0,200}>|<[/!?][^<>]{0,200}>"), " "),  # HTML, SSML
    (re.compile(r"(?<=\d)\s*\*\s*(?=\d)"), " × "),
    (re.compile(r"\*+|`+|~{2,}|_{2,}"), ""),
)
_LISTED: Final = re.compile(r"^[ \t]*(\d{1,2})[.)、]\s+", re.M)  # a numbered list
_FULL_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF10, 0xFF5B) if chr(code - 0xFEE0).isalnum()} | {
    ord("％"): "%", ord("＋"): "+", ord("　"): " ", ord("￥"): "¥", ord("＄"): "$", ord("＠"): "@", ord("＃"): "#",
    ord("／"): "/", ord("－"): "-", ord("．"): ".", ord("＝"): "=", ord("～"): "~", ord("〜"): "~", ord("℉"): "°F",
    ord("℃"): "°C", ord("−"): "-", ord("–"): "–", ord("µ"): "μ", ord("㎡"): "m²", ord("㎏"): "kg", ord("㎝"): "cm",
    ord("㎞"): "km",
}  # fmt: skip
_LEFT_OVER: Final = re.compile(r"[\\|#<>{}\[\]^~_*`=+$€£¥₹@°§©®™†‡¶№±×÷≈≠≤≥√∞%‰]+")


def unmarked(text: str, main: Tongue) -> str:
    """Markup, pictures and invisible characters removed; lines are kept."""
    plain = unicodedata.normalize("NFC", html.unescape(text)).translate(_FULL_WIDTH)
    plain = re.sub(r" ?\n\s*", "\n", re.sub(r"[ \t]{2,}", " ", plain))  # the patterns for lines look over blanks
    plain = _FENCE.sub(_CODE[main], plain)
    plain = _PICTURES.sub(" ", _KEYCAP.sub(" ", plain))
    plain = _EMOTICON.sub("", plain)
    for pattern, kept in _MARKDOWN:
        plain = pattern.sub(kept, plain)
    plain = _LISTED.sub(r"\1, " if main == "en" else r"\1，", plain)
    return "".join(_readable(c) for c in plain)


def without_signs(text: str) -> str:
    """The signs that no rule has read are not spelt out; one line."""
    plain = "".join(_as_digit(c) for c in _LEFT_OVER.sub(" ", text))
    plain = re.sub(r"(?<=[A-Za-z])/(?=[A-Za-z])", " ", plain)
    plain = re.sub(r"/", "、" if re.search("[\u3400-\u9fff]/[\u3400-\u9fff]", plain) else " ", plain)
    plain = re.sub(r"\s+([,.!?;:，。！？；：、])", r"\1", " ".join(plain.split()))
    return plain if any(c.isalnum() for c in plain) else ""


def _readable(character: str) -> str:
    """White space for controls, nothing for the invisible: zero-width, bidirectional, unassigned, private, surrogates."""
    category = unicodedata.category(character)
    if category == "Cc":
        return "\n" if character == "\n" else " "
    return "" if category[0] == "C" else character


def _as_digit(character: str) -> str:
    """Digits of other scripts, super- and subscripts are signs here: no voice of ours reads them."""
    return " " if character.isdigit() else character
