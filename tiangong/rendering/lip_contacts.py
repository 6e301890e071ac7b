"""When lips touch: p, b, m and pauses shut them; f, v lay the lower lip under the upper teeth. And how fast lips move."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.rendering.coarticulation import Part

Floats = NDArray[np.float32]
_FRAME_S: Final = 0.04  # a contact at least as long as one picture is seen in one of them, wherever it falls
_CLOSING_S, _OPENING_S = 0.055, 0.055  # lips meet and part within about 60 ms (Lofqvist and Gracco 1997)
_HELD: Final = 0.8  # share of a bilabial during which lips stay shut; the rest is its release
SHORTEST_REST_S: Final = 0.12  # shorter pauses only narrow the mouth
_SETTLING_S: Final = 0.075  # from the start of a pause until the lips have met
_PARTING_S: Final = 0.03  # and before its end they part again
# What a lip can travel between two pictures (weights at 25 fps; 0.2 of the jaw is about 8 mm, the 200 mm/s of fast
# speech): faster looks like a twitch.
FASTEST_PER_FRAME: Final = np.array([0.20, 0.10, 0.07], np.float32)  # jaw, lower, upper


def contact_curve(parts: Sequence[Part], times_s: NDArray[np.float64], contact: str) -> Floats:
    """(times,) -> (times,) 0 free to 1 touching, for `contact` "lips" (pauses included) or "teeth"."""
    curve = np.zeros(len(times_s), np.float32)
    for part in parts:
        span = _touching(part, contact)
        if span is not None:
            before = (times_s - (span[0] - _CLOSING_S)) / _CLOSING_S
            after = ((span[1] + _OPENING_S) - times_s) / _OPENING_S
            ramp = np.clip(np.minimum(before, after), 0, 1)
            np.maximum(curve, ramp * ramp * (3 - 2 * ramp), out=curve)
    return curve


def _touching(part: Part, contact: str) -> tuple[float, float] | None:
    """When the lips of this part touch for certain, seconds; at least one picture long."""
    length_s = part.end_s - part.start_s
    if part.shape.contact == contact != "none":
        start_s, end_s = part.start_s, part.start_s + _HELD * length_s
    elif contact == "lips" and part.is_rest and length_s >= SHORTEST_REST_S:
        start_s, end_s = part.start_s + _SETTLING_S, part.end_s - _PARTING_S
    else:
        return None
    missing_s = max(0.0, _FRAME_S - (end_s - start_s))
    return start_s - missing_s / 2, end_s + missing_s / 2


def slowed(openings: Floats, fastest: Floats) -> Floats:
    """(frames, n) openings, made narrower until no step between frames exceeds `fastest` (n,); what is shut stays shut."""
    slow = openings.copy()
    for i in range(1, len(slow)):
        np.minimum(slow[i], slow[i - 1] + fastest, out=slow[i])
    for i in range(len(slow) - 2, -1, -1):
        np.minimum(slow[i], slow[i + 1] + fastest, out=slow[i])
    return slow
