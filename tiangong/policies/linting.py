"""Everything that can be wrong with a policy that was read: samples, languages, grave rules, tests that lack."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, get_args

from tiangong.core.media import Action
from tiangong.policies.compiled import (
    PACKS,
    CompiledPolicy,
    CompiledRule,
    conditions_in,
    pack_folder,
    read_pack,
    read_policy,
)
from tiangong.policies.detectors.personal_kinds import PersonalKind
from tiangong.policies.document import ByLanguage, Condition, Flow, Rule
from tiangong.policies.evidence import Circumstances, Evidence
from tiangong.policies.judging import look
from tiangong.policies.persona_rules import PERSONA
from tiangong.policies.precedence import DENIES
from tiangong.policies.reading import Complaint, PolicyProblem, Source, read_source
from tiangong.policies.rule_session import CLARIFIED
from tiangong.policies.rules import RulesPolicy
from tiangong.policies.scenarios.finding import SHIPPED, read_scenarios, scenario_files

NEEDS_TEXT: Final[frozenset[Action]] = frozenset({"say", "replace", "rewrite"})
_STOPS: Final = DENIES | {"clarify"}  # whoever is asked back for nothing is held up, too
_NEEDS_SAMPLES: Final = frozenset({"input", "output.sentence"})
_JUDGED: Final = ("input", "output.sentence", "output.final")  # where the loop asks a judge
assert frozenset(get_args(Action)) >= _STOPS | NEEDS_TEXT


def linted(policy: CompiledPolicy, file: Path, allowed: frozenset[str] | None = None) -> list[Complaint]:
    """All complaints about a policy. `allowed`: rules that some must-allow scenario covers; None: no scenarios were given."""
    sources = {policy.file.policy: read_source(file)}
    for name in policy.file.packs:
        sources[name] = read_pack(name, pack_folder(name, file.parent) or PACKS)[1]
    complaints: list[Complaint] = []
    for each in policy.rules:
        if each.pack == PERSONA:
            continue  # nobody wrote it
        source = sources[each.pack]
        path = _place(source, each.rule.id)
        complaints += _texts(each.rule, policy.file.languages, source, path)
        complaints += _samples(each, policy, source, path)
        complaints += _unread_languages(each, policy.file.languages, source, path)
        complaints += _conditions(each.rule, source, path)
        complaints += _never_met(each.rule, policy, source, path)
        if (
            allowed is not None
            and each.rule.action in _STOPS
            and each.rule.place in _NEEDS_SAMPLES
            and each.rule.id not in allowed
        ):
            what = f"rule '{each.rule.id}' stops people, and no scenario of kind 'must_allow' covers it"
            complaints.append(source.complaint(path, what, "write one with what it must let pass"))
    for flow in policy.flows:
        complaints += _flow(flow.flow, policy.file.languages, sources[flow.pack])
    return complaints


def _place(source: Source, rule_id: str) -> tuple[str | int, ...]:
    rules = source.data.get("rules", [])
    return ("rules", next(i for i, rule in enumerate(rules) if rule["id"] == rule_id))


def _lacking(texts: ByLanguage, languages: Sequence[str]) -> list[str]:
    return [language for language in languages if language not in texts and "any" not in texts]


def _texts(rule: Rule, languages: Sequence[str], source: Source, path: tuple[str | int, ...]) -> Iterable[Complaint]:
    if (rule.text or rule.action in NEEDS_TEXT) and (lacking := _lacking(rule.text, languages)):
        yield source.complaint(
            (*path, "text"), f"rule '{rule.id}' lacks a text in '{lacking[0]}'", f"add '{lacking[0]}:'"
        )


def _unread_languages(
    each: CompiledRule, languages: Sequence[str], source: Source, path: tuple[str | int, ...]
) -> Iterable[Complaint]:
    """A language of the policy in which a rule would see nothing of what it is about."""
    reads = any(part.pattern or part.words or part.intent or part.topic for part in conditions_in(each.rule.when))
    if reads and (lacking := [language for language in languages if language not in each.languages]):
        what = f"rule '{each.rule.id}' reads no '{lacking[0]}', which the policy speaks"
        yield source.complaint((*path, "when"), what, f"add '{lacking[0]}:' to its patterns or words")


def _never_met(rule: Rule, policy: CompiledPolicy, source: Source, path: tuple[str | int, ...]) -> Iterable[Complaint]:
    """Counters that nothing counts, and topics without an example."""
    counted = {CLARIFIED} | {each.rule.count for each in policy.rules if each.rule.count}
    topics = {*policy.file.topics.outside, "inside"}
    for part in (part for top in (rule.when, *rule.unless) for part in conditions_in(top)):
        if part.counter is not None and part.counter.name not in counted:
            what = f"rule '{rule.id}' waits for the counter '{part.counter.name}', which nothing counts"
            yield source.complaint((*path, "when"), what, f"counted: {', '.join(sorted(counted))}")
        if part.topic is not None and part.topic.in_ is not None and part.topic.in_ not in topics:
            what = f"rule '{rule.id}' names an unknown topic '{part.topic.in_}'"
            yield source.complaint((*path, "when"), what, f"add examples under 'topics.outside.{part.topic.in_}:'")


def _samples(
    each: CompiledRule, policy: CompiledPolicy, source: Source, path: tuple[str | int, ...]
) -> Iterable[Complaint]:
    rule = each.rule
    if rule.place in _NEEDS_SAMPLES and each.languages:
        for kind in ("miss",) if _needs_circumstances(rule) else ("hit", "miss"):
            if lacking := _lacking(getattr(rule.samples, kind), sorted(each.languages)):
                what = f"rule '{rule.id}' has no samples that must {kind} in '{lacking[0]}'"
                yield source.complaint((*path, "samples"), what, f"add samples.{kind}.{lacking[0]}")
    for kind in ("hit", "miss"):
        texts: ByLanguage = getattr(rule.samples, kind)
        for language, samples in texts.items():
            for i, sample in enumerate(samples):
                if (_acts(each, sample, policy)) != (kind == "hit"):
                    what = f"rule '{rule.id}' {'misses' if kind == 'hit' else 'acts on'} its sample {sample!r}"
                    where = (*path, "samples", kind, language, i)
                    yield source.complaint(where, what, "change its condition, or move the sample")


def _needs_circumstances(rule: Rule) -> bool:
    """Whether the rule asks for more than a text, embedded checks and a policy without topics, so that no sample alone can hit."""
    if any(part.judge is not None for part in conditions_in(rule.when)) and not _stands_without_judge(rule.when):
        return True
    parts = conditions_in(rule.when)
    return any(
        part.counter or part.emotion or part.asker or part.consent or part.topic or part.turn is not None
        for part in parts
    )


def _acts(each: CompiledRule, sample: str, policy: CompiledPolicy) -> bool:
    evidence = Evidence(sample, "input" if each.rule.place == "input" else "output", policy.detectors)
    return look(each, evidence, Circumstances(turn=1)).truth == "hit"


def _conditions(rule: Rule, source: Source, path: tuple[str | int, ...]) -> Iterable[Complaint]:
    parts = [part for top in (rule.when, *rule.unless) for part in conditions_in(top)]
    kinds = {str(kind) for kind in PersonalKind} | {"any"}
    for part in parts:
        for kind in part.personal_data or ():
            if kind not in kinds:
                yield source.complaint(
                    path,
                    f"rule '{rule.id}' names an unknown kind of personal data '{kind}'",
                    f"known: {', '.join(sorted(kinds))}",
                )
    if any(part.judge is not None for part in parts):
        yield from _judges(rule, source, path)


def _judges(rule: Rule, source: Source, path: tuple[str | int, ...]) -> Iterable[Complaint]:
    """A judge model may be slow, away or talked round: it adds to what the embedded checks find, and never excuses it."""
    if rule.place not in _JUDGED:
        mend = f"use it at {', '.join(_JUDGED)}"
        yield source.complaint(path, f"rule '{rule.id}' asks a judge at the place '{rule.place}'", mend)
    if any(part.judge is not None for top in rule.unless for part in conditions_in(top)):
        what = f"rule '{rule.id}' lets a judge excuse what it finds"
        yield source.complaint((*path, "unless"), what, "excuse it by a pattern, words or an intent")
    if rule.severity == "grave" and _stands_without_judge(rule.when) is not True:
        mend = "put a pattern, words or an intent beside it under 'any'"
        yield source.complaint((*path, "when"), f"rule '{rule.id}' is grave and rests on a judge alone", mend)


def _stands_without_judge(condition: Condition) -> bool | None:
    """Whether it can hold by what embedded checks read in the text; None: it can hold, and does not look at the text."""
    if condition.judge is not None:
        return False
    if condition.not_ is not None and any(part.judge is not None for part in conditions_in(condition.not_)):
        return False
    parts = [_stands_without_judge(part) for part in condition.all or ()]
    if condition.any is not None:
        ways = [_stands_without_judge(part) for part in condition.any]
        parts.append(True if True in ways else None if None in ways else False)
    if False in parts:
        return False
    reads = any(
        getattr(condition, kind) is not None for kind in ("pattern", "words", "personal_data", "intent", "topic")
    )
    return True if reads or True in parts else None


def _flow(flow: Flow, languages: Sequence[str], source: Source) -> Iterable[Complaint]:
    flows = source.data.get("flows", [])
    place = next(i for i, each in enumerate(flows) if each["id"] == flow.id)
    if flow.cancelled and (lacking := _lacking(flow.cancelled, languages)):
        what = f"flow '{flow.id}' lacks a text in '{lacking[0]}' for its end"
        yield source.complaint(("flows", place, "cancelled"), what, f"add '{lacking[0]}:'")
    for i, step in enumerate(flow.steps):
        path = ("flows", place, "steps", i)
        for key, texts in (("text", step.text), ("again", step.again)):
            if texts and (lacking := _lacking(texts, languages)):
                what = f"step '{flow.id}.{step.id}' lacks a text in '{lacking[0]}'"
                yield source.complaint((*path, key), what, f"add '{lacking[0]}:'")
        if step.ask and not step.accept:
            what = f"step '{flow.id}.{step.id}' asks and accepts nothing"
            yield source.complaint(path, what, "add 'accept:' with patterns")
        elif step.ask and (lacking := _lacking(step.accept, languages)):
            what = f"step '{flow.id}.{step.id}' has no patterns for answers in '{lacking[0]}'"
            yield source.complaint((*path, "accept"), what, f"add 'accept.{lacking[0]}:', or 'any:' for all languages")


def all_complaints(file: Path, scenarios: Sequence[Path] | None) -> list[Complaint]:
    """About a policy file, and about the scenarios that go with it (None: those that ship, as far as they are about its rules)."""
    try:
        policy = read_policy(file)
    except PolicyProblem as problem:
        return list(problem.complaints)
    complaints: list[Complaint] = []
    allowed: frozenset[str] | None = None
    try:
        cases = read_scenarios(
            scenario_files(scenarios or [SHIPPED]), RulesPolicy(policy), only_known=scenarios is None
        )
        kinds = [case.scenario for case in cases if case.scenario.kind == "must_allow"]
        allowed = frozenset(rule for scenario in kinds for rule in scenario.covers)
    except PolicyProblem as problem:
        complaints += problem.complaints
    return [*linted(policy, file, allowed), *complaints]
