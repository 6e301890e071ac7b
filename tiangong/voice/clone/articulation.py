"""Which kind of sound a phone is, for any phone of Mandarin and English; and which phones a recording holds.

Sounds are compared between a synthetic voice and a person, who may speak different languages. So every phone is given
the nearest of 39 sounds of General American (the inventory of the CMU dictionary), and each of these a kind: sounds of
one kind are formed alike, and one may stand for another where a short recording lacks it.
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.media import Phone
from tiangong.voice.clone.spectrum import FRAMES_PER_S

_KINDS: Final = (
    "IY IH EY Y", "EH AE", "AA AO AH AW AY", "OW UH UW W OY", "ER R", "L",  # vowels and their glides
    "M N NG", "B D G", "P T K", "S Z SH ZH CH JH", "F TH", "V DH", "HH",
)  # fmt: skip
SOUNDS: Final = tuple(" ".join(_KINDS).split())
SILENCE: Final = len(SOUNDS)  # the number of no sound at all
KIND_OF: Final = np.array([k for k, kind in enumerate(_KINDS) for _ in kind.split()] + [len(_KINDS)])  # of each sound
KINDS: Final = len(_KINDS)
VOWEL_KINDS: Final = 6  # the first so many are always voiced, with the nasals after them
SONORANT_KINDS: Final = 7
VOICELESS_KINDS: Final = (8, 10, 12)
_NUMBER: Final = {name: i for i, name in enumerate(SOUNDS)}
_MARKS: Final = "ˈˌːʰ̩̥̃̍"
# The longest beginning that stands here decides; so "ɑːɹ" is AA, "tɕʰ" is CH.
_NEAREST: Final = {
    "i": "IY", "ɪ": "IH", "e": "EY", "eɪ": "EY", "ei": "EY", "ɛ": "EH", "æ": "AE", "a": "AA", "ɑ": "AA", "ɒ": "AA",
    "ɔ": "AO", "o": "OW", "oʊ": "OW", "ou": "OW", "ʊ": "UH", "u": "UW", "ʌ": "AH", "ə": "AH", "ɐ": "AH", "ɤ": "AH",
    "ɜ": "ER", "ɚ": "ER", "ɝ": "ER", "ɑɚ": "ER", "aɪ": "AY", "ai": "AY", "aʊ": "AW", "ɑu": "AW", "au": "AW", "ɔɪ": "OY",
    "oi": "OY", "y": "IY", "ɥ": "Y", "ɹ̩": "IH", "ɻ̩": "ER", "əl": "L",
    "p": "P", "b": "B", "t": "T", "d": "D", "k": "K", "ɡ": "G", "g": "G", "ʔ": "T", "ɾ": "D",
    "f": "F", "v": "V", "θ": "TH", "ð": "DH", "s": "S", "z": "Z", "ʃ": "SH", "ʂ": "SH", "ɕ": "SH", "ʒ": "ZH",
    "h": "HH", "x": "HH", "tʃ": "CH", "tɕ": "CH", "ʈʂ": "CH", "ts": "S", "dʒ": "JH",
    "m": "M", "n": "N", "ŋ": "NG", "ɲ": "N", "l": "L", "ɫ": "L", "ɹ": "R", "ɻ": "R", "r": "R", "j": "Y", "w": "W",
}  # fmt: skip
_LONGEST: Final = max(len(name) for name in _NEAREST)


@lru_cache(maxsize=512)
def sound_of(symbol: str) -> int:
    """IPA -> number of the nearest of `SOUNDS`; SILENCE for a pause."""
    if not symbol:
        return SILENCE
    bare = symbol.lstrip("ˈˌ")
    for text in (bare, "".join(c for c in bare if c not in _MARKS)):
        for length in range(min(_LONGEST, len(text)), 0, -1):
            if text[:length] in _NEAREST:
                return _NUMBER[_NEAREST[text[:length]]]
    return _NUMBER["AH"]


def sounds_at(phones: tuple[Phone, ...], frames: int, start_s: float = 0.0) -> NDArray[np.intp]:
    """(frames,) number of the sound at each 5 ms from `start_s` on; SILENCE outside the phones."""
    sounds = np.full(frames, SILENCE)
    for phone in phones:
        first, last = (round((at_s - start_s) * FRAMES_PER_S) for at_s in (phone.start_s, phone.end_s))
        sounds[max(first, 0) : max(last, 0)] = sound_of(phone.symbol)
    return sounds


def sound_named(name: str) -> int:
    """A sound as PocketSphinx names it ("AH", "AH(2)", "+NSN+") -> its number."""
    return _NUMBER.get(name.partition("(")[0].upper(), SILENCE)
