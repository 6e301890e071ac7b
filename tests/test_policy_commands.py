"""`tiangong policy` from the shell: exit codes 0 (holds), 1 (does not), 2 (cannot be used), 3 (flaky or unmeasured)."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.made_scenarios import BAD, FAILING, HOLDING, LIVE, write_shop
from tests.test_openai_chat import DONE, Server, event
from tiangong.cli import main

Shop = Callable[..., tuple[int, str, str]]
NO_STEPS_LEFT = """
schema: 1
scenarios:
  - scenario: shop.all-of-it
    about: Every rule and every step of the flow.
    language: en
    covers: [shop.unheard, returns]
    kind: other
    vary: {recut: false}
    turns:
      - {user: "that is unheard of", expect: {action: clarify}}
      - {user: "I want a refund", expect: {flow: returns.number}}
      - {user: "it is 20771", expect: {flow: returns.confirm}}
      - {user: "yes", expect: {flow: none}}
"""
NEVER_STOPPED = """
  - scenario: shop.{name}
    about: Harmless.
    language: en
    covers: [shop.rival, shop.secret, shop.unheard]
    kind: must_allow
    turns: [{{user: "Do you sell tea?", model: "Yes.", expect: {{action: allow}}}}]
"""


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shop:
    """Runs a command on scenario files; gives its exit code, and what it said to both outputs."""

    def run(*arguments: str, **files: str) -> tuple[int, str, str]:
        policy = write_shop(tmp_path, **files)
        told = [argument.format(policy=policy, folder=tmp_path) for argument in arguments]
        with pytest.raises(SystemExit) as ended:
            main(["policy", *told])
        output = capsys.readouterr()
        return int(ended.value.code or 0), output.out, output.err

    return run


TEST = ("test", "{folder}", "--policy", "{policy}")


def test_what_holds_is_0(shop: Shop) -> None:
    code, said, _ = shop(*TEST, holding=HOLDING)
    assert code == 0
    assert "4 scenarios: 4 hold" in said


def test_what_does_not_hold_is_1(shop: Shop) -> None:
    code, said, _ = shop(*TEST, failing=FAILING)
    assert code == 1
    assert "action is refuse by shop.rival, wanted allow" in said


def test_a_scenario_that_cannot_be_read_is_2(shop: Shop) -> None:
    code, _, told = shop(*TEST, bad=BAD)
    assert code == 2
    assert told == "tiangong: bad.scenario.yaml:6: unknown key 'scenarios.0.langage'; did you mean 'language'?\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("test", "{folder}", "--policy", "{folder}/nowhere.yaml"),
        ("test", "{folder}/nowhere", "--policy", "{policy}"),
        ("coverage", "{folder}", "--policy", "{folder}/nowhere.yaml"),
        ("explain", "hello", "--policy", "{folder}/nowhere.yaml"),
        ("explain", "hello", "--direction", "sideways"),
        ("lint", "{folder}/nowhere.yaml"),
        ("test", "{folder}", "--policy", "{policy}", "--colour"),
    ],
)
def test_what_is_not_there_is_2(shop: Shop, arguments: tuple[str, ...]) -> None:
    code, _, told = shop(*arguments, holding=HOLDING)
    assert code == 2
    assert told.strip()


def test_a_live_scenario_without_a_model_is_3(shop: Shop) -> None:
    code, said, _ = shop(*TEST, live=LIVE)
    assert code == 3
    assert "no language model is set up" in said


@pytest.mark.parametrize(
    ("answers", "code", "told"),
    [
        (["Green tea."], 0, "1 hold"),
        (["Green tea.", "Mint.", "Green tea."], 3, "held in 2 of 3 runs (95 % interval 21% to 94%)"),
        (["Mint."], 1, "'tea' was not said; said: 'Mint.'"),
    ],
)
def test_a_live_model_holds_always_sometimes_or_never(shop: Shop, answers: list[str], code: int, told: str) -> None:
    turns = itertools.cycle(answers)

    def act(server: Server, handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        handler.wfile.write(event(next(turns)) + event(finish="stop") + DONE)

    server = Server(act)
    try:
        ended, said, _ = shop(*TEST, "--brain-url", server.url, "--brain-model", "tiny", live=LIVE)
    finally:
        server.close()
    assert ended == code, said
    assert told in said


def test_a_failure_weighs_more_than_what_was_not_measured(shop: Shop) -> None:
    assert shop(*TEST, failing=FAILING, live=LIVE)[0] == 1


def test_coverage_is_1_until_every_rule_and_step_is_reached(shop: Shop) -> None:
    command = ("coverage", "{folder}", "--policy", "{policy}", "--json")
    code, said, _ = shop(*command, holding=HOLDING)
    assert code == 1
    assert {"step": "returns.done", "reached": False} in json.loads(said)["flow_steps"]
    code, said, _ = shop(*command, holding=HOLDING, all=NO_STEPS_LEFT)
    assert code == 0, said
    assert all(each["scenarios"] for each in json.loads(said)["rules"])


def test_lint_asks_for_harmless_scenarios_of_rules_that_stop_people(shop: Shop) -> None:
    command = ("lint", "{policy}", "--scenarios", "{folder}")
    code, _, told = shop(*command, holding=HOLDING)
    assert code == 2
    assert "rule 'shop.secret' stops people, and no scenario of kind 'must_allow' covers it" in told
    assert "rule 'shop.rival' stops" not in told
    told = shop(*command, holding=HOLDING, more="schema: 1\nscenarios:" + NEVER_STOPPED.format(name="harmless"))[2]
    assert "stops people" not in told
