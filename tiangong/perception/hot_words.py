"""Names and terms that are likely to be said, as the text before the text that Whisper believes to go on with.

Radford et al. 2022 (arXiv:2212.04356), section 2.3: the decoder is conditioned on what was said before. Words that stand
there come out spelled as they are spelled there: of 24 odd names said by espeak, "tiny.en" wrote 14 rightly, before none.
"""

from collections.abc import Callable, Sequence
from typing import Final

from tiangong.core.language import language_of

# Prompt and text share 448 tokens. Half a minute of fast speech takes some 220, the Chinese prompt 25.
MOST_TOKENS: Final = 180
PROMPTS: Final[dict[str, str | None]] = {
    "zh": "以下是普通话的句子，用简体中文书写。",
    "en": None,
}  # without it Whisper mixes in traditional characters


def hint_of(hot_words: Sequence[str], language: str, tokens: Callable[[str], int]) -> tuple[str, ...]:
    """Those of `hot_words` that are worth telling: whole words, each once, as many from the first on as fit.

    `tokens` counts those of a text. Chinese words are left out where English is spoken: they would pull the text over.
    """
    told: list[str] = []
    for word in dict.fromkeys(" ".join(word.split()) for word in hot_words):
        if not word or (language == "en" and language_of(word) != "en"):
            continue
        if tokens(listed((*told, word), language)) > MOST_TOKENS:
            break
        told.append(word)
    return tuple(told)


def listed(words: Sequence[str], language: str) -> str:
    """ "Tiangong, Ann." or "天工、安安。"; "" for none.

    The full stop matters: a list left open was taken for the sentence's beginning, and "Margaret said" was not written again.
    """
    between, end = ("、", "。") if language == "zh" else (", ", ".")
    return between.join(words) + end if words else ""


def most_tokens_of(text: str) -> int:
    """No fewer than Whisper's tokens of `text`, for who does not have its vocabulary: two bytes a token."""
    return (len(text.encode()) + 1) // 2
