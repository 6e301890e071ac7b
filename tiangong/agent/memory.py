"""What was said, as it was heard."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from tiangong.core.language import language_of
from tiangong.core.media import Message

LONGEST_MEMORY = 40  # messages; older ones are forgotten
# What later turns read of words that the rules did not let through: a request to forget all rules would else work a turn later.
_WITHHELD: Final = {"en": "(not passed on: against the rules)", "zh": "（内容违反规则，未予转达）"}


@dataclass(frozen=True)
class SpokenPiece:
    """One piece of an answer, as it was handed to the stage."""

    text: str
    duration_s: float


def heard_text(pieces: Sequence[SpokenPiece], heard_s: float) -> str:
    """The part of the answer that had left the speaker after `heard_s`, cut at a word.

    Within a piece, words are taken to be spread evenly over its sound.
    """
    heard: list[str] = []
    for piece in pieces:
        if heard_s >= piece.duration_s - 0.05:
            heard.append(piece.text)
            heard_s -= piece.duration_s
            continue
        share = max(0.0, heard_s) / piece.duration_s
        heard.append(_words_up_to(piece.text, share))
        break
    return _join([text for text in heard if text])


def _words_up_to(text: str, share: float) -> str:
    if language_of(text) == "zh":
        return text[: int(len(text) * share)]
    words = text.split()
    return " ".join(words[: int(len(words) * share)])


def _join(texts: Sequence[str]) -> str:
    return "".join(t if language_of(t) == "zh" else f" {t}" for t in texts).strip()


class Memory:
    """The messages of one session, oldest first."""

    def __init__(self) -> None:
        self._messages: list[Message] = []

    @property
    def messages(self) -> tuple[Message, ...]:
        """Of words that were withheld, only the newest as they are: nobody has answered them yet."""
        earlier, last = self._messages[:-1], self._messages[-1:]
        shown = [replace(m, text=_WITHHELD[language_of(m.text)]) if m.withheld else m for m in earlier]
        return (*shown, *last)

    @property
    def unanswered(self) -> str:
        """What the user said last, where no answer to it was heard yet."""
        last = self._messages[-1] if self._messages else None
        return last.text if last and last.role == "user" else ""

    @property
    def last_text(self) -> str:
        """What was said last, by either; "" at the start."""
        return self._messages[-1].text if self._messages else ""

    def user_said(self, text: str) -> None:
        """Words said before any answer was heard belong to the same message."""
        if self.unanswered:
            text = _join([self._messages.pop().text, text])
        self._add(Message("user", text))

    def amend(self, text: str) -> None:
        """The user's last words as the policy lets them be remembered."""
        self._messages[-1] = Message("user", text)

    def withhold(self, words: str = "") -> None:
        """The rules did not let the user's last words through, or those `words` of theirs: a judge may say so turns later."""
        for i, message in reversed(list(enumerate(self._messages))):
            if message.role == "user" and words in message.text:
                self._messages[i] = replace(message, withheld=True)
                return

    def avatar_said(self, pieces: Sequence[SpokenPiece], heard_s: float) -> Message | None:
        """Keep what was heard of an answer; nothing heard, nothing kept."""
        whole = _join([piece.text for piece in pieces])
        heard = heard_text(pieces, heard_s)
        if not heard:
            return None
        message = Message("assistant", heard, interrupted=heard != whole)
        self._add(message)
        return message

    def _add(self, message: Message) -> None:
        self._messages.append(message)
        del self._messages[:-LONGEST_MEMORY]
