"""The scenarios that ship: enough of them, in both languages, over every pack, and the loss of any rule is noticed."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tiangong.core.config import load_settings
from tiangong.policies.compiled import shipped_packs, shipped_templates
from tiangong.policies.linting import all_complaints
from tiangong.policies.rules import TEMPLATES, named_policy
from tiangong.policies.scenarios.finding import SHIPPED, read_scenarios, scenario_files
from tiangong.policies.scenarios.report import reported
from tiangong.policies.scenarios.report_facts import within_budget
from tiangong.policies.scenarios.running import run_scenarios
from tiangong.service.scripted_rooms import scripted_rooms

POLICY = named_policy(None)
CASES = read_scenarios(scenario_files([SHIPPED]), POLICY)


def test_every_pack_is_tested_in_both_languages() -> None:
    counts = Counter((case.file.name.split(".")[0], case.scenario.language) for case in CASES)
    assert len(CASES) >= 120
    assert {pack for pack, _ in counts} >= set(shipped_packs())
    assert min(counts.values()) >= 5


@pytest.mark.parametrize("name", shipped_templates())
def test_lint_finds_nothing_in_what_ships(name: str) -> None:
    assert [str(complaint) for complaint in all_complaints(TEMPLATES / f"{name}.yaml", None)] == []


@pytest.mark.parametrize("name", shipped_templates())
def test_all_hold_under_every_template_and_the_loss_of_any_rule_is_noticed(name: str) -> None:
    policy = named_policy(Path(name))
    rooms = scripted_rooms(load_settings())
    results = run_scenarios(read_scenarios(scenario_files([SHIPPED]), policy), rooms, varied=False)
    assert [(each.case.scenario.scenario, each.failures) for each in results if each.status != "pass"] == []
    report = reported(policy, results, rooms, 0.0)
    assert [rule.rule for rule in report.rules if rule.mutant != "killed"] == []
    assert all(reached for _, reached in report.flow_steps)
    assert report.language_gaps == ()
    assert report.leaked == 0
    assert within_budget(report)


def test_a_policy_that_names_its_topics_keeps_to_them() -> None:
    policy = named_policy(SHIPPED / "tea_shop.yaml")
    cases = [replace(case, policy=policy) for case in CASES if case.scenario.policy == "tea_shop.yaml"]
    rooms = scripted_rooms(load_settings())
    results = run_scenarios(cases, rooms, varied=False)
    assert [each.failures for each in results if each.status != "pass"] == []
    report = reported(policy, results, rooms, 0.0)
    assert [rule.mutant for rule in report.rules if rule.rule == "service.off-topic"] == ["killed"]
