"""Sums, powers, ratios and sizes (3 x 4) in words."""

import re
from typing import Final

from tiangong.voice.spoken_text.context import Place
from tiangong.voice.spoken_text.numerals import NUMBER, cardinal_en, cardinal_zh
from tiangong.voice.spoken_text.units import SUMS_EN, SUMS_ZH

_SUPERSCRIPT: Final = str.maketrans("²³⁴⁵⁶⁷⁸⁹¹⁰⁻", "2345678910-")


def arithmetic(place: Place) -> str:
    """Reads 3+4=7."""
    zh = place.tongue == "zh"
    number, signs = (cardinal_zh, SUMS_ZH) if zh else (cardinal_en, SUMS_EN)
    tokens = re.findall(rf"(?:{NUMBER})|[^\s\d.,]", place[0])
    said: list[str] = []
    for i, token in enumerate(tokens):
        negative = token in "-−" and (i == 0 or tokens[i - 1] in signs)
        said.append(("负" if zh else "minus") if negative else signs[token] if token in signs else number(token))
    return ("" if zh else " ").join(said)


def by(place: Place) -> str:
    """Reads 1920x1080."""
    zh = place.tongue == "zh"
    numbers = re.findall(NUMBER, place[0])
    return "乘".join(map(cardinal_zh, numbers)) if zh else " by ".join(map(cardinal_en, numbers))


def ratio_en(place: Place) -> str:
    """Reads 16:9."""
    return " to ".join(map(cardinal_en, re.findall(NUMBER, place[0])))


def ratio_zh(place: Place) -> str:
    """Reads 16:9."""
    return "比".join(map(cardinal_zh, re.findall(NUMBER, place[0])))


def power_en(place: Place) -> str:
    """Reads 10^6, x²."""
    power = place["power"].translate(_SUPERSCRIPT)
    ends = {"2": "squared", "3": "cubed"}
    base = cardinal_en(place["n"]) if place["n"][0].isdigit() else place["n"]
    return f"{base} {ends.get(power) or f'to the power of {cardinal_en(power)}'}"


def power_zh(place: Place) -> str:
    """Reads 10^6, x²."""
    power = place["power"].translate(_SUPERSCRIPT)
    base = cardinal_zh(place["n"]) if place["n"][0].isdigit() else place["n"]
    return f"{base}的{'平方' if power == '2' else '立方' if power == '3' else cardinal_zh(power) + '次方'}"
