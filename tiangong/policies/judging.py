"""One text under the rules of one place: which act, which could not be checked, and what decides."""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tiangong.core.style import Bounds, StyleLimits
from tiangong.policies.compiled import CompiledPolicy, CompiledRule
from tiangong.policies.conditions import MISS, Finding, found
from tiangong.policies.decision import RuleOutcome
from tiangong.policies.detectors.linear import WINDOW_CHARS
from tiangong.policies.document import Limits, Place, Style
from tiangong.policies.evidence import Circumstances, Evidence, Span
from tiangong.policies.precedence import Hit, decisive, joined_style

_SENTENCE_END: Final = re.compile(r"[。？！；?!;\n]+|\.+(?=\s|$)")


@dataclass(frozen=True)
class Judgement:
    """What all rules of one place found in one text."""

    hits: tuple[Hit, ...]
    outcomes: tuple[RuleOutcome, ...]  # all but plain misses
    broken: CompiledRule | None  # the gravest rule that could not be checked and fails closed
    unverified: CompiledRule | None  # a rule that does not know the text's language, where none acts
    looked: int
    pending: tuple[CompiledRule, ...] = ()  # that a judge has still to be asked for

    @property
    def deciding(self) -> Hit | None:
        return decisive(self.hits)

    @property
    def style(self) -> StyleLimits:
        return joined_style(self.hits)

    def with_outcomes_of(self, other: "Judgement") -> "Judgement":
        """The same decision, with what the rules of another place found beside it."""
        return replace(self, outcomes=(*self.outcomes, *other.outcomes), looked=self.looked + other.looked)


NOTHING: Final = Judgement((), (), None, None, 0)


def judge(
    policy: CompiledPolicy,
    places: Sequence[Place],
    text: Evidence,
    known: Circumstances,
    language: str,
    only: Collection[CompiledRule] | None = None,
) -> Judgement:
    """All rules of `places` against a text, or `only` some; the order of the rules in the file does not change the outcome."""
    hits: list[Hit] = []
    outcomes: list[RuleOutcome] = []
    broken: list[CompiledRule] = []
    unverified: list[CompiledRule] = []
    pending: list[CompiledRule] = []
    looked = 0
    for place, rule in _of(policy, places, only):
        looked += 1
        finding = look(rule, text, known)
        if finding.truth == "hit":
            hits.append(Hit(place, rule, finding.spans, limits_of(rule.rule.style)))
            outcomes.append(RuleOutcome(rule.rule.id, "hit", finding.spans, finding.reason))
        elif finding.truth == "pending":
            outcomes.append(RuleOutcome(rule.rule.id, "pending"))
            pending.append(rule)
        elif finding.truth in ("broken", "timeout"):
            outcomes.append(RuleOutcome(rule.rule.id, finding.truth, reason=finding.reason))
            if policy.file.defaults.broken.get(rule.rule.severity, "closed") == "closed":
                broken.append(rule)
        elif rule.languages and language not in rule.languages:
            outcomes.append(RuleOutcome(rule.rule.id, "unverified"))
            if rule.rule.severity != "minor":
                unverified.append(rule)
    return Judgement(
        tuple(hits),
        tuple(outcomes),
        min(broken, key=_gravity, default=None),
        min(unverified, key=_gravity, default=None),
        looked,
        tuple(pending),
    )


def across(
    policy: CompiledPolicy, places: Sequence[Place], before: str, text: str, known: Circumstances, joint: Evidence
) -> Judgement:
    """Only what begins in `before`, which was said already, and ends in `text`; `joint` is the evidence of both together."""
    edge = len(before)
    said = Evidence(before, joint.direction, joint.detectors)
    hits: list[Hit] = []
    for place, rule in _of(policy, places):
        finding = look(rule, joint, known)
        spans = tuple(span for span in finding.spans if span[0] < edge < span[1])
        if finding.truth == "hit" and spans and max(end for _, end in spans) == edge + 1:
            # One character beyond may only be what a pattern needs to see that a word has ended there.
            ended = {start for start, _ in look(rule, said, known).spans}
            spans = tuple(span for span in spans if span[0] not in ended)
        if finding.truth == "hit" and spans:
            inside = tuple((max(0, start - edge), end - edge) for start, end in spans)
            hits.append(Hit(place, rule, inside, limits_of(rule.rule.style)))
    outcomes = tuple(RuleOutcome(hit.rule.rule.id, "hit", hit.spans, "cut in two") for hit in hits)
    return Judgement(tuple(hits), outcomes, None, None, 0)


def look(rule: CompiledRule, text: Evidence, known: Circumstances) -> Finding:
    """Whether one rule acts: its condition holds and nothing under `unless` speaks for what was found."""
    finding = found(rule.rule.when, rule.pack, text, known)
    for part in rule.rule.unless:
        if finding.truth == "hit":
            exception = found(part, rule.pack, text, known)
            finding = _excused(finding, exception, text.text) if exception.truth == "hit" else finding
    return finding


def _excused(finding: Finding, exception: Finding, text: str) -> Finding:
    """What is left of a finding beside an exception, which speaks for its own sentence only: else any forbidden sentence could
    be hidden behind a harmless one. Without places in a short text, it speaks for the whole of it."""
    if not exception.spans or (not finding.spans and len(text) <= WINDOW_CHARS):
        return MISS
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    excused = {bisect_right(ends, at) for start, end in exception.spans for at in (start, end - 1)}
    left = tuple(span for span in finding.spans if bisect_right(ends, span[0]) not in excused)
    return Finding("hit", left) if left or not finding.spans else MISS


def limits_of(style: Style) -> StyleLimits:
    face = style.face
    return StyleLimits(
        face.show,
        frozenset(face.never),
        Bounds(0.0, face.at_most),
        _bounds(style.rate),
        _bounds(style.pitch),
        _bounds(style.energy),
    )


def _bounds(limits: Limits) -> Bounds:
    return Bounds(limits.at_least, limits.at_most)


def _of(
    policy: CompiledPolicy, places: Sequence[Place], only: Collection[CompiledRule] | None = None
) -> Iterable[tuple[int, CompiledRule]]:
    wanted = None if only is None else {rule.rule.id for rule in only}
    return (
        (i, rule)
        for i, rule in enumerate(policy.rules)
        if rule.rule.place in places and (wanted is None or rule.rule.id in wanted)
    )


def _gravity(rule: CompiledRule) -> int:
    return ("grave", "serious", "minor").index(rule.rule.severity)


def merged_spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Overlapping spans joined, in order."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
