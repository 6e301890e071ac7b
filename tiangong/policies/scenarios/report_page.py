"""A report as one HTML page for people, Chinese and English in it: nothing is loaded from outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from tiangong.policies.document import ByLanguage
from tiangong.policies.precedence import DENIES
from tiangong.policies.scenarios import page_words
from tiangong.policies.scenarios.expecting import deciding
from tiangong.policies.scenarios.page_reasons import reason
from tiangong.policies.scenarios.page_talk import dialogue
from tiangong.policies.scenarios.page_words import Both, page_verdict
from tiangong.policies.scenarios.report import Report, RuleCoverage
from tiangong.policies.scenarios.report_facts import (
    failure_lines,
    flow_coverage,
    live_share,
    mutants,
    mutation_score,
    never_hit,
    never_reached,
    over_blocking_share,
    place,
    shown_file,
    unnoticed,
    within_budget,
)
from tiangong.policies.scenarios.report_json import Change, Difference

_WORDS: Final = ("ACTIONS", "DOES", "STATUSES", "KINDS", "SEVERITIES", "MUTANTS", "LANGUAGES")


@dataclass(frozen=True)
class Tile:
    """A key figure."""

    name: Both
    figure: str
    note: Both
    tone: str  # "good", "warn", "bad" or "plain"
    share: float | None = None  # 0 to 1, drawn as a bar


@dataclass(frozen=True)
class StoppedTurn:
    """A harmless turn that the policy stopped."""

    scenario: str
    heard: str
    action: str
    rule: str


def as_page(report: Report, difference: Difference | None = None) -> str:
    """The whole page; `difference`: from an earlier report."""
    by_file = [
        (shown_file(file), list(results))
        for file, results in groupby(report.results, key=lambda result: result.case.file)
    ]
    return _template().render(
        report=report,
        difference=difference,
        figures_changed=_figures_changed(difference) if difference else [],
        verdict=page_verdict(report),
        tiles=_tiles(report),
        packs=_packs(report.rules),
        files=by_file,
        broken=[result for result in report.results if result.status in ("fail", "flaky")],
        unmeasured=[result for result in report.results if result.status == "unmeasured"],
        flows=_flows(report),
        stopped=_stopped(report),
        over_share=over_blocking_share(report),
        within=within_budget(report),
        gaps=[
            (rule, [language for _, language in gaps]) for rule, gaps in groupby(report.language_gaps, lambda g: g[0])
        ],
        checks=sum(len(result.checks_ms) for result in report.results),
        opens_in="zh" if report.languages == ("zh",) else "en",
    )


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("tiangong.policies.scenarios", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = {name.lower(): getattr(page_words, name) for name in _WORDS}
    called = {
        "t": Both,
        "dialogue": dialogue,
        "place": place,
        "failure_lines": failure_lines,
        "reason": reason,
        "live_share": live_share,
        "about": _about,
        "many": page_words.many,
    }
    return environment.get_template("report.html.j2", globals=words | called)


def _about(texts: ByLanguage) -> Both | None:
    """What a rule is for; where a language lacks it, the other one's words."""
    if not texts:
        return None
    some = next(iter(texts.values()))
    en, zh = (texts.get(language) or texts.get("any") or some for language in ("en", "zh"))
    return Both(" ".join(en), "".join(zh))


def _tiles(report: Report) -> list[Tile]:
    every, held = len(report.results), report.counted("pass")
    failing = {"fail": Both("failing", "未通过"), **{key: page_words.STATUSES[key] for key in ("flaky", "unmeasured")}}
    rest = [(report.counted(status), words) for status, words in failing.items()]
    note = Both(
        ", ".join(f"{count} {words.en}" for count, words in rest if count) or "every one",
        "，".join(f"{count} 个{words.zh}" for count, words in rest if count) or "无一例外",
    )
    well = "bad" if report.counted("fail") else "good" if held == every else "warn"
    stopped, turns = report.over_blocking
    tiles = [
        Tile(
            Both("Scenarios that hold", "通过的场景"),
            f"{held:,} / {every:,}",
            note,
            well,
            held / every if every else 0.0,
        ),
        Tile(
            Both("Forbidden characters heard", "说出的禁止字符"),
            f"{report.leaked:,}",
            Both(f"in {page_words.many(report.runs, 'conversation')}", f"共演练 {report.runs:,} 次对话"),
            "bad" if report.leaked else "good",
        ),
        Tile(
            Both("Harmless turns stopped", "误拦的无害对话"),
            f"{stopped:,} / {turns:,}",
            Both(f"at most {report.budget:.1%} may be", f"上限 {report.budget:.1%}"),
            "good" if within_budget(report) else "bad",
        ),
        _share_tile(
            Both("Rules seen to act", "触发过的规则"), report.rule_coverage, len(report.rules), never_hit(report)
        ),
        _mutation_tile(report),
    ]
    if report.flow_steps:
        name = Both("Flow steps reached", "走到的流程步骤")
        tiles.append(_share_tile(name, flow_coverage(report), len(report.flow_steps), never_reached(report)))
    p50_ms, p95_ms = report.check_ms(0.5), report.check_ms(0.95)
    usual = Both(f"95 % within {p95_ms:.2f} ms", f"95% 在 {p95_ms:.2f} 毫秒以内")
    tiles.append(Tile(Both("A check takes", "一次检查用时"), f"{p50_ms:.2f} ms", usual, "plain"))
    return tiles


def _share_tile(name: Both, share: float, of: int, lacking: Sequence[str]) -> Tile:
    reached = of - len(lacking)
    return Tile(name, f"{share:.0%}", Both(f"{reached} of {of}", f"{of} 中的 {reached}"), _tone(not lacking), share)


def _mutation_tile(report: Report) -> Tile:
    name, score = Both("Lost rules noticed", "丢失规则会被发现"), mutation_score(report)
    if score is None:
        return Tile(name, "–", Both("not measured", "未测"), "plain")
    lost = len(unnoticed(report))
    note = Both(f"{lost} would go unnoticed", f"{lost} 条丢了也没人发现") if lost else Both(
        f"{len(mutants(report, 'killed'))} of {len(report.rules)}", f"{len(report.rules)} 中的 {len(mutants(report, 'killed'))}"
    )  # fmt: skip
    return Tile(name, f"{score:.0%}", note, _tone(score == 1), score)


def _tone(well: bool) -> str:
    return "good" if well else "warn"


def _packs(rules: Sequence[RuleCoverage]) -> list[tuple[str, list[RuleCoverage], bool]]:
    """(pack, its rules, whether something is lacking)."""
    packs = {rule.pack: [each for each in rules if each.pack == rule.pack] for rule in rules}
    return [
        (pack, own, any(not rule.hit_by or rule.mutant == "survived" for rule in own)) for pack, own in packs.items()
    ]


def _flows(report: Report) -> list[tuple[str, list[tuple[str, bool]]]]:
    """(flow, its steps and whether each was reached)."""
    steps = [(step.partition("."), reached) for step, reached in report.flow_steps]
    return [
        (flow, [(step, reached) for (_, _, step), reached in own])
        for flow, own in groupby(steps, lambda each: each[0][0])
    ]


def _stopped(report: Report) -> list[StoppedTurn]:
    must_allow = [result for result in report.results if result.case.scenario.kind == "must_allow"]
    return [
        StoppedTurn(result.case.scenario.scenario, outcome.heard, *deciding(outcome))
        for result in must_allow
        for outcome in result.outcomes
        if deciding(outcome)[0] in DENIES
    ]


def _figures_changed(difference: Difference) -> list[tuple[Both, str, str, bool]]:
    """(name, then, now, whether it got better) of figures that changed."""
    figures: list[tuple[Both, Change, str, int]] = [
        (Both("Lost rules noticed", "丢失规则会被发现"), difference.mutation_score, "{:.0%}", 1),
        (Both("Harmless turns stopped", "误拦的无害对话"), difference.over_blocking, "{:.1%}", -1),
        (Both("A check at p95", "检查用时 p95"), difference.p95_ms, "{:.2f} ms", -1),
    ]
    return [
        (name, written.format(change.before), written.format(change.now), (change.now - change.before) * sign > 0)
        for name, change, written, sign in figures
        if change.changed and change.before is not None and change.now is not None
    ]
