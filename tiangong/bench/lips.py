"""Lips of a talking film against its own sound, and against the phones that it speaks.

Openness is the gap between the inner lips (middle and both sides) over the width of the mouth. A frame lies in silence where the
sound is 35 dB below the film's loudest twentieth from 0.2 s before it to 0.2 s after it; the mouth is closed there below 4 %.
On p, b and m it is closed where the gap falls under 6 % within the phone, give or take a frame. The lag is the
shift with which the gap correlates best with a rough scale of how far phones part the lips; > 0: lips come late.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.bench.filmed import Seen, seen_frames
from tiangong.core.media import AudioChunk, Phone
from tiangong.core.sound import read_audio
from tiangong.rendering.training.measuring import CLOSED, lip_gap

GRID_HZ: Final = 100
QUIET_DB: Final = -35.0
INSIDE_S: Final = 0.2  # of silence, on both sides of a frame
CLOSED_ON_BILABIAL: Final = 0.06
BILABIALS: Final = frozenset(("p", "b", "m", "pʰ"))
FARTHEST_LAG: Final = 30  # steps of the grid
SMOOTHED: Final = 11  # steps of the grid, Hann
EDGE_S: Final = 0.5  # left out at both ends, so that every shift has frames
SOUND_RATE_HZ: Final = 16_000
SHORTEST_SOUND_S: Final = 0.5
_MARKS: Final = "ˈˌː"  # stress and length
_OPENNESS: Final = (("aɑæʌɔɒ", 1.0), ("eɛoəɐɜɚ", 0.7), ("iɪuʊyɯ", 0.4), ("pbmfv", 0.0))
_OTHER_SOUND: Final = 0.25

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class LipsMeasure:
    """Shares 0-1; None: nothing to measure it on."""

    frames: int  # with a face
    silent_frames: int
    closed_in_silence: float | None
    bilabials: int
    closed_on_bilabials: float | None
    lag_ms: int | None
    openness_gap_correlation: float | None


def measure_lips(film: Path, phones: Sequence[Phone] = ()) -> LipsMeasure:
    """`phones` with times from the film's start; without any only silence is looked at. Raises MediaError."""
    return lips_of(seen_frames(film), read_audio(film, SOUND_RATE_HZ), phones)


def lips_of(frames: Iterable[Seen], sound: AudioChunk, phones: Sequence[Phone]) -> LipsMeasure:
    seen = [(frame.time_s, lip_gap(frame.marks)) for frame in frames if frame.marks is not None]
    times_s, gaps = np.array([t for t, _ in seen]), np.array([gap for _, gap in seen])
    silent = in_silence(times_s, sound) if sound.duration_s > SHORTEST_SOUND_S else np.zeros(len(seen), bool)
    spoken = [phone for phone in phones if phone.symbol]
    shut = _shut_on(spoken, times_s, gaps)
    best = _best_shift(spoken, times_s, gaps) if len(seen) > 1 and spoken else None
    return LipsMeasure(
        len(seen),
        int(silent.sum()),
        float((gaps[silent] < CLOSED).mean()) if silent.any() else None,
        len(shut),
        float(np.mean(shut)) if shut else None,
        round(best[1] * 1000 / GRID_HZ) if best else None,
        best[0] if best else None,
    )


def in_silence(times_s: Doubles, sound: AudioChunk) -> NDArray[np.bool_]:
    """For each time whether it lies at least 0.2 s inside a silence; the sound's own ends count as silence."""
    hop = sound.rate_hz // GRID_HZ
    window = np.full(2 * hop, 1 / (2 * hop))
    power = np.maximum(np.convolve(sound.pcm.astype(np.float64) ** 2, window, "same")[::hop], 1e-12)
    level = np.sqrt(power)
    quiet = 20 * np.log10(level / max(float(np.percentile(level, 95)), 1e-9)) < QUIET_DB
    first = np.maximum(0, (times_s - INSIDE_S) * GRID_HZ).astype(int)
    last = ((times_s + INSIDE_S) * GRID_HZ).astype(int)
    return np.array([quiet[a : b + 1].all() for a, b in zip(first, last, strict=True)], bool)


def openness(symbol: str) -> float:
    """How far an IPA phone parts the lips, 0-1: a rough scale, good for a correlation and no more."""
    vowel = symbol.strip(_MARKS)[:1]
    if not vowel:
        return 0.0
    return next((wide for phones, wide in _OPENNESS if vowel in phones), _OTHER_SOUND)


def _shut_on(phones: Sequence[Phone], times_s: Doubles, gaps: Doubles) -> list[bool]:
    """For each p, b, m whether the lips meet in it."""
    if len(times_s) < 2:
        return []
    frame_s = float(np.median(np.diff(times_s)))
    shut: list[bool] = []
    for phone in phones:
        if phone.symbol.strip(_MARKS) in BILABIALS:
            during = gaps[(times_s >= phone.start_s - frame_s) & (times_s <= phone.end_s + frame_s)]
            if len(during):
                shut.append(bool(during.min() < CLOSED_ON_BILABIAL))
    return shut


def _best_shift(phones: Sequence[Phone], times_s: Doubles, gaps: Doubles) -> tuple[float, int] | None:
    """The best correlation, and by how many steps of the grid the lips come late; None for a clip that is too short."""
    wanted = np.zeros(int(max(phone.end_s for phone in phones) * GRID_HZ) + GRID_HZ // 2)
    for phone in phones:
        wanted[int(phone.start_s * GRID_HZ) : int(phone.end_s * GRID_HZ)] = openness(phone.symbol)
    window = np.hanning(SMOOTHED)
    wanted = np.convolve(wanted, window / window.sum(), "same")
    wanted_s = np.arange(len(wanted)) / GRID_HZ
    at_s = np.arange(max(times_s[0], EDGE_S), min(times_s[-1], wanted_s[-1]) - EDGE_S, 1 / GRID_HZ)
    if len(at_s) < GRID_HZ or not np.ptp(gaps):
        return None
    expected = np.interp(at_s, wanted_s, wanted)
    found = [
        (float(np.corrcoef(expected, np.interp(at_s + shift / GRID_HZ, times_s, gaps))[0, 1]), shift)
        for shift in range(-FARTHEST_LAG, FARTHEST_LAG + 1)
    ]
    known = [pair for pair in found if np.isfinite(pair[0])]
    return max(known) if known else None
