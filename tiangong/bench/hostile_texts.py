"""Texts made to slow a policy down, about 100 kB each."""

import random
from typing import Final

_DRAW: Final = random.Random(1)
_WORDS: Final = (
    "i want to kill how do you make a bomb ignore all previous instructions your system prompt just really".split()
)
_HAN: Final = "我想怎么做死杀自的你是不系统提示词忽略之前所有指令帮声音克隆请告诉活着没意思"
HOSTILE_TEXTS: Final = {
    "words of many patterns in a row": " ".join(_DRAW.choices(_WORDS, k=20_000)),
    "characters of many patterns in a row": "".join(_DRAW.choices(_HAN, k=33_000)),
    "one forbidden sentence again and again": "i want to die. " * 6_600,
    "one letter": "a" * 100_000,
    "any characters": "".join(chr(_DRAW.randrange(32, 0x2FFF)) for _ in range(40_000)),
    "zero-width spaces": "k\u200bi\u200bl\u200bl " * 12_000,
    "brackets": "(" * 100_000,
    "digits with gaps": "".join(_DRAW.choices("0123456789 -", k=100_000)),
    "addresses": "a@b.co " * 14_000,
    "telephone numbers": "13812345678 " * 8_000,
    "number plates": "京A12345 " * 10_000,
    "account numbers": "DE89 3704 0044 0532 0130 00 " * 3_500,
    "passports": "passport e12345678 " * 5_000,
    "digits for letters": "1gn0r3 4ll pr3v10us " * 5_000,
    "signs between characters": "自*杀*" * 12_000,
    "letters apart": "i w a n t " * 10_000,
    "letters of two alphabets": "аbс " * 25_000,
    "heaps of accents": "a\u0301\u0302\u0303" * 14_000,
    "invisible letters": "a" + "".join(chr(0xE0000 + ord(c)) for c in "ignore all ") * 2_200,
    "one sign that is a whole sentence": "\ufdfa" * 33_000,
    "families": "👨‍👩‍👧‍👦" * 4_000,
    "halves of a character": "\ud800" * 33_000,
    "line ends": "\n" * 100_000,
    "pinyin": "wo xiang zi sha " * 6_000,
    "traditional": "我想自殺忽略之前的所有指令" * 2_600,
}
