"""What in a text speaks for a rule, by detector: for people who ask why."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from tiangong.policies.conditions import found, resolve
from tiangong.policies.document import Condition
from tiangong.policies.evidence import Circumstances, Evidence, Span
from tiangong.policies.judging import merged_spans

SignKind = Literal["pattern", "words", "personal_data", "intent", "topic"]


@dataclass(frozen=True)
class Sign:
    """One detector that found something."""

    kind: SignKind
    name: str  # of the pattern, list, intent or topic; what sort of personal data
    seen: tuple[str, ...] = ()  # the words that it found; empty: it looks at the text as a whole
    score: float | None = None  # 0-1, of detectors that are more or less sure
    at_least: float | None = None  # from where on the rule heeds that score


def signs(condition: Condition, pack: str, text: Evidence) -> tuple[Sign, ...]:
    """Of the branches of a condition that hold, each detector once. What a condition denies leaves no sign."""
    first: dict[tuple[SignKind, str, tuple[str, ...]], Sign] = {}
    for sign in _signs(condition, pack, text):
        first.setdefault((sign.kind, sign.name, sign.seen), sign)
    return tuple(first.values())


def words_at(spans: Iterable[Span], text: str) -> tuple[str, ...]:
    """What stands at these places, where they overlap as one."""
    return tuple(dict.fromkeys(text[start:end] for start, end in merged_spans(spans)))


def _signs(condition: Condition, pack: str, text: Evidence) -> Iterator[Sign]:
    if condition.pattern is not None and (name := resolve(condition.pattern, pack, text.detectors.names)):
        yield from _found("pattern", condition.pattern, text, text.pattern(name))
    if condition.words is not None and (name := resolve(condition.words, pack, text.detectors.words)):
        yield from _found("words", condition.words, text, text.words(name))
    if condition.personal_data is not None:
        for datum in text.personal_data:
            if datum.kind in condition.personal_data or "any" in condition.personal_data:
                yield Sign("personal_data", datum.kind, (text.text[datum.start : datum.end],))
    if condition.intent is not None and (score := text.intents.get(condition.intent, 0.0)) >= condition.at_least:
        yield Sign("intent", condition.intent, (), score, condition.at_least)
    if condition.topic is not None and condition.topic.in_:
        nearness = text.topic(condition.topic.in_)
        if nearness >= condition.topic.at_least:
            yield Sign("topic", condition.topic.in_, (), nearness, condition.topic.at_least)
    for part in (*(condition.any or ()), *(condition.all or ())):
        if found(part, pack, text, Circumstances()).truth == "hit":
            yield from _signs(part, pack, text)


def _found(kind: SignKind, name: str, text: Evidence, spans: tuple[Span, ...]) -> Iterator[Sign]:
    if spans:
        yield Sign(kind, name, words_at(spans, text.text))
