"""Fences around a judged text: whatever it says, it stays a text to be judged.

The marks bear a random number, so that nobody can write them beforehand; what models read as marks of their own prompts is
spelled so that it reads on as text. A text too long for the judge is refused rather than cut: nobody would have read the rest.
"""

import re
import secrets
from typing import Final

from tiangong.policies.judges.protocol import failed

LONGEST_CHARS: Final = 4_000
_KEPT_BEFORE: Final = 600  # characters of what was said before: it helps to understand, and is judged by itself
_NONCE_BYTES: Final = 8
# Chat templates mark roles by <|im_start|>, <end_of_turn>, <s>, [INST] or <<SYS>>; Qwen3Guard by <BEGIN CONVERSATION>.
_ANGLES: Final = str.maketrans("<>", "‹›")
_BRACKET_MARKS: Final = re.compile(r"\[(/?[A-Z_]{3,20})\]")
_RULERS: Final = re.compile(r"[=#`~*_-]{3,}")  # lines that would pass for the end of the fence
_SPACE: Final = re.compile(r"\s+")


def harmless(text: str) -> str:
    """A text on one line, without anything that a prompt could be built of. Raises EngineError for one that is too long."""
    if len(text) > LONGEST_CHARS:
        raise failed(f"the text has {len(text):,} characters, the judge reads {LONGEST_CHARS:,}")
    printable = "".join(c if c.isprintable() else " " for c in text)
    plain = _BRACKET_MARKS.sub(r"(\1)", printable.translate(_ANGLES))
    return _SPACE.sub(" ", _RULERS.sub(lambda run: " ".join(run.group()), plain)).strip()


def context(text: str) -> str:
    """The end of what was said before, as `harmless` makes it."""
    return harmless(text[-_KEPT_BEFORE:])


class Fence:
    """One prompt's marks."""

    def __init__(self) -> None:
        self.number = secrets.token_hex(_NONCE_BYTES)

    def around(self, what: str, text: str) -> str:
        """`text` between two lines that name it."""
        return f"=== {what} {self.number} ===\n{text}\n=== end of {what} {self.number} ==="
