"""What a judge model is."""

from dataclasses import dataclass
from typing import Literal, Protocol

from tiangong.core.errors import EngineError


@dataclass(frozen=True)
class Question:
    """What a judge is asked about one text. Personal data are masked in all texts: a judge may sit on another machine."""

    asks: str  # "Does it promise a refund?", to be answered by yes or no
    text: str
    direction: Literal["input", "output"]  # the user said it, or the avatar is about to
    before: tuple[str, ...] = ()  # earlier sentences of the same answer
    heard: str = ""  # of an output: what the user had said


class JudgeTimeout(EngineError):
    """The judge did not answer in time."""


class Judge(Protocol):
    """Shared by all sessions, and asked from several threads at once."""

    name: str

    def judge(self, question: Question) -> float:
        """The calibrated probability of "yes", 0 to 1.

        Raises EngineError where the judge fails or its answer is none, JudgeTimeout where it takes too long.
        """
        ...


def failed(reason: str) -> EngineError:
    return EngineError("judge", 0, reason)
