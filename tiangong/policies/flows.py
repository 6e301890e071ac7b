"""Small deterministic dialogues: ask for slots, confirm, act, hand off.

With repair when the user changes their mind: an earlier slot is given anew by its value ("no, make it Tuesday"), or by its name
("change the date"). A question in between is not an answer: it is answered, and the flow then asks again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

import re2

from tiangong.core.media import Action
from tiangong.policies.compiled import CompiledFlow
from tiangong.policies.conditions import found
from tiangong.policies.document import ByLanguage, Step
from tiangong.policies.evidence import Circumstances, Evidence
from tiangong.policies.flow_checks import SLOT

_CANCEL: Final = re2.compile(
    r"^(?:(?:oh|no|nope|well|actually|sorry|ok|okay|please|just|then)[ ,]+)*(never ?mind|forget (?:it|about it|that)|"
    r"cancel(?: that| it| this| everything)?|stop(?: it| this)?|"
    r"i (?:have )?changed my mind|i don'?t want (?:to|that|it)(?: anymore)?|leave it)\b"
    r"|^(?:(?:不|不是|不对|那|哦|嗯|唉|我)[, ]*)*(?:还是)?(?:先)?"
    r"(算了|不用了|取消|不要了|别弄了|我?改主意了|(?:不|不想|不要)(?:办|退|换|约|预约|转)了|先?不用)"
)
_YES: Final = re2.compile(
    r"^(?:yes|yeah|yep|yup|sure|ok|okay|right|correct|exactly|that'?s (?:right|correct|it)|please do|go ahead|confirmed?)\b"
    r"|^(?:是|是的|对|对的|没错|好|好的|可以|行|确认|嗯|没问题|正确)"
)
_NO: Final = re2.compile(r"^(?:no|nope|not|wrong|incorrect|that'?s (?:wrong|not))\b|^(?:不|不是|不对|错了|没有|不行)")
_EXCEPT_NO: Final = re2.compile(r"^(?:no problem|不错)")
# What opens a repair: "no, make it Tuesday", "等等，改成周五".
_REPAIR: Final = re2.compile(
    r"^(?:no|nope|wait|actually|sorry|hold on|oops|i mean|i meant|change|make (?:it|that)|let'?s (?:make|do)|rather|not that)\b"
    r"|\b(?:instead|i meant?|make (?:it|that)|change (?:it|that|the|my))\b"
    r"|^(?:不|等等|等一下|哦不|说错|搞错|弄错|改)|改成|改到|改为|换成|换到|应该是|说错了|改一下|还是改"
)
_QUESTION: Final = re2.compile(
    r"\?$|^(?:what|where|when|how|why|who|which|can|could|do|does|did|is|are|will|would|should)\b"
    r"|(?:吗|呢|么)$|^(?:什么|怎么|为什么|多少|哪|几点|谁|能不能|可不可以|请问)|多久|多少钱|什么时候|怎么办"
)


class Tool(Protocol):
    """Does something outside with the slots of a flow, and says how it went. Raises EngineError."""

    def __call__(self, slots: dict[str, str]) -> str: ...


@dataclass(frozen=True)
class FlowState:
    """Where a conversation stands in a flow."""

    flow: str
    step: int
    slots: dict[str, str] = field(default_factory=dict[str, str])
    tries: int = 0


@dataclass(frozen=True)
class FlowReply:
    """What a flow does with an answer. `state` None: the flow is over."""

    action: Action  # "say", "clarify" or "hand_off"; "allow": a question in between, after whose answer `text` is asked again
    text: ByLanguage
    state: FlowState | None
    flow: str
    step: str
    slots: dict[str, str]
    acted: str = ""  # the tool that is to be called with the slots


def begun(flows: tuple[CompiledFlow, ...], text: Evidence, known: Circumstances) -> FlowReply | None:
    """The first flow whose start condition holds, at its first step; slots that the opening words hold are kept."""
    for each in flows:
        if found(each.flow.start, each.pack, text, known).truth == "hit":
            state = _with_volunteered(each, FlowState(each.flow.id, 0), text)
            return _enter(each, state)
    return None


def gone_on(
    flows: tuple[CompiledFlow, ...], flow: CompiledFlow, state: FlowState, text: Evidence, known: Circumstances
) -> FlowReply:
    """The user's answer to a step of `flow`, which is one of `flows`."""
    step = flow.flow.steps[state.step]
    normal = text.forms[0].text
    if _cancelled(step, text):
        return _reply("say", flow, step, flow.flow.cancelled, None, state)
    for choice in step.choices:
        if found(choice.when, flow.pack, text, known).truth == "hit":
            return _enter(flow, replace(state, step=_place(flow, choice.go), tries=0))
    others = tuple(each for each in flows if each.flow.id != flow.flow.id)
    # Whoever asks for a person is heard at any step, even where any words would do for an answer.
    if reply := _changed_over(tuple(each for each in others if _leads_to_a_person(each)), state, text, known):
        return reply
    if (step.confirm or _REPAIR.search(normal)) and (repaired := _repaired(flow, state, text)):
        return _enter(flow, repaired)
    asks_back = _QUESTION.search(normal) is not None
    if step.ask and not (asks_back and _open_ended(step)) and (value := _value(step, text)):
        said = {} if _open_ended(step) else _closed_values(flow.flow.steps, text)
        return _next(flow, step, replace(state, slots=state.slots | said | {step.ask: value}))
    if step.confirm and (reply := _confirmed(flow, step, state, normal)):
        return reply
    if not (step.ask and _open_ended(step)) and (reply := _changed_over(others, state, text, known)):
        return reply
    if asks_back:
        return _reply("allow", flow, step, step.again or step.text, replace(state, tries=0), state)
    return _once_more(flow, step, state)


def _cancelled(step: Step, text: Evidence) -> bool:
    """Whether the user gives up; "I changed my mind" may also be the reason that was asked for."""
    if not (match := _CANCEL.search(text.forms[0].text)):
        return False
    value = _value(step, text) if step.ask and not _open_ended(step) else None
    phrase = match.group(1) or match.group(2) or ""
    return value is None or value.lower() not in phrase


def _changed_over(
    others: tuple[CompiledFlow, ...], state: FlowState, text: Evidence, known: Circumstances
) -> FlowReply | None:
    """Another flow that the user begins in the midst of one; what was collected goes along, for the colleague's summary."""
    if not (reply := begun(others, text, known)):
        return None
    flow = next(each.flow for each in others if each.flow.id == reply.flow)
    kept = {slot: value for slot, value in state.slots.items() if slot not in {step.ask for step in flow.steps}}
    after = reply.state and replace(reply.state, slots=kept | reply.state.slots)
    return replace(reply, slots=kept | reply.slots, state=after)


def _leads_to_a_person(flow: CompiledFlow) -> bool:
    return any(step.hand_off for step in flow.flow.steps)


def asked_again(flow: CompiledFlow, state: FlowState) -> FlowReply:
    """What the flow was waiting for, after something else came between."""
    step = flow.flow.steps[state.step]
    return _reply("say", flow, step, step.again or step.text, state, state)


def _repaired(flow: CompiledFlow, state: FlowState, text: Evidence) -> FlowState | None:
    """The state with an earlier slot given anew, or emptied because the user named it; None: neither."""
    here = flow.flow.steps[state.step]
    if here.ask and not _open_ended(here) and _value(here, text):
        return None  # it answers what was asked
    anew = _closed_values(flow.flow.steps[: state.step], text)
    if any(state.slots.get(slot) != value for slot, value in anew.items()):
        return replace(state, slots=state.slots | anew, tries=0)
    for i, step in enumerate(flow.flow.steps[: state.step]):
        if step.ask and _matched(step.named, text):
            slots = {slot: value for slot, value in state.slots.items() if slot != step.ask}
            return replace(state, step=i, slots=slots, tries=0)
    return None


def _confirmed(flow: CompiledFlow, step: Step, state: FlowState, normal: str) -> FlowReply | None:
    no = _NO.search(normal) and not _EXCEPT_NO.search(normal)
    if _YES.search(normal) and not no:
        return _next(flow, step, state)
    if no:
        first = next((i for i, each in enumerate(flow.flow.steps) if each.ask), state.step)
        return _enter(flow, replace(state, step=first, slots={}, tries=0))
    return None


def _open_ended(step: Step) -> bool:
    """Whether a slot takes any words, so that "yes" would be a value."""
    return any(pattern in ("(.+)", ".+", "^(.+)$") for patterns in step.accept.values() for pattern in patterns)


def _with_volunteered(flow: CompiledFlow, state: FlowState, text: Evidence) -> FlowState:
    return replace(state, slots=state.slots | _closed_values(flow.flow.steps, text))


def _closed_values(steps: Sequence[Step], text: Evidence) -> dict[str, str]:
    """What a text says for slots that do not take just any words."""
    said = {step.ask: _value(step, text) for step in steps if step.ask and not _open_ended(step)}
    return {slot: value for slot, value in said.items() if value}


def _enter(flow: CompiledFlow, state: FlowState) -> FlowReply:
    """Stand at a step: skip slots that are filled, and say what it says. A step that asks nothing leads on at once."""
    steps = flow.flow.steps
    while steps[state.step].ask in state.slots and state.step + 1 < len(steps):
        state = replace(state, step=_following(flow, state.step))
    step = steps[state.step]
    if step.hand_off:
        return _reply("hand_off", flow, step, step.text, None, state)
    if step.ask or step.confirm or step.choices:
        return _reply("say", flow, step, step.text, state, state)
    return _reply("say", flow, step, step.text, None, state)


def _next(flow: CompiledFlow, step: Step, state: FlowState) -> FlowReply:
    place = _place(flow, step.go) if step.go else state.step + 1
    if place >= len(flow.flow.steps):
        return _reply("say", flow, step, step.text, None, state)
    return _enter(flow, replace(state, step=place, tries=0))


def _following(flow: CompiledFlow, place: int) -> int:
    step = flow.flow.steps[place]
    return _place(flow, step.go) if step.go else place + 1


def _once_more(flow: CompiledFlow, step: Step, state: FlowState) -> FlowReply:
    tries = state.tries + 1
    if tries >= step.tries:
        return _reply("hand_off", flow, step, {}, None, state)
    return _reply("clarify", flow, step, step.again or step.text, replace(state, tries=tries), state)


def _reply(
    action: Action, flow: CompiledFlow, step: Step, text: ByLanguage, after: FlowState | None, state: FlowState
) -> FlowReply:
    acted = step.act or "" if action == "say" else ""
    return FlowReply(action, text, after, flow.flow.id, step.id, dict(state.slots), acted)


def _value(step: Step, text: Evidence) -> str | None:
    """What fills the slot, in the user's own writing."""
    return _matched(step.accept, text)


def _matched(patterns: ByLanguage, text: Evidence) -> str | None:
    """The first group of the first pattern that matches, or else the whole match."""
    form = text.forms[0]
    for pattern in (pattern for some in patterns.values() for pattern in some):
        if match := re2.search(pattern, form.text):
            group = 1 if match.re.groups and match.group(1) is not None else 0
            start, end = form.span(*match.span(group))
            return text.text[start:end].strip() or None
    return None


def _place(flow: CompiledFlow, step_id: str) -> int:
    return next(i for i, step in enumerate(flow.flow.steps) if step.id == step_id)


def filled(text: str, slots: dict[str, str], name: str) -> str:
    """A text with {name} and {slot} put in; a slot that is not known is left out."""
    known = slots | {"name": name}
    return SLOT.sub(lambda match: known.get(match.group(1), ""), text)
