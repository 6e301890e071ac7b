"""The sheet of spectra that a person's speech fills, known by a recording's frames; and the nearest way along it.

For each moment of a sentence the nearest of the person's own spectra is sought, where a step along the recording costs
nothing and a jump does: unit selection (Hunt and Black 1996) over frames of 5 ms, solved by dynamic programming. A step
of size `closeness` towards it is a gradient step on half the squared distance to the sheet.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from tiangong.voice.clone.articulation import KIND_OF, KINDS
from tiangong.voice.clone.spectrum import Floats

CONTEXT: Final = (
    4  # frames (20 ms) on either side that must fit too: a sound is told by where it comes from and goes to
)
_FEATURES: Final = 24
_READ_BANDS: Final = 56  # up to 8 kHz; many recordings hold nothing above
_LEVEL_SHARE: Final = 0.5
_CONTEXT_SHARE: Final = 0.6
_CANDIDATES: Final = 16
_FEWEST: Final = 40  # frames (0.2 s) of a kind of sound that can stand for all of it
_OTHER_SOUND: Final = 4.0  # cost of another sound of the same kind, in units of a feature's spread
_OTHER_VOICING: Final = 6.0
_JUMP: Final = 8.0
_SKIP: Final = 2.4  # staying, or leaving one frame out: a sound a little longer or shorter


@dataclass(frozen=True)
class Sheet:
    """A person's spectra in the order in which they were spoken."""

    bands: Floats  # (m, 64) natural logarithm of power
    voiced: NDArray[np.bool_]  # (m,)
    sounds: NDArray[np.intp]  # (m,) none of them silence

    @cached_property
    def _mean(self) -> tuple[Floats, Floats]:
        return self._by_voicing(np.mean)

    @cached_property
    def _spread(self) -> tuple[Floats, Floats]:
        return self._by_voicing(np.std)

    def _by_voicing(self, what: "np.ufunc | object") -> tuple[Floats, Floats]:
        pair: list[Floats] = []
        for voiced in (False, True):
            rows = self.bands[self.voiced == voiced]
            rows = rows if len(rows) > _FEWEST else self.bands
            pair.append(np.asarray(what(rows, axis=0), np.float32))  # type: ignore[operator]
        return pair[0], pair[1]

    @cached_property
    def _features(self) -> Floats:
        return self.features(self.bands, self.voiced)

    @cached_property
    def _pools(self) -> list[NDArray[np.intp]]:
        """For each kind of sound the frames that may stand for it."""
        kinds = KIND_OF[self.sounds]
        everything = np.arange(len(kinds))
        pools = [np.flatnonzero(kinds == kind) for kind in range(KINDS)]
        return [pool if len(pool) >= _FEWEST else everything for pool in pools] + [everything]

    def features(self, bands: Floats, voiced: NDArray[np.bool_]) -> Floats:
        """(n, 64) -> (n, 72) shape of the spectrum in units of this person's spread, with what is before and after."""
        rows = voiced.astype(int)
        mean, spread = np.stack(self._mean), np.stack(self._spread)
        relative = ((bands - mean[rows]) / (spread[rows] + 1e-3))[:, :_READ_BANDS]
        shape = np.asarray(dct(relative, axis=1, norm="ortho"), np.float32)[:, :_FEATURES]
        shape[:, 0] *= _LEVEL_SHARE
        before = np.concatenate([np.repeat(shape[:1], CONTEXT, 0), shape])[: len(shape)]
        after = np.concatenate([shape, np.repeat(shape[-1:], CONTEXT, 0)])[-len(shape) :]
        return np.concatenate([shape, _CONTEXT_SHARE * before, _CONTEXT_SHARE * after], axis=1).astype(np.float32)

    def way(
        self, bands: Floats, voiced: NDArray[np.bool_], sounds: NDArray[np.intp], after: int | None
    ) -> NDArray[np.intp]:
        """(n,) which of the person's frames is nearest at each moment of (n, 64), on a way with few jumps.

        `after`: the frame on which the way before this one ended; None at the beginning.
        """
        frames, costs = self._candidates(bands, voiced, sounds)
        total = costs[0] + (0 if after is None else _joins(np.array([after]), frames[0])[0])
        back = np.zeros(frames.shape, np.intp)
        for t in range(1, len(frames)):
            reached = total[:, None] + _joins(frames[t - 1], frames[t])
            back[t] = reached.argmin(0)
            total = reached[back[t], np.arange(frames.shape[1])] + costs[t]
        chosen = np.zeros(len(frames), np.intp)
        at = int(total.argmin())
        for t in range(len(frames) - 1, -1, -1):
            chosen[t] = frames[t, at]
            at = int(back[t, at])
        return chosen

    def _candidates(
        self, bands: Floats, voiced: NDArray[np.bool_], sounds: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], Floats]:
        """(n, k) frames that come into question and (n, k) their distances."""
        wanted = self.features(bands, voiced)
        kinds = KIND_OF[sounds]
        frames = np.zeros((len(bands), _CANDIDATES), np.intp)
        costs = np.zeros((len(bands), _CANDIDATES), np.float32)
        for kind in np.unique(kinds):
            rows, pool = np.flatnonzero(kinds == kind), self._pools[kind]
            distance = _distances(wanted[rows], self._features[pool])
            distance += _OTHER_VOICING * (voiced[rows, None] != self.voiced[None, pool])
            distance += _OTHER_SOUND * (sounds[rows, None] != self.sounds[None, pool])
            count = min(_CANDIDATES, len(pool))
            near = np.argpartition(distance, count - 1, axis=1)[:, :count]
            near = np.pad(near, ((0, 0), (0, _CANDIDATES - count)), mode="edge")
            frames[rows], costs[rows] = pool[near], np.take_along_axis(distance, near, 1)
        return frames, costs


def _distances(a: Floats, b: Floats) -> Floats:
    """(n, d), (m, d) -> (n, m) Euclidean."""
    squared = np.square(a).sum(1)[:, None] + np.square(b).sum(1)[None] - 2 * a @ b.T
    return np.sqrt(np.maximum(squared, 0))


def _joins(before: NDArray[np.intp], after: NDArray[np.intp]) -> Floats:
    """(j,), (k,) frames -> (j, k) what it costs to go from one to the other."""
    step = after[None, :] - before[:, None]
    near = (step == 0) | (step == 2)
    return np.where(step == 1, 0.0, np.where(near, _SKIP, _JUMP)).astype(np.float32)
