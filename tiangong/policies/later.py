"""A judge model's word on a text that the embedded checks have passed: asked beside the loop, decided where all checks are."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from tiangong.core.errors import EngineError
from tiangong.core.media import Verdict
from tiangong.policies.compiled import CompiledRule, conditions_in
from tiangong.policies.document import ByLanguage
from tiangong.policies.evidence import Judged
from tiangong.policies.judges.protocol import Judge, JudgeTimeout, Question
from tiangong.policies.judging import Judgement
from tiangong.policies.wording import LATE, in_language

_NOT_ASKED: Final = "the judge was not asked"
_BROKEN: Final = ("broken", "timeout")

Decide = Callable[[dict[str, Judged], bool], Verdict]


class Later:
    """One text's questions to the judge; `decide` makes a verdict of the answers by question, and whether the text was held."""

    def __init__(
        self, judge: Judge, rules: Sequence[CompiledRule], about: Question, decide: Decide, *, waits: bool
    ) -> None:
        """`about` without a question; `waits`: the text is held where one of the rules is grave."""
        self.must_hold = waits and any(each.rule.severity == "grave" for each in rules)
        self._judge, self._decide = judge, decide
        self._questions = [replace(about, asks=asks) for asks in _questions_of(rules)]
        self._answers: dict[str, Judged] = {}

    def ask(self) -> None:
        for question in self._questions:
            try:
                self._answers[question.asks] = Judged(self._judge.judge(question))
            except JudgeTimeout as error:
                self._answers[question.asks] = Judged(None, "timeout", str(error))
            except EngineError as error:
                self._answers[question.asks] = Judged(None, "broken", str(error))

    def give_up(self, reason: str) -> None:
        for question in self._questions:
            self._answers.setdefault(question.asks, Judged(None, "broken", reason))

    def verdict(self, held: bool) -> Verdict:
        self.give_up(_NOT_ASKED)
        return self._decide(dict(self._answers), held)


def overturning(verdict: Verdict, found: Judgement, late_text: ByLanguage, language: str, *, held: bool) -> Verdict:
    """What a judge's word does to a text that was `held` for it, or that went on without it.

    A check that broke is its own status, and closes the door only where the text was held for a grave rule: a judge that is
    away must not silence the avatar. Words that may have been heard already are taken back before the rule's own are said.
    """
    if verdict.status == "broken":
        closes = held and found.broken is not None and found.broken.rule.severity == "grave"
        return verdict if closes else Verdict("allow", verdict.rule, style=verdict.style, status="broken")
    if found.broken is None and verdict.action == "allow" and any(o.status in _BROKEN for o in found.outcomes):
        return replace(verdict, status="broken")
    if held or verdict.action == "allow":
        return verdict
    own = "" if verdict.action in ("redact", "rewrite") else verdict.text or ""
    between = "" if language == "zh" or not own else " "
    return replace(verdict, text=in_language(late_text or LATE, language) + between + own)


def _questions_of(rules: Sequence[CompiledRule]) -> list[str]:
    """What a judge is asked for these rules, each once."""
    parts = (part for each in rules for top in (each.rule.when, *each.rule.unless) for part in conditions_in(top))
    return list(dict.fromkeys(part.judge for part in parts if part.judge is not None))
