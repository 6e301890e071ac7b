"""Text from outside made safe, and which of the two languages it is in."""

import re
import unicodedata
from typing import Final

from tiangong.core.errors import MediaError

LONGEST_MESSAGE_CHARS: Final = 4_000
_CJK: Final = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
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
    """NFC, without zero-width, bidirectional and other control characters, white space at the ends dropped.

    Raises MediaError where more than 4,000 characters are left.
    """
    kept = (c for c in unicodedata.normalize("NFC", text) if c in _KEPT_CONTROLS or unicodedata.category(c)[0] != "C")
    cleaned = "".join(kept).strip()
    if len(cleaned) > LONGEST_MESSAGE_CHARS:
        raise MediaError(f"a message may have {LONGEST_MESSAGE_CHARS:,} characters, this one has {len(cleaned):,}")
    return cleaned
