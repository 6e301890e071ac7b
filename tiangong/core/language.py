"""Text from outside made safe, and which of the two languages it is in."""

import re
import unicodedata
from typing import Final

from tiangong.core.errors import MediaError

LONGEST_MESSAGE_CHARS: Final = 4_000
LONGEST_SCRIPT_CHARS: Final = 200_000
HAN: Final = r"\u3400-\u9fff\uf900-\ufaff"  # Chinese characters, for the inside of a regular expression's [...]
_CJK: Final = re.compile(f"[{HAN}]")
_LATIN_WORD: Final = re.compile(r"[A-Za-z][A-Za-z'’]*")
_KEPT_CONTROLS: Final = "\n\t"


def language_of(text: str, otherwise: str = "en") -> str:
    """ "zh" or "en" by the script that carries the text; `otherwise` where neither does (digits, emoji).

    A Chinese character weighs as much as an English word, so "打开 GitHub 的页面" is Chinese.
    """
    han, words = len(_CJK.findall(text)), len(_LATIN_WORD.findall(text))
    if not han and not words:
        return otherwise
    return "zh" if han >= words else "en"


def clean_text(text: str) -> str:
    """A message: NFC, without zero-width, bidirectional and other control characters, white space at the ends dropped.

    Raises MediaError where more than 4,000 characters are left.
    """
    return _cleaned(text, LONGEST_MESSAGE_CHARS, "a message")


def clean_script(text: str) -> str:
    """The same for a text that is to be read out. Raises MediaError above 200,000 characters (three hours)."""
    return _cleaned(text, LONGEST_SCRIPT_CHARS, "a script")


def _cleaned(text: str, longest_chars: int, what: str) -> str:
    kept = (c for c in unicodedata.normalize("NFC", text) if c in _KEPT_CONTROLS or unicodedata.category(c)[0] != "C")
    cleaned = "".join(kept).strip()
    if len(cleaned) > longest_chars:
        raise MediaError(f"{what} may have {longest_chars:,} characters, this one has {len(cleaned):,}")
    return cleaned
