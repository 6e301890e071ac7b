"""Written text made fit to be heard: short whole sentences without marks of layout."""

import re
from typing import Final

from tiangong.agent.words import content_words

MOST_SENTENCES: Final = 4
MOST_CHARS: Final = {"en": 360, "zh": 140}  # about twenty seconds of speech; a listener has forgotten what was before
_END: Final = re.compile(r"(?<=[.!?])[\"'”’)]*\s+|(?<=[。！？；])[”’」』）]*\s*|\n+")
_LINK: Final = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_ADDRESS: Final = re.compile(r"\(?https?://(?:www\.)?([^\s/)，。]+)[^\s)，。]*\)?")
_MARKUP: Final = re.compile(r"\*\*|__|`+|^#{1,6}\s+|^\s*[-*•·▪]\s+|^\s*\d+[.)]\s+", re.MULTILINE)


def sentences(text: str) -> list[str]:
    """Cut a text into sentences; headings, bullets, emphasis and the paths of web addresses are dropped."""
    plain = _ADDRESS.sub(r"\1", _LINK.sub(r"\1", text))
    plain = _MARKUP.sub("", plain)
    found: list[str] = []
    at = 0
    for match in _END.finditer(plain):
        marks = match.group().strip()  # quotation marks that close the sentence
        found.append(plain[at : match.start()] + marks)
        at = match.end()
    return [" ".join(sentence.split()) for sentence in [*found, plain[at:]] if sentence.strip()]


def speakable_part(text: str, question: str, language: str) -> list[str]:
    """All of a short text; of a long one up to 4 sentences in a row, those that share most with the question."""
    every = sentences(text)
    limit = MOST_CHARS.get(language, MOST_CHARS["en"])
    if len(every) <= MOST_SENTENCES and len(text) <= limit:
        return every
    asked = set(content_words(question))
    worth = [len(asked & set(content_words(sentence))) for sentence in every]
    start = max(range(len(every)), key=lambda i: (sum(worth[i : i + 2]) + worth[i], -i))
    part = [every[start]]
    for sentence in every[start + 1 : start + MOST_SENTENCES]:
        if sum(map(len, part)) + len(sentence) > limit:
            break
        part.append(sentence)
    return part


def listed(names: list[str], language: str) -> str:
    """ "orders, delivery, and returns" / "订单、配送、退换货"."""
    if language == "zh" or len(names) < 2:
        return "、".join(names)
    return ", ".join(names[:-1]) + ", and " + names[-1]
