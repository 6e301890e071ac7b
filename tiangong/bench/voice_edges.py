"""Whether phones are where a voice says: their times against edges that can be seen in the sound.

No hand labels are needed for some boundaries, because there one quantity jumps: the level where a sound meets a pause, and
the share of high frequencies where s or sh meets a vowel or ch passes into one. The edge is where, nearest to the
boundary, that quantity crosses the middle between its values inside the two phones; a boundary without a jump of 12 dB
or without a crossing within 60 ms is left out, and the share that is left out is told.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from tiangong.bench.report import Figure
from tiangong.bench.stock import Outcome
from tiangong.core.media import Phone, Speech, SpeechStyle
from tiangong.voice.protocol import VOICE_RATE_HZ, Voice

WITHIN_MS: Final = 20.0
_STEP_S: Final = 0.001
_WINDOW_S: Final = 0.008
_NEAR_S: Final = 0.06
_LEAST_JUMP_DB: Final = 12.0
_FLOOR_DB: Final = -55.0
_SHORTEST_S: Final = 0.03
_HISSES: Final = ("s", "ʃ", "tʃ", "ʂ", "ɕ", "ts", "tɕ", "ʈʂ")
_AFFRICATES: Final = ("tʃ", "ts", "tɕ", "ʈʂ")  # begin with a closure: their hiss comes later than they do
_VOWELS: Final = "aeiouyɑɛəɪʊʌæɔɐɜɚɤ"

Floats = NDArray[np.float64]


def edge_errors_ms(pcm: NDArray[np.float32], phones: Sequence[Phone]) -> tuple[list[float], int]:
    """(samples,) at 24 kHz with its phones -> distances of boundaries from their edges, and how many had none."""
    level, hiss = _levels(pcm)
    errors: list[float] = []
    without = 0
    for before, after in pairwise(phones):
        if min(before.end_s - before.start_s, after.end_s - after.start_s) < _SHORTEST_S:
            continue
        if not before.symbol or not after.symbol:
            found = _error_ms(level, before, after)
        elif (_is_hiss(before) and _is_vowel(after)) or (_is_vowel(before) and _hisses_at_once(after)):
            found = _error_ms(hiss, before, after)
        else:
            continue
        if found is None:
            without += 1
        else:
            errors.append(found)
    return errors, without


def _levels(pcm: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Each millisecond: level in dB under the loudest, and dB of what lies above 4 kHz over what lies below 1.5 kHz."""
    high = sosfiltfilt(butter(4, 4_000, "high", fs=VOICE_RATE_HZ, output="sos"), pcm)
    low = sosfiltfilt(butter(4, 1_500, "low", fs=VOICE_RATE_HZ, output="sos"), pcm)
    level = _power_db(np.asarray(pcm, np.float64))
    floor = level.max() + _FLOOR_DB
    loud = np.maximum(level, floor) - level.max()
    share = np.maximum(_power_db(np.asarray(high)), floor) - np.maximum(_power_db(np.asarray(low)), floor)
    return loud, share


def _power_db(sound: Floats) -> Floats:
    size, step = round(_WINDOW_S * VOICE_RATE_HZ), round(_STEP_S * VOICE_RATE_HZ)
    window = np.hanning(size)
    smooth = np.convolve(sound**2, window / window.sum(), "same")
    return 10 * np.log10(smooth[::step] + 1e-12)


def _error_ms(quantity: Floats, before: Phone, after: Phone) -> float | None:
    inside = [_middle(quantity, phone) for phone in (before, after)]
    if abs(inside[0] - inside[1]) < _LEAST_JUMP_DB:
        return None
    at = round(before.end_s / _STEP_S)
    near = round(_NEAR_S / _STEP_S)
    first = max(at - near, 0)
    above = quantity[first : at + near] > sum(inside) / 2
    crossings = np.flatnonzero(above[1:] != above[:-1]) + 1 + first
    # Only crossings in the right direction: down into a pause, up out of it.
    rising = inside[1] > inside[0]
    crossings = crossings[(quantity[np.minimum(crossings, len(quantity) - 1)] > sum(inside) / 2) == rising]
    if not len(crossings):
        return None
    return float(np.abs(crossings - at).min() * _STEP_S * 1_000)


def _middle(quantity: Floats, phone: Phone) -> float:
    third = (phone.end_s - phone.start_s) / 3
    part = quantity[round((phone.start_s + third) / _STEP_S) : round((phone.end_s - third) / _STEP_S) + 1]
    return float(np.median(part)) if len(part) else float(quantity[-1])


def _is_hiss(phone: Phone) -> bool:
    return phone.symbol.lstrip("ˈˌ").startswith(_HISSES)


def _hisses_at_once(phone: Phone) -> bool:
    return _is_hiss(phone) and not phone.symbol.lstrip("ˈˌ").startswith(_AFFRICATES)


def _is_vowel(phone: Phone) -> bool:
    return phone.symbol.lstrip("ˈˌ")[:1] in _VOWELS


def measure_edges(voice: Voice, label: str, sentences: Sequence[str], language: str) -> Outcome:
    """Of all sentences: |phone boundary - edge| in ms, the share within 20 ms, the share of boundaries without an edge."""
    errors: list[float] = []
    without = 0
    for sentence in sentences:
        pieces = list(voice.synthesize(sentence, SpeechStyle(language)))
        if not pieces or any(piece.phones is None for piece in pieces):
            continue
        found, missed = edge_errors_ms(np.concatenate([p.audio.pcm for p in pieces]), _on_one_timeline(pieces))
        errors += found
        without += missed
    name, count = f"{label}, {language}", len(errors)
    near = float(np.mean(np.array(errors) <= WITHIN_MS)) if errors else None
    return Outcome(
        [
            Figure.of(f"phone boundary from its edge, {name}", "ms", errors),
            Figure.single(f"phone boundaries within 20 ms, {name}", "share", near, count),
            Figure.single(
                f"phone boundaries without an edge, {name}", "share", without / max(count + without, 1), count
            ),
        ]
    )


def _on_one_timeline(pieces: Sequence[Speech]) -> list[Phone]:
    """Phones of all pieces; one that a join cut in two is whole again."""
    phones: list[Phone] = []
    start_s = 0.0
    for piece in pieces:
        for phone in piece.phones or ():
            moved = Phone(phone.symbol, phone.start_s + start_s, phone.end_s + start_s)
            if phones and phone.start_s == 0 and phones[-1].symbol == phone.symbol and start_s > 0:
                phones[-1] = Phone(phone.symbol, phones[-1].start_s, moved.end_s)
            else:
                phones.append(moved)
        start_s += piece.audio.duration_s
    return phones
