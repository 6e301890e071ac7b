"""What several kinds of report tell of the same run: places in files, scores that may be missing, who survived."""

from dataclasses import dataclass
from pathlib import Path

from tiangong.policies.scenarios.finding import SHIPPED
from tiangong.policies.scenarios.report import Report
from tiangong.policies.scenarios.running import ScenarioResult, wilson


def shown_file(file: Path) -> str:
    """A scenario file as a reader finds it: from the current folder, or from the package's own; else its bare name."""
    for root in (Path.cwd(), SHIPPED.parent):
        if file.absolute().is_relative_to(root):
            return file.absolute().relative_to(root).as_posix()
    return file.name


def place(result: ScenarioResult) -> str:
    """ "shop.scenario.yaml:12"."""
    return f"{shown_file(result.case.file)}:{result.case.line}"


@dataclass(frozen=True)
class LiveShare:
    """How often a real language model held."""

    held: int
    runs: int
    low: float  # of the share's 95 % interval (Wilson)
    high: float

    def __str__(self) -> str:
        return f"held in {self.held} of {self.runs} runs (95 % interval {self.low:.0%} to {self.high:.0%})"


def live_share(result: ScenarioResult) -> LiveShare | None:
    """None where no real language model answered."""
    if result.case.scenario.model != "live" or not result.runs:
        return None
    return LiveShare(result.held, result.runs, *wilson(result.held, result.runs))


def mutation_score(report: Report) -> float | None:
    """None where the scenarios were not played without each rule."""
    return report.mutation_score if report.mutated else None


def mutants(report: Report, state: str) -> list[str]:
    """Rules whose loss was "killed", "survived" or stayed "untested"."""
    return [rule.rule for rule in report.rules if rule.mutant == state]


def unnoticed(report: Report) -> list[str]:
    """Rules that could be lost while every scenario still holds; empty where that was not tried."""
    return mutants(report, "survived") + mutants(report, "untested") if report.mutated else []


def never_hit(report: Report) -> list[str]:
    return [rule.rule for rule in report.rules if not rule.hit_by]


def never_reached(report: Report) -> list[str]:
    """Flow steps, "flow.step", that no scenario came to."""
    return [step for step, reached in report.flow_steps if not reached]


def flow_coverage(report: Report) -> float:
    """Share of flow steps that some scenario reached; 1 where there are no flows."""
    return 1 - len(never_reached(report)) / len(report.flow_steps) if report.flow_steps else 1.0


def over_blocking_share(report: Report) -> float:
    stopped, turns = report.over_blocking
    return stopped / turns if turns else 0.0


def within_budget(report: Report) -> bool:
    """Whether the policy stops no more harmless turns than its file allows."""
    return over_blocking_share(report) <= report.budget


def failure_lines(result: ScenarioResult) -> list[str]:
    """Why a scenario does not pass, each reason once; of a live one its k of n comes first."""
    share = live_share(result)
    return [*([f"{result.status}: {share}"] if share else []), *dict.fromkeys(result.failures)]
