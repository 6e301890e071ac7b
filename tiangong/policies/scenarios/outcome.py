"""What came of the turns of a scenario, as it was heard and seen."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tiangong.core.media import Emotion
from tiangong.core.style import SpeechStyle
from tiangong.policies.decision import Decision
from tiangong.policies.protocol import Caller, Policy


@dataclass(frozen=True)
class SpokenSentence:
    text: str
    style: SpeechStyle
    smile: float | None = None  # mean of the smile's blend shapes; None: not drawn


@dataclass(frozen=True)
class TurnOutcome:
    """All that one turn brought."""

    heard: str  # what the user said, as it was understood
    spoken: tuple[SpokenSentence, ...]
    decisions: tuple[Decision, ...]
    flow: str  # "flow.step", "" outside of any
    summary: str | None  # of a hand-off; None: none was asked for
    ended: bool
    prompted: str | None  # what reached the language model; None: it was not asked
    labelled: bool | None = None  # the picture bears the AI mark; None: not drawn

    @property
    def text(self) -> str:
        return " ".join(sentence.text for sentence in self.spoken)


@dataclass(frozen=True)
class Setting:
    """What a room is set up with."""

    policy: Policy
    caller: Caller
    language: str
    names: dict[str, str]
    draws: bool  # with the real motion engine and the mark: slower


class Room(Protocol):
    """One conversation with a policy, through the real loop of sentences."""

    def turn(self, said: str | None, felt: Emotion | None, answer: Iterator[str] | None) -> TurnOutcome:
        """The user says something (None: the avatar opens), the model answers in pieces (None: a live one does).

        Raises EngineError."""
        ...

    def hear(self, recording: Path) -> str:
        """What the real recogniser understands of a recording. Raises MediaError, EngineError."""
        ...


class Rooms(Protocol):
    """Opens rooms; the scenario runner knows no more of the loop."""

    live: bool  # whether a real language model is there

    def open(self, setting: Setting) -> AbstractContextManager[Room]: ...
