"""Cuts a stream of text into sentences that can be judged and spoken one by one."""

import re
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

# A full stop ends a sentence only before a space or the end: "3.5 kg", "tiangong.toml" stay whole.
_END: Final = re.compile(r"(?:[。\uff01\uff1f…\uff1b!?;]+|\.+(?=\s|$)|\n+)[\"'”’\uff09)\]]*\s*")
_ABBREVIATION: Final = re.compile(r"(?:^|[\s(])(?:Mr|Mrs|Ms|Dr|Prof|St|No|vs|etc|e\.g|i\.e|approx|Inc|Ltd|[A-Z])\.\s*$")
_CLAUSE: Final = re.compile(r"[,，、:：]\s*")
LONGEST_CHARS: Final = 240  # a "sentence" without an end is cut at its last comma before this
SHORTEST_CHARS: Final = 2


async def split_sentences(pieces: AsyncIterator[str]) -> AsyncGenerator[str]:
    """Whole sentences, as early as the stream allows; white space at both ends is dropped."""
    text = ""
    async for piece in pieces:
        text += piece
        while (cut := _first_end(text)) is not None:
            sentence, text = text[:cut].strip(), text[cut:]
            if sentence:
                yield sentence
    while len(text) > LONGEST_CHARS:
        cut = _forced_end(text)
        yield text[:cut].strip()
        text = text[cut:]
    if text.strip():
        yield text.strip()


def _first_end(text: str) -> int | None:
    for match in _END.finditer(text):
        # An end that touches the end of what has come so far may go on ("3." + "5", "?" + "!"): wait for more.
        if match.end() == len(text) and not text[-1].isspace():
            break
        before = text[: match.end()].strip()
        if len(before) >= SHORTEST_CHARS and not _ABBREVIATION.search(text[: match.end()]):
            return match.end()
    return _forced_end(text) if len(text) > LONGEST_CHARS else None


def _forced_end(text: str) -> int:
    clauses = [match.end() for match in _CLAUSE.finditer(text, 0, LONGEST_CHARS)]
    spaces = text.rfind(" ", 0, LONGEST_CHARS) + 1
    return (clauses[-1] if clauses else spaces) or LONGEST_CHARS
