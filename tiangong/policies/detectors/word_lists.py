"""Many listed words looked for at once, in a time that does not grow with the list."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol, cast

from tiangong.core.errors import ConfigError
from tiangong.policies.detectors.normal_form import NormalForm, normal_form, pinyin_key, pinyin_of

_LEAST_PINYIN_SYLLABLES: Final = 2  # "ma" alone is English, too


class _Automaton(Protocol):
    def add_word(self, key: str, value: str) -> bool: ...
    def make_automaton(self) -> None: ...
    def iter(self, text: str) -> Iterable[tuple[int, str]]: ...


class WordList:
    """Words and phrases of any language, without regard to case, width or script variant; shared between threads.

    A word that begins or ends in a letter a-z or a digit needs something else beside it there ("ass" is not in "class");
    a Chinese word needs nothing. `exceptions` are longer words that contain a listed one and are innocent ("Scunthorpe",
    "杀毒软件" with "杀"): what lies within one of them is not found. With `pinyin`, Chinese words of two characters and more
    are also found in texts written in toneless pinyin.

    Raises ConfigError for a word that is empty once it is normalised.
    """

    def __init__(self, words: Iterable[str], exceptions: Iterable[str] = (), *, pinyin: bool = False) -> None:
        normal = [_normal_word(word) for word in words]
        self._words = _automaton(normal)
        self._exceptions = _automaton(_normal_word(word) for word in exceptions)
        keys = [pinyin_of(word) for word in normal if not word.isascii()] if pinyin else []
        self._pinyin = _automaton(
            key for key in keys if key.isascii() and key.count(" ") + 1 >= _LEAST_PINYIN_SYLLABLES
        )

    def find(
        self, form: NormalForm, key_of: Callable[[NormalForm], NormalForm | None] = pinyin_key
    ) -> tuple[tuple[int, int], ...]:
        """Spans in `form.text`, ascending; of overlapping ones the longest, of equally long ones the first.

        `key_of` gives the text in pinyin; who looks for several lists makes it once.
        """
        found = _matches(self._words, form.text)
        innocent = _matches(self._exceptions, form.text) if found else []
        found = [
            (start, end)
            for start, end in found
            if not any(first <= start and end <= last and last - first > end - start for first, last in innocent)
        ]
        if self._pinyin is not None and (key := key_of(form)):
            found += [key.span(start, end) for start, end in _matches(self._pinyin, key.text)]
        return tuple(_longest_apart(found))

    def hits(self, form: NormalForm) -> bool:
        return bool(self.find(form))


def _normal_word(word: str) -> str:
    normal = normal_form(word).text
    if not normal:
        raise ConfigError(f"{word!r} is no word to look for: nothing of it can be seen")
    return normal


def _automaton(words: Iterable[str]) -> _Automaton | None:
    """None for an empty list, in which pyahocorasick cannot search."""
    import ahocorasick

    automaton = cast(_Automaton, ahocorasick.Automaton())
    empty = True
    for word in words:
        automaton.add_word(word, word)
        empty = False
    if empty:
        return None
    automaton.make_automaton()
    return automaton


def _matches(automaton: _Automaton | None, text: str) -> list[tuple[int, int]]:
    if automaton is None:
        return []
    spans = ((last - len(word) + 1, last + 1) for last, word in automaton.iter(text))
    return [(start, end) for start, end in spans if _whole(text, start, end)]


def _whole(text: str, start: int, end: int) -> bool:
    cut_before = start > 0 and _joins(text[start]) and _joins(text[start - 1])
    cut_after = end < len(text) and _joins(text[end - 1]) and _joins(text[end])
    return not cut_before and not cut_after


def _joins(character: str) -> bool:
    """Whether words of this letter's script are parted by spaces; Chinese, Japanese and symbols are not."""
    return character.isalnum() and not "\u2e80" <= character <= "\ua4cf" and not "\uf900" <= character <= "\ufaff"


def _longest_apart(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    kept_end = -1
    best: tuple[int, int] | None = None
    for span in sorted(spans, key=lambda span: (span[0], -span[1])):
        if best is None or span[0] >= kept_end:
            if best:
                yield best
            best, kept_end = span, span[1]
        elif span[1] - span[0] > best[1] - best[0]:
            best, kept_end = span, span[1]
    if best:
        yield best
