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
    "æ": "ɛ",  # yuan
}
# A Mandarin final that begins with a glide is two sounds, seen and heard; espeak-ng times them as one.
_GLIDES: Final = {"iɛ", "iɑ", "iɑu", "iou", "io", "iə", "uo", "uei", "uai", "ua", "uɑ", "uə", "yɛ", "yə", "yæ"}
_GLIDE_SHARE: Final = 0.35  # of the final's time
_ENGLISH: Final = {
    "ᵻ": "ɪ",  # espeak-ng's own sign for the reduced vowel of "roses"
}
_STOPS: Final = ("p", "t", "k", "b", "d", "ɡ", "ʈ")  # affricates begin with one of these too


def is_stop(symbol: str) -> bool:
    """Whether an IPA symbol begins with a closed mouth: stops and affricates, voiced or not."""
    return symbol.lstrip(_STRESS).startswith(_STOPS)


def ipa(name: str, tongue: str) -> tuple[tuple[str, float], ...]:
    """One phone as espeak-ng names it -> its sounds in IPA with their shares of its time; "" is a pause, or the note of
    a language switch. A stress mark goes to the sound that bears it, the vowel."""
    if name.startswith("("):
        return (("", 1.0),)
    bare = name.lstrip(_STRESS)
    stress = name[: len(name) - len(bare)]
    if tongue != "zh":
        return ((stress + _ENGLISH.get(bare, bare), 1.0),)
    if bare in _GLIDES:
        rest = bare[1:]
        return ((bare[0], _GLIDE_SHARE), (stress + _MANDARIN.get(rest, rest), 1 - _GLIDE_SHARE))
    return ((stress + _MANDARIN.get(bare, bare), 1.0),)
