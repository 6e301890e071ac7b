"""Chance that can be looked up: the same seed and time give the same value, in any order of asking."""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_UNIT: Final = 2.0**-53


def chance(seed: int, channel: int, step: NDArray[np.int64]) -> NDArray[np.float64]:
    """Uniform in [0, 1) for each step (any shape): SplitMix64 (Steele, Lea and Flood 2014) as a hash."""
    with np.errstate(over="ignore"):
        key = np.uint64((seed * 1_000_003 + channel * 7_919) & 0xFFFFFFFFFFFFFFFF)
        z = (step.astype(np.uint64) + key) * _GOLDEN + key
        z = (z ^ (z >> np.uint64(30))) * _MIX_1
        z = (z ^ (z >> np.uint64(27))) * _MIX_2
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) * _UNIT


def drift(seed: int, channel: int, times_s: Times, period_s: float) -> Times:
    """Smooth noise in [-1, 1] that takes a new value every `period_s`: gradient noise after Perlin 2002."""
    at = times_s / period_s
    left = np.floor(at)
    within = at - left
    ease = within**3 * (within * (within * 6 - 15) + 10)
    slope_left, slope_right = (2 * chance(seed, channel, left.astype(np.int64) + i) - 1 for i in (0, 1))
    # Gradient noise in one dimension reaches a half at most.
    return 2 * (slope_left * within * (1 - ease) + slope_right * (within - 1) * ease)


@lru_cache(maxsize=256)
def intervals_s(
    seed: int, channel: int, block: int, block_s: float, median_s: float, spread: float, shortest_s: float
) -> tuple[float, ...]:
    """Moments within [block, block + 1) * block_s at log-normal intervals; none nearer than `shortest_s` to another.

    Blocks are drawn on their own, so that the thousandth hour is found as fast as the first minute.
    """
    draw = np.random.default_rng((seed & 0xFFFFFFFF, channel, block & 0xFFFFFFFF))
    moments: list[float] = []
    at = float(draw.uniform(0, median_s))
    while at < block_s - shortest_s:
        moments.append(block * block_s + at)
        at += max(shortest_s, median_s * float(np.exp(spread * draw.standard_normal())))
    return tuple(moments)


def moments_between(
    seed: int, channel: int, start_s: float, end_s: float, median_s: float, spread: float, shortest_s: float
) -> list[float]:
    """The moments of `intervals_s` in [start_s, end_s), in order."""
    block_s = 60.0
    found: list[float] = []
    for block in range(int(start_s // block_s), int(end_s // block_s) + 1):
        found += intervals_s(seed, channel, block, block_s, median_s, spread, shortest_s)
    return [moment for moment in found if start_s <= moment < end_s]
