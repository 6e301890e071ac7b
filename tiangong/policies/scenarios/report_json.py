"""A report as JSON for machines, and what has changed since an earlier one."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, Field, ValidationError

from tiangong.policies.reading import Complaint, PolicyProblem
from tiangong.policies.scenarios.outcome import TurnOutcome
from tiangong.policies.scenarios.report import Report, RuleCoverage
from tiangong.policies.scenarios.report_facts import (
    flow_coverage,
    live_share,
    mutation_score,
    over_blocking_share,
    shown_file,
)
from tiangong.policies.scenarios.running import ScenarioResult, Status

KIND: Final = "tiangong-policy-report"
VERSION: Final = 1
_ROUNDED: Final = 1e-4  # shares stand rounded in the file
_NOISE_OF_TIMES: Final = 0.25  # of a time, from run to run on one machine
_NOT_WELL: Final = frozenset[str]({"fail", "flaky"})


def as_json(report: Report) -> dict[str, Any]:
    """Plain tables, lists, texts and numbers; keys keep their meaning while `schema` stays the same.

    kind, schema        what this file is
    policy              its name
    totals              scenarios, passed, failed, flaky, unmeasured; runs: conversations that were played, variants included;
                        leaked: characters that must not be heard and were; rule_coverage, flow_coverage, mutation_score: shares
                        from 0 to 1 (mutation_score null where the mutants were not played); elapsed_s
    scenarios           a list, see `_scenario`
    rules               id, pack, severity, action, about {language: [text]}, hit_by [scenario], languages, mutant ("killed",
                        "survived" or "untested")
    flow_steps          step ("flow.step"), reached
    over_blocking       stopped, turns (of scenarios of kind must_allow), share, budget
    language_gaps       rule, language: where the rule was never seen to act
    check_ms            p50, p95: milliseconds of a check
    """
    stopped, turns = report.over_blocking
    score = mutation_score(report)
    return {
        "kind": KIND,
        "schema": VERSION,
        "policy": report.policy,
        "totals": {
            "scenarios": len(report.results),
            "passed": report.counted("pass"),
            "failed": report.counted("fail"),
            "flaky": report.counted("flaky"),
            "unmeasured": report.counted("unmeasured"),
            "runs": report.runs,
            "leaked": report.leaked,
            "rule_coverage": round(report.rule_coverage, 4),
            "flow_coverage": round(flow_coverage(report), 4),
            "mutation_score": None if score is None else round(score, 4),
            "elapsed_s": round(report.elapsed_s, 3),
        },
        "scenarios": [_scenario(result) for result in report.results],
        "rules": [_rule(rule) for rule in report.rules],
        "flow_steps": [{"step": step, "reached": reached} for step, reached in report.flow_steps],
        "over_blocking": {
            "stopped": stopped,
            "turns": turns,
            "share": round(over_blocking_share(report), 4),
            "budget": report.budget,
        },
        "language_gaps": [{"rule": rule, "language": language} for rule, language in report.language_gaps],
        "check_ms": {"p50": round(report.check_ms(0.5), 3), "p95": round(report.check_ms(0.95), 3)},
    }


def _rule(rule: RuleCoverage) -> dict[str, Any]:
    return {
        "id": rule.rule,
        "pack": rule.pack,
        "severity": rule.severity,
        "action": rule.action,
        "about": {language: list(texts) for language, texts in rule.about.items()},
        "hit_by": list(rule.hit_by),
        "languages": list(rule.languages),
        "mutant": rule.mutant,
    }


def _scenario(result: ScenarioResult) -> dict[str, Any]:
    """`live`: null, or held, runs and the 95 % interval of the share; `turns` of the scenario as it is written."""
    scenario = result.case.scenario
    share = live_share(result)
    return {
        "id": scenario.scenario,
        "about": scenario.about,
        "file": shown_file(result.case.file),
        "line": result.case.line,
        "language": scenario.language,
        "kind": scenario.kind,
        "model": scenario.model,
        "covers": list(scenario.covers),
        "status": result.status,
        "failures": list(result.failures),
        "runs": result.runs,
        "live": share
        and {"held": share.held, "runs": share.runs, "interval": [round(share.low, 4), round(share.high, 4)]},
        "leaked": result.leaked,
        "elapsed_s": round(result.elapsed_s, 3),
        "rules_hit": sorted(result.rules_hit),
        "turns": [_turn(outcome) for outcome in result.outcomes],
    }


def _turn(outcome: TurnOutcome) -> dict[str, Any]:
    return {
        "heard": outcome.heard,
        "spoken": [
            {
                "text": sentence.text,
                "emotion": sentence.style.emotion,
                "rate": sentence.style.rate,
                "pitch": sentence.style.pitch,
                "energy": sentence.style.energy,
            }
            for sentence in outcome.spoken
        ],
        "verdicts": [
            {
                "place": decision.place,
                "action": decision.verdict.action,
                "rule": decision.verdict.rule,
                "ms": round(decision.verdict.elapsed_ms, 3),
            }
            for decision in outcome.decisions
        ],
        "flow": outcome.flow,
        "summary": outcome.summary,
        "ended": outcome.ended,
    }


# --- an earlier report ---------------------------------------------------------------------------------------------------


class _OldTotals(BaseModel):
    mutation_score: float | None = Field(allow_inf_nan=False)


class _OldScenario(BaseModel):
    id: str
    status: Status


class _OldOverBlocking(BaseModel):
    share: float = Field(allow_inf_nan=False)


class _OldChecks(BaseModel):
    p95: float = Field(allow_inf_nan=False)


class _OldReport(BaseModel):
    """What is read of an earlier report; more may stand there."""

    kind: Literal["tiangong-policy-report"]
    version: Literal[1] = Field(alias="schema")
    policy: str
    totals: _OldTotals
    scenarios: list[_OldScenario]
    over_blocking: _OldOverBlocking
    check_ms: _OldChecks


@dataclass(frozen=True)
class Previous:
    """What an earlier run came to."""

    policy: str
    statuses: Mapping[str, Status]  # by scenario
    mutation_score: float | None  # None: was not measured
    over_blocking: float  # share of harmless turns that were stopped
    p95_ms: float  # of a check


@dataclass(frozen=True)
class Change:
    """One figure then and now; None: not measured."""

    before: float | None
    now: float | None
    noise: float  # as much may differ between two runs of the same

    @property
    def changed(self) -> bool:
        """A figure that was measured only once has not changed."""
        return self.before is not None and self.now is not None and abs(self.before - self.now) > self.noise


@dataclass(frozen=True)
class Difference:
    """What this run has that the earlier one had not; ids of scenarios in the order of the report they stand in."""

    newly_failing: tuple[str, ...]  # failed or flaky now, neither before
    newly_passing: tuple[str, ...]
    new: tuple[str, ...]
    gone: tuple[str, ...]
    mutation_score: Change
    over_blocking: Change
    p95_ms: Change

    @property
    def scenarios_changed(self) -> bool:
        return bool(self.newly_failing or self.newly_passing or self.new or self.gone)


def read_previous(path: Path) -> Previous:
    """A file that `as_json` was written to. Raises PolicyProblem where it cannot be opened or is no such report."""
    try:
        old = _OldReport.model_validate_json(path.read_bytes())
    except OSError as error:
        raise PolicyProblem([Complaint(path.name, 0, f"cannot be opened ({error.strerror})")]) from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        why = f"'{key}': {first['msg']}" if key else first["msg"]
        mend = "give a file that `tiangong policy test --json` wrote"
        raise PolicyProblem([Complaint(path.name, 0, f"is no report of a policy test ({why})", mend)]) from error
    statuses: dict[str, Status] = {scenario.id: scenario.status for scenario in old.scenarios}
    return Previous(old.policy, statuses, old.totals.mutation_score, old.over_blocking.share, old.check_ms.p95)


def difference(report: Report, previous: Previous) -> Difference:
    now: dict[str, Status] = {result.case.scenario.scenario: result.status for result in report.results}
    both = [name for name in now if name in previous.statuses]
    failing, passing = list[str](), list[str]()
    for name in both:
        was_well, is_well = previous.statuses[name] not in _NOT_WELL, now[name] not in _NOT_WELL
        if was_well and not is_well:
            failing.append(name)
        elif now[name] == "pass" and not was_well:
            passing.append(name)
    return Difference(
        tuple(failing),
        tuple(passing),
        tuple(name for name in now if name not in previous.statuses),
        tuple(name for name in previous.statuses if name not in now),
        Change(previous.mutation_score, mutation_score(report), _ROUNDED),
        Change(previous.over_blocking, over_blocking_share(report), _ROUNDED),
        Change(previous.p95_ms, report.check_ms(0.95), _NOISE_OF_TIMES * previous.p95_ms),
    )
