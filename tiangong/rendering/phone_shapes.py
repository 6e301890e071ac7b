"""What lips and jaw do for each sound of speech: IPA -> targets for coarticulation.

Openings follow the visual measurements of Montgomery and Jackson 1983 (English vowels: height and spread of the lips
explain nearly all that is seen) and the viseme classes of Fisher 1968, scaled to what people do in conversation: a wide
"ah" drops the jaw by a third of what it can. Works for any IPA, with full tables for espeak-ng's English and Mandarin.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

Contact = Literal["none", "lips", "teeth"]


@dataclass(frozen=True)
class MouthShape:
    """Targets of one sound, blend-shape weights from 0 to 1, and how firmly it insists on them."""

    jaw: float  # opening between the lips by the jaw
    lower: float = 0.0  # the lower lip further down, showing the lower teeth
    upper: float = 0.0  # the upper lip up
    spread: float = 0.0  # corners apart
    funnel: float = 0.0  # rounded and open, as for "sh" and "aw"
    pucker: float = 0.0  # rounded and narrow, as for "oo"
    grip: float = 1.0  # dominance on opening: low where the neighbours decide (h, k)
    round_grip: float = 1.0  # dominance on spreading and rounding
    contact: Contact = "none"  # lips: shut (p, b, m); teeth: lower lip under the upper teeth (f, v)
    share: float = 1.0  # of the time of a phone with several parts


def _vowel(
    jaw: float,
    *,
    lower: float | None = None,
    upper: float | None = None,
    spread: float = 0.0,
    funnel: float = 0.0,
    grip: float = 2.0,
    round_grip: float = 1.5,
    share: float = 1.3,
) -> MouthShape:
    """A vowel is seen by its opening; open ones show some lower teeth."""
    lower = 0.32 * jaw if lower is None else lower
    upper = 0.12 * jaw if upper is None else upper
    return MouthShape(jaw, lower, upper, spread, funnel, grip=grip, round_grip=round_grip, share=share)


def _rounded(jaw: float, funnel: float, pucker: float, share: float = 1.3) -> MouthShape:
    return MouthShape(jaw, 0.15 * jaw, 0.1 * jaw, 0.0, funnel, pucker, grip=2.0, round_grip=3.0, share=share)


_REST: Final = MouthShape(0.0, grip=2.0, round_grip=1.0)
# Sounds nobody has named: half open, and the neighbours decide.
_UNKNOWN: Final = MouthShape(0.12, 0.04, grip=0.6, round_grip=0.4)
_BILABIAL: Final = MouthShape(0.03, grip=1.6, round_grip=0.35, contact="lips")
_LABIODENTAL: Final = MouthShape(0.05, 0.0, 0.05, spread=0.06, grip=1.6, round_grip=0.5, contact="teeth")
_TONGUE_TIP: Final = MouthShape(0.08, 0.05, 0.02, spread=0.06, grip=0.8, round_grip=0.4)  # t d n
_HISS: Final = MouthShape(0.05, 0.09, 0.03, spread=0.16, grip=1.3, round_grip=0.9)  # s z: teeth nearly closed
_HUSH: Final = MouthShape(0.06, 0.07, 0.05, funnel=0.34, pucker=0.12, grip=1.3, round_grip=1.8)  # sh zh
_ALVEOLO_PALATAL: Final = MouthShape(0.06, 0.08, 0.03, spread=0.16, grip=1.2, round_grip=0.7)  # Mandarin x j q
_RETROFLEX: Final = MouthShape(0.07, 0.06, 0.04, funnel=0.22, pucker=0.06, grip=1.2, round_grip=0.9)  # sh zh r
_DENTAL: Final = MouthShape(0.11, 0.06, 0.03, spread=0.05, grip=1.2, round_grip=0.4)  # th
_TONGUE_BACK: Final = MouthShape(0.13, 0.03, grip=0.5, round_grip=0.25)  # k g ng: lips are free
_BREATH: Final = MouthShape(0.14, 0.04, grip=0.3, round_grip=0.15)  # h
_LATERAL: Final = MouthShape(0.13, 0.06, 0.02, grip=0.8, round_grip=0.4)
_ENGLISH_R: Final = MouthShape(0.09, 0.04, 0.03, funnel=0.24, pucker=0.10, grip=1.0, round_grip=1.2)
_FRONT_GLIDE: Final = MouthShape(0.08, 0.06, 0.03, spread=0.20, grip=1.0, round_grip=0.9, share=0.7)  # j
_ROUND_GLIDE: Final = _rounded(0.04, funnel=0.12, pucker=0.72, share=0.7)  # w

_I: Final = _vowel(0.10, lower=0.09, upper=0.05, spread=0.34)
_IH: Final = _vowel(0.14, spread=0.20)
_Y: Final = _rounded(0.07, funnel=0.18, pucker=0.62)
_E: Final = _vowel(0.20, spread=0.24)
_EH: Final = _vowel(0.22, spread=0.18)
_AE: Final = _vowel(0.30, spread=0.20)
_AH: Final = _vowel(0.32, spread=0.05)
_UH: Final = _vowel(0.25)
_SCHWA: Final = _vowel(0.19, grip=1.4, round_grip=0.5, share=1.0)
_ER: Final = _vowel(0.17, funnel=0.20, grip=1.6)
_O: Final = _rounded(0.20, funnel=0.34, pucker=0.26)
_AW: Final = _rounded(0.25, funnel=0.36, pucker=0.08)
_OO: Final = _rounded(0.07, funnel=0.18, pucker=0.74)
_OOH: Final = _rounded(0.12, funnel=0.22, pucker=0.36)
_UNROUNDED_O: Final = _vowel(0.20, spread=0.08)

# fmt: off
_SHAPES: Final[dict[str, MouthShape]] = {
    **dict.fromkeys("pbmɓʙ", _BILABIAL), **dict.fromkeys("fvɱʋⱱɸβ", _LABIODENTAL),
    **dict.fromkeys("tdnɾrɗ", _TONGUE_TIP), **dict.fromkeys("sz", _HISS), **dict.fromkeys("ʃʒ", _HUSH),
    **dict.fromkeys("ɕʑçʝcɟɲ", _ALVEOLO_PALATAL), **dict.fromkeys("ʂʐʈɖɳɽɻɭ", _RETROFLEX),
    **dict.fromkeys("θð", _DENTAL), **dict.fromkeys("kɡgŋxɣqɢχʁɴ", _TONGUE_BACK), **dict.fromkeys("hɦʔħʕ", _BREATH),
    **dict.fromkeys("lɫɬʎ", _LATERAL), "ɹ": _ENGLISH_R, "j": _FRONT_GLIDE, "ɰ": _FRONT_GLIDE,
    "w": _ROUND_GLIDE, "ʍ": _ROUND_GLIDE, "ɥ": _Y,
    "i": _I, "ɪ": _IH, "ᵻ": _IH, "ɨ": _IH, "y": _Y, "ʏ": _Y, "e": _E, "ø": _O, "ɛ": _EH, "œ": _AW, "æ": _AE,
    "a": _AH, "ɑ": _AH, "ɐ": _UH, "ʌ": _UH, "ə": _SCHWA, "ɘ": _SCHWA, "ɵ": _O, "ɜ": _ER, "ɚ": _ER, "ɝ": _ER, "ɞ": _ER,
    "o": _O, "ɔ": _AW, "ɒ": _AW, "u": _OO, "ʉ": _OO, "ɯ": _IH, "ʊ": _OOH, "ɤ": _UNROUNDED_O,
}
# fmt: on
# Sounds of several signs that are not the sum of their parts: Mandarin's buzzed vowels (zhi, zi).
_WHOLE: Final[dict[str, MouthShape]] = {
    "ɻ̩": _vowel(0.09, lower=0.09, upper=0.03, funnel=0.12),
    "ɹ̩": _vowel(0.08, lower=0.10, upper=0.04, spread=0.26),
}
_STRESS: Final = "ˈ"


def is_stressed(symbol: str) -> bool:
    """Whether an IPA symbol bears primary stress."""
    return _STRESS in symbol


@lru_cache(maxsize=512)
def mouth_shapes(symbol: str) -> tuple[MouthShape, ...]:
    """The targets of one phone in order: one for most, two or three for diphthongs and affricates; rest for a pause.

    Stress, length, tone and aspiration marks count for nothing here; an unknown sign is a half-open mouth.
    """
    bare = "".join(c for c in symbol if c not in "ˈˌːˑʰʲʷ˞˥˦˧˨˩0123456789 ")
    if not bare:
        return (_REST,)
    if bare in _WHOLE:
        return (_WHOLE[bare],)
    letters = (c for c in unicodedata.normalize("NFD", bare) if not unicodedata.combining(c))
    known = tuple(_SHAPES.get(c, _UNKNOWN) for c in letters if c.isalpha())
    return known or (_UNKNOWN,)


def rest_shape() -> MouthShape:
    """Lips closed, nothing done."""
    return _REST
