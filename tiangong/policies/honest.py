"""The first policy: an avatar that never passes for a human being, and never reads machine text aloud."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tiangong.core.media import Emotion, Verdict
from tiangong.policies.decision import Decision
from tiangong.policies.protocol import Caller

# "I am a real person", "I'm not an AI", "我是真人", "我不是机器人" - as a claim of the speaker, not within a negation of it.
_CLAIMS_HUMAN: Final = re.compile(
    r"\bI(?:\s+am|'m|’m)\s+(?:(?:actually|really|just|also)\s+)?(?:a\s+|an\s+)?(?:real\s+|actual\s+|living\s+)?"
    r"(?:human(?:\s+being)?|person|man|woman)\b"
    r"|\bI(?:\s+am|'m|’m)\s+not\s+(?:an?\s+)?(?:AI|A\.I\.|robot|bot|machine|computer|virtual)\b"
    r"|我(?:就|真的|其实|可)?是(?:一个|一位|个)?(?:真人|活人|人类|真正的人|真实的人)"
    r"|我(?:可|真的|并)?不是(?:一个|个)?(?:AI|人工智能|机器人|虚拟人|数字人|程序)",
    re.IGNORECASE,
)
# What software prints when it fails; a language model or server may stream it as if it were an answer.
_MACHINE_TEXT: Final = re.compile(
    r"Traceback \(most recent call last\)"
    r"|\b(?:HTTP|status)\s*(?:code\s*)?[45]\d\d\b|\b\w+(?:Error|Exception):\s|^\s*[{\[<].*[}\]>]\s*$"
)
_AI: Final = {"en": "I am an AI, a digital human, not a person.", "zh": "我是人工智能数字人，不是真人。"}

_NO_ANSWER: Final = {"en": "Sorry, I could not get an answer to that.", "zh": "抱歉，这个问题我没能得到答案。"}


class HonestPolicy:
    """Passes everything but two kinds of sentences; input is never judged here."""

    name = "honest"
    embedded = True

    def of_avatar(self, folder: Path, names: dict[str, str]) -> "HonestPolicy":
        return self

    def session(self, caller: Caller, record: Callable[[Decision], None]) -> "HonestPolicy":
        return self

    def open(self, language: str) -> Verdict:
        return Verdict("allow")

    def check_answer(self, language: str) -> Verdict:
        return Verdict("allow")

    def check_input(self, text: str, language: str, emotion: Emotion | None) -> Verdict:
        return Verdict("allow")

    def check_output(self, sentence: str, language: str) -> Verdict:
        started_s = time.perf_counter()
        rule, text = "", None
        if claim := _CLAIMS_HUMAN.search(sentence):
            rule, text, action = "honesty.claims-human", _AI.get(language, _AI["en"]), "replace"
        elif claim := _MACHINE_TEXT.search(sentence):
            rule, text, action = "honesty.machine-text", _NO_ANSWER.get(language, _NO_ANSWER["en"]), "replace"
        else:
            action = "allow"
        spans = (claim.span(),) if claim else ()
        elapsed_ms = (time.perf_counter() - started_s) * 1000
        return Verdict(action, rule, text, spans=spans, elapsed_ms=elapsed_ms)
