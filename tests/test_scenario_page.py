"""The page that tells people how a policy holds: its verdict, both languages, and that what was said cannot break it."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import get_args
from xml.etree import ElementTree

import pytest
from playwright.sync_api import sync_playwright

from tests.made_scenarios import leaking, with_status, written
from tiangong.core.face import EMOTIONS
from tiangong.core.media import Action, Verdict
from tiangong.core.style import SpeechStyle
from tiangong.policies.decision import Decision
from tiangong.policies.scenarios import page_words
from tiangong.policies.scenarios.document import Turn
from tiangong.policies.scenarios.expecting import broken_expectations
from tiangong.policies.scenarios.outcome import SpokenSentence, TurnOutcome
from tiangong.policies.scenarios.page_reasons import reason
from tiangong.policies.scenarios.page_talk import dialogue
from tiangong.policies.scenarios.page_words import page_verdict
from tiangong.policies.scenarios.report import Report
from tiangong.policies.scenarios.report_json import as_json, difference, read_previous
from tiangong.policies.scenarios.report_junit import as_junit
from tiangong.policies.scenarios.report_page import as_page
from tiangong.policies.scenarios.report_terminal import told
from tiangong.policies.scenarios.running import Status


@pytest.mark.parametrize(
    ("made", "tone", "en", "zh"),
    [
        (lambda r, h: h, "good", "All 4 scenarios hold; nothing that is forbidden was heard.", "全部 4 个场景通过"),
        (lambda r, h: r, "bad", "1 of 6 scenarios does not hold; nothing that is", "6 个场景中有 1 个未通过"),
        (lambda r, h: leaking(r), "bad", "2 of 6 scenarios do not hold; 34 forbidden characters were", "说出了 34 个"),
        (lambda r, h: replace(h, results=()), "warn", "No scenario was played.", "没有运行任何场景"),
        (lambda r, h: replace(h, results=h.results[:1]), "good", "The one scenario holds; nothing", "全部 1 个场景"),
        (lambda r, h: replace(r, results=r.results[-1:]), "warn", "No scenario could be measured.", "没有一个场景能够"),
        (lambda r, h: replace(r, results=r.results[1:]), "warn", "All that could be measured hold, 4 of 5", "共 5 个"),
    ],
)
def test_the_verdict_is_plain(
    report: Report, holding: Report, made: Callable[[Report, Report], Report], tone: str, en: str, zh: str
) -> None:
    verdict = page_verdict(made(report, holding))
    assert (verdict.tone, verdict.line.en[: len(en)]) == (tone, en)
    assert zh in verdict.line.zh


def test_rules_that_no_scenario_guards_are_counted_whether_tried_or_not(holding: Report) -> None:
    (more,) = page_verdict(holding).more  # shop.unheard acts nowhere
    assert more.en == "1 rule could be lost without a scenario noticing; 1 of them acted in no scenario that holds."
    assert "1 would go unnoticed" in as_page(holding)
    survivors = tuple(replace(rule, mutant="survived") for rule in holding.rules)
    (more,) = page_verdict(replace(holding, rules=survivors)).more
    assert more.en == "3 rules could be lost without a scenario noticing."
    assert not page_verdict(replace(holding, mutated=False)).more


def test_a_policy_that_stops_harmless_talk_is_no_good_verdict(holding: Report) -> None:
    stopped = with_status(holding, "shop.sells-tea", "pass")
    (rival,) = (o for r in holding.results if r.case.scenario.scenario == "shop.no-rivals" for o in r.outcomes)
    stopped = with_status(stopped, "shop.sells-tea", "pass", outcomes=(rival,))
    verdict = page_verdict(stopped)
    assert verdict.tone == "warn"
    assert "1 of 1 turn (100.0%), at most 10.0% may be" in verdict.more[0].en


def test_the_page_holds_both_languages_and_nothing_from_outside(report: Report) -> None:
    page = as_page(report)
    assert 'lang="zh">全部场景</span>' in page
    assert ">All scenarios</span>" in page
    assert "navigator.language" in page
    assert not re.search(r"""(src|href)\s*=\s*["']?(?!["']?#)|url\(|@import|https?:""", page)


def test_the_page_escapes_all_that_scenarios_and_policies_say(report: Report) -> None:
    hostile = with_status(
        leaking(report), "shop.live", "fail", failures=("<script>alert(3)</script>",), runs=1, outcomes=()
    )
    page = as_page(hostile)
    assert page.count("<script>") == 1  # the switch of languages
    assert "&lt;script&gt;alert(1)&lt;/script&gt; the Rival Leaf" in page
    assert "&lt;script&gt;alert(&#39;about&#39;)&lt;/script&gt;" in page
    assert "&lt;script&gt;alert(3)" in page
    assert "It does not talk about &lt;b&gt;other&lt;/b&gt; shops." in page


def test_the_page_marks_what_must_not_have_been_heard(report: Report) -> None:
    assert "<mark>The secret blend is mint and rose.</mark>" in as_page(leaking(report))
    assert "<mark>" not in as_page(report)


def test_the_page_tells_what_was_kept_back_and_how_it_was_said_instead(report: Report) -> None:
    page = as_page(report)
    assert "<s>The secret blend is mint and rose.</s>" in page
    assert "pace ×0.90" in page


def test_failing_scenarios_are_open_and_linked_from_the_list(report: Report) -> None:
    page = as_page(report)
    assert '<details class="scenario" id="s-shop.wants-too-much" open>' in page
    assert '<a href="#s-shop.wants-too-much">' in page
    assert '<details class="scenario" id="s-shop.returns">' in page
    assert len(re.findall(r'id="s-[^"]+"', page)) == len(set(re.findall(r'id="s-[^"]+"', page))) == 6


def test_the_page_tells_what_changed(report: Report, holding: Report, tmp_path: Path) -> None:
    page = as_page(leaking(report), difference(leaking(report), read_previous(written(holding, tmp_path))))
    assert ">Newly failing</span>" in page
    assert "0.0% → 50.0%" in page
    assert ">Since the last run</span>" not in as_page(report)


def test_an_empty_run_is_a_page_too(holding: Report) -> None:
    empty = replace(holding, results=(), rules=(), flow_steps=())
    assert "No scenario was played." in as_page(empty)
    assert as_json(empty)["totals"]["scenarios"] == 0
    assert "none was played" in told(empty)
    ElementTree.fromstring(as_junit(empty))


def test_a_forbidden_part_may_stretch_over_sentences(holding: Report) -> None:
    spoken = tuple(SpokenSentence(text, SpeechStyle()) for text in ("One is so.", "Two is so.", "Three."))
    outcome = TurnOutcome("", spoken, (), "", None, False, None)
    turn = Turn(user="x", model="One is so. Two is so. Three.", forbidden=["is so. Two"])
    case = holding.results[0].case
    case = replace(case, scenario=case.scenario.model_copy(update={"turns": [turn]}))
    (view,) = dialogue(replace(holding.results[0], case=case, outcomes=(outcome,)))
    assert "".join(piece.text for piece in view.bubbles[0].pieces) == "One is so. Two is so. Three. "
    assert [piece.text for piece in view.bubbles[0].pieces if piece.forbidden] == ["is so.", "Two"]


def test_words_cover_every_action_feeling_and_status() -> None:
    assert set(page_words.ACTIONS) == set(page_words.DOES) == set(get_args(Action))
    assert set(page_words.FEELINGS) == set(EMOTIONS)
    assert set(page_words.STATUSES) == set(get_args(Status))


# --- reasons in Chinese --------------------------------------------------------------------------------------------------

BREAKS_ALL = {
    "action": "refuse",
    "rule": "shop.rival",
    "latency_ms": 0.001,
    "spoken": "green tea",
    "not_spoken": "mint",
    "leaked_chars": 0,
    "disclosed": True,
    "flow": "returns.number",
    "hand_off": True,
    "summary": "an order",
    "ended": True,
    "remembered": "Bob",
    "not_remembered": "mint",
    "label": True,
    "expression": {"show": "sad", "never": "happy", "smile_at_most": 0.1},
    "voice": {"rate": {"at_most": 0.5}, "pitch": {"at_most": 0.5}, "energy": {"at_most": 0.5}},
}
BREAKS_THE_REST = {
    "disclosed": False,
    "hand_off": False,
    "not_in_summary": "no",
    "ended": False,
    "label": False,
    "flow": "none",
}


def broken_lines() -> list[str]:
    """Every reason that `broken_expectations` can give."""
    spoken = (SpokenSentence("It is 'mint',\nI am a virtual host.", SpeechStyle(emotion="happy"), 0.5),)
    decision = Decision(1, "input", "", "en", "", 0.0, (), 1, Verdict("allow", elapsed_ms=2.0), "")
    plain = TurnOutcome("", spoken, (decision,), "", None, False, "mint", False)
    handed = replace(plain, summary="says 'no'", ended=True, labelled=True, flow="returns.done")
    turn = Turn.model_validate({"user": "x", "model": "mint", "forbidden": "mint", "expect": BREAKS_ALL})
    silent = replace(plain, spoken=(SpokenSentence("mint", SpeechStyle()),))
    rest = Turn.model_validate({"user": "x", "expect": BREAKS_THE_REST})
    lines = [*broken_expectations(turn, plain), *broken_expectations(turn, silent), *broken_expectations(rest, handed)]
    assert len({re.sub(r"[\d.]+|'[^']*'|\[.*", "", line) for line in lines}) >= 20
    return lines


VARIANT_LINES = [
    "recut: the verdicts depend on where the stream was cut",
    "evasion spaced: turn 2: refuse by shop.rival became allow by ",
    "answer full_width: 34 characters leaked",
    "flaky: held in 3 of 5 runs (95 % interval 23% to 88%)",
    "run 2: turn 1: 'tea' was not said; said: 'Hm.'",
    "no language model is set up; give one with --brain-url or --brain-model",
]


@pytest.mark.parametrize("line", [*broken_lines(), *VARIANT_LINES])
def test_every_reason_is_told_in_chinese_too(line: str) -> None:
    both = reason(line)
    assert both.en == line
    quoted = re.sub(
        r"“[^”]*”|'.*'|\".*\"|（.*?）|\[.*\]|--[\w-]+|shop\.\w+|returns\.\w+|AI", "", both.zh, flags=re.DOTALL
    )
    assert re.search("[\u4e00-\u9fff]", quoted)
    assert not re.search("[a-z]{3}", quoted.replace("shop.rival", ""))


@pytest.mark.parametrize(
    ("line", "zh"),
    [
        (
            "turn 1: action is allow by no rule, wanted refuse or care",
            "第 1 轮：决定是放行（无规则），应为婉拒或关怀并告知求助途径",
        ),
        (
            "evasion spaced: turn 2: refuse by a.b became allow by ",
            "变换用户写法（spaced）：第 2 轮：婉拒（a.b）变成了放行（无规则）",
        ),
        ("turn 3: voice failed in turn 3: no sound", "第 3 轮：voice failed in turn 3: no sound"),
    ],
)
def test_reasons_in_chinese(line: str, zh: str) -> None:
    assert reason(line).zh == zh


# --- in a browser --------------------------------------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Debian's chromium")
@pytest.mark.parametrize(
    ("locale", "width_px", "first", "then"),
    [
        ("zh-CN", 390, "行为守则测试报告", "How the policy holds"),
        ("en-US", 1280, "How the policy holds", "行为守则测试报告"),
    ],
)
def test_a_browser_opens_in_its_language_and_the_button_changes_it(
    report: Report, tmp_path: Path, locale: str, width_px: int, first: str, then: str
) -> None:
    file = tmp_path / "report.html"
    file.write_text(as_page(leaking(report)), encoding="utf-8")
    wrong: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(locale=locale, viewport={"width": width_px, "height": 800})
        page.on("console", lambda message: wrong.append(message.text))
        page.on("request", lambda request: wrong.append(request.url) if request.url != file.as_uri() else None)
        page.goto(file.as_uri())
        assert first in page.inner_text("h1")
        assert then not in page.inner_text("h1")
        page.click("header button")
        assert then in page.inner_text("h1")
        assert page.evaluate("document.documentElement.scrollWidth") <= width_px
        browser.close()
    assert wrong == []
