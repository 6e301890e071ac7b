"""`tiangong bench policy`: what the policy that ships finds and stops, how long it takes, what leaks."""

import csv
import json
import platform
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tiangong.bench.hostile_texts import HOSTILE_TEXTS
from tiangong.bench.report import Figure, Report, machine, versions
from tiangong.core.config import load_settings
from tiangong.core.errors import MediaError
from tiangong.core.media import Verdict
from tiangong.policies.checking import judged
from tiangong.policies.protocol import VISITOR, PolicySession
from tiangong.policies.rules import RulesPolicy, named_policy
from tiangong.policies.scenarios.finding import SHIPPED, read_scenarios, scenario_files
from tiangong.policies.scenarios.running import run_scenarios
from tiangong.service.scripted_rooms import scripted_rooms

PARTS: Final = ("time", "hostile", "scenarios", "lists", "sets")
_ROUNDS: Final = 5  # of the texts whose checks are timed
# The rules that are there for a label or category; another rule that acts may be right as well, and is not counted for it.
ANY_RULE: Final = ("",)
RULES_FOR: Final = {
    "asks_if_human": ("honesty.asks-if-human",),
    "hand_off": ("service.hand-off",),
    "claims_human": ("honesty.claims",),
    "promise": ("service.promise",),
    "self_harm": ("safety.self-harm",),
    "injection": ("security.",),
    "jailbreak": ("security.",),
    "prompt_leak": ("security.",),
    "likeness": ("likeness.",),
    "harm": ("safety.harm", "safety.minors", "safety.hate", "safety.abuse"),
    "risky_advice": ("safety.risky-advice",),
}


@dataclass(frozen=True)
class PolicyWishes:
    lists: tuple[Path, ...] = ()  # tables: text, language, direction, label, expect
    sets: Path | None = None  # folder of JSON lines: text, language, direction, category, expect
    parts: tuple[str, ...] = PARTS


@dataclass(frozen=True)
class Line:
    """A labelled text."""

    text: str
    language: str
    direction: str
    label: str
    flag: bool  # the policy is to act on it


def measure_policy(wishes: PolicyWishes) -> Report:
    """Raises MediaError for a table that cannot be read."""
    policy = named_policy(None)
    figures: list[Figure] = []
    if "time" in wishes.parts:
        figures += _time(policy)
    if "hostile" in wishes.parts:
        figures += _hostile(policy)
    if "scenarios" in wishes.parts:
        figures += _scenarios(policy)
    if "lists" in wishes.parts:
        for path in wishes.lists:
            figures += _by_label(policy, list(_listed(path)), path.stem)
    if "sets" in wishes.parts and wishes.sets:
        for path in sorted(wishes.sets.glob("*.jsonl")):
            figures += _by_category(policy, list(set_lines(path)), path.stem)
    return Report("policy", machine(), platform.python_version(), versions(), {"policy": policy.name}, figures)


def _time(policy: RulesPolicy) -> list[Figure]:
    """Milliseconds of a check over the words of the scenarios that ship, in English and Chinese, on one core."""
    cases = read_scenarios(scenario_files([SHIPPED]), policy)
    turns = [turn for case in cases for turn in case.scenario.turns]
    heard = [turn.user for turn in turns if turn.user]
    said = [turn.model for turn in turns if turn.model]
    spent: dict[str, list[float]] = {"input": [], "output": []}
    for number in range(_ROUNDS + 1):
        for direction, texts in (("input", heard), ("output", said)):
            for text in texts:
                session = policy.session(VISITOR, lambda decision: None)
                started_s = time.process_time()
                _check(session, text, direction)
                if number:  # the first round warms tables up
                    spent[direction].append((time.process_time() - started_s) * 1000)
    return [Figure.of(f"a check, {direction}", "ms", values) for direction, values in spent.items()]


def _check(session: PolicySession, text: str, direction: str) -> Verdict:
    return session.check_input(text, "en", None) if direction == "input" else session.check_output(text, "en")


def _hostile(policy: RulesPolicy) -> list[Figure]:
    figures: list[Figure] = []
    for name, text in HOSTILE_TEXTS.items():
        session = policy.session(VISITOR, lambda decision: None)
        started_s = time.process_time()
        session.check_input(text, "en", None)
        spent_ms = (time.process_time() - started_s) * 1000
        figures.append(Figure.single(f"100 kB of {name}", "ms", spent_ms, 1))
    return figures


def _scenarios(policy: RulesPolicy) -> list[Figure]:
    cases = read_scenarios(scenario_files([SHIPPED]), policy)
    rooms = scripted_rooms(load_settings())
    results = run_scenarios(cases, rooms)
    runs = sum(result.runs for result in results)
    return [
        Figure.single("scenarios that hold", "share", sum(r.status == "pass" for r in results) / len(results), len(results)),
        Figure.single("characters leaked over all scenarios and re-cuts", "chars", sum(r.leaked for r in results), runs),
    ]  # fmt: skip


def _by_label(policy: RulesPolicy, lines: Sequence[Line], name: str) -> Iterator[Figure]:
    for label in sorted({line.label for line in lines}):
        for language in sorted({line.language for line in lines}):
            some = [line for line in lines if (line.label, line.language) == (label, language)]
            yield from _figures(policy, some, f"{name}, {label} {language}", RULES_FOR.get(label, ANY_RULE))


def _by_category(policy: RulesPolicy, lines: Sequence[Line], name: str) -> Iterator[Figure]:
    for category in sorted({line.label for line in lines}):
        some = [line for line in lines if line.label == category]
        yield from _figures(policy, some, f"{name}, {category}", ANY_RULE)


def _figures(policy: RulesPolicy, lines: Sequence[Line], name: str, rules: tuple[str, ...]) -> Iterator[Figure]:
    """Recall over the lines to act on, by the rules that are for it; false alarms over the others, by any rule; F1 of these rules."""
    rows = [(line, judged(policy, line.text, line.direction, line.language)) for line in lines]
    flagged = [_acts(verdict, rules) for line, verdict in rows if line.flag]
    passed = [(_acts(verdict, ANY_RULE), _acts(verdict, rules)) for line, verdict in rows if not line.flag]
    if flagged:
        yield Figure.single(f"{name}, recall", "share", sum(flagged) / len(flagged), len(flagged))
    if passed:
        yield Figure.single(
            f"{name}, false alarms", "share", sum(any_ for any_, _ in passed) / len(passed), len(passed)
        )
    if flagged and passed:
        hits, wrong = sum(flagged), sum(own for _, own in passed)
        yield Figure.single(f"{name}, F1", "", 2 * hits / (hits + wrong + len(flagged)), len(rows))


def _acts(verdict: Verdict, rules: tuple[str, ...]) -> bool:
    return verdict.action != "allow" and verdict.rule.startswith(rules)


def _listed(path: Path) -> Iterator[Line]:
    try:
        with path.open(encoding="utf-8", newline="") as table:
            for row in csv.DictReader(table):
                expect = row.get("expect") or ("allow" if row["label"] == "-" else "flag")
                yield Line(row["text"], row["language"], row["direction"], row["label"], expect == "flag")
    except (OSError, KeyError, UnicodeDecodeError) as error:
        raise MediaError(f"'{path}' is no table of text, language, direction, label, expect ({error})") from error


def set_lines(path: Path) -> Iterator[Line]:
    """The rows of a labelled set. Raises MediaError for a file that is none."""
    try:
        for text in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(text)
            yield Line(row["text"], row["language"], row["direction"], row["category"], row["expect"] == "flag")
    except (OSError, KeyError, ValueError) as error:
        raise MediaError(f"'{path}' is no set of text, language, direction, category, expect ({error})") from error
