"""Asking back: "Do you mean A, or B?", and understanding which of the two was chosen.

What was offered is read back from the conversation itself, so no state of a session is kept anywhere.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from tiangong.agent.knowledge_loading import TITLE_PATH
from tiangong.agent.protocol import Passage
from tiangong.agent.words import GENERIC, content_words

Choice = Literal["first", "second", "both", "neither"]

_QUESTIONS: Final = {
    "en": ("Do you mean {first}, or {second}?", "Which one is it: {first}, or {second}?"),
    "zh": ("您想问的是{first}，还是{second}？", "您说的是哪一个：{first}，还是{second}？"),
}
_ASKED: Final = tuple(
    re.compile(re.escape(form).replace(r"\{first\}", "(.+?)").replace(r"\{second\}", "(.+?)") + "$")
    for forms in _QUESTIONS.values()
    for form in forms
)
# "the second one" must not be heard as "one", so the later place is looked for first.
_CHOICES: Final[tuple[tuple[Choice, re.Pattern[str]], ...]] = (
    ("neither", re.compile(r"\b(?:neither|none of|not either|something else)\b|^no$|^不是$|都不是|都不对|别的|另外的")),
    ("both", re.compile(r"\bboth\b|都要|都想|两个都|都说|都问")),
    ("second", re.compile(r"\b(?:second|2nd|latter|last one|(?:number|option) two|other one)\b|第二|第2|后一|后者|后面那|^2$|^二$")),
    ("first", re.compile(r"\b(?:first|1st|former|number one|option one)\b|第一|第1|前一|前者|前面那|^1$|^一$")),
)  # fmt: skip


SOMETHING_ELSE: Final = {"en": "something else", "zh": "别的事"}  # stands for the second where only one is offered
_AGREED: Final = re.compile(r"(?:yes|yeah|yep|right|exactly|correct|that one|是|是的|对|对的|嗯|没错|就是)(?: please)?")


@dataclass(frozen=True)
class Offer:
    """Two labels that the avatar has just asked the user to choose between."""

    first: str
    second: str


def label(passage: Passage) -> str:
    """What a passage is about, fit to stand inside a question."""
    own = passage.title.split(TITLE_PATH)[-1].rstrip("?？.。!！ ")
    starts_plainly = own.startswith("A ") or (own[:1].isupper() and own[1:2].islower())
    return own[:1].lower() + own[1:] if starts_plainly else own


def ask_back(offer: Offer, language: str, turn: int) -> str:
    """The question, in words that change from one turn to the next."""
    forms = _QUESTIONS.get(language, _QUESTIONS["en"])
    return forms[turn % len(forms)].format(first=offer.first, second=offer.second)


def offered_in(said: str) -> Offer | None:
    """The offer that the avatar's last words end with."""
    # What stands before the question is cut off first, as a label holds no end of a sentence.
    last = re.split(r"(?<=[.!。！])\s*", said.strip())[-1]
    for form in _ASKED:
        if match := form.search(last):
            return Offer(match.group(1), match.group(2))
    return None


def chosen(text: str, offer: Offer) -> Choice | None:
    """Which one the user's answer means, by its place ("the second one", "第二个") or by its name; None: something new."""
    folded = text.lower().strip(" .,!?。，！？")
    if offer.second in SOMETHING_ELSE.values() and _AGREED.fullmatch(folded):
        return "first"
    for choice, pattern in _CHOICES:
        if pattern.search(folded) and len(content_words(folded)) <= 5:
            return choice
    said = set(content_words(folded))
    if not said:
        return None
    first, second = (set(content_words(name)) for name in (offer.first, offer.second))
    # A name counts only where it tells the two apart, and where little else was said.
    tells_first, tells_second = said & (first - second), said & (second - first)
    if bool(tells_first) == bool(tells_second) or len(said - first - second - GENERIC) > 1:
        return None
    return "first" if tells_first else "second"
