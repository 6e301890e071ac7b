"""Scenarios as tests of pytest: what is collected, marked, skipped and told. Each run is pytest inside of pytest."""

import subprocess
import sys
from pathlib import Path

import pytest

import tiangong.service.scripted_rooms  # noqa: F401 - here, since what an inner run imports first is forgotten after it
from tests.made_scenarios import BAD, FAILING, HOLDING, LIVE, write_shop
from tiangong.policies.scenarios import running
from tiangong.policies.scenarios.running import ScenarioCase, ScenarioResult

pytest_plugins = ["pytester"]


@pytest.fixture(autouse=True)
def _only_this_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the entry point is installed or not."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def run(pytester: pytest.Pytester, *arguments: str, **files: str) -> pytest.RunResult:
    write_shop(pytester.path, **files)
    with_policy = () if "--tiangong-policy" in arguments else ("--tiangong-policy", "policy.yaml")
    return pytester.runpytest("-p", "tiangong.service.pytest_scenarios", "--strict-markers", *with_policy, *arguments)


def test_scenarios_are_tests_by_their_ids(pytester: pytest.Pytester) -> None:
    result = run(pytester, "-v", holding=HOLDING)
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["*holding.scenario.yaml::shop.keeps-the-blend PASSED*", "*::shop.returns PASSED*"])


def test_a_failure_is_told_in_lines_without_a_traceback(pytester: pytest.Pytester) -> None:
    result = run(pytester, failing=FAILING)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["failing.scenario.yaml:4: <script>alert*", "turn 1: action is refuse by shop.rival, wanted allow"]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*pytest_scenarios.py*")


def test_a_live_scenario_without_a_model_is_skipped_with_the_reason(pytester: pytest.Pytester) -> None:
    result = run(pytester, "-rs", live=LIVE)
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*no language model is set up; give one with --brain-url or --brain-model*"])


def test_a_flaky_scenario_fails_and_says_so(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    def flaky(case: ScenarioCase, rooms: object, *, varied: bool) -> ScenarioResult:
        return ScenarioResult(case, "flaky", ("run 2: turn 1: 'tea' was not said",), 3, 2, 0, (), 0.1)

    monkeypatch.setattr(running, "run_scenario", flaky)
    result = run(pytester, live=LIVE)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["flaky: held in 2 of 3 runs (95 % interval 21% to 94%)", "run 2: turn 1: *"])


@pytest.mark.parametrize(
    ("arguments", "passed"),
    [
        (["-m", "zh"], 1),
        (["-m", "en"], 3),
        (["-m", "blend"], 1),
        (["-k", "returns"], 1),
        (["-k", "must_stop"], 2),
        (["-k", "must_stop and not rival"], 1),
        (["holding.scenario.yaml::shop.sells-tea"], 1),
        (["--tiangong-no-vary"], 4),
    ],
)
def test_scenarios_are_chosen_as_other_tests_are(pytester: pytest.Pytester, arguments: list[str], passed: int) -> None:
    assert run(pytester, *arguments, holding=HOLDING).parseoutcomes()["passed"] == passed


def test_variants_are_played_unless_they_are_switched_off(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    real = running.run_scenario

    def watched(case: ScenarioCase, rooms: running.Rooms, *, varied: bool) -> ScenarioResult:
        seen.append(varied)
        return real(case, rooms, varied=varied)

    monkeypatch.setattr(running, "run_scenario", watched)
    run(pytester, "-k", "returns", holding=HOLDING)
    run(pytester, "-k", "returns", "--tiangong-no-vary", holding=HOLDING)
    assert seen == [True, False]


def test_a_bad_file_is_one_clear_line_and_does_not_hide_the_others(pytester: pytest.Pytester) -> None:
    result = run(pytester, "--continue-on-collection-errors", bad=BAD, holding=HOLDING)
    result.assert_outcomes(errors=1, passed=4)
    result.stdout.fnmatch_lines(["bad.scenario.yaml:6: unknown key 'scenarios.0.langage'; did you mean 'language'[?]"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_mark_that_pytest_cannot_have_is_told(pytester: pytest.Pytester) -> None:
    result = run(pytester, holding=HOLDING.replace("[blend]", "['a: b']"))
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["holding.scenario.yaml:4: the mark 'a: b' cannot be one of pytest's; *"])


def test_a_policy_that_is_not_there_is_one_clear_line(pytester: pytest.Pytester) -> None:
    result = run(pytester, "--tiangong-policy", "nowhere.yaml", holding=HOLDING)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["no policy *nowhere.yaml': a file, or one of *default*"])


def test_without_the_option_the_policy_that_ships_is_tested(pytester: pytest.Pytester) -> None:
    write_shop(pytester.path, holding=HOLDING)
    result = pytester.runpytest("-p", "tiangong.service.pytest_scenarios")
    result.stdout.fnmatch_lines(["holding.scenario.yaml:*: unknown rule 'shop.*'; see `tiangong policy explain`"])


def test_folders_without_scenarios_are_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_other="def test_one(): pass")
    pytester.makefile(".yaml", other="- 1")
    run(pytester).assert_outcomes(passed=1)


def test_loading_the_plugin_imports_nothing_heavy() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import tiangong.service.pytest_scenarios; "
        "print(*sorted(set(sys.modules) - before))"
    )
    root = Path(__file__).parents[1]
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert loaded.stdout.split() == ["tiangong", "tiangong.service", "tiangong.service.pytest_scenarios"]
