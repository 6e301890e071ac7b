"""What of a session is written down: every decision of its policy, and what was heard of every answer."""

from tiangong.agent.events import AvatarSaid, AvatarStopped, Decided, Event, TurnDone
from tiangong.policies.records import DecisionLog


class Notes:
    """Belongs to one session; without a log nothing is kept."""

    def __init__(self, log: DecisionLog | None, avatar: str) -> None:
        self._record = log.session(avatar) if log else None
        self._saying: list[str] = []  # pieces of the answer that is heard now

    def take(self, event: Event) -> None:
        """Any event, from any thread."""
        if self._record is None:
            return
        match event:
            case Decided(decision):
                self._record.decided(decision)
            case AvatarSaid(text=text):
                self._saying.append(text)
            case AvatarStopped(text=text):
                self._saying.clear()
                self._record.said(text, whole=False)
            case TurnDone() if self._saying:
                self._record.said(" ".join(self._saying), whole=True)
                self._saying.clear()
            case _:
                pass
