"""Conditions of rules, in three values: hit, miss, and not known (Kleene 1952): a check broke, timed out or is still pending."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tiangong.policies.document import Condition
from tiangong.policies.evidence import Circumstances, Evidence, Judged, Span

Truth = Literal["hit", "miss", "broken", "timeout", "pending"]


@dataclass(frozen=True)
class Finding:
    truth: Truth
    spans: tuple[Span, ...] = ()  # what in the text speaks for it; empty: the text as a whole
    reason: str = ""  # why a check is broken, or how sure a judge is


HIT: Final = Finding("hit")
MISS: Final = Finding("miss")
_NO_JUDGE: Final = Judged(None, "broken", "the judge was not asked this")
_UNKNOWN: Final[tuple[Truth, ...]] = ("broken", "timeout", "pending")  # the first of these tells of a table of several


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
        yield _of_judge(condition.judge, condition.at_least, text, known)


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


def _of_judge(question: str, at_least: float, text: Evidence, known: Circumstances) -> Finding:
    if text.detectors.judge is None:
        return MISS  # no judge is set up; `policy lint` sees to it that no grave rule rests on one alone
    if known.judged is None:
        return Finding("pending")
    answer = known.judged.get(question, _NO_JUDGE)
    if answer.yes is None:
        return Finding(answer.status, reason=answer.reason)
    return Finding("hit", reason=f"the judge is {answer.yes:.2f} sure") if answer.yes >= at_least else MISS


def _if(holds: bool) -> Finding:
    return HIT if holds else MISS


def _spans(spans: tuple[Span, ...]) -> Finding:
    return Finding("hit", spans) if spans else MISS


def _all(parts: Iterable[Finding]) -> Finding:
    seen: list[Finding] = []
    for part in parts:
        if part.truth == "miss":
            return MISS
        seen.append(part)
    spans = tuple(span for part in seen for span in part.spans)
    unknown = _unknown(seen)
    return Finding(unknown.truth, spans, unknown.reason) if unknown else Finding("hit", spans, _reason(seen))


def _any(parts: Iterable[Finding]) -> Finding:
    seen = list(parts)
    hits = [part for part in seen if part.truth == "hit"]
    if hits:
        return Finding("hit", tuple(span for part in hits for span in part.spans), _reason(hits))
    return _unknown(seen) or MISS


def _not(part: Finding) -> Finding:
    return part if part.truth in _UNKNOWN else _if(part.truth == "miss")


def _unknown(parts: Sequence[Finding]) -> Finding | None:
    return next((part for truth in _UNKNOWN for part in parts if part.truth == truth), None)


def _reason(parts: Sequence[Finding]) -> str:
    return next((part.reason for part in parts if part.reason), "")
