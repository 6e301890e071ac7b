"""One conversation under a policy: what was said before, counters, feelings, flows."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final, get_args

from tiangong.core.errors import EngineError
from tiangong.core.media import Emotion, Verdict
from tiangong.core.style import StyleLimits
from tiangong.policies import flows
from tiangong.policies.compiled import CompiledFlow, CompiledPolicy, CompiledRule
from tiangong.policies.covering import covered_by, for_others, remembered, spans_of
from tiangong.policies.decision import Decision
from tiangong.policies.document import Place
from tiangong.policies.evidence import Circumstances, Evidence, Judged, written_language
from tiangong.policies.judges.protocol import Question
from tiangong.policies.judging import NOTHING, Judgement, across, judge, merged_spans
from tiangong.policies.later import Later, overturning
from tiangong.policies.protocol import Caller
from tiangong.policies.wording import (
    ANSWERS_WITHOUT_TEXT,
    BROKEN,
    UNVERIFIED,
    as_texts,
    excerpt,
    in_language,
    summary_of,
    without_personal_data,
)

CLARIFIED: Final = "clarified"  # the counter of inputs that were answered with "clarify"; rules may count into it, too
_LOOK_BACK_CHARS: Final = 240  # of the answer so far: longer than any pattern
_SENTENCE_MARKS: Final = " \n\t.!?,;:。！？，；：…"
_GOES_ON: Final = frozenset({"allow", "redact", "rewrite"})  # an input that still reaches the language model
_ENDS_A_FLOW: Final = frozenset({"care", "hand_off", "end"})


class RuleSession:
    """State of one session; the compiled policy is shared."""

    def __init__(
        self,
        policy: CompiledPolicy,
        names: dict[str, str],
        caller: Caller,
        record: Callable[[Decision], None],
        tools: dict[str, flows.Tool],
    ) -> None:
        self._policy, self._names, self._caller, self._record, self._tools = policy, names, caller, record, tools
        self.counters: dict[str, int] = {}
        self.flow: flows.FlowState | None = None
        self._interrupted = False  # something else came between a question of the flow and its answer
        self._turn = 0
        self._said: list[str] = []  # sentences of this answer as they are heard
        self._meant: list[str] = []  # and as the language model wrote them: a claim may end in the next one
        self._heard: list[str] = []  # what the user said, personal data masked
        self._emotion: Emotion | None = None
        self._style = StyleLimits()  # of this turn, for every sentence of its answer
        self._spoken: dict[str, int] = {}  # how often a rule's texts were used: they take turns

    # --- the four doors ------------------------------------------------------------------------------------------------

    def open(self, language: str) -> Verdict:
        started_s = time.perf_counter()
        self._said, self._meant, self._style = [], [], StyleLimits()
        text = Evidence("", "input", self._policy.detectors)
        judgement = judge(self._policy, ("session",), text, self._known(), language)
        return self._decided(judgement, "session", text, language, started_s)

    def check_input(self, text: str, language: str, emotion: Emotion | None) -> Verdict:
        started_s = time.perf_counter()
        self._turn += 1
        self._said, self._meant, self._emotion = [], [], emotion
        evidence = Evidence(text, "input", self._policy.detectors)
        written = written_language(text, language)
        judgement = judge(self._policy, ("input", "session"), evidence, self._known(), written)
        media = judge(self._policy, ("media",), evidence, self._known(), written)
        self._style = media.style.joined(judgement.style)
        judgement = judgement.with_outcomes_of(media)
        self._heard.append(excerpt(for_others(evidence, judgement, language)))
        action = judgement.deciding.rule.rule.action if judgement.deciding else "allow"
        reply = self._flowed(evidence) if action in _GOES_ON else None
        if reply and reply.action != "allow":
            return self._flow_verdict(reply, judgement, evidence, language, started_s)
        if action in _ENDS_A_FLOW:
            self.flow = None
        self._interrupted = self.flow is not None
        return self._decided(judgement, "input", evidence, language, started_s, written)

    def check_output(self, sentence: str, language: str) -> Verdict:
        started_s = time.perf_counter()
        evidence = Evidence(sentence, "output", self._policy.detectors)
        written = written_language(sentence, language)
        own = self._policy.wrote(sentence)
        judgement = NOTHING if own else judge(self._policy, ("output.sentence",), evidence, self._known(), written)
        if not own and not judgement.hits and (before := self._before(written)):
            joint = Evidence(before + sentence, "output", self._policy.detectors)
            cut = across(self._policy, ("output.sentence",), before, sentence, self._known(), joint)
            judgement = replace(judgement, hits=cut.hits, outcomes=(*judgement.outcomes, *cut.outcomes))
        verdict = self._decided(judgement, "output.sentence", evidence, language, started_s, written)
        self._meant.append(sentence)
        if (passed := sentence if verdict.action == "allow" else verdict.text or "") and verdict.action != "end":
            self._said.append(passed)
        return verdict

    def check_answer(self, language: str) -> Verdict:
        started_s = time.perf_counter()
        evidence = Evidence(" ".join(self._said), "output", self._policy.detectors)
        judgement = judge(self._policy, ("output.final",), evidence, self._known(), language)
        if judgement.deciding is None and self._interrupted and self.flow and (flow := self._flow(self.flow.flow)):
            self._interrupted = False
            reply = flows.asked_again(flow, self.flow)
            return self._flow_verdict(reply, judgement, evidence, language, started_s, "output.final")
        return self._decided(judgement, "output.final", evidence, language, started_s)

    def check_tool(self, tool: str, arguments: str, language: str) -> Verdict:
        """Judge a call of a tool before it is made; anything but "allow" forbids it."""
        started_s = time.perf_counter()
        evidence = Evidence(arguments, "input", self._policy.detectors)
        known = replace(self._known(), tool=tool, judged={})  # nobody waits here for a judge
        judgement = judge(self._policy, ("tool",), evidence, known, language)
        return self._decided(judgement, "tool", evidence, language, started_s)

    # --- from judgement to verdict -------------------------------------------------------------------------------------

    def _decided(
        self, judgement: Judgement, place: str, text: Evidence, language: str, started_s: float, written: str = ""
    ) -> Verdict:
        verdict = self._verdict(judgement, place, text, language, written)
        if place == "input" and verdict.action in ("clarify", "hand_off"):  # thrice: a person had better take over
            self.counters[CLARIFIED] = self.counters.get(CLARIFIED, 0) + 1 if verdict.action == "clarify" else 0
        verdict = self._finished(verdict, judgement, place, text, language, started_s)
        later = self._later(judgement, place, text, language, written) if verdict.action in _GOES_ON else None
        return replace(verdict, later=later)

    def _finished(
        self, verdict: Verdict, judgement: Judgement, place: str, text: Evidence, language: str, started_s: float
    ) -> Verdict:
        """With the tone of the turn, what is to be remembered and the time it took; and written down."""
        style = self._style.joined(verdict.style)
        kept = remembered(text, judgement, language) if place == "input" else None
        verdict = replace(verdict, style=style, remembered=kept, elapsed_ms=(time.perf_counter() - started_s) * 1000)
        self._write_down(verdict, judgement, place, text, language)
        return verdict

    def _later(self, pending: Judgement, place: str, text: Evidence, language: str, written: str) -> Later | None:
        """What a judge has still to be asked about a text that goes on; None where nothing is."""
        judge_model = self._policy.detectors.judge
        if judge_model is None or not pending.pending:
            return None
        before = tuple(without_personal_data(each, language) for each in self._said[-3:])
        heard = self._heard[-1] if self._heard and text.direction == "output" else ""
        about = Question("", for_others(text, pending, language), text.direction, before, heard)
        defaults, known, turn = self._policy.file.defaults, self._known(), self._turn

        def decide(judged: dict[str, Judged], held: bool) -> Verdict:
            started_s = time.perf_counter()
            rules, now = pending.pending, replace(known, judged=judged)
            again = judge(self._policy, (*get_args(Place),), text, now, written or language, rules)
            verdict = self._verdict(again, place, text, language, written)
            verdict = replace(verdict, style=self._style.joined(verdict.style))
            verdict = overturning(verdict, again, defaults.late_text, language, held=held)
            verdict = replace(verdict, elapsed_ms=(time.perf_counter() - started_s) * 1000)
            if held and place == "output.sentence" and verdict.action != "allow":
                self._said[-1:] = [verdict.text] if verdict.text else []
            self._write_down(verdict, again, place, text, language, late_in=turn)
            return verdict

        return Later(judge_model, pending.pending, about, decide, waits=defaults.judge == "wait")

    def _verdict(self, judgement: Judgement, place: str, text: Evidence, language: str, written: str) -> Verdict:
        hit = judgement.deciding
        if judgement.broken and (hit is None or hit.rule.rule.action == "allow"):
            said = in_language(self._policy.file.defaults.broken_text or BROKEN, language)
            action = "replace" if place.startswith("output") else "clarify"
            return Verdict(action, judgement.broken.rule.id, said, status="broken")
        if hit is None and (unknown := judgement.unverified):
            stops = written not in self._policy.file.languages or unknown.rule.severity == "grave"
            return self._unverified(place, language) if stops else Verdict("allow", status="unverified")
        if hit is None:
            return Verdict("allow")
        for each in judgement.hits:
            if each.rule.rule.count:
                self.counters[each.rule.rule.count] = self.counters.get(each.rule.rule.count, 0) + 1
        rule = hit.rule.rule
        spans = merged_spans(hit.spans)
        if rule.action in ("redact", "rewrite"):
            said = covered_by(rule.action, text, judgement, language)
            return Verdict(rule.action, rule.id, said, judgement.style, spans_of(judgement, rule.action, text))
        summary = self.summary(language) if rule.action == "hand_off" else ""
        said = self._words_of(hit.rule, language) if rule.action != "allow" else None
        return Verdict(rule.action, rule.id, said, judgement.style, spans, summary=summary)

    def _unverified(self, place: str, language: str) -> Verdict:
        defaults = self._policy.file.defaults
        said = in_language(defaults.unverified_text or UNVERIFIED, language)
        action = "replace" if place.startswith("output") else defaults.unverified
        return Verdict(action, "language.unverified", said, status="unverified")

    def _words_of(self, rule: CompiledRule, language: str) -> str | None:
        texts = rule.rule.text or ANSWERS_WITHOUT_TEXT.get(rule.rule.action, {})
        if not texts:
            return None
        used = self._spoken.get(rule.rule.id, 0)
        self._spoken[rule.rule.id] = used + 1
        return flows.filled(in_language(texts, language, used), {}, in_language(as_texts(self._names), language))

    # --- flows ---------------------------------------------------------------------------------------------------------

    def _flowed(self, text: Evidence) -> flows.FlowReply | None:
        known = self._known()
        if self.flow is not None and (current := self._flow(self.flow.flow)):
            return flows.gone_on(self._policy.flows, current, self.flow, text, known)
        return flows.begun(self._policy.flows, text, known)

    def _flow(self, flow_id: str) -> CompiledFlow | None:
        return next((each for each in self._policy.flows if each.flow.id == flow_id), None)

    def _flow_verdict(
        self, reply: flows.FlowReply, judgement: Judgement, text: Evidence, language: str, started_s: float,
        place: str = "input",
    ) -> Verdict:  # fmt: skip
        self.flow = reply.state
        slots = dict(reply.slots)
        action = reply.action
        if reply.acted:
            action, slots["result"] = self._act(reply, language)
        said = in_language(reply.text or ANSWERS_WITHOUT_TEXT.get(action, {}), language, 0)
        said = flows.filled(said, slots, in_language(as_texts(self._names), language))
        summary = self.summary(language, slots) if action == "hand_off" else ""
        verdict = Verdict(action, f"{reply.flow}.{reply.step}", said, summary=summary)
        return self._finished(verdict, judgement, place, text, language, started_s)

    def _act(self, reply: flows.FlowReply, language: str) -> tuple[flows.Action, str]:
        """Call the tool of a step, if the policy lets it; a tool that fails or is not there hands the caller to a person."""
        call = self._tools.get(reply.acted)
        arguments = " ".join(reply.slots.values())
        if call is None or self.check_tool(reply.acted, arguments, language).action != "allow":
            return "hand_off", ""
        try:
            return "say", call(reply.slots)
        except EngineError:
            return "hand_off", ""

    @property
    def flow_place(self) -> str:
        """ "flow.step" where the conversation stands in a flow, else ""."""
        flow = self._flow(self.flow.flow) if self.flow else None
        return f"{flow.flow.id}.{flow.flow.steps[self.flow.step].id}" if flow and self.flow else ""

    # --- what is known, and what is written down -----------------------------------------------------------------------

    def summary(self, language: str, slots: dict[str, str] | None = None) -> str:
        """What a human colleague should know: what the user said last, how they seem to feel, what was collected."""
        return summary_of(self._heard, self._emotion, slots or {}, language)

    def _known(self) -> Circumstances:
        return Circumstances(self._caller.asker, self._caller.consent, self._emotion, self.counters, self._turn)

    def _before(self, written: str) -> str:
        """The end of the answer so far, as it would read on into the next sentence without a stop."""
        joint = "" if written == "zh" else " "
        meant = joint.join(self._meant)[-_LOOK_BACK_CHARS:].rstrip(_SENTENCE_MARKS)
        return meant + joint if meant else ""

    def _write_down(
        self,
        verdict: Verdict,
        judgement: Judgement,
        place: str,
        text: Evidence,
        language: str,
        late_in: int | None = None,
    ) -> None:
        felt = self._emotion
        shown = excerpt(for_others(text, judgement, language))
        said = shown if verdict.action == "allow" else without_personal_data(excerpt(verdict.text or ""), language)
        summary = without_personal_data(verdict.summary, language)
        kept = replace(verdict, text=said, summary=summary, remembered=None)
        self._record(
            Decision(
                self._turn if late_in is None else late_in,
                place,
                shown,
                language,
                felt.label if felt else "",
                felt.confidence if felt else 0.0,
                judgement.outcomes,
                judgement.looked,
                kept,
                said,
                late_in is not None,
            )
        )
