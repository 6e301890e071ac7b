"""Chinese written in toneless pinyin ("wo xiang zisha"), which no list of Chinese words can read."""

import re
from functools import cache, lru_cache
from typing import Final

from tiangong.policies.detectors.tracked_text import NormalForm

_LEAST_SYLLABLES: Final = 2
_LEAST_SHARE: Final = 0.7  # of the Latin words, the others may be names or English
_LONGEST_WORD: Final = 60  # letters; what is longer is no word of any language
_WORD: Final = re.compile("[a-z]+")

# Initial -> the finals that follow it (Hanyu Pinyin without tones; u for ü as it is typed, v beside it).
_SYLLABLES: Final = {
    "": "a ai an ang ao e ei en eng er o ou",
    "b": "a ai an ang ao ei en eng i ian iao ie in ing o u",
    "p": "a ai an ang ao ei en eng i ian iao ie in ing o ou u",
    "m": "a ai an ang ao e ei en eng i ian iao ie in ing iu o ou u",
    "f": "a an ang ei en eng o ou u",
    "d": "a ai an ang ao e ei en eng i ia ian iao ie ing iu ong ou u uan ui un uo",
    "t": "a ai an ang ao e eng i ian iao ie ing ong ou u uan ui un uo",
    "n": "a ai an ang ao e ei en eng i ian iang iao ie in ing iu ong ou u uan uo v ve ue",
    "l": "a ai an ang ao e ei eng i ia ian iang iao ie in ing iu o ong ou u uan un uo v ve ue",
    "g": "a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo",
    "k": "a ai an ang ao e en eng ong ou u ua uai uan uang ui un uo",
    "h": "a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo",
    "j": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "q": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "x": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "zh": "a ai an ang ao e ei en eng i ong ou u ua uai uan uang ui un uo",
    "ch": "a ai an ang ao e en eng i ong ou u ua uai uan uang ui un uo",
    "sh": "a ai an ang ao e ei en eng i ou u ua uai uan uang ui un uo",
    "r": "an ang ao e en eng i ong ou u uan ui un uo",
    "z": "a ai an ang ao e ei en eng i ong ou u uan ui un uo",
    "c": "a ai an ang ao e en eng i ong ou u uan ui un uo",
    "s": "a ai an ang ao e en eng i ong ou u uan ui un uo",
    "y": "a an ang ao e i in ing o ong ou u uan ue un",
    "w": "a ai an ang ei en eng o u",
}


def pinyin_of(chinese_term: str) -> str:
    """Toneless syllables joined by one space: "自杀" -> "zi sha". Other characters stay as they are.

    The first call takes a tenth of a second: the dictionary is read then.
    """
    from pypinyin import lazy_pinyin

    syllables = lazy_pinyin(chinese_term.lower())
    return " ".join(s if s in chinese_term.lower() else s.replace("v", "u") for s in syllables)


def pinyin_key(form: NormalForm) -> NormalForm | None:
    """The text as syllables parted by single spaces, to be searched for `pinyin_of` a word; None where it isn't pinyin.

    Its offsets lead into `form.text` (not into the original). Pinyin it is where most Latin words are made of syllables
    ("me" and "can" are, too, so an English text may be taken for it: that only costs time).
    """
    words = [(m.start(), m.group()) for m in _WORD.finditer(form.text)]
    split = [(start, word, syllables_of(word)) for start, word in words]
    read = sum(1 for _, _, syllables in split if syllables)
    if not split or read < _LEAST_SHARE * len(split):
        return None
    if sum(len(syllables) for _, _, syllables in split) < _LEAST_SYLLABLES:
        return None
    texts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, word, syllables in split:
        at = start
        for piece in syllables or (word,):
            places = range(at, at + len(piece))
            starts += [*places, at + len(piece) - 1]  # the space after a syllable stands for its last letter
            ends += [i + 1 for i in places] + [at + len(piece)]
            texts.append((piece.replace("v", "u") if syllables else piece) + " ")  # "nv" and "nu" are both 女
            at += len(piece)
    return NormalForm(form.text, "".join(texts)[:-1], starts[:-1], ends[:-1], form.cut)


@lru_cache(maxsize=4096)
def syllables_of(word: str) -> tuple[str, ...]:
    """The fewest syllables that make up the word ("zisha" -> zi, sha), longer ones first; () where none do."""
    if len(word) > _LONGEST_WORD:
        return ()
    known = _known_syllables()
    best: list[tuple[str, ...] | None] = [None] * len(word)
    best.append(())
    for start in range(len(word) - 1, -1, -1):
        for length in range(min(6, len(word) - start), 0, -1):
            rest = best[start + length]
            if rest is None or word[start : start + length] not in known:
                continue
            here = best[start]
            if here is None or len(rest) + 1 < len(here):
                best[start] = (word[start : start + length], *rest)
    return best[0] or ()


@cache
def _known_syllables() -> frozenset[str]:
    return frozenset(initial + final for initial, finals in _SYLLABLES.items() for final in finals.split())
