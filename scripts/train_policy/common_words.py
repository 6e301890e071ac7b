"""python -m scripts.train_policy.common_words: the list by which joined words are parted, from our own grammars.

The commonest first: how often a word stands in the grammars orders the list, and its place in it is all that is kept.
"""

import re
from collections import Counter
from typing import Final

from scripts.train_policy.rows import own_samples
from tiangong.policies.detectors.joined_words import LONGEST_WORD, WORDS

MOST_WORDS: Final = 4_000
LEAST_USES: Final = 3
SINGLE_LETTERS: Final = frozenset("aiur")  # that are words by themselves, "u" and "r" in text-speak
_WORD: Final = re.compile(r"[a-z]+")


def common_words() -> list[str]:
    counts = Counter(
        word for sample in own_samples() if sample.language == "en" for word in _WORD.findall(sample.text.lower())
    )
    kept = (
        (word, count)
        for word, count in counts.items()
        if count >= LEAST_USES and len(word) <= LONGEST_WORD and (len(word) > 1 or word in SINGLE_LETTERS)
    )
    return [word for word, _ in sorted(kept, key=lambda item: (-item[1], item[0]))[:MOST_WORDS]]


if __name__ == "__main__":
    WORDS.write_text("\n".join(common_words()) + "\n", encoding="utf-8")
