"""What one text shows, found at most once each: normal readings, patterns, words, personal data, intents, topics."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from tiangong.core.media import Emotion
from tiangong.policies.detectors.linear import LinearModel
from tiangong.policies.detectors.normal_form import NormalForm, normal_form, pinyin_key, readings
from tiangong.policies.detectors.patterns import PatternSet
from tiangong.policies.detectors.personal_data import PersonalDatum, find_personal_data
from tiangong.policies.detectors.topics import TopicExamples
from tiangong.policies.detectors.word_lists import WordList
from tiangong.policies.judges.protocol import Judge

Span = tuple[int, int]


@dataclass(frozen=True)
class Detectors:
    """All that a policy looks for, compiled; shared by all sessions."""

    patterns: PatternSet
    names: Mapping[str, tuple[int, ...]]  # "pack/pattern" -> places in `patterns`
    words: Mapping[str, WordList]  # "pack/list"
    model: Mapping[str, LinearModel]  # by direction, "input" and "output"
    topics: TopicExamples | None
    judge: Judge | None = None


@dataclass(frozen=True)
class Judged:
    """What a judge answered to one question."""

    yes: float | None  # its probability; None: there is no answer
    status: Literal["broken", "timeout"] = "broken"  # where there is none
    reason: str = ""  # why there is none


@dataclass(frozen=True)
class Circumstances:
    """What is known besides the text."""

    asker: str = "visitor"
    consent: str = "valid"
    emotion: Emotion | None = None
    counters: Mapping[str, int] | None = None
    turn: int = 0  # turns of the user so far
    tool: str = ""
    judged: Mapping[str, Judged] | None = None  # by question; None: the judge was not asked yet


class Evidence:
    """One text under all detectors of a policy. Spans are code points of the original text."""

    def __init__(self, text: str, direction: str, detectors: Detectors) -> None:
        self.text = text
        self.detectors = detectors
        self.direction: Literal["input", "output"] = "input" if direction == "input" else "output"
        self._words: dict[str, tuple[Span, ...]] = {}
        self._keys: dict[str, NormalForm | None] = {}  # of each reading, the text in pinyin

    @cached_property
    def forms(self) -> tuple[NormalForm, ...]:
        return readings(self.text)

    @cached_property
    def _matched(self) -> tuple[frozenset[int], ...]:
        return tuple(frozenset(self.detectors.patterns.matching(form)) for form in self.forms)

    def pattern(self, name: str) -> tuple[Span, ...]:
        """Where the patterns under "pack/name" match, in any reading."""
        places = self.detectors.names[name]
        found: list[Span] = []
        for form, matched in zip(self.forms, self._matched, strict=True):
            for i in places:
                if i in matched:
                    found += [form.span(*span) for span in self.detectors.patterns.spans(form, i)]
        return tuple(found)

    def words(self, name: str) -> tuple[Span, ...]:
        if name not in self._words:
            listed = self.detectors.words[name]
            found = (form.span(*span) for form in self.forms for span in listed.find(form, self._pinyin_key))
            self._words[name] = tuple(found)
        return self._words[name]

    def _pinyin_key(self, form: NormalForm) -> NormalForm | None:
        if form.text not in self._keys:
            self._keys[form.text] = pinyin_key(form)
        return self._keys[form.text]

    @cached_property
    def personal_data(self) -> tuple[PersonalDatum, ...]:
        return find_personal_data(self.forms[0])

    @cached_property
    def intents(self) -> dict[str, float]:
        model = self.detectors.model.get(self.direction)
        if model is None:
            return {}
        scored = [model.score(form.text) for form in self.forms]
        return {label: max(scores[label] for scores in scored) for label in model.labels}

    def in_scope(self) -> float:
        """How much the text resembles what the avatar talks about, 0 to 1; 1 where the policy does not say what that is."""
        topics = self.detectors.topics
        return topics.nearness("inside", self.forms[0].text) if topics and topics.has("inside") else 1.0

    def topic(self, name: str) -> float:
        return self.detectors.topics.nearness(name, self.forms[0].text) if self.detectors.topics else 0.0


_LATIN_GUESSES: Final = {
    "fr": frozenset("je vous est les des une pas avec bonjour merci pour dans sur qui quoi comment mon votre".split()),
    "es": frozenset(
        "el los las una que por para con hola gracias como está es mi su quiero puedo dónde cuánto".split()
    ),
    "de": frozenset("ich sie ist nicht und der die das ein eine mit wie wo bitte danke kann haben mein auf".split()),
    "pt": frozenset("eu você não uma com para obrigado olá como está onde meu quero os por que".split()),
    "it": frozenset("io lei è non una con per grazie ciao come dove vorrei mio sono gli che".split()),
}
_ENGLISH: Final = frozenset("the a i you is are to my do it of in for what how can me on and not this".split())


def written_language(text: str, otherwise: str) -> str:
    """BCP-47 of a text by its script, and by its small words where it is Latin; `otherwise` where nothing tells."""
    counts = {"zh": 0, "ja": 0, "ko": 0, "ru": 0, "ar": 0, "th": 0, "hi": 0, "latin": 0}
    for point in map(ord, normal_form(text).text[:2_000]):
        counts["zh"] += 0x3400 <= point < 0xA000
        counts["ja"] += 0x3040 <= point < 0x3100
        counts["ko"] += 0xAC00 <= point < 0xD7B0
        counts["ru"] += 0x400 <= point < 0x530
        counts["ar"] += 0x600 <= point < 0x700
        counts["th"] += 0xE00 <= point < 0xE80
        counts["hi"] += 0x900 <= point < 0x980
        counts["latin"] += 0x61 <= point < 0x7B or 0xE0 <= point < 0x180
    if counts["ja"] and counts["ja"] * 4 > counts["zh"]:
        return "ja"
    script = max(counts, key=lambda name: counts[name] * (4 if name == "zh" else 1))
    if not counts[script]:
        return otherwise
    return script if script != "latin" else _latin_language(text)


def _latin_language(text: str) -> str:
    words = text.lower().replace(",", " ").replace("?", " ").replace("!", " ").replace(".", " ").split()
    english = sum(word in _ENGLISH for word in words)
    scores = {language: sum(word in small for word in words) for language, small in _LATIN_GUESSES.items()}
    best = max(scores, key=lambda language: scores[language])
    # Two small words of another language and hardly an English one; a name or a single word tells nothing.
    return best if scores[best] >= 2 and scores[best] > 2 * english else "en"
