"""Cuts a stream of text into sentences that can be judged and spoken one by one."""

import re
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

# A full stop ends a sentence only before a space or the end: "3.5 kg", "tiangong.toml" stay whole. At most eight marks: a run
# of them that never ends must not hold the voice back.
_END: Final = re.compile(
    r"(?:(?:[。\uff01\uff1f…\uff1b!?;]{1,8}|\.{1,8}(?=[\"'”’\uff09)\]]{0,8}(?:\s|$)))[\"'”’\uff09)\]]{0,8}|\n+)\s*"
)
_ABBREVIATION: Final = re.compile(r"(?:^|[\s(])(?:Mr|Mrs|Ms|Dr|Prof|St|No|vs|etc|e\.g|i\.e|approx|Inc|Ltd|[A-Z])\.\s*$")
_CLAUSE: Final = re.compile(r"[,，、:：]\s*")
LONGEST_CHARS: Final = 240  # a "sentence" without an end is cut at its last comma before this
SHORTEST_CHARS: Final = 2


async def split_sentences(pieces: AsyncIterator[str]) -> AsyncGenerator[str]:
    """Whole sentences, as early as the stream allows; white space at both ends is dropped.

    The sentences of a text are the same however it is cut into pieces: what a policy judges must not depend on it.
    """
    text = ""
    async for piece in pieces:
        text = (text + piece).lstrip()
        while (cut := _next_cut(text, whole=False)) is not None:
            yield text[:cut].strip()
            text = text[cut:].lstrip()
    while text:
        cut = _next_cut(text, whole=True) or len(text)
        yield text[:cut].strip()
        text = text[cut:].lstrip()


def _next_cut(text: str, *, whole: bool) -> int | None:
    """Where the first sentence of a text ends; None: not to be told before more of it has come (`whole`: nothing will)."""
    for match in _END.finditer(text):
        if match.start() >= LONGEST_CHARS:
            break
        # An end that touches the end of what has come so far may go on ("3." + "5", "?" + "!"): wait for more.
        if not whole and match.end() == len(text) and not text[-1].isspace():
            return None
        sentence = text[: match.end()]
        if len(sentence.strip()) >= SHORTEST_CHARS and not _ABBREVIATION.search(sentence):
            return match.end()
    return _forced_end(text) if len(text) > LONGEST_CHARS else None


def _forced_end(text: str) -> int:
    clauses = [match.end() for match in _CLAUSE.finditer(text, 0, LONGEST_CHARS)]
    spaces = text.rfind(" ", 0, LONGEST_CHARS) + 1
    return (clauses[-1] if clauses else spaces) or LONGEST_CHARS
