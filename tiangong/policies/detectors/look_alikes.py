"""Letters of other scripts that are drawn like Latin ones, mapped only where a reader would take them for Latin.

The pairs are a small part of the Unicode confusables (UTS #39): those that look like a-z in common fonts.
"""

import re
from typing import Final

from tiangong.policies.detectors.tracked_text import NormalForm


def _pairs(table: str) -> dict[str, str]:
    """ "аa еe" -> {"а": "a", "е": "e"}, with the lower case of each letter."""
    pairs = {pair[0]: pair[1] for pair in table.split()}
    return {c.lower(): latin for c, latin in pairs.items()} | pairs


# Drawn the same, so that a whole word of them may pass for Latin.
_EXACT: Final = _pairs(
    "аa вb еe ёe зz кk мm нh оo рp сc тt уy хx ѕs іi їi јj ԁd ԛq ԝw һh ӏl ьb ѵv ґr єe ҽe ҁc әe ԍg ѡw ӡz ҡk ҳx үy ұy қk ңh "
    "αa βb γy εe ηn ιi κk νv οo ρp τt υu χx ωw μu σo ϲc ϳj ϝf "
    "օo ոn սu հh զq յj ցg լl աw քp"
)
# Alike only with some good will: read as Latin inside a word that has Latin letters already.
_LOOSE: Final = _EXACT | _pairs(
    "гr пn иn йn яr цu шw щw лn дd фo жx бb ыi эe чy юo љl њh ћh ђh πn λa θo φo δd ζz ξe ψy տs եt ռn ղn մu իh բf "
    "Ꭰd Ꭱr Ꭲt Ꭵi Ꭺa Ꭻj Ꭼe Ꮃw Ꮇm Ꮋh Ꮐg Ꮓz Ꮢr Ꮥs Ꮪs Ꮩv Ꮮl Ꮯc Ꮲp Ꮶk Ᏼb Ꮟb Ꮎo"
)
# Capitals whose small letter looks like another letter.
_CAPITALS: Final = {"Η": "h", "Ν": "n", "Υ": "y", "Μ": "m", "Σ": "e", "Ω": "o", "Λ": "a"}
_EXACT_TABLE: Final = str.maketrans(_EXACT)
_LOOSE_TABLE: Final = str.maketrans(_LOOSE)

_FOREIGN: Final = "\u0370-\u03ff\u0400-\u052f\u0531-\u058f\u13a0-\u13ff\uab70-\uabbf"
_ANY_FOREIGN: Final = re.compile(f"[{_FOREIGN}]")
_LATIN: Final = re.compile("[a-z]")
# Digits belong to no script: "3d" beside Cyrillic letters is no mixed word.
_FOREIGN_WORD: Final = re.compile(f"[a-z{_FOREIGN}]*[{_FOREIGN}][a-z{_FOREIGN}]*")


def latin_look(form: NormalForm) -> NormalForm:
    """Look-alikes become Latin in words that mix scripts, and in whole words where all the rest of the text is Latin.

    A text with one true Cyrillic, Greek, Armenian or Cherokee word keeps every unmixed word as it is.
    """
    if form.text.isascii() or not _ANY_FOREIGN.search(form.text):
        return form
    words = [(m.start(), m.group()) for m in _FOREIGN_WORD.finditer(form.text)]
    pure = [word for _, word in words if not _LATIN.search(word)]
    others_latin = _LATIN.search(form.text) is not None and _only_look_alikes(pure)
    pieces: list[str] = []
    at = 0
    for start, word in words:
        pieces.append(form.text[at:start])
        at = start + len(word)
        if _LATIN.search(word):
            pieces.append(word.translate(_LOOSE_TABLE))
        else:
            pieces.append(word.translate(_EXACT_TABLE) if others_latin else word)
    pieces.append(form.text[at:])
    return _with_capitals(form, "".join(pieces))


def all_latin_look(form: NormalForm) -> NormalForm | None:
    """The reading of a text that has no Latin letter at all but is drawn with nothing else; None where it isn't."""
    words = [m.group() for m in _FOREIGN_WORD.finditer(form.text)]
    if not words or _LATIN.search(form.text) or not _only_look_alikes(words):
        return None
    return _with_capitals(form, form.text.translate(_EXACT_TABLE))


def _only_look_alikes(words: list[str]) -> bool:
    return set("".join(words)) <= _EXACT.keys()


def _with_capitals(form: NormalForm, mapped: str) -> NormalForm:
    if mapped == form.text:
        return form
    if _CAPITALS.keys().isdisjoint(form.original):
        return form.rewritten(mapped)
    letters = list(mapped)
    for i, (was, now, start) in enumerate(zip(form.text, mapped, form.starts, strict=True)):
        if was != now and (capital := _CAPITALS.get(form.original[start])):
            letters[i] = capital
    return form.rewritten("".join(letters))
