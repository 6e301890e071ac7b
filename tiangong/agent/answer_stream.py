"""The raw stream of a language model -> what may be spoken of it."""

from collections.abc import Generator
from contextlib import closing
from typing import Final

THINK: Final = "<think>"
END_OF_THINK: Final = "</think>"
_SILENT_MARKS: Final = str.maketrans("", "", "*`")  # of Markdown; "#" and "-" mean something inside a line


def without_thinking(pieces: Generator[str], *, thinking: bool = False) -> Generator[str]:
    """Leave out what stands between <think> and </think>, however it is cut into pieces.

    `thinking` tells that the model begins inside, because its template has already opened the block.
    """
    held = ""
    with closing(pieces):
        for piece in pieces:
            held += piece
            while True:
                tag = END_OF_THINK if thinking else THINK
                before, found, after = held.partition(tag)
                if not found:
                    break
                if not thinking and before:
                    yield before
                held, thinking = after, not thinking
            # The end of what has come may be the beginning of a tag.
            keep = _overlap(held, END_OF_THINK if thinking else THINK)
            if not thinking and len(held) > keep:
                yield held[: len(held) - keep]
            held = held[len(held) - keep :]
        if held and not thinking:
            yield held


def spoken_pieces(pieces: Generator[str]) -> Generator[str]:
    """Without Markdown's marks, and without the white space that models begin with."""
    begun = False
    with closing(pieces):
        for piece in pieces:
            plain = piece.translate(_SILENT_MARKS)
            plain = plain if begun else plain.lstrip()
            begun = begun or bool(plain)
            if plain:
                yield plain


def until(pieces: Generator[str], mark: str) -> Generator[str]:
    """Everything before `mark`."""
    held = ""
    with closing(pieces):
        for piece in pieces:
            before, found, _ = (held + piece).partition(mark)
            keep = 0 if found else _overlap(before, mark)
            if len(before) > keep:
                yield before[: len(before) - keep]
            if found:
                return
            held = before[len(before) - keep :]
        if held:
            yield held


def _overlap(text: str, tag: str) -> int:
    """How many letters at the end of `text` begin `tag`."""
    return next((n for n in range(min(len(text), len(tag) - 1), 0, -1) if text.endswith(tag[:n])), 0)
