"""A policy that is wrong is told so, with file, line, what and the mend, before anybody talks under it."""

from pathlib import Path

import pytest

from tiangong.policies.compiled import TEMPLATES, read_policy
from tiangong.policies.linting import all_complaints, linted
from tiangong.policies.reading import PolicyProblem

GOOD = """\
schema: 1
policy: tea
languages: [en, zh]
patterns:
  tea: {en: [tea], zh: [茶]}
rules:
  - id: tea.none
    place: input
    when: {pattern: tea}
    action: refuse
    text: {en: [No tea.], zh: [没有茶。]}
    samples: {hit: {en: [tea], zh: [茶]}, miss: {en: [coffee], zh: [咖啡]}}
flows:
  - id: order
    start: {pattern: tea}
    cancelled: {en: [All right.], zh: [好的。]}
    steps:
      - {id: cups, ask: cups, accept: {any: ['(\\d+)']}, text: {en: [How many?], zh: [几杯？]}}
      - {id: right, confirm: true, text: {en: ["{cups}?"], zh: ["{cups}？"]}}
"""
SCENARIO = """\
schema: 1
scenarios:
  - scenario: tea.refused
    about: Tea is refused.
    kind: must_stop
    language: en
    covers: [tea.none]
    turns: [{user: tea please, expect: {action: refuse, rule: tea.none}}]
  - scenario: coffee.served
    about: Coffee is served.
    kind: must_allow
    language: en
    covers: [tea.none]
    turns: [{user: coffee please, expect: {action: allow}}]
"""

# What is changed in the good policy, into what, and what is then told about which line.
WRONG = {
    "an unknown key": ("languages:", "langauges:", 3, "unknown key 'langauges'; did you mean 'languages'?"),
    "an unknown key of a rule": ("action:", "acton:", 10, "unknown key 'rules.0.acton'; did you mean 'action'?"),
    "a key of another table": ("place: input", "place: input\n    start: {}", 9, "'rules.0.start'; it does not belong here"),
    "an unknown place": ("place: input", "place: inputs", 8, "'input', 'output.sentence'"),
    "an unknown schema": ("schema: 1", "schema: 2", 1, "'schema'"),
    "a text that lacks a language": (", zh: [没有茶。]", "", 11, "lacks a text in 'zh'; add 'zh:'"),
    "a pattern that lacks a language": ("tea: {en: [tea], zh: [茶]}", "tea: {en: [tea]}", 9, "reads no 'zh'"),
    "samples that lack a language": ("miss: {en: [coffee], zh: [咖啡]}", "miss: {en: [coffee]}", 12, "add samples.miss.zh"),
    "a language that is no code": ("zh: [没有茶。]", "chinese: [没有茶。]", 11, "got 'chinese'"),
    "a catastrophic pattern": ("{en: [tea]", "{en: ['(a{1000}){1000}']", 5, "repeat less: at most 1000 times in all"),
    "a look-around": ("{en: [tea]", "{en: ['tea(?!s)']", 5, "list the exceptions instead"),
    "a reference back": ("{en: [tea]", "{en: ['(t)\\1']", 5, "references back to a group do not exist here"),
    "a pattern of nothing": ("{en: [tea]", "{en: ['t*']", 5, "it would hit everything"),
    "a sample that is not hit": ("hit: {en: [tea]", "hit: {en: [cocoa]", 12, "misses its sample 'cocoa'; change its condition"),
    "a sample that is hit": ("miss: {en: [coffee]", "miss: {en: [iced tea]", 12, "acts on its sample 'iced tea'"),
    "an unknown pattern": ("when: {pattern: tea}", "when: {pattern: teas}", 7, "unknown pattern 'teas'; did you mean 'tea'?"),
    "an unknown intent": ("when: {pattern: tea}", "when: {intent: thirst}", 7, "unknown intent 'thirst'; known: "),
    "an unknown topic": ("when: {pattern: tea}", "when: {topic: {in: tea}}", 9, "add examples under 'topics.outside.tea:'"),
    "an unknown counter": (
        "when: {pattern: tea}",
        "when: {pattern: tea, counter: {name: asked, at_least: 2}}",
        9,
        "waits for the counter 'asked', which nothing counts",
    ),
    "an empty condition": ("when: {pattern: tea}", "when: {}", 9, "name a test such as 'pattern' or 'intent'"),
    "two rules with one id": (
        "flows:\n",
        "  - {id: tea.none, place: session, when: {turn: 0}, action: end}\nflows:\n",
        13,
        "the id 'tea.none' stands twice, also in policy.yaml:7; give one of them another id",
    ),
    "an unknown pack": ("rules:", "packs: [honsty]\nrules:", 6, "no pack 'honsty'; ships: emotion, honesty"),
    "a flow that nothing begins": ("start: {pattern: tea}", "start: {pattern: cup}", 14, "names an unknown pattern 'cup'"),
    "an answer RE2 refuses": ("'(\\d+)'", "'(\\d+)(?=x)'", 18, "list the exceptions instead"),
    "a step without a pattern for answers": ("accept: {any: ['(\\d+)']}", "accept: {en: [one]}", 18, "for answers in 'zh'"),
    "an unknown step": ("ask: cups,", "ask: cups, go: pay,", 18, "goes to an unknown step 'pay'; known: cups, right"),
    "steps in a circle": ("ask: cups,", "ask: cups, go: cups,", 14, "turns in a circle once its slots are filled: cups -> cups"),
    "two steps with one id": ("id: right", "id: cups", 19, "the step 'order.cups' stands twice"),
    "a slot nobody fills": ('["{cups}？"]', '["{cup}？"]', 19, "speaks of {cup}, which no step asks for; known: cups, name"),
    "a step that lacks a language": (", zh: [几杯？]", "", 18, "lacks a text in 'zh'; add 'zh:'"),
    "an end that lacks a language": (", zh: [好的。]", "", 16, "lacks a text in 'zh' for its end; add 'zh:'"),
}  # fmt: skip


def told(path: Path) -> list[str]:
    try:
        return [str(each) for each in linted(read_policy(path), path)]
    except PolicyProblem as problem:
        return [str(each) for each in problem.complaints]


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_with_its_line_and_the_mend(tmp_path: Path, name: str) -> None:
    good, bad, line, what = WRONG[name]
    assert GOOD.count(good) == 1 or good in ("when: {pattern: tea}", "start: {pattern: tea}", "{en: [tea]")
    path = tmp_path / "policy.yaml"
    path.write_text(GOOD.replace(good, bad, 1), encoding="utf-8")
    complaints = told(path)
    assert [each for each in complaints if each.startswith(f"policy.yaml:{line}: ") and what in each], complaints


def test_the_policy_without_these_faults_is_let_through(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(GOOD, encoding="utf-8")
    assert told(path) == []


@pytest.mark.parametrize(
    ("good", "bad", "complaints"),
    [
        ("", "", []),
        ("rule: tea.none", "rule: tea.nine", ["tea.scenario.yaml:8: unknown rule 'tea.nine'; see `tiangong policy explain`"]),
        ("covers: [tea.none]\n    turns: [{user: coffee", "covers: [cake.none]\n    turns: [{user: coffee",
         ["tea.scenario.yaml:13: unknown rule 'cake.none'; see `tiangong policy explain`"]),
        ("kind: must_allow", "kind: must_stop",
         ["policy.yaml:7: rule 'tea.none' stops people, and no scenario of kind 'must_allow' covers it; "
          "write one with what it must let pass"]),
    ],
)  # fmt: skip
def test_scenarios_know_the_rules_and_every_rule_that_stops_has_one_that_allows(
    tmp_path: Path, good: str, bad: str, complaints: list[str]
) -> None:
    (tmp_path / "policy.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "tea.scenario.yaml").write_text(SCENARIO.replace(good, bad, 1) if good else SCENARIO, encoding="utf-8")
    assert [str(each) for each in all_complaints(tmp_path / "policy.yaml", [tmp_path])] == complaints


def test_a_pack_in_a_language_that_the_policy_does_not_speak_is_no_silent_gap(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("schema: 1\npolicy: a\nlanguages: [en, fr]\npacks: [service]\n", encoding="utf-8")
    assert any("reads no 'fr', which the policy speaks" in each for each in told(path))


def test_every_template_reads_every_language_it_speaks() -> None:
    for path in TEMPLATES.glob("*.yaml"):
        assert [each for each in told(path) if "reads no" in each] == []


def test_a_policy_of_ones_own_is_measured_by_the_scenarios_about_its_rules_only(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "schema: 1\npolicy: mine\nlanguages: [en]\npatterns: {p: {en: [bad]}}\nrules:\n"
        "  - {id: a.x, place: input, when: {pattern: p}, action: refuse, samples: {hit: {en: [good]}, miss: {en: [ok]}}}\n",
        encoding="utf-8",
    )
    told = [str(complaint) for complaint in all_complaints(path, None)]
    assert [line for line in told if "unknown rule" in line] == []
    assert any("misses its sample 'good'" in line for line in told)
    assert any("no scenario of kind 'must_allow'" in line for line in told)
    other = tmp_path / "a.scenario.yaml"
    other.write_text(
        "schema: 1\nscenarios:\n  - {scenario: s.a, about: x, language: en, covers: [no.such], kind: must_allow,\n"
        "     turns: [{user: hi}]}\n",
        encoding="utf-8",
    )
    both = [str(complaint) for complaint in all_complaints(path, [other])]
    assert any("unknown rule 'no.such'" in line for line in both)
    assert any("misses its sample 'good'" in line for line in both)
