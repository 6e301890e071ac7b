"""A report in a few lines for the terminal: what does not hold first, then the figures."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from tiangong.policies.scenarios.report import Report
from tiangong.policies.scenarios.report_facts import (
    failure_lines,
    mutants,
    mutation_score,
    never_hit,
    never_reached,
    over_blocking_share,
    place,
    within_budget,
)
from tiangong.policies.scenarios.report_json import Change, Difference

_MOST_NAMES: Final = 8
_MOST_REASONS: Final = 6  # of one scenario


def told(report: Report, difference: Difference | None = None) -> str:
    """Several lines without a last line break; `difference`: from an earlier report."""
    return "\n".join([*_failures(report), *_summary(report), *(_changes(difference) if difference is not None else ())])


def _failures(report: Report) -> Iterator[str]:
    for status in ("fail", "flaky", "unmeasured"):
        for result in report.results:
            if result.status == status:
                lines = failure_lines(result)
                yield f"{status.upper()} {result.case.scenario.scenario} ({place(result)})"
                yield from (f"  {_one_line(line)}" for line in lines[:_MOST_REASONS])
                if len(lines) > _MOST_REASONS:
                    yield f"  and {len(lines) - _MOST_REASONS} more"
    if any(result.status != "pass" for result in report.results):
        yield ""


def _summary(report: Report) -> Iterator[str]:
    counts = {"hold": "pass", "failed": "fail", "flaky": "flaky", "unmeasured": "unmeasured"}
    held = [f"{report.counted(status)} {word}" for word, status in counts.items() if report.counted(status)]
    yield f"policy {report.policy}: {_many(len(report.results), 'scenario')}: {', '.join(held) or 'none was played'}"
    yield f"played: {_many(report.runs, 'conversation')}, variants included, in {report.elapsed_s:.1f} s"
    yield f"leaked: {_many(report.leaked, 'character')} of what must not be heard"
    yield f"rules that acted: {_of(never_hit(report), len(report.rules), 'never')}"
    if report.flow_steps:
        yield f"flow steps reached: {_of(never_reached(report), len(report.flow_steps), 'never')}"
    yield f"loss of a rule is noticed: {_mutation(report)}"
    stopped, turns = report.over_blocking
    verdict = "within" if within_budget(report) else "OVER"
    share = f"{over_blocking_share(report):.1%}, {verdict} the budget of {report.budget:.1%}"
    yield (
        f"harmless turns stopped: {stopped} of {turns} ({share})" if turns else "harmless turns stopped: none was tried"
    )
    gaps = [f"{rule} ({language})" for rule, language in report.language_gaps]
    yield f"never seen to act in a language: {_names(gaps)}"
    yield f"a check takes: {report.check_ms(0.5):.2f} ms (p50), {report.check_ms(0.95):.2f} ms (p95)"


def _mutation(report: Report) -> str:
    score = mutation_score(report)
    if score is None:
        return "not measured"
    line = f"{score:.0%} of {_many(len(report.rules), 'rule')}"
    for state in ("survived", "untested"):
        if names := mutants(report, state):
            line += f"; {state}: {_names(names)}"
    return line


def _changes(difference: Difference) -> Iterator[str]:
    lists = {
        "newly failing": difference.newly_failing,
        "newly passing": difference.newly_passing,
        "new": difference.new,
        "gone": difference.gone,
    }
    figures: dict[str, tuple[Change, Callable[[float], str]]] = {
        "loss of a rule noticed": (difference.mutation_score, "{:.0%}".format),
        "harmless turns stopped": (difference.over_blocking, "{:.1%}".format),
        "a check at p95": (difference.p95_ms, "{:.2f} ms".format),
    }
    yield ""
    lines = [f"  {name}: {_names(names)}" for name, names in lists.items() if names]
    for name, (change, written) in figures.items():
        if change.changed and change.before is not None and change.now is not None:
            lines.append(f"  {name}: {written(change.before)} -> {written(change.now)}")
    yield "since the earlier report:" if lines else "since the earlier report: nothing changed"
    yield from lines


def _of(lacking: Sequence[str], of: int, word: str) -> str:
    count = f"{of - len(lacking)} of {of}"
    return f"{count}; {word}: {_names(lacking)}" if lacking else count


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return (", ".join(names[:_MOST_NAMES]) or "none") + more


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
