"""One sentence -> runs of one language each, and pieces short enough to be heard early."""

import re
from dataclasses import dataclass
from typing import Final, Literal

Tongue = Literal["en", "zh"]

# A Latin word keeps the figures and signs glued to its end (GPT-4, C++, issue's); figures before it stand alone.
_TOKEN: Final = re.compile(
    r"(?P<zh>[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+)"
    r"|(?P<en>[A-Za-z\u00c0-\u024f](?:[A-Za-z\u00c0-\u024f0-9+#]|['’&@.\-](?=[A-Za-z0-9]))*)"
    r"|(?P<number>[-+$€£¥]?\d+(?:[.,:/]\d+)*[%‰°]?)"
    r"|(?P<other>.)",
    re.DOTALL,
)
_CLAUSE: Final = re.compile(r".+?(?:[,;:，；：、。！？!?…—]+(?=\D|$)|\.(?=\s|$)|$)[\s”’」』）)\"]*", re.DOTALL)
_WORD: Final = re.compile(r"[^\s\u3400-\u9fff]{1,40}\s*|[\u3400-\u9fff]\s*|\s+")
# Seconds a character takes at rate 1, from espeak-ng at 165 words a minute, rounded up.
_SECONDS_PER_HAN: Final = 0.25
_SECONDS_PER_DIGIT: Final = 0.35
_SECONDS_PER_LETTER: Final = 0.075
_SECONDS_PER_MARK: Final = 0.4


@dataclass(frozen=True)
class Run:
    """Text spoken by one voice."""

    tongue: Tongue
    text: str


def main_tongue(text: str, wanted: str) -> Tongue:
    """The language of figures in `text`: the `wanted` one (BCP-47), unless all of its letters are of the other."""
    found = {match.lastgroup for match in _TOKEN.finditer(text)} & {"en", "zh"}
    if len(found) == 1:
        return "zh" if "zh" in found else "en"
    return "zh" if wanted.lower().startswith("zh") else "en"


def language_runs(text: str, main: Tongue) -> list[Run]:
    """Split where the script changes; figures follow `main`, marks and spaces the run before them."""
    runs: list[Run] = []
    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup, match.group()
        if kind == "other" and not token.isalnum():
            tongue = runs[-1].tongue if runs else main
        else:
            tongue: Tongue = "zh" if kind == "zh" else "en" if kind == "en" else main
        if runs and runs[-1].tongue == tongue:
            runs[-1] = Run(tongue, runs[-1].text + token)
        elif runs and not any(c.isalnum() for c in runs[-1].text):
            runs[-1] = Run(tongue, runs[-1].text + token)  # leading marks, as in “GitHub”
        else:
            runs.append(Run(tongue, token))
    return runs


def spoken_s(text: str) -> float:
    """A guess, rather too long, of how many seconds `text` takes at rate 1."""
    total = 0.0
    for c in text:
        if c.isdigit():
            total += _SECONDS_PER_DIGIT
        elif c >= "\u2e80":
            total += _SECONDS_PER_HAN
        else:
            total += _SECONDS_PER_LETTER if c.isalnum() else _SECONDS_PER_MARK if c in ",;:.!?" else 0.0
    return total


def short_pieces(text: str, longest_s: float) -> list[str]:
    """Cut at clauses, and where a clause alone is longer than `longest_s` between words; nothing is lost."""
    if spoken_s(text) <= longest_s:
        return [text]
    parts: list[str] = []
    for clause in _CLAUSE.findall(text):
        parts += [clause] if spoken_s(clause) <= longest_s else _WORD.findall(clause)
    pieces: list[str] = []
    held, held_s = "", 0.0
    for part in parts:
        part_s = spoken_s(part)
        if held and held_s + part_s > longest_s:
            pieces.append(held)
            held, held_s = "", 0.0
        held, held_s = held + part, held_s + part_s
    return [*pieces, held] if held else pieces
