"""A text that remembers where each of its characters came from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class NormalForm:
    """A normalised text with its way back; all offsets are code points."""

    original: str
    text: str
    starts: Sequence[int]  # per character of `text`: where it begins in `original`, never falling
    ends: Sequence[int]  # and where it ends (exclusive)
    cut: bool = False  # the original was longer than what is read of it

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The stretch of `original` that `text[start:end]` stands for; an empty stretch stays empty.

        Raises IndexError outside 0 <= start <= end <= len(text).
        """
        if not 0 <= start <= end <= len(self.text):
            raise IndexError(f"no span {start}:{end} in a text of {len(self.text)} characters")
        if start == end:
            at = self.starts[start] if start < len(self.text) else (self.ends[-1] if self.text else 0)
            return at, at
        return self.starts[start], self.ends[end - 1]

    def without(self, gaps: Iterable[tuple[int, int]]) -> "NormalForm":
        """The same text with these stretches of it dropped: ascending, apart from each other."""
        texts: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        at = 0
        for gap_start, gap_end in (*gaps, (len(self.text), len(self.text))):
            texts.append(self.text[at:gap_start])
            starts.extend(self.starts[at:gap_start])
            ends.extend(self.ends[at:gap_start])
            at = gap_end
        return replace(self, text="".join(texts), starts=starts, ends=ends)

    def rewritten(self, text: str) -> "NormalForm":
        """The same places under other characters, one for one. Raises ValueError when the length differs."""
        if len(text) != len(self.text):
            raise ValueError(f"{len(text)} characters cannot stand for {len(self.text)}")
        return replace(self, text=text)

    def replaced(self, pieces: Iterable[tuple[int, int, str]]) -> "NormalForm":
        """The same text with `text[start:end]` replaced, each new character standing for the whole stretch.

        The stretches are ascending, apart from each other and not empty.
        """
        texts: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        at = 0
        for start, end, new in (*pieces, (len(self.text), len(self.text), "")):
            texts += (self.text[at:start], new)
            starts.extend(self.starts[at:start])
            ends.extend(self.ends[at:start])
            if new:
                first, last = self.span(start, end)
                starts += [first] * len(new)
                ends += [last] * len(new)
            at = end
        return replace(self, text="".join(texts), starts=starts, ends=ends)
