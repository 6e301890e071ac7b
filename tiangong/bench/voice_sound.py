"""How a voice's sound is: loudness, peaks, steps where pieces are joined, and the silence at its end."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from tiangong.bench.report import Figure
from tiangong.bench.stock import Outcome
from tiangong.core.media import SpeechStyle
from tiangong.voice.loudness import level_over_time
from tiangong.voice.protocol import Voice

_CLIPPED: Final = 0.999  # amplitude from which a sample counts as clipped
_NEAR_SAMPLES: Final = 120  # 5 ms at 24 kHz
_INAUDIBLE: Final = 1e-3  # of full scale: a step in silence
_SILENT_DB: Final = -40.0  # a frame this far under the loudest one is silence
_FRAME_S: Final = 0.01
_BLOCK_S, _STEP_S = 0.4, 0.1  # ITU-R BS.1770: blocks that overlap by three quarters
_ABSOLUTE_LUFS, _RELATIVE_LU = -70.0, -10.0

Filter = tuple[NDArray[np.float64], NDArray[np.float64]]


def _shelf(rate_hz: int) -> Filter:
    """The first filter of BS.1770, the head's: +4 dB above some 1.7 kHz, made anew for `rate_hz`."""
    k, q = np.tan(np.pi * 1681.974 / rate_hz), 0.70718
    high = 10 ** (3.99984 / 20)
    band = high**0.49967
    a0 = 1 + k / q + k * k
    b = np.array([high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k])
    return b / a0, np.array([a0, 2 * (k * k - 1), 1 - k / q + k * k]) / a0


def _high_pass(rate_hz: int) -> Filter:
    """The second one: what lies under some 40 Hz is left out."""
    k, q = np.tan(np.pi * 38.13547 / rate_hz), 0.50033
    a0 = 1 + k / q + k * k
    return np.array([1.0, -2.0, 1.0]), np.array([a0, 2 * (k * k - 1), 1 - k / q + k * k]) / a0


def loudness_lufs(pcm: NDArray[np.float32], rate_hz: int) -> float | None:
    """(samples,) mono -> integrated loudness after ITU-R BS.1770-4; None under 0.4 s, or where all is silence."""
    weighed = np.asarray(pcm, np.float64)
    for b, a in (_shelf(rate_hz), _high_pass(rate_hz)):
        weighed = np.asarray(lfilter(b, a, weighed), np.float64)
    size, step = round(_BLOCK_S * rate_hz), round(_STEP_S * rate_hz)
    starts = range(0, len(weighed) - size + 1, step)
    power = np.array([float(np.mean(weighed[i : i + size] ** 2)) for i in starts])
    power = power[power > 10 ** ((_ABSOLUTE_LUFS + 0.691) / 10)]
    if not len(power):
        return None
    power = power[power > power.mean() * 10 ** (_RELATIVE_LU / 10)]
    return float(-0.691 + 10 * np.log10(power.mean()))


def silence_at_end_s(pcm: NDArray[np.float32], rate_hz: int) -> float:
    """Seconds after the last 10 ms that are no more than 40 dB under the loudest; all of it where nothing sounds."""
    level = level_over_time(pcm, rate_hz, _FRAME_S)
    loud = np.flatnonzero(level > level.max() * 10 ** (_SILENT_DB / 20))
    return (len(level) - 1 - int(loud[-1]) if len(loud) else len(level)) * _FRAME_S


def steps_at_joins(pieces: Sequence[NDArray[np.float32]]) -> list[float]:
    """At each join of pieces: its step from sample to sample over the largest one in the 5 ms on either side.

    A click is a step far above 1; up to some 2 nothing is heard.
    """
    steps: list[float] = []
    for before, after in pairwise(pieces):
        around = np.concatenate([before[-_NEAR_SAMPLES:], after[:_NEAR_SAMPLES]]).astype(np.float64)
        jumps = np.abs(np.diff(around))
        at = min(len(before), _NEAR_SAMPLES) - 1
        others = float(np.delete(jumps, at).max())
        steps.append(float(jumps[at]) / max(others, _INAUDIBLE))
    return steps


def measure_sound(voice: Voice, label: str, sentences: Sequence[str], styles: Sequence[SpeechStyle]) -> Outcome:
    """Each sentence in each style, pieces joined: loudness, RMS, peak, clipping and the silence at the end, by emotion."""
    outcome = Outcome()
    for style in styles:
        said = [[piece.audio for piece in voice.synthesize(sentence, style)] for sentence in sentences]
        sounds = [(np.concatenate([p.pcm for p in pieces]), pieces[0].rate_hz) for pieces in said if pieces]
        loudness = [v for pcm, rate_hz in sounds if (v := loudness_lufs(pcm, rate_hz)) is not None]
        rms_db = [float(20 * np.log10(np.sqrt(np.mean(pcm**2)) + 1e-9)) for pcm, _ in sounds]
        joins = [step for pieces in said for step in steps_at_joins([p.pcm for p in pieces])]
        samples = sum(len(pcm) for pcm, _ in sounds)
        clipped = sum(int(np.sum(np.abs(pcm) >= _CLIPPED)) for pcm, _ in sounds)
        name = f"{label}, {style.language}, {style.emotion}"
        outcome.figures += [
            Figure.of(f"loudness, {name}", "LUFS", loudness),
            Figure.of(f"RMS, {name}", "dBFS", rms_db),
            Figure.of(f"peak, {name}", "of 1", [float(np.abs(pcm).max()) for pcm, _ in sounds]),
            Figure.single(f"clipped samples, {name}", "share", clipped / samples if samples else None, len(sounds)),
            Figure.of(f"step at joins of pieces, {name}", "x", joins),
            Figure.of(f"silence at the end, {name}", "s", [silence_at_end_s(pcm, hz) for pcm, hz in sounds]),
        ]
    return outcome
