"""Numbers -> words: `num2words` (English) and `cn2an` (Mandarin), with what speakers do on top.

Numbers come as they are written: "1,234.50", "007"; English in the American way, without "and".
"""

import re
from functools import lru_cache
from typing import Final

import cn2an
from num2words import num2words

_DIGITS_EN: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_DIGITS_ZH: Final = "零一二三四五六七八九"
NUMBER: Final = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"  # a pattern: 1,234.5
LONGEST: Final = 15  # digits of a quantity; longer ones are codes
# What 2 counts as 两: measure words and units.
COUNTED: Final = (
    "个 只 条 张 位 本 天 次 块 种 名 件 家 台 辆 杯 瓶 岁 元 倍 份 间 双 对 场 届 门 首 篇 段 句 页 颗 棵 座 支 把 根 片 包 盒 箱 "
    "袋 碗 斤 公斤 "
    "公里 米 厘米 毫米 千米 升 毫升 克 千克 吨 平方 立方 小时 分钟 秒 刻钟 周 星期 年 点 千 万 亿 美元 欧元 英镑 港元 日元 人 里 步 "
    "趟 遍 度 摄氏度 瓦 千瓦 伏 赫兹 英尺 英寸 英里 磅 角 分钱 口 匹 头 群 层 套 组 批 项 笔 道 款 代 章 节课 行 回 顿 声 下 边 者"
).split()
_TWO: Final = re.compile("(?:" + "|".join(sorted(map(re.escape, COUNTED), key=len, reverse=True)) + ")")
_NOT_COUNTED: Final = re.compile("年级|层楼|月|号|日|点\\d|年代|章|代|届")


def cardinal_en(number: str) -> str:
    """ "1,234.5" -> "one thousand two hundred thirty-four point five"; "-3" -> "minus three"."""
    plain = number.replace(",", "")
    if plain[:1] in "-−":
        return f"minus {cardinal_en(plain[1:])}"
    whole, _, decimals = plain.partition(".")
    words = digits_en(whole) if len(whole) > LONGEST else _whole_en(int(whole or "0"))
    return f"{words} point {digits_en(decimals)}" if decimals else words


@lru_cache(maxsize=4096)
def _whole_en(number: int) -> str:
    return _american(str(num2words(number)))


def ordinal_en(number: str) -> str:
    """ "21" -> "twenty-first"."""
    plain = number.replace(",", "")
    if len(plain) > LONGEST:
        return digits_en(plain)
    return _american(str(num2words(int(plain), to="ordinal")))


def _american(words: str) -> str:
    return words.replace(",", "").replace(" and ", " ")


def digits_en(digits: str) -> str:
    return " ".join(_DIGITS_EN[int(d)] for d in digits if d in "0123456789")


def year_en(year: str) -> str:
    """1905 "nineteen oh five", 2005 "two thousand five", 2026 "twenty twenty-six", 1900 "nineteen hundred"."""
    number = int(year)
    century, rest = divmod(number, 100)
    if number < 1000 or century % 10 == 0 and rest < 10:
        return cardinal_en(year)
    if rest == 0:
        return f"{cardinal_en(str(century))} hundred"
    return f"{cardinal_en(str(century))} {'oh ' if rest < 10 else ''}{cardinal_en(str(rest))}"


def plural(word: str) -> str:
    """ "ninety" -> "nineties"."""
    return word[:-1] + "ies" if word.endswith("y") else word + "s"


def cardinal_zh(number: str, following: str = "") -> str:
    """ "1,234.5" -> 一千二百三十四点五; 2 before a measure word (`following`) is 两, and so it is in 两百 and before 千, 万, 亿."""
    plain = number.replace(",", "")
    if plain[:1] in "-−":
        return "负" + cardinal_zh(plain[1:], following)
    whole, _, decimals = plain.partition(".")
    if decimals:
        return _whole_zh(whole or "0") + "点" + digits_zh(decimals)
    if whole.lstrip("0") == "2" and _TWO.match(following.lstrip()) and not _NOT_COUNTED.match(following.lstrip()):
        return "两"
    words = _whole_zh(whole)
    return "两" + words[1:] if re.match("二百$|二[千万亿]", words) else words


@lru_cache(maxsize=4096)
def _whole_zh(digits: str) -> str:
    if len(digits) > LONGEST:
        return digits_zh(digits)
    return str(cn2an.an2cn(int(digits)))


def digits_zh(digits: str, one: str = "一") -> str:
    """Each digit by itself; `one` is 幺 in telephone numbers and the like."""
    return "".join(one if d == "1" else _DIGITS_ZH[int(d)] for d in digits if d in "0123456789")
