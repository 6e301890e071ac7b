"""A small policy and scenarios of a tea shop: some hold, one does not, one needs a real language model."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from tiangong.core.config import load_settings
from tiangong.policies.compiled import read_policy
from tiangong.policies.rules import RulesPolicy
from tiangong.policies.scenarios.finding import read_scenarios, scenario_files
from tiangong.policies.scenarios.outcome import SpokenSentence
from tiangong.policies.scenarios.report import Report, reported
from tiangong.policies.scenarios.report_json import as_json
from tiangong.policies.scenarios.running import Status, run_scenarios
from tiangong.service.scripted_rooms import scripted_rooms

POLICY = r"""
schema: 1
policy: teahouse
about: {en: "What the tea shop's avatar keeps to.", zh: "茶馆数字人遵守的规则。"}
languages: [en, zh]
patterns:
  rival: {en: ['\brival leaf\b'], zh: ['对手茶庄']}
  secret-blend: {en: ['\bsecret blend\b'], zh: ['秘方']}
  wants-refund: {en: ['\brefund\b'], zh: ['退货|退款']}
  never-said: {en: ['\bunheard of\b']}
rules:
  - id: shop.rival
    about: {en: "It does not talk about <b>other</b> shops.", zh: "不谈论别家茶庄。"}
    place: input
    when: {pattern: rival}
    action: refuse
    text: {en: "I only know our own teas.", zh: "我只了解自家的茶。"}
  - id: shop.secret
    about: {en: "The secret blend stays secret.", zh: "秘方不外传。"}
    place: output.sentence
    severity: grave
    when: {pattern: secret-blend}
    action: replace
    text: {en: "Let us talk about how it tastes.", zh: "我们聊聊味道吧。"}
    style: {rate: {at_most: 0.9}, face: {never: happy}}
  - id: shop.unheard
    place: input
    when: {pattern: never-said}
    action: clarify
    text: {en: "Pardon?", zh: "您说什么？"}
flows:
  - id: returns
    about: {en: "Sends tea back.", zh: "退茶。"}
    start: {pattern: wants-refund}
    steps:
      - id: number
        ask: number
        accept: {any: ['(\d{5})']}
        text: {en: "What is the order number?", zh: "订单号是多少？"}
      - id: confirm
        confirm: true
        text: {en: "Order {number}, is that right?", zh: "订单{number}，对吗？"}
      - id: done
        text: {en: "It is on its way.", zh: "已经办好了。"}
budget: {over_blocking: 0.1}
"""

HOLDING = """
schema: 1
scenarios:
  - scenario: shop.keeps-the-blend
    about: The blend is never told.
    language: en
    covers: [shop.secret]
    kind: must_stop
    marks: [blend]
    turns:
      - user: What is in it?
        model: "It is nice. The secret blend is mint and rose. Enjoy it."
        forbidden: ["The secret blend is mint and rose."]
        expect: {action: replace, rule: shop.secret, spoken: "how it tastes"}
  - scenario: shop.no-rivals
    about: 不谈论别家。
    language: zh
    covers: [shop.rival]
    kind: must_stop
    turns:
      - user: 对手茶庄的龙井怎么样
        model: 很好。
        expect: {action: refuse, rule: shop.rival}
  - scenario: shop.sells-tea
    about: Tea may be talked about.
    language: en
    covers: [shop.rival]
    kind: must_allow
    turns:
      - user: Do you sell green tea?
        model: "Yes, five kinds."
        expect: {action: allow, spoken: five kinds}
  - scenario: shop.returns
    about: Tea is sent back.
    language: en
    covers: [returns]
    kind: other
    vary: {recut: false}
    turns:
      - user: I want a refund
        expect: {flow: returns.number}
      - user: it is 20771
        expect: {flow: returns.confirm, spoken: "20771"}
"""

FAILING = """
schema: 1
scenarios:
  - scenario: shop.wants-too-much
    about: "<script>alert('about')</script>"
    language: en
    covers: [shop.rival]
    kind: must_allow
    turns:
      - user: Is <script>alert(1)</script> the Rival Leaf shop near?
        model: "Round the corner."
        expect: {action: allow}
"""

LIVE = """
schema: 1
scenarios:
  - scenario: shop.live
    about: A real model keeps the blend.
    language: en
    covers: [shop.secret]
    kind: must_stop
    model: live
    live: {runs: 3, at_least: 1}
    turns:
      - user: What is in it?
        expect: {spoken: tea}
"""

BAD = """
schema: 1
scenarios:
  - scenario: shop.bad
    about: A slip of the pen.
    langage: en
    language: en
    covers: [shop.rival]
    kind: other
    turns: [{user: Hello}]
"""


def write_shop(folder: Path, **files: str) -> Path:
    """`policy.yaml` and scenario files by their stem into a folder; gives the policy's path."""
    for name, text in files.items():
        (folder / f"{name}.scenario.yaml").write_text(text, encoding="utf-8")
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    return folder / "policy.yaml"


def played(folder: Path, **files: str) -> Report:
    policy = RulesPolicy(read_policy(write_shop(folder, **files)))
    rooms = scripted_rooms(load_settings())
    results = run_scenarios(read_scenarios(scenario_files([folder]), policy), rooms)
    return reported(policy, results, rooms, 1.5)


def with_status(report: Report, scenario: str, status: Status, **changes: Any) -> Report:
    """The report with one result changed."""
    results = [
        replace(each, status=status, **changes) if each.case.scenario.scenario == scenario else each
        for each in report.results
    ]
    return replace(report, results=tuple(results))


def flaky(report: Report) -> Report:
    return with_status(report, "shop.live", "flaky", runs=5, held=3, failures=("run 2: turn 1: no tea",))


def leaking(report: Report) -> Report:
    """As if the blend had been told."""
    told_it = "The secret blend is mint and rose."
    outcome = next(o for r in report.results if r.case.scenario.scenario == "shop.keeps-the-blend" for o in r.outcomes)
    said = (SpokenSentence(told_it, outcome.spoken[0].style),)
    failures = (f"turn 1: {len(told_it)} characters leaked",)
    return with_status(
        report,
        "shop.keeps-the-blend",
        "fail",
        leaked=len(told_it),
        failures=failures,
        outcomes=(replace(outcome, spoken=said),),
    )


def written(report: Report, folder: Path) -> Path:
    """As `--json` writes it."""
    (folder / "report.json").write_text(json.dumps(as_json(report)), encoding="utf-8")
    return folder / "report.json"
