"""The policy in one conversation, and what its verdicts ask for besides words: to forget, to hand off, to end."""

from collections.abc import Callable
from functools import partial

from tiangong.agent.events import Decided, Event, HandOffAsked, SessionEnded
from tiangong.agent.late_verdicts import LateVerdicts, answered
from tiangong.agent.memory import Memory
from tiangong.agent.workers import Workers
from tiangong.core.media import Verdict
from tiangong.core.style import StyleLimits
from tiangong.policies.protocol import Caller, Policy


class Obedience:
    """Belongs to one conversation."""

    def __init__(
        self,
        policy: Policy,
        caller: Caller,
        memory: Memory,
        emit: Callable[[Event], None],
        take_back: Callable[[int, str], None] | None = None,
    ) -> None:
        """`take_back(turn_id, words)` silences a turn that a slow judge forbids, and says `words` instead of the rest of it.

        Without it nothing can be taken back, and every text waits for the judge."""
        self.judge = policy.session(caller, lambda decision: emit(Decided(decision)))
        self._memory, self._emit = memory, emit
        self._ending = False
        self._take_back, self._late = take_back, LateVerdicts()
        self.limits = StyleLimits()  # of the face, until the user speaks again

    def heard(self, verdict: Verdict) -> None:
        """Of the user's words, any verdict."""
        self.limits = verdict.style
        changed = verdict.text if verdict.action in ("redact", "rewrite") else None
        if kept := verdict.remembered or changed:
            self._memory.amend(kept)
        if verdict.action in ("refuse", "end"):
            self._memory.withhold()
        self.decided(verdict)

    def decided(self, verdict: Verdict) -> None:
        """Of any words, any verdict."""
        if verdict.action == "hand_off":
            self._emit(HandOffAsked(verdict.rule, verdict.summary))
        self._ending = self._ending or verdict.action == "end"

    async def settled(self, verdict: Verdict, workers: Workers, turn_id: int, *, of_user: bool) -> Verdict:
        """A verdict with which the talk may go on. Waits for a judge model only where the text must be held for it."""
        if verdict.later is None:
            return verdict
        if self._take_back and not verdict.later.must_hold:
            amended = verdict.text if verdict.action != "allow" else None
            asked = (amended or self._memory.unanswered) if of_user else ""
            overturned = partial(self._overturned, turn_id, asked)
            self._late.expect(workers, turn_id, verdict.later, overturned)
            return verdict
        judged = await answered(workers, turn_id, verdict.later, held=True)
        return verdict if judged.action == "allow" else judged

    def _overturned(self, turn_id: int, asked: str, verdict: Verdict) -> None:
        if asked:
            self._memory.withhold(asked)
        self.decided(verdict)
        if self._take_back:
            self._take_back(turn_id, verdict.text or "")

    async def close(self) -> None:
        await self._late.close()

    def turn_over(self) -> None:
        """The last words of a turn have been spoken."""
        if self._ending:
            self._emit(SessionEnded())
