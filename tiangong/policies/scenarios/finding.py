"""Finds and reads `*.scenario.yaml` files."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from tiangong.policies.compiled import TEMPLATES, read_policy, shipped_templates
from tiangong.policies.document import Flow
from tiangong.policies.reading import Complaint, PolicyProblem, Source, checked, read_source
from tiangong.policies.rules import RulesPolicy
from tiangong.policies.scenarios.document import Scenario, ScenarioFile
from tiangong.policies.scenarios.running import ScenarioCase

SHIPPED: Final = Path(__file__).parent / "shipped"
ENDING: Final = ".scenario.yaml"


def scenario_files(paths: Sequence[Path]) -> list[Path]:
    """The files themselves, and those in folders, sorted. Raises PolicyProblem for a path that is not there."""
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise PolicyProblem([Complaint(path.name, 0, "no such file or folder", "check the path")])
        found += sorted(path.rglob(f"*{ENDING}")) if path.is_dir() else [path]
    return found


def read_scenarios(files: Iterable[Path], policy: RulesPolicy, *, only_known: bool = False) -> list[ScenarioCase]:
    """All scenarios, each with the policy that it is played under, less those about rules that it leaves out.

    `only_known` also leaves out those about rules and flows that it does not have: scenarios that ship, under a policy of one's
    own. Raises PolicyProblem with all complaints of all files.
    """
    cases: list[ScenarioCase] = []
    complaints: list[Complaint] = []
    seen: dict[str, str] = {}
    for file in files:
        try:
            source = read_source(file)
            scenarios = checked(source, ScenarioFile).scenarios
        except PolicyProblem as problem:
            complaints += problem.complaints
            continue
        for i, scenario in enumerate(scenarios):
            path = ("scenarios", i)
            try:
                under = _policy_of(scenario, file, policy, source, i)
            except PolicyProblem as problem:
                complaints += problem.complaints
                continue
            if not set(under.compiled.file.without).isdisjoint(scenario.covers):
                continue  # it is about a rule that this policy leaves out
            if only_known and not set(_known(under)).issuperset(scenario.covers):
                continue
            complaints += _unknown_rules(scenario, under, source, i)
            if scenario.scenario in seen:
                what = f"the scenario '{scenario.scenario}' stands twice, also in {seen[scenario.scenario]}"
                complaints.append(source.complaint(path, what, "give one of them another name"))
            seen[scenario.scenario] = file.name
            cases.append(ScenarioCase(scenario, file, source.line(path), under))
    if complaints:
        raise PolicyProblem(complaints)
    return cases


def _policy_of(scenario: Scenario, file: Path, policy: RulesPolicy, source: Source, place: int) -> RulesPolicy:
    if scenario.policy in (None, policy.compiled.file.policy):
        return policy
    beside = file.parent / scenario.policy
    for path in (beside, TEMPLATES / f"{scenario.policy}.yaml"):
        if path.is_file():
            return _read_once(path)
    mend = f"a file beside the scenario, or one of {', '.join(shipped_templates())}"
    raise PolicyProblem([source.complaint(("scenarios", place, "policy"), f"no policy '{scenario.policy}'", mend)])


@lru_cache(maxsize=32)
def _read_once(path: Path) -> RulesPolicy:
    return RulesPolicy(read_policy(path))


def _steps(policy: RulesPolicy) -> set[str]:
    flows: list[Flow] = [each.flow for each in policy.compiled.flows]
    return {f"{flow.id}.{step.id}" for flow in flows for step in flow.steps} | {flow.id for flow in flows}


def _known(policy: RulesPolicy) -> set[str]:
    return {each.rule.id for each in policy.compiled.rules} | _steps(policy)


def _unknown_rules(scenario: Scenario, policy: RulesPolicy, source: Source, place: int) -> Iterable[Complaint]:
    steps = _steps(policy)
    known = _known(policy)
    for i, rule in enumerate(scenario.covers):
        if rule not in known:
            yield source.complaint(
                ("scenarios", place, "covers", i), f"unknown rule '{rule}'", "see `tiangong policy explain`"
            )
    for i, turn in enumerate(scenario.turns):
        path = ("scenarios", place, "turns", i, "expect")
        if turn.expect.rule is not None and turn.expect.rule not in known:
            yield source.complaint(
                (*path, "rule"), f"unknown rule '{turn.expect.rule}'", "see `tiangong policy explain`"
            )
        if turn.expect.flow not in (None, "none", *steps):
            yield source.complaint((*path, "flow"), f"unknown flow step '{turn.expect.flow}'", "write it as flow.step")
