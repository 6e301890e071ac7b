"""What all scenarios together tell of a policy: coverage, mutation score, over-blocking, gaps, times."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from tiangong.policies.compiled import CompiledPolicy
from tiangong.policies.document import ByLanguage
from tiangong.policies.precedence import DENIES
from tiangong.policies.rules import RulesPolicy
from tiangong.policies.scenarios.expecting import deciding
from tiangong.policies.scenarios.outcome import Rooms
from tiangong.policies.scenarios.running import ScenarioResult, run_scenario


@dataclass(frozen=True)
class RuleCoverage:
    """How well one rule is tested."""

    rule: str
    pack: str
    severity: str
    action: str
    hit_by: tuple[str, ...]  # ids of scenarios in which it acted
    languages: tuple[str, ...]  # of those scenarios
    mutant: str  # "killed": without the rule some scenario fails; "survived"; "untested": it acts in none
    about: ByLanguage = field(default_factory=ByLanguage)  # what it is for, in plain words

    @property
    def denies(self) -> bool:
        return self.action in DENIES


@dataclass(frozen=True)
class Report:
    """Of one run of `tiangong policy test`."""

    policy: str
    results: tuple[ScenarioResult, ...]
    rules: tuple[RuleCoverage, ...]
    flow_steps: tuple[tuple[str, bool], ...]  # ("returns.confirm", whether a scenario came there)
    languages: tuple[str, ...]  # of the policy
    elapsed_s: float
    budget: float = 0.01  # share of harmless turns that the policy may stop
    mutated: bool = True  # whether the mutants were played; otherwise there is no mutation score

    def counted(self, status: str) -> int:
        return sum(result.status == status for result in self.results)

    @property
    def runs(self) -> int:
        return sum(result.runs for result in self.results)

    @property
    def leaked(self) -> int:
        return sum(result.leaked for result in self.results)

    @property
    def mutation_score(self) -> float:
        """Share of rules whose loss some scenario notices; 1 where there are no rules."""
        return sum(rule.mutant == "killed" for rule in self.rules) / len(self.rules) if self.rules else 1.0

    @property
    def rule_coverage(self) -> float:
        return sum(bool(rule.hit_by) for rule in self.rules) / len(self.rules) if self.rules else 1.0

    @property
    def over_blocking(self) -> tuple[int, int]:
        """(turns that were stopped, turns) of all scenarios of kind `must_allow`."""
        outcomes = [o for r in self.results if r.case.scenario.kind == "must_allow" for o in r.outcomes]
        return sum(deciding(outcome)[0] in DENIES for outcome in outcomes), len(outcomes)

    @property
    def language_gaps(self) -> tuple[tuple[str, str], ...]:
        """(rule, language) where a rule was never seen to act in one of the policy's languages."""
        return tuple(
            (rule.rule, language)
            for rule in self.rules
            for language in self.languages
            if language not in rule.languages
        )

    def check_ms(self, share: float) -> float:
        """Milliseconds of a check, at a share of all: 0.5 for the median; 0 where none was made."""
        times = [ms for result in self.results for ms in result.checks_ms]
        return float(np.quantile(times, share)) if times else 0.0


def reported(
    policy: RulesPolicy,
    results: Sequence[ScenarioResult],
    rooms: Rooms,
    elapsed_s: float,
    *,
    mutate: bool = True,
    progress: Callable[[str], None] = lambda rule: None,
) -> Report:
    """Put results together; `mutate` runs the scenarios again without each rule, as far as it acted in them."""
    compiled = policy.compiled
    rules: list[RuleCoverage] = []
    for each in compiled.rules:
        rule = each.rule
        hit_by = [result for result in results if rule.id in result.rules_hit]
        progress(rule.id)
        mutant = _mutant(policy, rule.id, hit_by, rooms) if mutate else "untested"
        languages = tuple(sorted({result.case.scenario.language for result in hit_by}))
        names = tuple(result.case.scenario.scenario for result in hit_by)
        rules.append(RuleCoverage(rule.id, each.pack, rule.severity, rule.action, names, languages, mutant, rule.about))
    return Report(
        compiled.file.policy,
        tuple(results),
        tuple(rules),
        _flow_steps(compiled, results),
        tuple(compiled.file.languages),
        elapsed_s,
        compiled.file.budget.over_blocking,
        mutate,
    )


def _mutant(policy: RulesPolicy, rule_id: str, hit_by: Sequence[ScenarioResult], rooms: Rooms) -> str:
    """Whether the loss of a rule would be noticed."""
    rest = tuple(each for each in policy.compiled.rules if each.rule.id != rule_id)
    mutated = replace(policy, compiled=replace(policy.compiled, rules=rest))
    tested = [result for result in hit_by if result.status == "pass" and result.case.policy is policy]
    for result in tested:
        if run_scenario(replace(result.case, policy=mutated), rooms, varied=False).status == "fail":
            return "killed"
    return "survived" if tested else "untested"


def _flow_steps(compiled: CompiledPolicy, results: Sequence[ScenarioResult]) -> tuple[tuple[str, bool], ...]:
    seen = {
        decision.verdict.rule for result in results for outcome in result.outcomes for decision in outcome.decisions
    } | {outcome.flow for result in results for outcome in result.outcomes}
    steps = [f"{each.flow.id}.{step.id}" for each in compiled.flows for step in each.flow.steps]
    return tuple((step, step in seen) for step in steps)
