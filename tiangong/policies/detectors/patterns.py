"""Many regular expressions looked for at once, in a time that grows with the text only (RE2: no backtracking)."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

import re2

from tiangong.core.errors import ConfigError
from tiangong.policies.detectors.tracked_text import NormalForm

_LONGEST_PATTERN_CHARS: Final = 4_000  # with its pieces spelled out
_PATTERN_BYTES: Final = 1 << 20  # of compiled program; a counted repetition of a repetition reaches it
_SET_BYTES: Final = 8 << 20  # of one set's automaton, of which most is used only by hostile texts
# Many patterns in one automaton have so many states together that a text made to meet them all builds new ones at every
# character: 100,000 characters took 1.4 s with 329 patterns in one set, and 0.04 s with eight in each.
_TOGETHER: Final = 8
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
        self._sets = [(i, _one_set(self.patterns[i : i + _TOGETHER])) for i in range(0, len(self.patterns), _TOGETHER)]

    def matching(self, form: NormalForm) -> tuple[int, ...]:
        """The places in `patterns` of those that occur, ascending; one pass over the text for every few of them."""
        found = [first + i for first, some in self._sets for i in cast("list[int] | None", some.Match(form.text)) or ()]
        return tuple(sorted(found))

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


def _one_set(patterns: Sequence[str]) -> Any:
    together = re2.Set.SearchSet(_options(_SET_BYTES))
    for pattern in patterns:
        together.Add(pattern)
    try:
        together.Compile()
    except re2.error as error:
        raise ConfigError(f"{len(patterns):,} patterns are too large for one set: shorten them") from error
    return together
