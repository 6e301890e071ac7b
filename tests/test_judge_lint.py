"""A judge may be slow, away or talked round: `lint` keeps it from being a gate that stands alone, or one that opens."""

from pathlib import Path

import pytest

from tiangong.policies.compiled import read_policy
from tiangong.policies.linting import linted

HEAD = """schema: 1
policy: shop
languages: [en]
patterns:
  blend: {en: [blend]}
rules:
  - id: shop.rule
    place: PLACE
    severity: SEVERITY
    when: WHEN
    action: refuse
    samples: {SAMPLES}
"""
JUDGE = '{judge: "Is it told?"}'
ALONE, EXCUSE, PLACE = "rests on a judge alone", "lets a judge excuse", "asks a judge at the place"
BOTH = "hit: {en: [the blend]}, miss: {en: [tea]}"


def complaints(folder: Path, when: str, severity: str = "grave", place: str = "input", unless: str = "") -> list[str]:
    samples = BOTH if when.startswith(("{pattern", "{any: [{pattern")) else "miss: {en: [tea]}"
    text = HEAD.replace("WHEN", when).replace("SEVERITY", severity).replace("PLACE", place).replace("SAMPLES", samples)
    path = folder / "policy.yaml"
    path.write_text(text + (f"    unless: [{unless}]\n" if unless else ""), encoding="utf-8")
    return [str(each) for each in linted(read_policy(path), path)]


@pytest.mark.parametrize(
    "when",
    [
        JUDGE,
        f"{{any: [{JUDGE}]}}",
        f"{{all: [{JUDGE}]}}",
        f"{{all: [{{pattern: blend}}, {JUDGE}]}}",  # where the judge says no, the pattern stops nothing
        '{pattern: blend, judge: "Is it told?"}',
        f"{{any: [{JUDGE}, {{asker: visitor}}]}}",  # who asks says nothing about the text
        f"{{all: [{{asker: visitor}}, {JUDGE}]}}",
        f"{{any: [{{all: [{{pattern: blend}}, {JUDGE}]}}, {JUDGE}]}}",
        f"{{pattern: blend, not: {JUDGE}}}",
    ],
)
def test_a_grave_rule_that_rests_on_a_judge_is_refused_with_its_line_and_the_mend(tmp_path: Path, when: str) -> None:
    told = [line for line in complaints(tmp_path, when) if ALONE in line]
    assert told == [
        "policy.yaml:10: rule 'shop.rule' is grave and rests on a judge alone; "
        "put a pattern, words or an intent beside it under 'any'"
    ]


@pytest.mark.parametrize(
    ("when", "severity"),
    [
        (f"{{any: [{{pattern: blend}}, {JUDGE}]}}", "grave"),
        (f"{{any: [{{pattern: blend}}, {{all: [{{pattern: blend}}, {JUDGE}]}}]}}", "grave"),
        (JUDGE, "serious"),
        (f"{{all: [{{pattern: blend}}, {JUDGE}]}}", "minor"),
    ],
)
def test_a_judge_beside_embedded_checks_or_of_a_lesser_rule_is_fine(tmp_path: Path, when: str, severity: str) -> None:
    assert complaints(tmp_path, when, severity) == []


def test_a_judge_neither_excuses_nor_answers_where_nobody_asks_it(tmp_path: Path) -> None:
    (excuse,) = complaints(tmp_path, "{pattern: blend}", unless=JUDGE)
    assert excuse.startswith("policy.yaml:13: ")
    assert EXCUSE in excuse
    told = complaints(tmp_path, JUDGE, "serious", "tool")
    assert PLACE in told[0]
