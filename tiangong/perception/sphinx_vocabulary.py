"""What people may say to one avatar, as words that PocketSphinx can know."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from tiangong.core.errors import ConfigError

# The sounds of General American, as the CMU dictionary and the acoustic model name them.
SOUNDS: Final = frozenset(
    "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH".split()
)
_WORD: Final = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)?")
_NUMBER: Final = re.compile(r"\d{1,9}")
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+|\n+")

Words = tuple[str, ...]


@dataclass(frozen=True)
class Vocabulary:
    """Sentences and names that are likelier here than elsewhere."""

    sentences: tuple[Words, ...] = ()  # lower case; a sentence that stands here twice counts twice
    names: tuple[Words, ...] = ()  # hot words and phrases, which may stand anywhere in a sentence
    pronunciations: tuple[
        tuple[str, str], ...
    ] = ()  # of words that the dictionary lacks: "tiangong", "T Y EH N G AO NG"

    def __post_init__(self) -> None:
        for word, phones in self.pronunciations:
            if not phones or not SOUNDS.issuperset(phones.split()):
                raise ConfigError(
                    f"the pronunciation of '{word}' is '{phones}'; write it with {' '.join(sorted(SOUNDS))}"
                )

    @classmethod
    def of(
        cls, texts: Iterable[str], hot_words: Sequence[str] = (), pronounce: Callable[[str], str] | None = None
    ) -> "Vocabulary":
        """English texts, and words or phrases to listen for.

        `pronounce` gives the sounds of a word that the dictionary lacks, "" where it cannot; without it such words are
        left out, and those around them are kept. Raises ConfigError where it gives anything but `SOUNDS`.
        """
        sentences, names = list(_sentences(texts)), list(_sentences(hot_words))
        known = dictionary_words()
        # By the spelling that was met first: "GPU" is spelled out, "gpu" might be read.
        spellings = {word.lower(): word for words in reversed(sentences + names) for word in reversed(words)}
        new = sorted(spellings.keys() - known)
        sounds = {word: pronounce(spellings[word]) if pronounce else "" for word in new}
        silent = {word for word, phones in sounds.items() if not phones}
        return cls(
            tuple(part for words in sentences for part in _without(words, silent)),
            tuple(part for words in names for part in _without(words, silent)),
            tuple((word, phones) for word, phones in sounds.items() if phones),
        )


@lru_cache(maxsize=1)
def dictionary_words() -> frozenset[str]:
    """The 134,000 words that PocketSphinx knows by itself."""
    from pocketsphinx import get_model_path

    path = Path(get_model_path()) / "en-us" / "cmudict-en-us.dict"
    return frozenset(line.split(" ", 1)[0] for line in path.read_text(encoding="utf-8").splitlines())


def _sentences(texts: Iterable[str]) -> Iterator[Words]:
    for text in texts:
        for sentence in _SENTENCE_END.split(_NUMBER.sub(_in_words, text)):
            words = tuple(word.replace("’", "'") for word in _WORD.findall(sentence))
            if words:
                yield words


def _in_words(number: re.Match[str]) -> str:
    from num2words import num2words

    return f" {num2words(int(number[0]))} "


def _without(words: Words, silent: set[str]) -> Iterator[Words]:
    """In lower case, the parts between words whose sounds nobody knows."""
    part: list[str] = []
    for word in map(str.lower, words):
        if word not in silent:
            part.append(word)
        elif part:
            yield tuple(part)
            part = []
    if part:
        yield tuple(part)
