"""`tiangong bench` of ends of turns: sentences with pauses inside, on the audio clock.

Words reach the turn logic as a recogniser gives them, a quarter of a second after they were said; the voice is on or off. A turn
that ends before its sentence does is cut off; the delay is the silence after the last word until the turn has ended.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tiangong.agent.patience import end_silence_s
from tiangong.agent.turns import Heard, TurnEvent, TurnRules, TurnState, step
from tiangong.bench.report import Figure
from tiangong.bench.stock import Outcome
from tiangong.perception.protocol import HEARING_RATE_HZ, VAD_SAMPLES

TABLE: Final = Path(__file__).with_name("turn_ends.tsv")
RECOGNISER_LAG_S: Final = 0.25
_STEP_S: Final = VAD_SAMPLES / HEARING_RATE_HZ
_WORD_S: Final = {"en": 0.32, "zh": 0.22}  # a word, a character
_AFTER_S: Final = 2.0  # of silence
_PAUSE: Final = re.compile(r"\s*\[([\d.]+)\]\s*")


@dataclass(frozen=True)
class PausedSentence:
    """A sentence as somebody says it: stretches of words, and the silences between them."""

    set: str
    language: str
    stretches: tuple[str, ...]
    pauses_s: tuple[float, ...]  # one less than stretches

    def up_to(self, stretch: int) -> str:
        """The words up to and with a stretch."""
        return ("" if self.language == "zh" else " ").join(self.stretches[: stretch + 1])


@dataclass(frozen=True)
class JudgedEnd:
    cut_off_after: str | None  # the words after which the turn was ended too early
    delay_s: float  # from the last word to the end of the turn


def paused_sentences() -> list[PausedSentence]:
    """The whole table."""
    with TABLE.open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    parts = [_PAUSE.split(row["said"]) for row in rows]
    return [
        PausedSentence(row["set"], row["language"], tuple(part[::2]), tuple(float(pause) for pause in part[1::2]))
        for row, part in zip(rows, parts, strict=True)
    ]


def judge(sentence: PausedSentence, rules: TurnRules | None = None) -> JudgedEnd:
    """Run the turn logic over one sentence."""
    spans = _spans(sentence)
    ended_s = spans[-1][1]
    state, cut_off = TurnState(), None
    for i in range(round((ended_s + _AFTER_S) / _STEP_S)):
        start_s, end_s = i * _STEP_S, (i + 1) * _STEP_S
        voiced = any(begin <= start_s + _STEP_S / 2 < end for begin, end, _ in spans)
        known = [text for _, end, text in spans if end + RECOGNISER_LAG_S <= end_s]
        text = known[-1] if known else ""
        state, event = step(
            state, Heard(start_s, end_s, 0.9 if voiced else 0.05, text, end_silence_s(text)), rules or TurnRules()
        )
        if event is TurnEvent.ENDED and end_s > ended_s:
            return JudgedEnd(cut_off, end_s - ended_s)
        if event is TurnEvent.ENDED:
            cut_off = cut_off or text
    return JudgedEnd(cut_off, _AFTER_S)


def _spans(sentence: PausedSentence) -> list[tuple[float, float, str]]:
    """Start and end of each stretch, and the words up to its end."""
    spans: list[tuple[float, float, str]] = []
    at_s = 0.5
    for i, stretch in enumerate(sentence.stretches):
        words = len(stretch) if sentence.language == "zh" else len(stretch.split())
        until_s = at_s + words * _WORD_S[sentence.language]
        spans.append((at_s, until_s, sentence.up_to(i)))
        at_s = until_s + (sentence.pauses_s[i] if i < len(sentence.pauses_s) else 0.0)
    return spans


def measure_turn_ends(sentences: Sequence[PausedSentence] | None = None) -> Outcome:
    """Share of sentences cut off and the delay, over all and of each language; a note for each that was cut off."""
    outcome = Outcome()
    judged = [(sentence, judge(sentence)) for sentence in sentences or paused_sentences()]
    for language in ("all", "en", "zh"):
        chosen = [end for sentence, end in judged if language in ("all", sentence.language)]
        cut = sum(end.cut_off_after is not None for end in chosen)
        outcome.figures += [
            Figure.single(f"turns cut off, {language}", "share", cut / len(chosen) if chosen else None, len(chosen)),
            Figure.of(f"delay of the end of a turn, {language}", "s", [end.delay_s for end in chosen]),
        ]
    outcome.notes += [
        f"cut off after {end.cut_off_after!r}: {sentence.up_to(len(sentence.stretches) - 1)!r}"
        for sentence, end in judged
        if end.cut_off_after is not None
    ]
    return outcome
