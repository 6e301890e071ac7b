"""What would make a flow break, turn in circles or ask for nothing in the midst of a conversation: told when it is read."""

import re
from collections.abc import Iterable
from typing import Final

from tiangong.core.errors import ConfigError
from tiangong.policies.detectors.patterns import PatternSet
from tiangong.policies.document import Condition, Flow, Step
from tiangong.policies.reading import Complaint, Source

SLOT: Final = re.compile(r"\{([a-z][a-z0-9_-]*)\}")
_ALWAYS_KNOWN: Final = frozenset({"name", "result"})  # the avatar's name, and what the tool said
Path = tuple[str | int, ...]


def flow_problems(flow: Flow, source: Source, path: Path) -> Iterable[Complaint]:
    """Steps that stand twice, are unknown or lead round; patterns that RE2 refuses; texts with slots that nothing fills."""
    ids = [step.id for step in flow.steps]
    slots = _ALWAYS_KNOWN | {step.ask for step in flow.steps if step.ask}
    for i, step in enumerate(flow.steps):
        here = (*path, "steps", i)
        if step.id in ids[:i]:
            what = f"the step '{flow.id}.{step.id}' stands twice"
            yield source.complaint((*here, "id"), what, "give one of them another id")
        for target in [step.go, *(choice.go for choice in step.choices)]:
            if target is not None and target not in ids:
                what = f"step '{flow.id}.{step.id}' goes to an unknown step '{target}'"
                yield source.complaint(here, what, f"known: {', '.join(ids)}")
        yield from _refused_patterns(step, source, here)
        yield from _unknown_slots(flow, step, slots, source, here)
    if round_trip := _round_trip(flow):
        what = f"flow '{flow.id}' turns in a circle once its slots are filled: {' -> '.join(round_trip)}"
        yield source.complaint(path, what, "let one 'go:' lead out of it")


def flow_conditions(flow: Flow) -> list[Condition]:
    """Every condition that stands in a flow."""
    return [flow.start, *(choice.when for step in flow.steps for choice in step.choices)]


def _refused_patterns(step: Step, source: Source, path: Path) -> Iterable[Complaint]:
    for key, by_language in (("accept", step.accept), ("named", step.named)):
        for language, patterns in by_language.items():
            for i, pattern in enumerate(patterns):
                try:
                    PatternSet([pattern])
                except ConfigError as error:
                    yield source.complaint((*path, key, language, i), str(error))


def _unknown_slots(flow: Flow, step: Step, slots: frozenset[str], source: Source, path: Path) -> Iterable[Complaint]:
    for key, by_language in (("text", step.text), ("again", step.again)):
        for language, texts in by_language.items():
            for i, text in enumerate(texts):
                for slot in sorted(set(SLOT.findall(text)) - slots):
                    what = f"step '{flow.id}.{step.id}' speaks of {{{slot}}}, which no step asks for"
                    yield source.complaint((*path, key, language, i), what, f"known: {', '.join(sorted(slots))}")


def _round_trip(flow: Flow) -> list[str]:
    """Steps that lead on to each other for ever once all their slots are filled; empty: there are none."""
    places = {step.id: i for i, step in enumerate(flow.steps)}
    for first in range(len(flow.steps)):
        seen: list[int] = []
        place = first
        while place < len(flow.steps) and flow.steps[place].ask:
            if place in seen:
                return [flow.steps[i].id for i in [*seen[seen.index(place) :], place]]
            seen.append(place)
            go = flow.steps[place].go
            place = places.get(go, len(flow.steps)) if go else place + 1
    return []
