"""A talk by typed messages, each answered with a clip."""

from tiangong.agent.events import Event, HandOffAsked, SessionEnded
from tiangong.agent.memory import Memory
from tiangong.agent.obedience import Obedience
from tiangong.policies.protocol import VISITOR, Policy
from tiangong.service.notes import Notes


class TypedTalk:
    """What outlives a clip: the memory, and the policy's session with its counters and flows."""

    def __init__(self, policy: Policy, notes: Notes) -> None:
        self.memory = Memory()
        self._notes = notes
        self.policy = Obedience(policy, VISITOR, self.memory, self.happened)
        self.hand_off = ""  # the summary for a human colleague, where one was asked for in the last message
        self.ended = False  # by the policy

    def happened(self, event: Event) -> None:
        self._notes.take(event)
        if isinstance(event, HandOffAsked):
            self.hand_off = event.summary
        self.ended = self.ended or isinstance(event, SessionEnded)
