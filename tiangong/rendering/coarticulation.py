"""Neighbouring sounds shape one another: targets in time -> curves of the mouth.

Cohen and Massaro 1993, "Modeling coarticulation in synthetic visual speech": each sound pulls each parameter towards its
target with a dominance that fades before and after it, and the curve is the weighted mean. Two changes: a sound rules
over its own core without fading, so that long vowels hold; and rounding reaches further ahead than opening, as it does
in people (Perkell and Matthies 1992: lips begin to round up to 200 ms before the vowel).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.media import Phone
from tiangong.rendering.phone_shapes import MouthShape, is_stressed, mouth_shapes, rest_shape

Floats = NDArray[np.float32]
JAW, LOWER, UPPER, SPREAD, FUNNEL, PUCKER = range(6)
OPENINGS: Final = slice(JAW, UPPER + 1)
ROUNDINGS: Final = slice(SPREAD, PUCKER + 1)

_CORE: Final = 0.4  # middle share of a sound in which its dominance is whole
_OPEN_AHEAD_S, _OPEN_AFTER_S = 0.032, 0.036  # time constants of the jaw: about 80 ms from closed to open
_ROUND_AHEAD_S, _ROUND_AFTER_S = 0.075, 0.055
_STRESSED: Final = 1.12  # openings of stressed vowels, and of the others
_UNSTRESSED: Final = 0.88
_AROUND_S: Final = 0.3  # how long rest is held to stand before and after a speech
_FAINTEST: Final = 1e-6  # dominance that holds where no sound is near


@dataclass(frozen=True)
class Part:
    """One target with its time, seconds from the start of the speech."""

    shape: MouthShape
    start_s: float
    end_s: float
    stress: float = 1.0  # factor on openings
    is_rest: bool = False  # a pause


def parts_of(phones: Sequence[Phone], duration_s: float) -> list[Part]:
    """Targets in order; diphthongs and affricates become several, and rest stands before and after."""
    parts = [Part(rest_shape(), -_AROUND_S, 0.0, is_rest=True)]
    for phone in phones:
        shapes = mouth_shapes(phone.symbol)
        whole = sum(shape.share for shape in shapes)
        stress = 1.0 if not phone.symbol else _STRESSED if is_stressed(phone.symbol) else _UNSTRESSED
        at = phone.start_s
        for shape in shapes:
            until = at + (phone.end_s - phone.start_s) * shape.share / whole
            # Consonants bear no stress mark: theirs is no weaker for it.
            parts.append(Part(shape, at, until, stress if shape.share > 1 else 1.0, not phone.symbol))
            at = until
    return _merged_rests([*parts, Part(rest_shape(), duration_s, duration_s + _AROUND_S, is_rest=True)])


def _merged_rests(parts: Sequence[Part]) -> list[Part]:
    """Pauses that touch are one pause: the silence at a speech's edge belongs to the rest around it."""
    merged: list[Part] = []
    for part in parts:
        if merged and part.is_rest and merged[-1].is_rest:
            merged[-1] = Part(part.shape, merged[-1].start_s, part.end_s, is_rest=True)
        else:
            merged.append(part)
    return merged


def mouth_curves(parts: Sequence[Part], times_s: NDArray[np.float64]) -> Floats:
    """(times,) seconds -> (times, 6) jaw, lower, upper, spread, funnel, pucker."""
    starts = np.array([p.start_s for p in parts])
    ends = np.array([p.end_s for p in parts])
    margin = (ends - starts) * (1 - _CORE) / 2
    ahead = np.maximum((starts + margin)[None] - times_s[:, None], 0)  # the sound is still to come
    after = np.maximum(times_s[:, None] - (ends - margin)[None], 0)
    targets = np.array([_targets(p) for p in parts], np.float32)
    grips = np.array([(p.shape.grip, p.shape.round_grip) for p in parts])
    opening = grips[:, 0] * np.exp(-ahead / _OPEN_AHEAD_S - after / _OPEN_AFTER_S) + _FAINTEST
    rounding = grips[:, 1] * np.exp(-ahead / _ROUND_AHEAD_S - after / _ROUND_AFTER_S) + _FAINTEST
    curves = np.empty((len(times_s), targets.shape[1]), np.float32)
    curves[:, OPENINGS] = opening @ targets[:, OPENINGS] / opening.sum(1, keepdims=True)
    curves[:, ROUNDINGS] = rounding @ targets[:, ROUNDINGS] / rounding.sum(1, keepdims=True)
    return curves


def _targets(part: Part) -> tuple[float, ...]:
    s = part.shape
    return s.jaw * part.stress, s.lower * part.stress, s.upper * part.stress, s.spread, s.funnel, s.pucker
