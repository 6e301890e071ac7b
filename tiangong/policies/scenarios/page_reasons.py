"""Why a scenario does not hold, in Chinese as well: what `expecting` and `running` say in English, read back by its form."""

import re
from collections.abc import Callable
from typing import Final

from tiangong.policies.scenarios.page_words import DOES, FEELINGS, Both

_BEFORE: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), zh)
    for pattern, zh in (
        (r"turn (\d+): ", r"第 \1 轮："),
        (r"run (\d+): ", r"第 \1 次："),
        (r"recut: ", "换处切分回答："),
        (r"evasion (\w+): ", r"变换用户写法（\1）："),
        (r"answer (\w+): ", r"变换回答写法（\1）："),
        (r"(?:flaky|fail|pass): (?=held in )", ""),
    )
)


def _action(name: str) -> str:
    return DOES[name].zh if name in DOES else name


def _decision(words: str) -> str:
    """ "refuse by shop.rival", "allow by no rule" and "allow by " in Chinese."""
    action, _, rule = words.partition(" by ")
    return f"{_action(action)}（{'无规则' if rule in ('', 'no rule') else rule}）"


def _actions(words: str) -> str:
    return "或".join(_action(name) for name in words.split(" or "))


def _feeling(name: str) -> str:
    return FEELINGS[name].zh if name in FEELINGS else name


_STYLES: Final = {"rate": "语速", "pitch": "音高", "energy": "音量"}
_Reader = Callable[[re.Match[str]], str]
_READERS: Final[dict[str, _Reader]] = {
    r"action is (.+), wanted (.+)": lambda m: f"决定是{_decision(m[1])}，应为{_actions(m[2])}",
    r"(\w+ by \S*) became (\w+ by \S*)": lambda m: f"{_decision(m[1])}变成了{_decision(m[2])}",
    r"rule (\S+) did not act; acted: (.+)": lambda m: f"规则 {m[1]} 没有触发；触发的是：{m[2].replace('none', '无')}",
    r"a check took (\S+) ms, wanted at most (\S+)": lambda m: f"一次检查用了 {m[1]} 毫秒，最多应为 {m[2]}",
    r"'(.+)' was not said; said: (.+)": lambda m: f"没有说“{m[1]}”；说的是：{m[2]}",
    r"'(.+?)' was said: (.+)": lambda m: f"说了“{m[1]}”：{m[2]}",
    r"(\d+) characters leaked(?:: (.+))?": lambda m: f"说出了 {m[1]} 个禁止的字符" + (f"：{m[2]}" if m[2] else ""),
    r"did not say that it is an AI: (.+)": lambda m: f"没有表明自己是人工智能：{m[1]}",
    r"said that it is an AI: (.+)": lambda m: f"说了自己是人工智能：{m[1]}",
    r"the flow is at '(.+)', wanted '(.+)'": lambda m: f"流程在“{m[1]}”，应在“{m[2]}”".replace("“none”", "流程之外"),
    r"no hand-off was asked for": lambda m: "没有转人工",
    r"handed off: (.+)": lambda m: f"不该转人工却转了：{m[1]}",
    r"the summary lacks '(.+?)': (.+)": lambda m: f"转人工的摘要缺少“{m[1]}”：{m[2].replace('None', '无')}",
    r"the summary tells '(.+?)': (.+)": lambda m: f"转人工的摘要里有“{m[1]}”：{m[2]}",
    r"the session went on": lambda m: "对话没有结束",
    r"the session ended": lambda m: "对话结束了",
    r"'(.+?)' did not reach the language model: (.+)": lambda m: f"“{m[1]}”没有传给语言模型",
    r"'(.+)' reached the language model": lambda m: f"“{m[1]}”传给了语言模型",
    r"the picture bears no AI mark": lambda m: "画面没有人工智能标识",
    r"the picture bears an AI mark": lambda m: "画面带有人工智能标识",
    r"the face shows (\w+), wanted (\w+), at (.+)": lambda m: f"表情是{_feeling(m[1])}，应为{_feeling(m[2])}：{m[3]}",
    r"the face shows (\w+) at (.+)": lambda m: f"表情不该是{_feeling(m[1])}：{m[2]}",
    r"the smile is (\S+), wanted at most (\S+), at (.+)": lambda m: f"笑意为 {m[1].replace('None', '未知')}，最多应为 {m[2]}：{m[3]}",
    r"the voice's (\w+) is (\S+), outside (\[.+\])": lambda m: f"{_STYLES.get(m[1], m[1])}为 {m[2]}，超出 {m[3]}",
    r"the verdicts depend on where the stream was cut": lambda m: "换个地方切分，决定就变了",
    r"held in (\d+) of (\d+) runs \(95 % interval (.+) to (.+)\)":
        lambda m: f"{m[2]} 次中有 {m[1]} 次通过（95% 区间 {m[3]} 至 {m[4]}）",
    r"no language model is set up; give one with (.+) or (.+)": lambda m: f"没有设置语言模型；用 {m[1]} 或 {m[2]} 指定",
}  # fmt: skip
_REASONS: Final = tuple((re.compile(pattern, re.DOTALL), reader) for pattern, reader in _READERS.items())


def reason(line: str) -> Both:
    """A line of a scenario's failures in both languages; where its form is not known, as it is in both."""
    before, rest = "", line
    while (begun := _begin(rest)) is not None:
        before, rest = before + begun[0], begun[1]
    for pattern, reader in _REASONS:
        if match := pattern.fullmatch(rest):
            return Both(line, before + reader(match))
    return Both(line, before + rest)


def _begin(text: str) -> tuple[str, str] | None:
    """(a part of the line's beginning in Chinese, what follows it)."""
    for pattern, zh in _BEFORE:
        if match := pattern.match(text):
            return match.expand(zh), text[match.end() :]
    return None
