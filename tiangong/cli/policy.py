"""`tiangong policy`: check texts, test scenarios, lint, explain, coverage.

Exit codes: 0 all holds, 1 something does not, 2 a policy or scenario that cannot be used, 3 flaky or unmeasured.
"""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tiangong.cli.options import AsJson
from tiangong.cli.progress import bar

if TYPE_CHECKING:
    from tiangong.policies.rules import RulesPolicy
    from tiangong.policies.scenarios.report import Report
    from tiangong.service.scripted_rooms import ScriptedRooms

app = typer.Typer(no_args_is_help=True, help="The behaviour policy: check, test, lint, explain.")
PolicyPath = Annotated[
    Path | None, typer.Option("--policy", help="A policy file or a template's name; otherwise the one that ships.")
]
_FAILED, _BAD, _UNSURE = 1, 2, 3


@app.command()
def check(
    input_path: Annotated[
        Path, typer.Option("--input", help="Lines of JSON: id, text, direction, language (optional).")
    ],
    output_path: Annotated[Path, typer.Option("--output", help="Lines of JSON: id, action, rule, text, spans, ms.")],
    policy: PolicyPath = None,
) -> None:
    """Judge texts, each by itself, in the order of the file."""
    from tiangong.policies.checking import checked_lines

    lines = checked_lines(_policy(policy), input_path.read_text(encoding="utf-8").splitlines(), input_path.name)
    with output_path.open("w", encoding="utf-8") as output:
        for line in lines:
            output.write(json.dumps(line, ensure_ascii=False) + "\n")


@app.command("test")
def play_scenarios(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Scenario files or folders; otherwise those that ship.")
    ] = None,
    policy: PolicyPath = None,
    vary: Annotated[bool, typer.Option(help="Also every re-cut and evasion that the scenarios ask for.")] = True,
    mutate: Annotated[bool, typer.Option(help="Also without each rule: some scenario must fail.")] = True,
    html: Annotated[Path | None, typer.Option(help="Write a page for people.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML.")] = None,
    json_path: Annotated[Path | None, typer.Option("--json", help="Write the whole report as JSON.")] = None,
    previous: Annotated[Path | None, typer.Option(help="An earlier --json to compare with.")] = None,
    brain_url: Annotated[str | None, typer.Option(help="An OpenAI-compatible server for live scenarios.")] = None,
    brain_model: Annotated[str | None, typer.Option(help="Its model, or the folder of a chat model.")] = None,
) -> None:
    """Play scenarios, with their variants, and report."""
    from tiangong.cli.policy_reports import write_reports
    from tiangong.policies.scenarios.report_facts import within_budget

    report = _tested(policy, paths, vary, mutate, _Live(brain_url, brain_model))
    typer.echo(write_reports(report, html, junit, json_path, previous))
    if report.counted("fail") or not within_budget(report):
        raise typer.Exit(_FAILED)
    if report.counted("flaky") or report.counted("unmeasured"):
        raise typer.Exit(_UNSURE)


@app.command()
def coverage(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Scenario files or folders; otherwise those that ship.")
    ] = None,
    policy: PolicyPath = None,
    as_json: AsJson = False,
) -> None:
    """Which rules and flow steps the scenarios reach. Exit code 1 where one is not reached."""
    report = _tested(policy, paths, vary=False, mutate=False, live=_Live(None, None))
    if as_json:
        rules = [
            {"rule": r.rule, "pack": r.pack, "scenarios": r.hit_by, "languages": r.languages} for r in report.rules
        ]
        steps = [{"step": step, "reached": reached} for step, reached in report.flow_steps]
        typer.echo(json.dumps({"rules": rules, "flow_steps": steps}, ensure_ascii=False, indent=1))
    else:
        for rule in report.rules:
            typer.echo(f"{rule.rule:36} {len(rule.hit_by):4} {' '.join(rule.languages)}")
        for step, reached in report.flow_steps:
            typer.echo(f"{step:36} {'reached' if reached else 'not reached'}")
    if report.rule_coverage < 1 or not all(reached for _, reached in report.flow_steps):
        raise typer.Exit(_FAILED)


@app.command()
def lint(
    files: Annotated[list[Path] | None, typer.Argument(help="Policy files; otherwise all that ship.")] = None,
    scenarios: Annotated[list[Path] | None, typer.Option(help="Their scenarios; otherwise those that ship.")] = None,
) -> None:
    """Say what is wrong in which line, and how to mend it. Exit code 2 where anything is."""
    from tiangong.policies.compiled import TEMPLATES
    from tiangong.policies.linting import all_complaints

    wrong = [c for file in files or sorted(TEMPLATES.glob("*.yaml")) for c in all_complaints(file, scenarios)]
    for complaint in wrong:
        typer.echo(str(complaint), err=True)
    if wrong:
        raise typer.Exit(_BAD)
    typer.echo("nothing to complain about")


@app.command()
def explain(
    text: Annotated[
        str | None, typer.Argument(help="A sentence to try; without it the policy is told in plain words.")
    ] = None,
    policy: PolicyPath = None,
    direction: Annotated[str, typer.Option(help="input: the user says it; output: the avatar is about to.")] = "input",
    language: Annotated[str | None, typer.Option(help="en or zh; otherwise that of the text.")] = None,
) -> None:
    """What the policy says in plain words, or why it judges a sentence as it does."""
    from tiangong.core.errors import ConfigError
    from tiangong.policies.explaining import explained, policy_in_words

    under = _policy(policy)
    if direction not in ("input", "output"):
        raise ConfigError(f"direction '{direction}' is unknown; it is input or output")
    if text is None:
        typer.echo(policy_in_words(under.compiled, language or "en"))
    else:
        typer.echo(explained(under, text, direction, language))


@app.command()
def schema(
    folder: Annotated[Path, typer.Argument(help="Where the schemas of policies, packs and scenarios are written.")],
) -> None:
    """Write the JSON Schemas of policy, pack and scenario files, for editors."""
    from tiangong.policies.schemas import schemas

    for name, text in schemas().items():
        (folder / name).write_text(text, encoding="utf-8")


@app.command()
def decisions(
    file: Annotated[Path, typer.Argument(help="A file of decision records, or their folder.")],
    rule: Annotated[str | None, typer.Option(help="Only where this rule spoke.")] = None,
    as_json: AsJson = False,
) -> None:
    """What was judged, on what grounds, and what was said: the records that `policy.decisions` keeps, in plain words."""
    from tiangong.policies.record_view import Unread, about_rule, in_words, read_records

    for line in about_rule(read_records(file), rule) if rule else read_records(file):
        if isinstance(line, Unread):
            typer.echo(in_words(line), err=True)
        else:
            typer.echo(line.model_dump_json() if as_json else in_words(line))


@dataclass(frozen=True)
class _Live:
    url: str | None
    model: str | None


def _policy(path: Path | None) -> "RulesPolicy":
    from tiangong.policies.rules import named_policy

    return named_policy(path)


def _tested(policy: Path | None, paths: list[Path] | None, vary: bool, mutate: bool, live: _Live) -> "Report":
    from tiangong.policies.scenarios.finding import SHIPPED, read_scenarios, scenario_files
    from tiangong.policies.scenarios.report import reported
    from tiangong.policies.scenarios.running import run_scenarios

    under = _policy(policy)
    cases = read_scenarios(scenario_files(paths or [SHIPPED]), under, only_known=not paths)
    rooms = _rooms(live)
    started_s = time.perf_counter()
    with bar("scenarios") as tell:
        results = run_scenarios(cases, rooms, varied=vary, progress=lambda done, name: tell(done / len(cases), name))
    return reported(under, results, rooms, time.perf_counter() - started_s, mutate=mutate)


def _rooms(live: _Live) -> "ScriptedRooms":
    from tiangong.core.config import load_settings
    from tiangong.service.scripted_rooms import scripted_rooms

    settings = load_settings()
    if live.url or live.model:
        brain = settings.brain.model_copy(update={"base_url": live.url, "model": live.model})
        settings = settings.model_copy(update={"brain": brain})
    return scripted_rooms(settings)
