"""What is written down of each check: what was heard or said, which rules looked, the verdict, milliseconds."""

from dataclasses import dataclass
from typing import Literal

from tiangong.core.media import Verdict

# pending: a judge model is asked, and the text goes on until it answers; its word is a decision of its own.
RuleStatus = Literal["hit", "miss", "broken", "timeout", "unverified", "pending"]


@dataclass(frozen=True)
class RuleOutcome:
    """One rule that looked at a text."""

    rule: str
    status: RuleStatus
    spans: tuple[tuple[int, int], ...] = ()
    reason: str = ""  # why it is broken, or how sure a judge is


@dataclass(frozen=True)
class Decision:
    """One check. Personal data are masked in all texts."""

    turn: int
    place: str  # "input", "output.sentence", ...
    text: str  # what was judged
    language: str
    emotion: str  # the user's feeling, "" where not known
    emotion_confidence: float
    outcomes: tuple[RuleOutcome, ...]  # every rule that did not simply miss
    looked: int  # rules that were asked
    verdict: Verdict
    said: str  # what goes on to be said, or to the language model; "" for nothing
    late: bool = False  # the word of a judge model on a text that an earlier decision let go on
