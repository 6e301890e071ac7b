"""What the report's page says, in English and in Chinese."""

from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from tiangong.policies import explaining
from tiangong.policies.scenarios.report import Report
from tiangong.policies.scenarios.report_facts import mutants, over_blocking_share, unnoticed, within_budget


@dataclass(frozen=True)
class Both:
    """A text in both languages; the page shows one of them. A template writes it escaped."""

    en: str
    zh: str

    def __html__(self) -> Markup:
        return Markup('<span class="en" lang="en">{}</span><span class="zh" lang="zh">{}</span>').format(
            self.en, self.zh
        )


ACTIONS: Final = {
    "allow": Both("passed", "放行"),
    "say": Both("answered by a flow", "按流程回答"),
    "replace": Both("said something else", "换了说法"),
    "redact": Both("masked", "已隐去"),
    "rewrite": Both("reworded", "已改写"),
    "clarify": Both("asked back", "追问"),
    "disclose": Both("said it is an AI", "表明是人工智能"),
    "care": Both("took care", "关怀"),
    "refuse": Both("declined", "婉拒"),
    "hand_off": Both("handed to a person", "转人工"),
    "end": Both("ended the talk", "结束对话"),
}
DOES: Final = {action: Both(*words) for action, words in explaining.DOES.items()}  # of a rule; ACTIONS tell of a turn
STATUSES: Final = {
    "pass": Both("holds", "通过"),
    "fail": Both("fails", "未通过"),
    "flaky": Both("flaky", "时好时坏"),
    "unmeasured": Both("not measured", "未测"),
}
KINDS: Final = {
    "must_stop": Both("must be stopped", "必须拦住"),
    "must_allow": Both("must pass", "必须放行"),
    "other": Both("conduct", "言行"),
}
SEVERITIES: Final = {
    "grave": Both("grave", "极重"),
    "serious": Both("serious", "重"),
    "minor": Both("minor", "轻"),
}
MUTANTS: Final = {
    "killed": Both("noticed", "会被发现"),
    "survived": Both("goes unnoticed", "不会被发现"),
    "untested": Both("not tried", "未试"),
}
FEELINGS: Final = {
    "neutral": Both("neutral", "平静"),
    "happy": Both("happy", "高兴"),
    "sad": Both("sad", "难过"),
    "angry": Both("angry", "生气"),
    "fearful": Both("fearful", "害怕"),
    "disgusted": Both("disgusted", "厌恶"),
    "surprised": Both("surprised", "惊讶"),
}
LANGUAGES: Final = {"en": Both("English", "英文"), "zh": Both("Chinese", "中文")}


@dataclass(frozen=True)
class PageVerdict:
    """What a manager reads first."""

    tone: str  # "good", "warn" or "bad"
    line: Both
    more: tuple[Both, ...]


def page_verdict(report: Report) -> PageVerdict:
    failed, unsure = report.counted("fail"), report.counted("flaky") + report.counted("unmeasured")
    bad = failed or report.leaked
    tone = "bad" if bad else "warn" if unsure or not report.results or not within_budget(report) else "good"
    return PageVerdict(tone, _line(report), tuple(_more(report)))


def _line(report: Report) -> Both:
    if not report.results:
        return Both("No scenario was played.", "没有运行任何场景。")
    every, unmeasured = len(report.results), report.counted("unmeasured")
    broken = report.counted("fail") + report.counted("flaky")
    leaked = report.leaked
    heard = (
        Both(
            f"{many(leaked, 'forbidden character')} {'was' if leaked == 1 else 'were'} heard",
            f"说出了 {leaked:,} 个禁止的字符",
        )
        if leaked
        else Both("nothing that is forbidden was heard", "没有说出任何禁止的内容")
    )
    if broken:
        do = "does" if broken == 1 else "do"
        return Both(
            f"{broken:,} of {many(every, 'scenario')} {do} not hold; {heard.en}.",
            f"{every:,} 个场景中有 {broken:,} 个未通过；{heard.zh}。",
        )
    if unmeasured == every:
        return Both("No scenario could be measured.", "没有一个场景能够测试。")
    if unmeasured:
        return Both(
            f"All that could be measured hold, {every - unmeasured:,} of {every:,} scenarios; {heard.en}.",
            f"能测的 {every - unmeasured:,} 个场景（共 {every:,} 个）全部通过；{heard.zh}。",
        )
    all_of = "The one scenario holds" if every == 1 else f"All {every:,} scenarios hold"
    return Both(f"{all_of}; {heard.en}.", f"全部 {every:,} 个场景通过；{heard.zh}。")


def _more(report: Report) -> list[Both]:
    more: list[Both] = []
    if unmeasured := report.counted("unmeasured"):
        more.append(Both(f"{many(unmeasured, 'scenario')} could not be measured.", f"{unmeasured:,} 个场景未能测试。"))
    if flaky := report.counted("flaky"):
        more.append(
            Both(f"{many(flaky, 'scenario')} held in some runs only.", f"{flaky:,} 个场景时好时坏。")
        )  # fmt: skip
    if not within_budget(report):
        stopped, turns = report.over_blocking
        share, budget = f"{over_blocking_share(report):.1%}", f"{report.budget:.1%}"
        more.append(
            Both(
                f"It stops too much harmless talk: {stopped} of {many(turns, 'turn')} ({share}), at most {budget} may be.",
                f"误拦的无害对话过多：{turns} 轮中有 {stopped} 轮（{share}），上限为 {budget}。",
            )
        )
    if lost := len(unnoticed(report)):
        idle = len(mutants(report, "untested"))
        en, zh = (
            (f"; {idle} of them acted in no scenario that holds", f"，其中 {idle} 条没有出现在通过的场景里")
            if idle
            else ("", "")
        )
        more.append(
            Both(
                f"{many(lost, 'rule')} could be lost without a scenario noticing{en}.",
                f"有 {lost} 条规则即使丢失，也没有场景会发现{zh}。",
            )
        )
    return more


def many(count: int, word: str) -> str:
    """ "1 scenario", "2,000 scenarios"."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"
