"""espeak-ng's phone names -> IPA.

Its Mandarin phones mix IPA with Kirshenbaum's ASCII ("ts.h", "o-"); every symbol that leaves the voice is plain IPA, so
that lips, cloning and tests need one alphabet. References: espeak-ng phsource/ph_zh; Lee and Zee 2003, Standard Chinese.
"""

from typing import Final

_STRESS: Final = "ˈˌ"
_MANDARIN: Final = {
    "ts.h": "ʈʂʰ",
    "ts.": "ʈʂ",
    "tsh": "tsʰ",
    "tɕh": "tɕʰ",
    "ph": "pʰ",
    "th": "tʰ",
    "kh": "kʰ",
    "s.": "ʂ",
    "i.": "ɻ̩",  # zhi, chi, shi, ri
    "i̪": "ɹ̩",  # zi, ci, si
    "o-": "ɤ",
    "onɡ": "ʊŋ",
    "ŋ-": "ŋ̍",
    "χ": "x",
    "ər": "ɑɚ",
    "yə": "y",  # yun; "ə" is a glide into n, too short to be seen or cut
    "yæ": "yɛ",
}
_ENGLISH: Final = {
    "ᵻ": "ɪ",  # espeak-ng's own sign for the reduced vowel of "roses"
}
_STOPS: Final = ("p", "t", "k", "b", "d", "ɡ", "ʈ")  # affricates begin with one of these too


def is_stop(symbol: str) -> bool:
    """Whether an IPA symbol begins with a closed mouth: stops and affricates, voiced or not."""
    return symbol.lstrip(_STRESS).startswith(_STOPS)


def ipa(name: str, tongue: str) -> str:
    """IPA of one phone as espeak-ng names it, stress mark kept; "" for a pause or the note of a language switch."""
    if name.startswith("("):
        return ""
    bare = name.lstrip(_STRESS)
    stress = name[: len(name) - len(bare)]
    known = _MANDARIN if tongue == "zh" else _ENGLISH
    return stress + known.get(bare, bare)
