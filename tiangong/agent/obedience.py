"""The policy in one conversation, and what its verdicts ask for besides words: to forget, to hand off, to end."""

from collections.abc import Callable

from tiangong.agent.events import Decided, Event, HandOffAsked, SessionEnded
from tiangong.agent.memory import Memory
from tiangong.core.media import Verdict
from tiangong.core.style import StyleLimits
from tiangong.policies.protocol import Caller, Policy


class Obedience:
    """Belongs to one conversation."""

    def __init__(self, policy: Policy, caller: Caller, memory: Memory, emit: Callable[[Event], None]) -> None:
        self.judge = policy.session(caller, lambda decision: emit(Decided(decision)))
        self._memory, self._emit = memory, emit
        self._ending = False
        self.limits = StyleLimits()  # of the face, until the user speaks again

    def heard(self, verdict: Verdict) -> None:
        """Of the user's words, any verdict."""
        self.limits = verdict.style
        if verdict.action in ("redact", "rewrite") and verdict.text:
            self._memory.amend(verdict.text)
        if verdict.action in ("refuse", "end"):
            self._memory.withhold()
        self.decided(verdict)

    def decided(self, verdict: Verdict) -> None:
        """Of any words, any verdict."""
        if verdict.action == "hand_off":
            self._emit(HandOffAsked(verdict.rule, verdict.summary))
        self._ending = self._ending or verdict.action == "end"

    def turn_over(self) -> None:
        """The last words of a turn have been spoken."""
        if self._ending:
            self._emit(SessionEnded())
