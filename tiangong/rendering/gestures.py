"""Head and brows that go with speech, and the nod of a listener.

People nod and raise their brows on stressed syllables, not on all of them (Hadar et al. 1983; Swerts and Krahmer 2010):
the loudest stressed syllables of a sentence, at least 0.8 s apart, and its beginning.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.media import Speech
from tiangong.rendering.phone_shapes import is_stressed
from tiangong.rendering.seeded import Times, chance
from tiangong.rendering.sound_level import HOP_S, level

Floats = NDArray[np.float32]
_APART_S: Final = 0.8
_ACCENTED_SHARE: Final = 0.75  # of the candidates; a nod on every one looks mechanical
_RISE_S, _FALL_S = 0.14, 0.30
_ACCENT_RAD: Final = 0.026
_ACCENT_BROW: Final = 0.14
_OPENING_BROW: Final = 0.10  # as a sentence begins
_OPENING_LIFT_RAD: Final = -0.012
_SIZES: Final = (0.6, 1.2)  # accents differ by this much
_NOD_S: Final = 0.9
_NOD_RAD: Final = 0.085
_NOD_SWINGS: Final = 1.5  # down, up, and half as far down again
_CHOICE, _SIZE = 40, 41


@dataclass(frozen=True)
class Gestures:
    """Offsets: `pitch_rad` (n,) + down, `brows` (n,) 0 to 1."""

    pitch_rad: Floats
    brows: Floats


def speaking_gestures(speech: Speech, times_s: Times, start_s: float, seed: int) -> Gestures:
    """Accents of one speech; `times_s` (n,) counts from its start, `start_s` makes each sentence its own."""
    pitch, brows = np.zeros(len(times_s)), np.zeros(len(times_s))
    first_s, last_s = _voiced_span_s(speech)
    opening = bump(times_s, first_s + 0.05)
    pitch += _OPENING_LIFT_RAD * opening
    brows += _OPENING_BROW * opening
    for at_s in accents_s(speech):
        key = np.array([round((start_s + at_s) * 100)])
        if chance(seed, _CHOICE, key)[0] > _ACCENTED_SHARE or at_s > last_s - _RISE_S:
            continue
        size = _SIZES[0] + (_SIZES[1] - _SIZES[0]) * float(chance(seed, _SIZE, key)[0])
        accent = size * bump(times_s, at_s)
        pitch += _ACCENT_RAD * accent
        brows = np.maximum(brows, _ACCENT_BROW * accent)
    return Gestures(pitch.astype(np.float32), brows.astype(np.float32))


def nod(times_s: Times, at_s: float) -> Floats:
    """(n,) rad, + down: a listener's nod that begins at `at_s`, 0 before and after."""
    within = np.clip((times_s - at_s) / _NOD_S, 0, 1)
    swing = np.sin(2 * np.pi * _NOD_SWINGS * within) * np.sin(np.pi * within)
    return (_NOD_RAD * (0.75 * swing + 0.25 * np.sin(np.pi * within) ** 2)).astype(np.float32)


def nod_lasts(times_s: Times, at_s: float) -> bool:
    """Whether any of the times falls into that nod."""
    return bool(len(times_s)) and at_s <= float(times_s[-1]) and float(times_s[0]) <= at_s + _NOD_S


def bump(times_s: Times, at_s: float) -> Times:
    """(n,) a smooth rise to 1 at `at_s` and a slower fall."""
    off = times_s - at_s
    share = np.where(off < 0, 1 + off / _RISE_S, 1 - off / _FALL_S).clip(0, 1)
    return share * share * (3 - 2 * share)


def _voiced_span_s(speech: Speech) -> tuple[float, float]:
    spoken = [phone for phone in speech.phones or () if phone.symbol]
    return (spoken[0].start_s, spoken[-1].end_s) if spoken else (0.0, speech.audio.duration_s)


def accents_s(speech: Speech) -> list[float]:
    """Middles of stressed syllables (or peaks of loudness where phones are unknown), loudest first taken, in order."""
    loud = level(speech.audio)
    if speech.phones is None:
        middles = np.flatnonzero((loud[1:-1] > loud[:-2]) & (loud[1:-1] >= loud[2:])) + 1
        candidates = [(float(loud[i]), i * HOP_S) for i in middles if loud[i] > 0.5 * loud.max()]
    else:
        candidates: list[tuple[float, float]] = []
        for phone in speech.phones:
            if is_stressed(phone.symbol):
                low, high = round(phone.start_s / HOP_S), round(phone.end_s / HOP_S) + 1
                candidates.append((float(loud[low:high].max(initial=0)), (phone.start_s + phone.end_s) / 2))
    taken: list[float] = []
    for _, at_s in sorted(candidates, reverse=True):
        if all(abs(at_s - other) >= _APART_S for other in taken):
            taken.append(at_s)
    return sorted(taken)
