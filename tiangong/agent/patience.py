"""How long a silence ends a turn: by the words so far, and by how long this caller pauses inside of sentences.

A pause after "I'd like to" is not an end, one after "where is my order" is (Sacks, Schegloff and Jefferson 1974: turns end where
they sound complete). What sounds complete is judged by `perception.turn_end`; numbers that are being dictated, and words
after which more has to come, by rule.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from tiangong.agent.floor_words import is_answer, is_dictating, must_go_on
from tiangong.perception.turn_end import finished


@dataclass(frozen=True)
class EndRules:
    """Seconds of silence that end a turn. Longer ones cut in less and answer later."""

    finished_s: float = 0.38  # after words that sound complete
    likely_s: float = 0.5
    unsure_s: float = 0.70  # also where there are no words yet
    unfinished_s: float = 0.88
    dictating_s: float = 1.10  # people read numbers in groups
    finished_from: float = 0.7  # how finished words must sound, 0 to 1
    likely_from: float = 0.5
    unsure_from: float = 0.3
    longest_s: float = 1.3  # whatever the caller's habit


RULES: Final = EndRules()
_SHORTEST_PAUSE_S: Final = 0.2  # shorter ones are stop consonants
_LONGEST_PAUSE_S: Final = 1.5  # a longer one is a new turn
_REMEMBERED: Final = 16
_ENOUGH: Final = 4  # pauses from which a habit can be read
_MARGIN: Final = 1.25


def end_silence_s(text: str, rules: EndRules = RULES, habit_s: float | None = None) -> float:
    """How long a silence ends the turn after these words, for a caller whose own pauses last up to `habit_s`."""
    wait_s = _by_words(text, rules)
    if habit_s is None or wait_s == rules.dictating_s:
        return wait_s
    wanted_s = min(habit_s * _MARGIN, rules.longest_s)
    if wait_s > rules.likely_s:
        # Where words do not tell, the caller's habit does, both ways.
        return float(np.clip(wanted_s, rules.likely_s, rules.longest_s))
    return max(wait_s, min(wanted_s / 2, rules.unsure_s))


def _by_words(text: str, rules: EndRules) -> float:
    if is_dictating(text):
        return rules.dictating_s
    if is_answer(text):
        return rules.likely_s
    if must_go_on(text):
        return rules.unfinished_s
    sounds = finished(text)
    if sounds is None:
        return rules.unsure_s
    if sounds >= rules.finished_from:
        return rules.finished_s
    if sounds >= rules.likely_from:
        return rules.likely_s
    return rules.unsure_s if sounds >= rules.unsure_from else rules.unfinished_s


class PauseHabit:
    """How long one caller pauses inside of turns."""

    def __init__(self) -> None:
        self._pauses_s: deque[float] = deque(maxlen=_REMEMBERED)

    def paused(self, pause_s: float) -> None:
        """The caller went on after so much silence."""
        if _SHORTEST_PAUSE_S <= pause_s <= _LONGEST_PAUSE_S:
            self._pauses_s.append(pause_s)

    @property
    def longest_s(self) -> float | None:
        """The pause that nine of ten do not exceed; None until enough were heard."""
        if len(self._pauses_s) < _ENOUGH:
            return None
        return float(np.quantile(np.array(self._pauses_s), 0.9))
