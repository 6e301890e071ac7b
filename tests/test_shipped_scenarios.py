"""The scenarios that ship: enough of them, in both languages, over every pack, and the loss of any rule is noticed."""

from collections import Counter

import pytest

from tiangong.core.config import load_settings
from tiangong.policies.compiled import shipped_packs, shipped_templates
from tiangong.policies.linting import all_complaints
from tiangong.policies.rules import TEMPLATES, named_policy
from tiangong.policies.scenarios.finding import SHIPPED, read_scenarios, scenario_files
from tiangong.policies.scenarios.report import reported
from tiangong.policies.scenarios.report_facts import within_budget
from tiangong.policies.scenarios.running import run_scenario
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


def test_the_loss_of_any_rule_is_noticed_and_harmless_talk_goes_on() -> None:
    rooms = scripted_rooms(load_settings())
    results = [run_scenario(case, rooms, varied=False) for case in CASES]
    report = reported(POLICY, results, rooms, 0.0)
    assert [rule.rule for rule in report.rules if rule.mutant != "killed"] == []
    assert report.leaked == 0
    assert within_budget(report)
