"""Small deterministic dialogues: ask for slots, confirm, act, hand off; with repair when the user changes their mind."""

import re
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

import re2

from tiangong.core.media import Action
from tiangong.policies.compiled import CompiledFlow
from tiangong.policies.conditions import found
from tiangong.policies.document import ByLanguage, Step
from tiangong.policies.evidence import Circumstances, Evidence

_CANCEL: Final = re2.compile(
    r"^(?:(?:oh |no |actually |sorry )*(?:never ?mind|forget (?:it|about it|that)|cancel(?: that| it| this)?|stop(?: it| this)?|"
    r"i (?:have )?changed my mind|i don'?t want (?:to|that|it)(?: anymore)?|leave it)\b.*)$"
    r"|^(?:还是)?(?:算了|不用了|取消|不要了|别弄了|我改主意了|不办了|不退了|先不用).*$"
)
_YES: Final = re2.compile(
    r"^(?:yes|yeah|yep|yup|sure|ok|okay|right|correct|exactly|that'?s (?:right|correct|it)|please do|go ahead|confirmed?)\b"
    r"|^(?:是|是的|对|对的|没错|好|好的|可以|行|确认|嗯|没问题|正确)"
)
_NO: Final = re2.compile(r"^(?:no|nope|not|wrong|incorrect|that'?s (?:wrong|not))\b|^(?:不|不是|不对|错了|没有|不行)")
_EXCEPT_NO: Final = re2.compile(r"^(?:no problem|不错)")


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

    action: Action  # "say", "clarify" or "hand_off"
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


def gone_on(flow: CompiledFlow, state: FlowState, text: Evidence, known: Circumstances) -> FlowReply:
    """The user's answer to a step."""
    step = flow.flow.steps[state.step]
    normal = text.forms[0].text
    if _CANCEL.search(normal):
        return _reply("say", flow, step, flow.flow.cancelled, None, state)
    for choice in step.choices:
        if found(choice.when, flow.pack, text, known).truth == "hit":
            return _enter(flow, replace(state, step=_place(flow, choice.go), tries=0))
    if step.confirm:
        return _confirmed(flow, step, state, text, normal)
    if step.ask and (value := _value(step, text)):
        return _next(flow, step, replace(state, slots=state.slots | {step.ask: value}))
    return _once_more(flow, step, state)


def _confirmed(flow: CompiledFlow, step: Step, state: FlowState, text: Evidence, normal: str) -> FlowReply:
    corrected = _correction(flow, state, text)
    if corrected is not None:  # "no, the number is 20771": the new value is confirmed once more
        return _enter(flow, replace(state, slots=state.slots | corrected, tries=0))
    no = _NO.search(normal) and not _EXCEPT_NO.search(normal)
    if _YES.search(normal) and not no:
        return _next(flow, step, state)
    if no:
        first = next((i for i, each in enumerate(flow.flow.steps) if each.ask), state.step)
        return _enter(flow, replace(state, step=first, slots={}, tries=0))
    return _once_more(flow, step, state)


def _correction(flow: CompiledFlow, state: FlowState, text: Evidence) -> dict[str, str] | None:
    for step in flow.flow.steps[: state.step]:
        if step.ask and (value := _value(step, text)) and value != state.slots.get(step.ask) and not _open_ended(step):
            return {step.ask: value}
    return None


def _open_ended(step: Step) -> bool:
    """Whether a slot takes any words, so that "yes" would be a value."""
    return any(pattern in ("(.+)", ".+", "^(.+)$") for patterns in step.accept.values() for pattern in patterns)


def _with_volunteered(flow: CompiledFlow, state: FlowState, text: Evidence) -> FlowState:
    slots: dict[str, str] = {}
    for step in flow.flow.steps:
        if step.ask and not _open_ended(step) and (value := _value(step, text)):
            slots[step.ask] = value
    return replace(state, slots=slots)


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
    """What fills the slot: the first group of the first pattern that matches, in the user's own writing."""
    form = text.forms[0]
    for pattern in (pattern for patterns in step.accept.values() for pattern in patterns):
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
    return re.sub(r"\{([a-z_]+)\}", lambda match: known.get(match.group(1), ""), text)
