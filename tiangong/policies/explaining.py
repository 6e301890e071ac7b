"""A policy in plain words, and why it judges a sentence as it does."""

from typing import Final

from tiangong.core.language import language_of
from tiangong.core.media import Action, Verdict
from tiangong.policies.compiled import CompiledPolicy, CompiledRule
from tiangong.policies.decision import Decision
from tiangong.policies.document import Place
from tiangong.policies.evidence import Evidence
from tiangong.policies.protocol import VISITOR
from tiangong.policies.rules import RulesPolicy
from tiangong.policies.wording import in_language

_DOES: Final[dict[Action, tuple[str, str]]] = {
    "allow": ("lets it pass", "放行"),
    "say": ("answers by itself", "自行回答"),
    "replace": ("says something else instead", "换一句话说"),
    "redact": ("hides the part in question", "隐去相关部分"),
    "rewrite": ("says it in other words", "换个说法"),
    "clarify": ("asks back", "反问澄清"),
    "disclose": ("says that it is an AI", "说明自己是人工智能"),
    "care": ("answers with care and names where help is", "关怀并告知求助途径"),
    "refuse": ("declines", "婉拒"),
    "hand_off": ("passes the talk on to a human colleague", "转给人工同事"),
    "end": ("ends the talk", "结束对话"),
}
_WHERE: Final[dict[Place, tuple[str, str]]] = {
    "input": ("When the user says it", "用户说出时"),
    "output.sentence": ("Before the avatar says it", "数字人说出之前"),
    "output.final": ("When an answer ends", "回答结束时"),
    "session": ("As long as the talk lasts", "整个对话期间"),
    "media": ("In face and voice", "在表情与声音上"),
    "tool": ("Before something is done", "执行操作之前"),
}


def policy_in_words(policy: CompiledPolicy, language: str) -> str:
    """All rules and flows, for a manager."""
    zh = language == "zh"
    lines = [policy.file.policy + (f": {in_language(policy.file.about, language)}" if policy.file.about else "")]
    for pack in dict.fromkeys(rule.pack for rule in policy.rules):
        lines += ["", pack]
        lines += [f"  {_rule_in_words(each, zh)}" for each in policy.rules if each.pack == pack]
    for each in policy.flows:
        steps = " > ".join(step.id for step in each.flow.steps)
        lines += ["", f"{'流程' if zh else 'flow'} {each.flow.id}: {steps}"]
    return "\n".join(lines)


def _rule_in_words(each: CompiledRule, zh: bool) -> str:
    rule = each.rule
    about = in_language(rule.about, "zh" if zh else "en") if rule.about else rule.id
    where, does = _WHERE[rule.place][zh], _DOES[rule.action][zh]
    return f"{rule.id}: {about} （{where}：{does}）" if zh else f"{rule.id}: {about} ({where}, it {does}.)"


def explained(policy: RulesPolicy, text: str, direction: str, language: str | None = None) -> str:
    """The verdict on one sentence, which rules spoke, on what grounds."""
    decisions: list[Decision] = []
    session = policy.session(VISITOR, decisions.append)
    spoken = language or language_of(text)
    verdict = session.check_input(text, spoken, None) if direction == "input" else session.check_output(text, spoken)
    zh = spoken == "zh"
    lines = [f"{'判定' if zh else 'verdict'}: {verdict.action} ({_DOES[verdict.action][zh]})"]
    lines += _grounds(policy.compiled, verdict, decisions[-1], text, zh)
    evidence = Evidence(text, direction, policy.compiled.detectors)
    readings = [form.text for form in evidence.forms]
    lines.append(f"{'读作' if zh else 'read as'}: {' | '.join(readings)}")
    likely = sorted(evidence.intents.items(), key=lambda item: -item[1])[:3]
    lines.append(f"{'意图' if zh else 'intents'}: {', '.join(f'{label} {share:.2f}' for label, share in likely)}")
    lines.append(f"{'用时' if zh else 'took'}: {verdict.elapsed_ms:.2f} ms")
    return "\n".join(lines)


def _grounds(policy: CompiledPolicy, verdict: Verdict, decision: Decision, text: str, zh: bool) -> list[str]:
    lines: list[str] = []
    for outcome in decision.outcomes:
        rule = policy.rule(outcome.rule)
        about = in_language(rule.rule.about, "zh" if zh else "en") if rule and rule.rule.about else ""
        seen = ", ".join(repr(text[start:end]) for start, end in outcome.spans)
        decided = (" *" if outcome.rule == verdict.rule else "") + (
            f" [{outcome.status}]" if outcome.status != "hit" else ""
        )
        lines.append(f"  {outcome.rule}{decided}" + (f": {seen}" if seen else "") + (f" - {about}" if about else ""))
    if verdict.text:
        lines.append(f"{'改说' if zh else 'says'}: {verdict.text}")
    return lines
