"""What a session tells its page."""

from dataclasses import dataclass
from enum import StrEnum

from tiangong.core.media import StageTiming
from tiangong.policies.decision import Decision


class State(StrEnum):
    IDLE = "idle"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"


@dataclass(frozen=True)
class StateChanged:
    state: State


@dataclass(frozen=True)
class UserHeard:
    """The user's words: those so far, or all of them."""

    turn_id: int
    text: str
    final: bool


@dataclass(frozen=True)
class AvatarSaid:
    """A sentence of the avatar that begins to be heard now."""

    turn_id: int
    text: str


@dataclass(frozen=True)
class AvatarStopped:
    """The answer was cut short; `text` is what was heard of it."""

    turn_id: int
    text: str


@dataclass(frozen=True)
class Notice:
    """One line for the user about something that could not be done."""

    text: str


@dataclass(frozen=True)
class SpeechNotUnderstood:
    """The recogniser at hand does not know the chosen language; the page says how to get one, and that typing works."""


@dataclass(frozen=True)
class TurnDone:
    """Where the time of one turn went."""

    turn_id: int
    waited_s: float  # silence after the user's last sound, until the turn was judged to have ended
    first_sound_s: float | None  # from the user's last sound to the first audible sample; None: nothing was heard
    stages: tuple[StageTiming, ...]


@dataclass(frozen=True)
class Decided:
    """The policy has judged a text. For the record, not for the page of a visitor."""

    decision: Decision


@dataclass(frozen=True)
class HandOffAsked:
    """A human colleague is to take over; `summary` tells them what was said, personal data masked."""

    rule: str
    summary: str


@dataclass(frozen=True)
class SessionEnded:
    """The policy has ended the session; its last words have been spoken."""


Event = (
    StateChanged
    | UserHeard
    | AvatarSaid
    | AvatarStopped
    | Notice
    | SpeechNotUnderstood
    | TurnDone
    | Decided
    | HandOffAsked
    | SessionEnded
)
