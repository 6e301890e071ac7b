"""Which words of a text carry its meaning: Chinese and English, from the keyboard or from a speech recogniser.

Words that mean the same to a customer become one ("parcel", "package"), question words and politeness fall away.
Chinese is cut into overlapping pairs of characters. On 83 questions to the starter knowledge, pairs and the dictionary
cutter jieba found the same passages; pairs rejected more of what is out of domain, and load no dictionary for half a second.
"""

import re
from typing import Final

from tiangong.agent.word_lists import (
    FORMS_ZH,
    GENERIC_EN,
    GENERIC_ZH,
    PHRASES_EN,
    SAME_EN,
    SAME_ZH,
    STOP_EN,
    STOP_ZH,
)

_PIECE: Final = re.compile(r"[a-z0-9]+(?:'[a-z]+)?|[\u3400-\u9fff]+")


def _stem(word: str) -> str:
    """Plurals, -ing and -ed cut off; too little is better than too much, as words with different meanings must not meet."""
    if len(word) <= 3 or word.isdigit():
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if word.endswith("ly") and len(word) > 6:
        return word[:-2]
    if word.endswith("tion") and len(word) > 7:
        return word[:-3]  # "animation" meets "animated"
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return _stem(word[:-1]) if word.endswith("ings") else word[:-1]
    for ending in ("ing", "ed"):
        root = word[: -len(ending)]
        if word.endswith(ending) and len(root) >= 3 and re.search("[aeiouy]", root):
            if len(root) > 3 and root[-1] == root[-2] and root[-1] not in "lsz":
                return root[:-1]  # "shipped", "planning"
            return root.rstrip("e")
    return word.rstrip("e") if len(word) > 4 else word  # so that "use", "change" meet "changing"


_SAME_EN: Final = {
    form: group.split()[0] for group in SAME_EN for word in group.split() for form in (word, _stem(word))
}
_SAME_ZH: Final = {phrase: group.split()[0] for group in SAME_ZH for phrase in group.split()}
_CUT_ZH: Final = re.compile("|".join(sorted([*STOP_ZH, *_SAME_ZH], key=len, reverse=True)))
_PHRASES: Final = tuple((re.compile(pattern), f" {word} ") for pattern, word in PHRASES_EN)
_FORMS: Final = tuple((re.compile(form), phrase) for form, phrase in FORMS_ZH)


def _normal(word: str) -> str:
    """The form in which a word is compared."""
    return _SAME_EN.get(word) or _SAME_EN.get(stem := _stem(word)) or stem


GENERIC: Final = {*map(_normal, GENERIC_EN), *GENERIC_ZH}


def content_words(text: str) -> list[str]:
    """The words that carry meaning, in order, each in its normal form; may be empty ("how is it?")."""
    folded = text.lower().replace("’", "'")
    for pattern, word in _PHRASES:
        folded = pattern.sub(word, folded)
    words: list[str] = []
    for piece in _PIECE.findall(folded):
        if "\u3400" <= piece[0] <= "\u9fff":
            words += _chinese(piece)
        elif (word := _english(piece)) is not None:
            words.append(word)
    return words


def _english(word: str) -> str | None:
    bare = word.replace("'s", "").replace("'", "")
    return None if bare in STOP_EN and bare not in _SAME_EN else _normal(bare)


def _chinese(run: str) -> list[str]:
    for form, phrase in _FORMS:
        run = form.sub(phrase, run)
    words: list[str] = []
    at = 0
    for match in _CUT_ZH.finditer(run):
        words += _pairs(run[at : match.start()])
        if match.group() in _SAME_ZH:
            words.append(_SAME_ZH[match.group()])
        at = match.end()
    return words + _pairs(run[at:])


def _pairs(run: str) -> list[str]:
    """ "退货流程" -> 退货, 货流, 流程; a single character stands for itself."""
    return [run[i : i + 2] for i in range(len(run) - 1)] if len(run) > 1 else [run] if run else []
