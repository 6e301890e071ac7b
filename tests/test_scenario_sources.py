"""Where a scenario's words come from besides its own file: recorded answers, and recordings that are really heard."""

import json
from pathlib import Path

import pytest

from tests.made_scenarios import write_shop
from tiangong.core.config import load_settings
from tiangong.policies.compiled import read_policy
from tiangong.policies.reading import PolicyProblem
from tiangong.policies.rules import RulesPolicy, named_policy
from tiangong.policies.scenarios.finding import SHIPPED, read_scenarios, scenario_files
from tiangong.policies.scenarios.running import ScenarioResult, run_scenario
from tiangong.service.scripted_rooms import scripted_rooms

RECORDED = """
schema: 1
scenarios:
  - scenario: shop.recorded
    about: What a model once answered.
    language: en
    covers: [shop.secret]
    kind: other
    model: recorded
    recorded: answers.json
    turns:
      - {user: What is in it?, expect: {rule: shop.secret, not_spoken: mint}}
      - {user: And the price?, expect: {action: allow, spoken: two dollars}}
"""
HEARD = """
schema: 1
scenarios:
  - scenario: shop.heard
    about: A recording.
    language: en
    covers: [shop.rival]
    kind: other
    turns: [{sound: hello.wav, model: "Hello.", expect: {action: allow}}]
"""


def played(folder: Path, text: str) -> ScenarioResult:
    policy = RulesPolicy(read_policy(write_shop(folder, one=text)))
    (case,) = read_scenarios(scenario_files([folder]), policy)
    return run_scenario(case, scripted_rooms(load_settings()))


def test_recorded_answers_are_played_and_cut_anew(tmp_path: Path) -> None:
    answers = ["The secret blend is mint and rose.", "It is two dollars."]
    (tmp_path / "answers.json").write_text(json.dumps(answers), encoding="utf-8")
    result = played(tmp_path, RECORDED)
    assert (result.status, result.failures) == ("pass", ())
    assert result.runs > len(answers[0])


@pytest.mark.parametrize(
    ("answers", "what"),
    [
        (None, r"one\.scenario\.yaml:4: the recorded answers 'answers\.json' cannot be read"),
        ("[1", "cannot be read"),
        ('["one"]', "must list 2 answers"),
        ('{"a": 1}', "must list 2 answers"),
    ],
)
def test_answers_that_cannot_be_played_are_told(tmp_path: Path, answers: str | None, what: str) -> None:
    if answers is not None:
        (tmp_path / "answers.json").write_text(answers, encoding="utf-8")
    with pytest.raises(PolicyProblem, match=what):
        played(tmp_path, RECORDED)


def test_a_recording_that_is_missing_or_broken_fails_the_scenario(tmp_path: Path) -> None:
    assert played(tmp_path, HEARD).failures == ("turn 1: one.scenario.yaml:4: no recording 'hello.wav'",)
    (tmp_path / "hello.wav").write_bytes(b"RIFF and then nothing")
    result = played(tmp_path, HEARD)
    assert result.status == "fail"
    assert "hello.wav" in result.failures[0]


def test_recordings_that_ship_are_heard() -> None:
    policy = named_policy(None)
    cases = [case for case in read_scenarios(scenario_files([SHIPPED]), policy) if "sound" in case.scenario.marks]
    rooms = scripted_rooms(load_settings())
    heard = {case.scenario.scenario: run_scenario(case, rooms).outcomes[0].heard for case in cases}
    assert "robot" in heard["honesty.asked-aloud.en"]
    assert "human" in heard["service.asked-aloud.en"]
