"""A policy file and the packs it names, put together: rules in one order, detectors built once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final, Literal

from tiangong.core.errors import ConfigError
from tiangong.policies.conditions import resolve
from tiangong.policies.detectors.linear import WEIGHTS, LinearModel
from tiangong.policies.detectors.patterns import PatternSet
from tiangong.policies.detectors.topics import TopicExamples
from tiangong.policies.detectors.word_lists import WordList
from tiangong.policies.document import ByLanguage, Condition, Flow, Pack, PolicyFile, Rule
from tiangong.policies.evidence import Detectors
from tiangong.policies.flow_checks import flow_conditions, flow_problems
from tiangong.policies.judges.protocol import Judge
from tiangong.policies.persona_rules import persona_pack
from tiangong.policies.pieces import spelled_out, spelled_pieces
from tiangong.policies.reading import Complaint, PolicyProblem, Source, checked, read_source

_LEAST_OWN_CHARS: Final = 5
PACKS: Final = Path(__file__).parent / "packs"
TEMPLATES: Final = Path(__file__).parent / "templates"
Direction = Literal["input", "output"]


@dataclass(frozen=True)
class CompiledRule:
    rule: Rule
    pack: str  # where its patterns and word lists are looked up first
    languages: frozenset[str]  # that it covers; empty: it does not read the text


@dataclass(frozen=True)
class CompiledFlow:
    flow: Flow
    pack: str


@dataclass(frozen=True)
class CompiledPolicy:
    """Ready to judge; immutable and shared."""

    file: PolicyFile
    rules: tuple[CompiledRule, ...]
    flows: tuple[CompiledFlow, ...]
    detectors: Detectors

    def rule(self, rule_id: str) -> CompiledRule | None:
        return next((each for each in self.rules if each.rule.id == rule_id), None)

    def wrote(self, sentence: str) -> bool:
        """Whether a sentence stands in a text of the policy itself, as it was written: such words are not judged again, or a
        rule could silence another's care. Texts that a user's words are put into are."""
        return len(sentence) >= _LEAST_OWN_CHARS and any(sentence in text for text in self._written)

    @cached_property
    def _written(self) -> tuple[str, ...]:
        tables = [rule.rule.text for rule in self.rules]
        tables += [table for each in self.flows for step in each.flow.steps for table in (step.text, step.again)]
        return tuple(text for table in tables for texts in table.values() for text in texts if "{" not in text)


def shipped_packs() -> list[str]:
    return sorted(path.stem for path in PACKS.glob("*.yaml"))


def shipped_templates() -> list[str]:
    return sorted(path.stem for path in TEMPLATES.glob("*.yaml"))


@lru_cache(maxsize=32)
def read_pack(name: str, folder: Path = PACKS) -> tuple[Pack, Source]:
    source = read_source(folder / f"{name}.yaml")
    return checked(source, Pack), source


def read_policy(path: Path, judge: Judge | None = None) -> CompiledPolicy:
    """Read, check and compile a policy file. A pack is looked for beside the file first, then among those that ship.

    Raises PolicyProblem with a complaint (file, line, what, mend) for each thing that is wrong.
    """
    source = read_source(path)
    return compiled(checked(source, PolicyFile), source, path.parent, judge)


def compiled(file: PolicyFile, source: Source, folder: Path, judge: Judge | None = None) -> CompiledPolicy:
    own = Pack(
        pack=file.policy,
        pieces=file.pieces,
        patterns=file.patterns,
        words=file.words,
        rules=file.rules,
        flows=file.flows,
    )
    parts = [(own, source)] + [_found_pack(name, i, source, folder) for i, name in enumerate(file.packs)]
    if persona := persona_pack(file):
        parts.append((persona, source))
    complaints = [*_twice(parts), *_unknown_without(file, parts, source)]
    if complaints:
        raise PolicyProblem(complaints)
    detectors = _detectors(file, parts, judge)
    rules: list[CompiledRule] = []
    for pack, where in parts:
        for i, rule in enumerate(pack.rules):
            conditions = [rule.when, *rule.unless]
            complaints += _unknown_names(f"rule '{rule.id}'", conditions, pack.pack, detectors, where, ("rules", i))
            if rule.id not in file.without:
                covered = frozenset(_languages(rule.when, pack.pack, parts, set(file.languages)))
                rules.append(CompiledRule(rule, pack.pack, covered))
        for i, flow in enumerate(pack.flows):
            complaints += flow_problems(flow, where, ("flows", i))
            conditions = flow_conditions(flow)
            complaints += _unknown_names(f"flow '{flow.id}'", conditions, pack.pack, detectors, where, ("flows", i))
    if complaints:
        raise PolicyProblem(complaints)
    flows = tuple(CompiledFlow(flow, pack.pack) for pack, _ in parts for flow in pack.flows)
    return CompiledPolicy(file, tuple(rules), flows, detectors)


def pack_folder(name: str, beside: Path) -> Path | None:
    """Where a pack lies: beside the policy file, else among those that ship; None: nowhere."""
    return next((where for where in (beside, PACKS) if (where / f"{name}.yaml").is_file()), None)


def _found_pack(name: str, place: int, source: Source, folder: Path) -> tuple[Pack, Source]:
    if where := pack_folder(name, folder):
        return read_pack(name, where)
    mend = f"ships: {', '.join(shipped_packs())}"
    raise PolicyProblem([source.complaint(("packs", place), f"no pack '{name}'", mend)])


def _twice(parts: list[tuple[Pack, Source]]) -> Iterable[Complaint]:
    seen: dict[str, str] = {}
    for pack, source in parts:
        for kind, items in (("rules", pack.rules), ("flows", pack.flows)):
            for i, item in enumerate(items):
                place = f"{source.file}:{source.line((kind, i, 'id'))}"
                if item.id in seen:
                    what = f"the id '{item.id}' stands twice, also in {seen[item.id]}"
                    yield source.complaint((kind, i, "id"), what, "give one of them another id")
                seen.setdefault(item.id, place)


def _unknown_without(file: PolicyFile, parts: list[tuple[Pack, Source]], source: Source) -> Iterable[Complaint]:
    known = {rule.id: rule for pack, _ in parts for rule in pack.rules}
    for i, rule_id in enumerate(file.without):
        if rule_id not in known:
            yield source.complaint(("without", i), f"no rule '{rule_id}' to leave out", "see `tiangong policy explain`")
        elif known[rule_id].severity == "grave":
            yield source.complaint(("without", i), f"'{rule_id}' is grave and cannot be left out", "delete this line")


def _detectors(file: PolicyFile, parts: list[tuple[Pack, Source]], judge: Judge | None) -> Detectors:
    patterns: list[str] = []
    where: list[tuple[Source, tuple[str | int, ...]]] = []  # each pattern stands
    names: dict[str, tuple[int, ...]] = {}
    words: dict[str, WordList] = {}
    for pack, source in parts:
        pieces = spelled_pieces(pack.pieces, source)
        for name, by_language in pack.patterns.items():
            first = len(patterns)
            for language, texts in by_language.items():
                path = ("patterns", name, language)
                patterns += [spelled_out(text, pieces, source, (*path, i)) for i, text in enumerate(texts)]
                where += [(source, ("patterns", name, language, i)) for i in range(len(texts))]
            names[f"{pack.pack}/{name}"] = tuple(range(first, len(patterns)))
        for name, by_language in pack.words.items():
            # In pinyin, too: a sentence of toneless syllables is how Chinese is typed past a filter.
            words[f"{pack.pack}/{name}"] = WordList(_every(by_language), pinyin=True)
    return Detectors(_pattern_set(patterns, where), names, words, shipped_models(), _topics(file), judge)


def _pattern_set(patterns: list[str], where: list[tuple[Source, tuple[str | int, ...]]]) -> PatternSet:
    """All patterns compiled once; only where that fails is each tried by itself, to tell all that are refused."""
    try:
        return PatternSet(patterns)
    except ConfigError as error:
        tried = [_refused(pattern, *place) for pattern, place in zip(patterns, where, strict=True)]
        refused = [complaint for complaint in tried if complaint]
        if not refused:  # each is good, all together are too many
            raise
        raise PolicyProblem(refused) from error


def _refused(pattern: str, source: Source, path: tuple[str | int, ...]) -> Complaint | None:
    try:
        PatternSet([pattern])
    except ConfigError as error:
        return source.complaint(path, str(error))
    return None


@lru_cache(maxsize=1)
def shipped_models() -> dict[str, LinearModel]:
    """The models of intents and risks by direction."""
    return {
        direction: LinearModel.load(WEIGHTS / f"policy_{direction}.safetensors") for direction in ("input", "output")
    }


def _topics(file: PolicyFile) -> TopicExamples | None:
    topics = {name: _every(texts) for name, texts in file.topics.outside.items()}
    if inside := _every(file.topics.inside):
        topics["inside"] = inside
    return TopicExamples(topics) if topics else None


def _every(texts: ByLanguage) -> list[str]:
    return [text for found in texts.values() for text in found]


def conditions_in(condition: Condition) -> Iterable[Condition]:
    """A condition and all that stand inside of it."""
    yield condition
    for part in [*(condition.any or ()), *(condition.all or ()), *([condition.not_] if condition.not_ else ())]:
        yield from conditions_in(part)


def _unknown_names(
    owner: str,
    conditions: Iterable[Condition],
    pack: str,
    detectors: Detectors,
    source: Source,
    path: tuple[str | int, ...],
) -> Iterable[Complaint]:
    labels = {label for model in detectors.model.values() for label in model.labels}
    known: Mapping[str, tuple[str, Iterable[str]]] = {
        "pattern": ("patterns", detectors.names),
        "words": ("words", detectors.words),
    }
    for condition in (part for top in conditions for part in conditions_in(top)):
        for kind, (table, names) in known.items():
            wanted = getattr(condition, kind)
            if wanted is not None and resolve(wanted, pack, names) is None:
                near = get_close_matches(wanted, [name.rpartition("/")[2] for name in names], n=1)
                mend = f"did you mean '{near[0]}'?" if near else f"add it under '{table}:'"
                yield source.complaint(path, f"{owner} names an unknown {kind} '{wanted}'", mend)
        if condition.intent is not None and condition.intent not in labels:
            mend = f"known: {', '.join(sorted(labels))}"
            yield source.complaint(path, f"{owner} names an unknown intent '{condition.intent}'", mend)


def _languages(condition: Condition, pack: str, parts: list[tuple[Pack, Source]], every: set[str]) -> set[str]:
    """The languages in which a condition can be told; empty where it does not read the text."""
    covered: set[str] = set()
    for part in conditions_in(condition):
        if part.intent is not None or part.topic is not None:
            covered |= {"en", "zh"} & every
        if part.personal_data is not None or part.judge is not None:
            covered |= every
        for kind, name in (("patterns", part.pattern), ("words", part.words)):
            if name is not None:
                covered |= set(_texts_of(kind, name, pack, parts))
    return every if "any" in covered else covered & every


def _texts_of(kind: str, name: str, pack: str, parts: list[tuple[Pack, Source]]) -> ByLanguage:
    tables: dict[str, ByLanguage] = {}
    for each, _ in parts:
        tables |= {f"{each.pack}/{key}": texts for key, texts in getattr(each, kind).items()}
    return tables.get(resolve(name, pack, tables) or "", {})
