"""How a word of English sounds, in the notation of the CMU dictionary (ARPAbet): "lamp" -> "L AE M P"."""

from typing import Final

from tiangong.voice.clone.articulation import SOUNDS, sound_of
from tiangong.voice.espeak_library import espeak_library

# One phone of espeak-ng, several sounds of the dictionary.
_SEVERAL: Final = {"əl": "AH L", "n̩": "AH N", "aɪɚ": "AY ER", "aɪə": "AY AH", "iə": "IY AH"}


def arpabet(word: str) -> str:
    """The sounds that espeak-ng would speak, without stress; "" where it speaks none. "GPU" is spelled out.

    Raises MissingExtra where espeak-ng cannot be loaded.
    """
    clauses = espeak_library().phonemes(word.replace("\0", ""), "en-us")
    phones = [phone.lstrip("ˈˌ") for clause in clauses for phone in clause.phones]
    return " ".join(_sounds(phone) for phone in phones if phone.strip())


def _sounds(phone: str) -> str:
    if phone in _SEVERAL:
        return _SEVERAL[phone]
    sound = SOUNDS[sound_of(phone)]
    return f"{sound} R" if phone.endswith("ɹ") and len(phone) > 1 else sound
