"""Conditions of rules, in three values: hit, miss, and broken where a check could not be made (Kleene 1952)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from tiangong.core.errors import EngineError
from tiangong.policies.document import Condition
from tiangong.policies.evidence import Circumstances, Evidence, Span

Truth = Literal["hit", "miss", "broken"]


@dataclass(frozen=True)
class Finding:
    truth: Truth
    spans: tuple[Span, ...] = ()  # what in the text speaks for it; empty: the text as a whole
    reason: str = ""  # why a check is broken


HIT: Final = Finding("hit")
MISS: Final = Finding("miss")


def resolve(name: str, pack: str, known: Iterable[str]) -> str | None:
    """A pattern or word list by its own pack's name first, then by "pack/name" of any pack that has it."""
    if (own := f"{pack}/{name}") in known:
        return own
    return next((full for full in known if full.endswith(f"/{name}")), None)


def found(condition: Condition, pack: str, text: Evidence, known: Circumstances) -> Finding:
    """Whether a condition of `pack` holds; all keys of one table must."""
    return _all(_each(condition, pack, text, known))


def _each(condition: Condition, pack: str, text: Evidence, known: Circumstances) -> Iterable[Finding]:
    # What is cheap and decides most often comes first: a miss ends the row.
    if condition.pattern is not None:
        name = resolve(condition.pattern, pack, text.detectors.names)
        yield _spans(text.pattern(name) if name else ())
    if condition.words is not None:
        name = resolve(condition.words, pack, text.detectors.words)
        yield _spans(text.words(name) if name else ())
    yield from _of_circumstances(condition, known)
    if condition.personal_data is not None:
        kinds = set(condition.personal_data)
        data = [datum for datum in text.personal_data if datum.kind in kinds or "any" in kinds]
        yield _spans(tuple((datum.start, datum.end) for datum in data))
    if condition.intent is not None:
        yield _if(text.intents.get(condition.intent, 0.0) >= condition.at_least)
    if condition.topic is not None:
        if condition.topic.out_of:
            yield _if(text.in_scope() < condition.topic.at_least)
        if condition.topic.in_:
            yield _if(text.topic(condition.topic.in_) >= condition.topic.at_least)
    if condition.any is not None:
        yield _any(found(part, pack, text, known) for part in condition.any)
    if condition.all is not None:
        yield _all(found(part, pack, text, known) for part in condition.all)
    if condition.not_ is not None:
        yield _not(found(condition.not_, pack, text, known))
    if condition.judge is not None:
        yield _judged(condition.judge, condition.at_least, text, known)


def _of_circumstances(condition: Condition, known: Circumstances) -> Iterable[Finding]:
    if (counter := condition.counter) is not None:
        yield _if((known.counters or {}).get(counter.name, 0) >= counter.at_least)
    if (wanted := condition.emotion) is not None:
        felt = known.emotion
        yield _if(felt is not None and felt.label in wanted.feelings and felt.confidence >= wanted.at_least)
    if condition.asker is not None:
        yield _if(known.asker in condition.asker)
    if condition.consent is not None:
        yield _if(known.consent in condition.consent)
    if condition.turn is not None:
        yield _if(known.turn == condition.turn)
    if condition.tool is not None:
        yield _if(known.tool in condition.tool)


def _judged(question: str, at_least: float, text: Evidence, known: Circumstances) -> Finding:
    judge = text.detectors.judge
    if judge is None:
        return MISS  # no judge is set up; `policy lint` sees to it that no grave rule rests on one alone
    try:
        return _if(judge.judge(question, text.text, known.before) >= at_least)
    except EngineError as error:
        return Finding("broken", reason=str(error))


def _if(holds: bool) -> Finding:
    return HIT if holds else MISS


def _spans(spans: tuple[Span, ...]) -> Finding:
    return Finding("hit", spans) if spans else MISS


def _all(parts: Iterable[Finding]) -> Finding:
    spans: list[Span] = []
    broken = ""
    for part in parts:
        if part.truth == "miss":
            return MISS
        broken = broken or part.reason
        spans += part.spans
    return Finding("broken", tuple(spans), broken) if broken else Finding("hit", tuple(spans))


def _any(parts: Iterable[Finding]) -> Finding:
    spans: list[Span] = []
    broken, hit = "", False
    for part in parts:
        hit = hit or part.truth == "hit"
        if part.truth == "hit":
            spans += part.spans
        broken = broken or part.reason
    if hit:
        return Finding("hit", tuple(spans))
    return Finding("broken", (), broken) if broken else MISS


def _not(part: Finding) -> Finding:
    return part if part.truth == "broken" else _if(part.truth == "miss")
