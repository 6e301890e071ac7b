"""A report as JUnit XML, as Jenkins, GitLab and GitHub actions read it."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final
from xml.etree import ElementTree

from tiangong.policies.scenarios.expecting import deciding
from tiangong.policies.scenarios.finding import ENDING
from tiangong.policies.scenarios.report import Report
from tiangong.policies.scenarios.report_facts import (
    failure_lines,
    flow_coverage,
    mutation_score,
    over_blocking_share,
    shown_file,
)
from tiangong.policies.scenarios.running import ScenarioResult

# XML 1.0 knows no other control characters, surrogates or non-characters, not even escaped.
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(report: Report) -> str:
    """A test suite for each scenario file, a case for each scenario; flaky ones are failures of type "flaky".

    The figures of the whole run stand as properties in every suite, since the format has no place for them above."""
    by_file = sorted(report.results, key=lambda result: str(result.case.file))
    suites = [
        (shown_file(file), list(results)) for file, results in groupby(by_file, key=lambda result: result.case.file)
    ]
    root = ElementTree.Element("testsuites", _counts(report.results), name=_xml(f"policy {report.policy}"))
    for name, results in suites:
        suite = ElementTree.SubElement(root, "testsuite", _counts(results), name=_xml(name))
        properties = ElementTree.SubElement(suite, "properties")
        for key, value in _figures(report):
            ElementTree.SubElement(properties, "property", name=key, value=_xml(value))
        for result in results:
            suite.append(_case(name, result))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _counts(results: Sequence[ScenarioResult]) -> dict[str, str]:
    statuses = [result.status for result in results]
    return {
        "tests": str(len(statuses)),
        "failures": str(statuses.count("fail") + statuses.count("flaky")),
        "errors": "0",
        "skipped": str(statuses.count("unmeasured")),
        "time": f"{sum(result.elapsed_s for result in results):.3f}",
    }


def _figures(report: Report) -> Iterator[tuple[str, str]]:
    score = mutation_score(report)
    stopped, turns = report.over_blocking
    yield "policy", report.policy
    yield "runs", str(report.runs)
    yield "leaked", str(report.leaked)
    yield "rule_coverage", f"{report.rule_coverage:.4f}"
    yield "flow_coverage", f"{flow_coverage(report):.4f}"
    yield "mutation_score", "not measured" if score is None else f"{score:.4f}"
    yield "over_blocking", f"{over_blocking_share(report):.4f} ({stopped} of {turns}, budget {report.budget:g})"
    yield "check_ms_p50", f"{report.check_ms(0.5):.3f}"
    yield "check_ms_p95", f"{report.check_ms(0.95):.3f}"


def _case(suite: str, result: ScenarioResult) -> ElementTree.Element:
    scenario = result.case.scenario
    group = suite.removesuffix(ENDING).replace("/", ".")
    case = ElementTree.Element(
        "testcase",
        classname=_xml(group),
        name=_xml(scenario.scenario),
        file=_xml(suite),
        line=str(result.case.line),
        time=f"{result.elapsed_s:.3f}",
    )
    lines = failure_lines(result)
    first = _xml(lines[0]) if lines else result.status
    if result.status == "unmeasured":
        ElementTree.SubElement(case, "skipped", message=first)
    elif result.status != "pass":
        failure = ElementTree.SubElement(case, "failure", message=first, type=result.status)
        failure.text = _xml("\n".join([f"{suite}:{result.case.line}: {scenario.about}", *lines]))
    if result.outcomes:
        ElementTree.SubElement(case, "system-out").text = _xml("\n".join(_talk(result)))
    return case


def _talk(result: ScenarioResult) -> Iterator[str]:
    for outcome in result.outcomes:
        if outcome.heard:
            yield f"user: {outcome.heard}"
        action, rule = deciding(outcome)
        yield f"policy: {action} by {rule}" if rule else f"policy: {action}"
        yield f"avatar: {outcome.text}"


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
