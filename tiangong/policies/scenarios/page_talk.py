"""A scenario's turns as a dialogue for the report's page: bubbles, what the policy decided, face and voice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from tiangong.core.style import SpeechStyle
from tiangong.policies.decision import Decision
from tiangong.policies.scenarios.document import Turn
from tiangong.policies.scenarios.expecting import places_in_answer
from tiangong.policies.scenarios.outcome import SpokenSentence, TurnOutcome
from tiangong.policies.scenarios.page_words import ACTIONS, FEELINGS, Both, many
from tiangong.policies.scenarios.running import ScenarioResult

_SPEAKS_FREELY: Final = frozenset({"say", "clarify", "disclose"})


@dataclass(frozen=True)
class Tag:
    """What a check decided."""

    tone: str  # "plain", "calm" or "stop"
    words: Both
    rule: str
    ms: float  # of the check; of several that passed, the slowest
    kept_back: str = ""  # what the avatar would have said otherwise; personal data masked


@dataclass(frozen=True)
class Piece:
    text: str
    forbidden: bool  # it must not have been heard


@dataclass(frozen=True)
class Bubble:
    """Sentences that were spoken in one way."""

    pieces: tuple[Piece, ...]
    face: Both
    voice: Both


@dataclass(frozen=True)
class TurnView:
    heard: str
    felt: Both | None  # what the user's face shows
    before: tuple[Tag, ...]  # checks of what was heard
    bubbles: tuple[Bubble, ...]
    after: tuple[Tag, ...]  # checks of what was to be said
    flow: str
    summary: str | None
    ended: bool


def dialogue(result: ScenarioResult) -> list[TurnView]:
    """The turns of a scenario as it is written; a talk that broke off has fewer."""
    return [
        TurnView(
            outcome.heard,
            FEELINGS[turn.face.feeling] if turn.face else None,
            tuple(_tags([d for d in outcome.decisions if not d.place.startswith("output")], heard=True)),
            tuple(_bubbles(outcome, turn)),
            tuple(_tags([d for d in outcome.decisions if d.place.startswith("output")], heard=False)),
            outcome.flow,
            outcome.summary,
            outcome.ended,
        )
        for outcome, turn in zip(result.outcomes, result.case.scenario.turns, strict=False)
    ]


def _tags(decisions: Sequence[Decision], *, heard: bool) -> Iterator[Tag]:
    """One for each check that acted; those that let pass together make one."""
    passed = [decision for decision in decisions if decision.verdict.action == "allow"]
    for decision in decisions:
        verdict = decision.verdict
        if verdict.action != "allow":
            tone = "calm" if verdict.action in _SPEAKS_FREELY else "stop"
            kept_back = "" if heard or not decision.text else decision.text
            yield Tag(tone, ACTIONS[verdict.action], verdict.rule, verdict.elapsed_ms, kept_back)
    if passed and len(passed) == len(decisions):
        slowest_ms = max(decision.verdict.elapsed_ms for decision in passed)
        several = Both(f"{many(len(passed), 'check')} passed", f"{len(passed)} 次检查均放行")
        yield Tag("plain", ACTIONS["allow"] if len(passed) == 1 else several, "", slowest_ms)


def _bubbles(outcome: TurnOutcome, turn: Turn) -> Iterator[Bubble]:
    marked = zip(outcome.spoken, _forbidden(outcome.spoken, turn), strict=True)
    for style, sentences in groupby(marked, key=lambda each: each[0].style):
        pieces = tuple(piece for sentence, marks in sentences for piece in _pieces(sentence.text, marks))
        yield Bubble(pieces, FEELINGS[style.emotion], _voice(style))


def _forbidden(spoken: Sequence[SpokenSentence], turn: Turn) -> Iterator[list[bool]]:
    """Of each letter of each sentence, whether it must not be heard; a forbidden part may stretch over sentences."""
    for sentence, found in zip(spoken, places_in_answer(spoken, turn.model), strict=True):
        text = sentence.text
        marks = [False] * len(text)
        for part in turn.forbidden:
            within, in_model = text.find(part), turn.model.find(part)
            starts = [within] if within >= 0 else []
            starts += [in_model - found] if found is not None and in_model >= 0 else []
            for start in starts:
                for i in range(max(0, start), min(len(text), start + len(part))):
                    marks[i] = True
        yield marks


def _pieces(text: str, marks: Sequence[bool]) -> Iterator[Piece]:
    """A sentence, its forbidden parts apart."""
    for is_forbidden, places in groupby(range(len(text)), key=lambda i: marks[i]):
        yield Piece("".join(text[i] for i in places), is_forbidden)
    if text.isascii():
        yield Piece(" ", False)


def _voice(style: SpeechStyle) -> Both:
    names = (("pace", "语速", style.rate), ("pitch", "音高", style.pitch), ("force", "音量", style.energy))
    changed = [(en, zh, value) for en, zh, value in names if abs(value - 1) > 0.005]
    if not changed:
        return Both("as usual", "如常")
    return Both(
        ", ".join(f"{en} ×{value:.2f}" for en, _, value in changed),
        "，".join(f"{zh} ×{value:.2f}" for _, zh, value in changed),
    )
