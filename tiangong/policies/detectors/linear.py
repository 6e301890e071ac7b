"""Intents and risks by a linear model on hashed n-grams of characters and words, and on pairs of them with a gap between.

Weinberger et al. 2009, "Feature hashing for large scale multitask learning"; pairs with gaps ("end ... life") see what stands
apart in an unfamiliar wording. All in NumPy, no loop over characters: a
sentence takes 0.1 ms, 100 kB take tens of milliseconds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

BUCKET_BITS: Final = 17
BUCKETS: Final = 1 << BUCKET_BITS
CHARACTER_ORDERS: Final = (1, 2, 3, 4, 5)
WORD_ORDERS: Final = (1, 2, 3)
WORD_GAPS: Final = (2, 3, 4)  # a pair of words that stand so far from each other
HAN_GAPS: Final = (2, 3, 4, 5)  # and of ideographs
WINDOW_CHARS: Final = 240  # a longer text is read in overlapping windows: one bad sentence must not drown in a page
_STRIDE_CHARS: Final = 120
_BASE: Final = np.uint32(0x01000193)  # FNV's prime
_MIX: Final = np.uint32(0x9E3779B1)  # Knuth's multiplicative hash
_SPACE: Final = np.uint32(ord(" "))
_WORD_PAIR: Final = np.uint32(0x5BD1E995)  # sets the pairs apart from the runs
_HAN_PAIR: Final = np.uint32(0x27D4EB2F)

WEIGHTS: Final = Path(__file__).parent.parent / "weights"


@dataclass(frozen=True)
class Features:
    """The n-grams of one text."""

    buckets: NDArray[np.int64]  # (features,) in [0, BUCKETS)
    places: NDArray[np.int64]  # (features,) where each begins, a character of the plain text
    length: int  # characters of the plain text


def plain_points(text: str) -> NDArray[np.uint32]:
    """Code points of a normal text, everything but letters, digits and ideographs a single space.

    Punctuation is no evidence: a recogniser writes none.
    """
    points = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32)
    letters = ((points >= ord("a")) & (points <= ord("z"))) | ((points >= ord("0")) & (points <= ord("9")))
    kept = np.where(letters | (points >= 0xC0) & ~_is_mark(points) | (points == ord("'")), points, _SPACE)
    padded = np.concatenate(([_SPACE], kept, [_SPACE])).astype(np.uint32)
    doubled = (padded[1:] == _SPACE) & (padded[:-1] == _SPACE)
    return padded[np.concatenate(([True], ~doubled))]


def _is_mark(points: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """General and Chinese punctuation, symbols, emoji."""
    return (
        ((points >= 0x2000) & (points < 0x2E80))
        | ((points >= 0x3000) & (points < 0x3041))
        | ((points >= 0xFE10) & (points < 0xFE70))
        | ((points >= 0xFF00) & (points < 0xFF66))
        | (points >= 0x1F000) & (points < 0x20000)
    )


def features(text: str) -> Features:
    """Hashed n-grams of a normal text (lower case, NFKC, simplified)."""
    points = plain_points(text)
    hashes: list[NDArray[np.uint32]] = []
    places: list[NDArray[np.int64]] = []
    for order in CHARACTER_ORDERS:
        count = len(points) - order + 1
        if count <= 0:
            break
        rolled = np.full(count, order, np.uint32)
        for i in range(order):
            rolled = rolled * _BASE ^ points[i : i + count]
        hashes.append(rolled)
        places.append(np.arange(count))
    for found, at in (*_word_grams(points), *_han_pairs(points)):
        hashes.append(found)
        places.append(at)
    mixed = np.concatenate(hashes) * _MIX
    return Features((mixed >> np.uint32(32 - BUCKET_BITS)).astype(np.int64), np.concatenate(places), len(points))


_Hashed = tuple[NDArray[np.uint32], NDArray[np.int64]]  # hashes, and the place of each in the plain text


def _word_grams(points: NDArray[np.uint32]) -> Iterator[_Hashed]:
    """Runs of words, then pairs of words with others between them."""
    words, starts = _words(points)
    for order in WORD_ORDERS:
        count = len(words) - order + 1
        if count <= 0:
            return
        rolled = np.full(count, 100 + order, np.uint32)
        for i in range(order):
            rolled = rolled * _BASE ^ words[i : i + count]
        yield rolled, starts[:count]
    for gap in WORD_GAPS:
        yield (words[:-gap] ^ _WORD_PAIR) * _BASE ^ words[gap:], starts[:-gap]


def _han_pairs(points: NDArray[np.uint32]) -> Iterator[_Hashed]:
    """Pairs of ideographs with others between them: Chinese has no spaces to tell words by."""
    han = points >= 0x2E80
    if not han.any():
        return
    for gap in HAN_GAPS:
        at = np.flatnonzero(han[:-gap] & han[gap:])
        yield (points[at] ^ _HAN_PAIR) * _BASE ^ points[at + gap], at


def _words(points: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """A hash for each run between spaces, and where it begins; a run of Chinese is no word and is left out."""
    inside = (points != _SPACE) & (points < 0x2E80)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], inside, [False])).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return np.zeros(0, np.uint32), np.zeros(0, np.int64)
    order = np.arange(len(points)) - np.repeat(np.concatenate(([0], starts)), np.diff([0, *starts, len(points)]))
    powers = np.cumprod(np.full(int(order.max()) + 1, _BASE, np.uint32), dtype=np.uint32)
    weighted = np.where(inside, points * powers[order], np.uint32(0)).astype(np.uint32)
    sums = np.concatenate(([np.uint32(0)], np.cumsum(weighted, dtype=np.uint32)))
    return sums[ends] - sums[starts], starts


class LinearModel:
    """Scores of several labels for one direction. Immutable, shared by all sessions."""

    def __init__(self, labels: tuple[str, ...], weights: NDArray[np.float32], bias: NDArray[np.float32]) -> None:
        """`weights` (BUCKETS, labels), `bias` (labels,); raises ValueError where the shapes do not fit together."""
        if weights.shape != (BUCKETS, len(labels)) or bias.shape != (len(labels),):
            raise ValueError(f"weights {weights.shape} and bias {bias.shape} do not fit {len(labels)} labels")
        self.labels = labels
        self.weights, self.bias = weights, bias

    @classmethod
    def load(cls, path: Path) -> "LinearModel":
        """From a safetensors file with `weights`, `bias` and the labels in its metadata."""
        with safe_open(str(path), "numpy") as file:
            labels = tuple(file.metadata()["labels"].split(","))
            return cls(
                labels,
                file.get_tensor("weights").astype(np.float32),
                file.get_tensor("bias").astype(np.float32),
            )

    def score(self, text: str) -> dict[str, float]:
        """How likely each label is for a normal text, 0 to 1, calibrated on texts of sources that it was not trained on;
        of a long text the likeliest window counts."""
        found = features(text)
        if found.length <= WINDOW_CHARS:
            logits = self.weights[found.buckets].sum(axis=0) / np.sqrt(len(found.buckets)) + self.bias
        else:
            logits = self._by_windows(found)
        return dict(zip(self.labels, (1 / (1 + np.exp(-np.clip(logits, -30, 30)))).tolist(), strict=True))

    def _by_windows(self, found: Features) -> NDArray[np.float64]:
        slots = found.length // _STRIDE_CHARS + 1
        slot = found.places // _STRIDE_CHARS
        counts = np.bincount(slot, minlength=slots).astype(np.float64)
        count = counts[:-1] + counts[1:]
        best = np.empty(len(self.labels))
        for i, bias in enumerate(self.bias):
            sums = np.bincount(slot, self.weights[found.buckets, i], slots)
            best[i] = ((sums[:-1] + sums[1:]) / np.sqrt(np.maximum(count, 1)) + bias).max()
        return best
