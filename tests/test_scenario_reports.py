"""What a run of scenarios tells: as JSON, in the terminal, to CI."""

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.made_scenarios import flaky, leaking, with_status, written
from tiangong.policies.reading import PolicyProblem
from tiangong.policies.scenarios import report_facts
from tiangong.policies.scenarios.report import Report
from tiangong.policies.scenarios.report_json import as_json, difference, read_previous
from tiangong.policies.scenarios.report_junit import as_junit
from tiangong.policies.scenarios.report_page import as_page
from tiangong.policies.scenarios.report_terminal import told
from tiangong.policies.scenarios.running import ScenarioResult

# --- JSON and what changed -----------------------------------------------------------------------------------------------


def test_json_tells_the_whole_run(report: Report) -> None:
    told_again = json.loads(json.dumps(as_json(report)))
    assert told_again["policy"] == "teahouse"
    totals = told_again["totals"]
    assert (totals["scenarios"], totals["passed"], totals["failed"], totals["unmeasured"]) == (6, 4, 1, 1)
    assert totals["runs"] == sum(each["runs"] for each in told_again["scenarios"]) > 60
    assert (totals["leaked"], totals["rule_coverage"], totals["mutation_score"]) == (0, 0.6667, 0.6667)
    assert told_again["over_blocking"] == {"stopped": 1, "turns": 2, "share": 0.5, "budget": 0.1}
    assert {"step": "returns.done", "reached": False} in told_again["flow_steps"]
    assert {"rule": "shop.secret", "language": "zh"} in told_again["language_gaps"]
    rival = told_again["rules"][0]
    assert (rival["id"], rival["pack"], rival["action"], rival["mutant"]) == (
        "shop.rival",
        "teahouse",
        "refuse",
        "killed",
    )
    assert rival["about"]["zh"] == ["不谈论别家茶庄。"]


def test_json_tells_the_turns_of_a_scenario(report: Report) -> None:
    blend = next(each for each in as_json(report)["scenarios"] if each["id"] == "shop.keeps-the-blend")
    assert (blend["file"], blend["line"], blend["language"], blend["kind"]) == (
        "holding.scenario.yaml",
        4,
        "en",
        "must_stop",
    )
    assert (blend["status"], blend["rules_hit"], blend["live"]) == ("pass", ["shop.secret"], None)
    (turn,) = blend["turns"]
    assert turn["heard"] == "What is in it?"
    assert [each["text"] for each in turn["spoken"]] == ["It is nice.", "Let us talk about how it tastes.", "Enjoy it."]
    assert turn["spoken"][1]["rate"] == pytest.approx(0.9)
    assert ("replace", "shop.secret") in [(each["action"], each["rule"]) for each in turn["verdicts"]]


def test_json_tells_how_often_a_real_model_held(report: Report) -> None:
    live = next(each for each in as_json(flaky(report))["scenarios"] if each["id"] == "shop.live")
    assert live["live"] == {"held": 3, "runs": 5, "interval": [0.2307, 0.8824]}


def test_without_mutants_there_is_no_mutation_score(report: Report) -> None:
    unmutated = replace(report, mutated=False)
    assert as_json(unmutated)["totals"]["mutation_score"] is None
    assert "loss of a rule is noticed: not measured" in told(unmutated)
    assert "not measured" in as_page(unmutated)


def test_a_run_does_not_differ_from_itself(report: Report, tmp_path: Path) -> None:
    changed = difference(report, read_previous(written(report, tmp_path)))
    assert not changed.scenarios_changed
    assert not any(each.changed for each in (changed.mutation_score, changed.over_blocking, changed.p95_ms))
    assert told(report, changed).endswith("since the earlier report: nothing changed")


def test_what_changed_since_an_earlier_run_is_told(report: Report, holding: Report, tmp_path: Path) -> None:
    before = with_status(holding, "shop.returns", "fail")
    changed = difference(leaking(report), read_previous(written(before, tmp_path)))
    assert changed.newly_failing == ("shop.keeps-the-blend",)
    assert changed.newly_passing == ("shop.returns",)
    assert changed.new == ("shop.wants-too-much", "shop.live")
    assert (changed.over_blocking.before, changed.over_blocking.now) == (0.0, 0.5)
    lines = told(report, changed)
    assert "  newly failing: shop.keeps-the-blend\n" in lines
    assert "  harmless turns stopped: 0.0% -> 50.0%" in lines
    back = difference(holding, read_previous(written(report, tmp_path)))
    assert back.gone == ("shop.wants-too-much", "shop.live")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "report.json: cannot be opened (No such file or directory)"),
        ("{", "report.json: is no report of a policy test (Invalid JSON"),
        ("[1]", "report.json: is no report of a policy test (Input should be an object"),
        ('{"kind": "tiangong-policy-report"}', "report.json: is no report of a policy test ('schema': Field required"),
        ('{"kind": "other"}', "report.json: is no report of a policy test ('kind': Input should be"),
        ("\x00\xff", "report.json: is no report of a policy test"),
        ("[" * 5000, "report.json: is no report of a policy test"),
    ],
)
def test_a_file_that_is_no_report_is_one_clear_line(text: str | None, complaint: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "report.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(PolicyProblem) as problem:
        read_previous(tmp_path / "report.json")
    assert str(problem.value).startswith(complaint)
    assert "\n" not in str(problem.value)


# --- the terminal --------------------------------------------------------------------------------------------------------


def test_the_terminal_tells_failures_first_with_their_place_and_reason(report: Report) -> None:
    lines = told(leaking(flaky(report))).splitlines()
    assert lines[:2] == [
        "FAIL shop.wants-too-much (failing.scenario.yaml:4)",
        "  turn 1: action is refuse by shop.rival, wanted allow",
    ]
    assert "FLAKY shop.live (live.scenario.yaml:4)" in lines
    assert "  flaky: held in 3 of 5 runs (95 % interval 23% to 88%)" in lines
    summary = "\n".join(lines[lines.index("") + 1 :])
    for part in (
        "policy teahouse: 6 scenarios: 3 hold, 2 failed, 1 flaky",
        "leaked: 34 characters of what must not be heard",
        "rules that acted: 2 of 3; never: shop.unheard",
        "flow steps reached: 2 of 3; never: returns.done",
        "loss of a rule is noticed: 67% of 3 rules; untested: shop.unheard",
        "harmless turns stopped: 1 of 2 (50.0%, OVER the budget of 10.0%)",
        "never seen to act in a language: shop.secret (zh), shop.unheard (en), shop.unheard (zh)",
    ):
        assert part in summary
    assert re.search(r"a check takes: \d+\.\d\d ms \(p50\), \d+\.\d\d ms \(p95\)", summary)


def test_the_terminal_is_short_where_all_holds(holding: Report) -> None:
    lines = told(holding).splitlines()
    assert lines[0] == "policy teahouse: 4 scenarios: 4 hold"
    assert len(lines) <= 10


def test_the_terminal_names_rules_whose_loss_goes_unnoticed(holding: Report) -> None:
    rules = tuple(replace(rule, mutant="survived") for rule in holding.rules)
    assert "0% of 3 rules; survived: shop.rival, shop.secret, shop.unheard" in told(replace(holding, rules=rules))


# --- JUnit ---------------------------------------------------------------------------------------------------------------


def test_junit_has_a_suite_for_each_file_and_a_case_for_each_scenario(report: Report) -> None:
    root = ElementTree.fromstring(as_junit(flaky(report)))
    assert root.tag == "testsuites"
    assert (root.get("tests"), root.get("failures"), root.get("skipped"), root.get("errors")) == ("6", "2", "0", "0")
    suites = {suite.get("name"): suite for suite in root.iter("testsuite")}
    assert sorted(map(str, suites)) == ["failing.scenario.yaml", "holding.scenario.yaml", "live.scenario.yaml"]
    assert [case.get("name") for case in suites["holding.scenario.yaml"].iter("testcase")] == [
        "shop.keeps-the-blend",
        "shop.no-rivals",
        "shop.sells-tea",
        "shop.returns",
    ]
    failure = next(suites["failing.scenario.yaml"].iter("failure"))
    assert (failure.get("type"), failure.get("message")) == (
        "fail",
        "turn 1: action is refuse by shop.rival, wanted allow",
    )
    assert "<script>" in str(failure.text)
    assert next(suites["live.scenario.yaml"].iter("failure")).get("type") == "flaky"
    properties = {each.get("name"): each.get("value") for each in suites["live.scenario.yaml"].iter("property")}
    assert properties["mutation_score"] == "0.6667"


def test_junit_skips_what_was_not_measured(report: Report) -> None:
    (skipped,) = ElementTree.fromstring(as_junit(report)).iter("skipped")
    assert str(skipped.get("message")).startswith("no language model is set up")


def test_junit_stays_xml_whatever_was_said(report: Report) -> None:
    broken = with_status(report, "shop.live", "fail", failures=("said: '\x00\x1b[1m \ud800 ]]> & <b>'",))
    (_, failure) = ElementTree.fromstring(as_junit(broken)).iter("failure")
    assert "\ufffd[1m \ufffd ]]> & <b>" in str(failure.get("message"))


def test_files_are_shown_from_where_the_reader_stands(
    holding: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result: ScenarioResult = holding.results[0]
    assert report_facts.place(result) == "holding.scenario.yaml:4"
    monkeypatch.chdir(result.case.file.parents[1])
    assert report_facts.place(result) == f"{result.case.file.parent.name}/holding.scenario.yaml:4"
