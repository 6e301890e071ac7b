"""A policy in plain words, and why it judges a sentence as it does."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tiangong.core.language import language_of
from tiangong.core.media import Action, Verdict
from tiangong.policies.compiled import CompiledPolicy, CompiledRule
from tiangong.policies.decision import Decision
from tiangong.policies.document import Place, Style
from tiangong.policies.evidence import Evidence, Span
from tiangong.policies.protocol import VISITOR
from tiangong.policies.rules import RulesPolicy
from tiangong.policies.signs import Sign, SignKind, signs, words_at
from tiangong.policies.wording import in_language

DOES: Final[dict[Action, tuple[str, str]]] = {  # English, Chinese
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
_SIGNS: Final[dict[SignKind, tuple[str, str]]] = {
    "pattern": ("pattern", "句式"),
    "words": ("words", "词表"),
    "personal_data": ("personal data", "个人信息"),
    "intent": ("intent", "意图"),
    "topic": ("topic", "话题"),
}
_FEELS: Final = {
    "neutral": "平静", "happy": "高兴", "sad": "难过", "angry": "生气", "fearful": "害怕", "disgusted": "厌恶", "surprised": "惊讶",
}  # fmt: skip


@dataclass(frozen=True)
class RuleInWords:
    id: str
    about: str
    where: str
    does: str
    severity: str


@dataclass(frozen=True)
class PackInWords:
    pack: str
    rules: tuple[RuleInWords, ...]


@dataclass(frozen=True)
class FlowInWords:
    id: str
    about: str
    steps: tuple[str, ...]


@dataclass(frozen=True)
class PolicyInWords:
    """A policy as a manager reads it."""

    policy: str
    about: str
    packs: tuple[PackInWords, ...]
    flows: tuple[FlowInWords, ...]


@dataclass(frozen=True)
class Ground:
    """One rule that spoke."""

    rule: str
    about: str
    decides: bool
    status: str  # "hit", "broken", "unverified" ...
    seen: tuple[str, ...]  # the words that it speaks of
    signs: tuple[str, ...]  # which detectors found them, how sure they are and how sure they must be, in words


@dataclass(frozen=True)
class Explanation:
    """The verdict on one sentence, and its grounds."""

    text: str
    language: str
    verdict: Verdict
    does: str
    grounds: tuple[Ground, ...]
    spans: tuple[Span, ...]  # of the deciding rule, code points of `text`
    limits: tuple[str, ...]  # of face and voice, in words
    readings: tuple[str, ...]  # what the text was read as
    intents: tuple[tuple[str, float], ...]  # the three likeliest


def in_words(policy: CompiledPolicy, language: str) -> PolicyInWords:
    zh = language == "zh"
    packs = tuple(
        PackInWords(pack, tuple(_rule_in_words(each, zh) for each in policy.rules if each.pack == pack))
        for pack in dict.fromkeys(rule.pack for rule in policy.rules)
    )
    flows = tuple(
        FlowInWords(
            each.flow.id,
            in_language(each.flow.about, language) if each.flow.about else "",
            tuple(step.id for step in each.flow.steps),
        )
        for each in policy.flows
    )
    return PolicyInWords(
        policy.file.policy, in_language(policy.file.about, language) if policy.file.about else "", packs, flows
    )


def _rule_in_words(each: CompiledRule, zh: bool) -> RuleInWords:
    rule = each.rule
    about = in_language(rule.about, "zh" if zh else "en") if rule.about else rule.id
    does = "；".join(_limits(rule.style, zh)) if zh else "; ".join(_limits(rule.style, zh))
    if rule.action != "allow" or not does:
        does = DOES[rule.action][zh]
    return RuleInWords(rule.id, about, _WHERE[rule.place][zh], does, rule.severity)


def policy_in_words(policy: CompiledPolicy, language: str) -> str:
    """All rules and flows, as the terminal shows them."""
    told, zh = in_words(policy, language), language == "zh"
    lines = [told.policy + (f": {told.about}" if told.about else "")]
    for pack in told.packs:
        lines += ["", pack.pack]
        for rule in pack.rules:
            way = f"（{rule.where}：{rule.does}）" if zh else f"({rule.where}: {rule.does})"
            lines.append(f"  {rule.id}: {rule.about} {way}")
    for flow in told.flows:
        lines += ["", f"{'流程' if zh else 'flow'} {flow.id}: {' > '.join(flow.steps)}"]
    return "\n".join(lines)


def _limits(style: Style, zh: bool) -> Iterator[str]:
    feels = _FEELS if zh else {feeling: feeling for feeling in _FEELS}
    if style.face.show:
        yield f"神情{feels[style.face.show]}" if zh else f"looks {feels[style.face.show]}"
    if style.face.never:
        never = [feels[feeling] for feeling in style.face.never]
        yield f"不显露{'、'.join(never)}" if zh else f"never looks {' or '.join(never)}"
    for name, chinese, bounds in (("pace", "语速", style.rate), ("energy", "音量", style.energy)):
        if bounds.at_most < 1:
            yield f"{chinese}至多 {bounds.at_most:.0%}" if zh else f"{name} at most {bounds.at_most:.0%}"


def explanation(
    policy: RulesPolicy, text: str, direction: str, language: str | None = None, told_in: str | None = None
) -> Explanation:
    """Why a sentence is judged as it is, as the first of a talk. `direction`: "input" (the user says it) or "output".

    `language` is the sentence's, `told_in` the explanation's ("en" or "zh"): by default the sentence's too."""
    decisions: list[Decision] = []
    session = policy.session(VISITOR, decisions.append)
    spoken = language or language_of(text)
    verdict = session.check_input(text, spoken, None) if direction == "input" else session.check_output(text, spoken)
    zh = (told_in or spoken) == "zh"
    evidence = Evidence(text, direction, policy.compiled.detectors)
    rules = [policy.compiled.rule(outcome.rule) for outcome in decisions[-1].outcomes if outcome.status == "hit"]
    limits = dict.fromkeys(line for rule in rules if rule for line in _limits(rule.rule.style, zh))
    return Explanation(
        text,
        spoken,
        verdict,
        DOES[verdict.action][zh],
        tuple(_grounds(policy.compiled, verdict, decisions[-1], evidence, zh)),
        tuple(verdict.spans),
        tuple(limits),
        tuple(form.text for form in evidence.forms),
        tuple(sorted(evidence.intents.items(), key=lambda item: -item[1])[:3]),
    )


def _grounds(
    policy: CompiledPolicy, verdict: Verdict, decision: Decision, text: Evidence, zh: bool
) -> Iterator[Ground]:
    for outcome in decision.outcomes:
        rule = policy.rule(outcome.rule)
        about = in_language(rule.rule.about, "zh" if zh else "en") if rule and rule.rule.about else ""
        seen = words_at(outcome.spans, text.text)
        why = tuple(_sign(each, zh) for each in signs(rule.rule.when, rule.pack, text)) if rule else ()
        yield Ground(outcome.rule, about, outcome.rule == verdict.rule, outcome.status, seen, why)


def _sign(sign: Sign, zh: bool) -> str:
    told = f"{_SIGNS[sign.kind][zh]} {sign.name}"
    if sign.score is not None and sign.at_least is not None:
        bar = f"（{sign.at_least:.2f} 起算）" if zh else f" (counts from {sign.at_least:.2f})"
        return f"{told} {sign.score:.2f}{bar}"
    seen = "、".join(f"“{words}”" for words in sign.seen) if zh else ", ".join(f"“{words}”" for words in sign.seen)
    return f"{told}：{seen}" if zh else f"{told}: {seen}"


def explained(policy: RulesPolicy, text: str, direction: str, language: str | None = None) -> str:
    """The same, as the terminal shows it."""
    found = explanation(policy, text, direction, language)
    zh = found.language == "zh"
    lines = [f"{'判定' if zh else 'verdict'}: {found.verdict.action} ({found.does})"]
    for ground in found.grounds:
        sign = (" *" if ground.decides else "") + (f" [{ground.status}]" if ground.status != "hit" else "")
        seen = f": {', '.join(map(repr, ground.seen))}" if ground.seen else ""
        lines.append(f"  {ground.rule}{sign}{seen}" + (f" - {ground.about}" if ground.about else ""))
        lines += [f"    {why}" for why in ground.signs]
    if found.verdict.text:
        lines.append(f"{'改说' if zh else 'says'}: {found.verdict.text}")
    if found.limits:
        lines.append(f"{'神情与声音' if zh else 'face and voice'}: {'; '.join(found.limits)}")
    lines.append(f"{'读作' if zh else 'read as'}: {' | '.join(found.readings)}")
    lines.append(
        f"{'意图' if zh else 'intents'}: {', '.join(f'{label} {share:.2f}' for label, share in found.intents)}"
    )
    lines.append(f"{'用时' if zh else 'took'}: {found.verdict.elapsed_ms:.2f} ms")
    return "\n".join(lines)
