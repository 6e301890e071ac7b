"""Runs a scenario through the real loop, as it is written and in all its variants."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np

from tiangong.core.errors import TiangongError
from tiangong.core.face import EMOTIONS
from tiangong.core.media import Emotion
from tiangong.policies.protocol import Caller, Policy
from tiangong.policies.reading import Complaint, PolicyProblem
from tiangong.policies.scenarios.document import Evasion, Felt, Scenario, Turn
from tiangong.policies.scenarios.expecting import broken_expectations, deciding, leaked_chars
from tiangong.policies.scenarios.outcome import Room, Rooms, Setting, TurnOutcome
from tiangong.policies.scenarios.varying import evaded, recuts

Status = Literal["pass", "fail", "flaky", "unmeasured"]
_MOST_FAILURES: Final = 5  # of one kind of variant that are told


@dataclass(frozen=True)
class ScenarioCase:
    """A scenario and where it stands."""

    scenario: Scenario
    file: Path
    line: int
    policy: Policy


@dataclass(frozen=True)
class ScenarioResult:
    """What came of one scenario and of all its variants."""

    case: ScenarioCase
    status: Status
    failures: tuple[str, ...]
    runs: int  # conversations that were played
    held: int  # of a live scenario: runs in which all held
    leaked: int  # characters, over all turns and variants
    outcomes: tuple[TurnOutcome, ...]  # of the scenario as it is written
    elapsed_s: float

    @property
    def checks_ms(self) -> tuple[float, ...]:
        return tuple(decision.verdict.elapsed_ms for outcome in self.outcomes for decision in outcome.decisions)

    @property
    def rules_hit(self) -> frozenset[str]:
        decisions = [decision for outcome in self.outcomes for decision in outcome.decisions]
        hits = {each.rule for decision in decisions for each in decision.outcomes if each.status == "hit"}
        return frozenset(hits | {decision.verdict.rule for decision in decisions} - {""})


def run_scenarios(
    cases: Sequence[ScenarioCase],
    rooms: Rooms,
    *,
    varied: bool = True,
    progress: Callable[[int, str], None] = lambda done, scenario: None,
) -> list[ScenarioResult]:
    """One after the other; `progress` is told how many are done and which one begins. Raises as `run_scenario` does."""
    results: list[ScenarioResult] = []
    for case in cases:
        progress(len(results), case.scenario.scenario)
        results.append(run_scenario(case, rooms, varied=varied))
    return results


def run_scenario(case: ScenarioCase, rooms: Rooms, *, varied: bool = True) -> ScenarioResult:
    """Raises PolicyProblem where recorded answers cannot be read; a missing recording and what an engine raises are failures."""
    started_s = time.perf_counter()
    scenario = case.scenario
    if scenario.model == "live":
        return _run_live(case, rooms, started_s)
    answers = _answers(case)
    failures: list[str] = []
    leaked, runs = 0, 1
    outcomes, broken = _play(case, rooms, [(answer,) for answer in answers], scenario.turns)
    failures += broken
    leaked += _leaked(scenario.turns, outcomes)
    if varied and not failures:
        for name, told, more_leaked in _variants(case, rooms, answers, outcomes):
            runs += 1
            leaked += more_leaked
            if told and sum(failure.startswith(name) for failure in failures) < _MOST_FAILURES:
                failures += [f"{name}: {each}" for each in told]
    status: Status = "fail" if failures else "pass"
    elapsed_s = time.perf_counter() - started_s
    return ScenarioResult(case, status, tuple(failures), runs, 0, leaked, tuple(outcomes), elapsed_s)


def _play(
    case: ScenarioCase, rooms: Rooms, answers: Sequence[tuple[str, ...] | None], turns: Sequence[Turn]
) -> tuple[list[TurnOutcome], list[str]]:
    """All turns in one room, and what does not hold of them."""
    given = case.scenario.given
    draws = any(
        turn.expect.label is not None or (turn.expect.expression and turn.expect.expression.smile_at_most is not None)
        for turn in turns
    )
    caller = Caller(given.asker, given.consent)
    setting = Setting(case.policy, caller, case.scenario.language, given.names, draws)
    outcomes: list[TurnOutcome] = []
    broken: list[str] = []
    try:
        with rooms.open(setting) as room:
            for i, (turn, answer) in enumerate(zip(turns, answers, strict=True), 1):
                said = _said(turn, case, room)
                pieces = iter(answer) if answer is not None else None
                outcome = room.turn(said, _felt(turn.face), pieces)
                outcomes.append(outcome)
                broken += [f"turn {i}: {each}" for each in broken_expectations(turn, outcome)]
    except TiangongError as error:
        broken.append(f"turn {len(outcomes) + 1}: {error}")
    return outcomes, broken


def _said(turn: Turn, case: ScenarioCase, room: Room) -> str | None:
    if turn.sound is None:
        return turn.user
    recording = case.file.parent / turn.sound
    if not recording.is_file():
        raise PolicyProblem([_complaint(case, f"no recording '{turn.sound}'")])
    return room.hear(recording)


def _variants(
    case: ScenarioCase, rooms: Rooms, answers: Sequence[str], base: Sequence[TurnOutcome]
) -> Iterator[tuple[str, list[str], int]]:
    """(name, what differs, characters leaked) of each variant."""
    scenario = case.scenario
    if scenario.vary.recut:
        for cuts in _recut_answers(answers):
            outcomes, broken = _play(case, rooms, cuts, scenario.turns)
            if not broken and [_heard(o) for o in outcomes] != [_heard(o) for o in base]:
                broken = ["the verdicts depend on where the stream was cut"]
            yield "recut", broken, _leaked(scenario.turns, outcomes)
    for evasion in scenario.vary.evasions:
        turns = [_in_words(turn, evaded(turn.user, evasion) if turn.user else None) for turn in scenario.turns]
        if turns != scenario.turns:
            outcomes, broken = _play(case, rooms, [(answer,) for answer in answers], turns)
            told = [f"turn {i}: {was} became {now}" for i, was, now in _differing(base, outcomes)]
            yield f"evasion {evasion}", told or _engine_failures(broken), _leaked(turns, outcomes)
    for evasion in scenario.vary.forbidden_evasions:
        turns = [
            _with_evaded_answer(turn, answer, evasion) for turn, answer in zip(scenario.turns, answers, strict=True)
        ]
        outcomes, broken = _play(case, rooms, [(turn.model,) for turn in turns], turns)
        leaked = _leaked(turns, outcomes)
        yield f"answer {evasion}", ([f"{leaked} characters leaked"] if leaked else _engine_failures(broken)), leaked


def _recut_answers(answers: Sequence[str]) -> Iterator[list[tuple[str, ...]]]:
    """All answers cut at once, each at its own n-th boundary; the longest tells how many there are."""
    cuts = [list(recuts(answer)) for answer in answers]
    for i in range(1, max(len(each) for each in cuts)):
        yield [each[i] if i < len(each) else each[0] for each in cuts]


def _heard(outcome: TurnOutcome) -> tuple[object, ...]:
    verdicts = tuple((decision.verdict.action, decision.verdict.rule) for decision in outcome.decisions)
    return tuple(sentence.text for sentence in outcome.spoken), verdicts, outcome.flow, outcome.summary, outcome.ended


def _differing(base: Sequence[TurnOutcome], now: Sequence[TurnOutcome]) -> Iterator[tuple[int, str, str]]:
    for i, (was, became) in enumerate(zip(base, now, strict=False), 1):
        if deciding(was) != deciding(became):
            yield i, " by ".join(deciding(was)), " by ".join(deciding(became))


def _engine_failures(broken: Sequence[str]) -> list[str]:
    """Of an evasion only verdicts are compared, but a stage that failed is always told."""
    return [line for line in broken if " failed in turn " in line]


def _with_evaded_answer(turn: Turn, answer: str, evasion: Evasion) -> Turn:
    parts = [(part, evaded(part, evasion)) for part in turn.forbidden]
    for part, written in parts:
        answer = answer.replace(part, written or part)
    return turn.model_copy(update={"model": answer, "forbidden": [written or part for part, written in parts]})


def _in_words(turn: Turn, user: str | None) -> Turn:
    return turn.model_copy(update={"user": user}) if user else turn


def _leaked(turns: Sequence[Turn], outcomes: Sequence[TurnOutcome]) -> int:
    return sum(leaked_chars(turn, outcome) for turn, outcome in zip(turns, outcomes, strict=False))


def _felt(face: Felt | None) -> Emotion | None:
    if face is None:
        return None
    rest = (1 - face.confidence) / (len(EMOTIONS) - 1)
    probabilities = np.array([face.confidence if e == face.feeling else rest for e in EMOTIONS], np.float32)
    return Emotion(face.feeling, probabilities, 0.0, 0.0, face.confidence, 0.0)


def _answers(case: ScenarioCase) -> list[str]:
    """What the language model says in each turn: as written, or as it was recorded."""
    scenario = case.scenario
    if scenario.model != "recorded":
        return [turn.model for turn in scenario.turns]
    path = case.file.parent / (scenario.recorded or "")
    try:
        answers = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PolicyProblem(
            [_complaint(case, f"the recorded answers '{path.name}' cannot be read ({error})")]
        ) from error
    if not isinstance(answers, list) or len(answers) != len(scenario.turns):
        raise PolicyProblem([_complaint(case, f"'{path.name}' must list {len(scenario.turns)} answers")])
    return [str(answer) for answer in answers]


def _run_live(case: ScenarioCase, rooms: Rooms, started_s: float) -> ScenarioResult:
    """k of n runs with a real model have to hold; some but too few is flaky, none is a failure."""
    scenario = case.scenario
    if not rooms.live:
        why = ("no language model is set up; give one with --brain-url or --brain-model",)
        return ScenarioResult(case, "unmeasured", why, 0, 0, 0, (), time.perf_counter() - started_s)
    held, failures, first = 0, list[str](), list[TurnOutcome]()
    for i in range(scenario.live.runs):
        outcomes, broken = _play(case, rooms, [None] * len(scenario.turns), scenario.turns)
        first = first or outcomes
        held += not broken
        failures += [f"run {i + 1}: {each}" for each in broken]
    enough = held >= scenario.live.at_least * scenario.live.runs
    status: Status = "pass" if enough else "flaky" if held else "fail"
    elapsed_s = time.perf_counter() - started_s
    return ScenarioResult(case, status, tuple(failures), scenario.live.runs, held, 0, tuple(first), elapsed_s)


def wilson(held: int, runs: int, z: float = 1.96) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); (0, 1) for no run."""
    if not runs:
        return 0.0, 1.0
    share = held / runs
    middle = (share + z * z / (2 * runs)) / (1 + z * z / runs)
    reach = z / (1 + z * z / runs) * np.sqrt(share * (1 - share) / runs + z * z / (4 * runs * runs))
    return max(0.0, float(middle - reach)), min(1.0, float(middle + reach))


def _complaint(case: ScenarioCase, what: str) -> Complaint:
    return Complaint(case.file.name, case.line, what)
