"""Many regular expressions looked for at once, in a time that grows with the text only (RE2: no backtracking)."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

import re2

from tiangong.core.errors import ConfigError
from tiangong.policies.detectors.tracked_text import NormalForm

_LONGEST_PATTERN_CHARS: Final = 4_000  # with its pieces spelled out
_PATTERN_BYTES: Final = 1 << 20  # of compiled program; a counted repetition of a repetition reaches it
_SET_BYTES: Final = 64 << 20  # of a whole set, of which most is used only by hostile texts
_MEND: Final = (
    (re.compile(r"invalid perl operator"), "look-around and conditions do not exist here: list the exceptions instead"),
    (re.compile(r"invalid escape sequence: \\\d"), "references back to a group do not exist here"),
    (re.compile(r"pattern too large|invalid repetition size|bad repetition"), "repeat less: at most 1000 times in all"),
)


class PatternSet:
    """Patterns in RE2's syntax, searched in a normal form: without regard to case, "." does not match a line's end.

    Raises ConfigError for a pattern that RE2 refuses (look-around, references back, too large), or that matches an empty
    text and so would hit everything.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self.patterns: Final = tuple(patterns)
        self._compiled = [_compiled(pattern) for pattern in self.patterns]
        self._set = _whole_set(self.patterns)

    def matching(self, form: NormalForm) -> tuple[int, ...]:
        """The places in `patterns` of those that occur, ascending; one pass over the text for all of them."""
        if self._set is None:
            return ()
        return tuple(sorted(cast("list[int] | None", self._set.Match(form.text)) or ()))

    def spans(self, form: NormalForm, pattern: int) -> Iterator[tuple[int, int]]:
        """Where pattern number `pattern` occurs in `form.text`, ascending and apart from each other."""
        for match in self._compiled[pattern].finditer(form.text):
            yield match.span()


def _options(max_bytes: int) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False  # it would print to the standard error output; what is wrong is raised
    options.max_mem = max_bytes
    return options


def _compiled(pattern: str) -> Any:
    if len(pattern) > _LONGEST_PATTERN_CHARS:
        raise ConfigError(
            f"pattern {_short(pattern)} has {len(pattern):,} characters, more than {_LONGEST_PATTERN_CHARS:,}"
        )
    try:
        compiled = re2.compile(pattern, _options(_PATTERN_BYTES))
    except re2.error as error:
        reason = _reason(error)
        mend = next((f": {mend}" for sign, mend in _MEND if sign.search(reason)), "")
        raise ConfigError(f"pattern {_short(pattern)} cannot be used, {reason}{mend}") from error
    if compiled.search("") is not None:
        raise ConfigError(f"pattern {_short(pattern)} matches an empty text, so it would hit everything")
    return compiled


def _reason(error: Exception) -> str:
    """The binding hands on bytes in quotes: "b'invalid perl operator: (?='"."""
    text = str(error)
    return text[2:-1].replace("\\\\", "\\") if text.startswith(("b'", 'b"')) else text


def _short(pattern: str) -> str:
    return repr(pattern if len(pattern) <= 60 else pattern[:57] + "...")


def _whole_set(patterns: Sequence[str]) -> Any:
    """None where there are no patterns: an empty set cannot be compiled."""
    if not patterns:
        return None
    whole = re2.Set.SearchSet(_options(_SET_BYTES))
    for pattern in patterns:
        whole.Add(pattern)
    try:
        whole.Compile()
    except re2.error as error:
        raise ConfigError(f"{len(patterns):,} patterns are too many for one set: part them") from error
    return whole
