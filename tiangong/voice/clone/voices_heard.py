"""Whether a recording holds one voice: two people cloned together sound like neither.

Stretches of one second of voiced sound are split into the two groups that differ most (k-means, k = 2). Two people's
groups lie further apart than one person's moods. Over recordings of ten speakers and all pairs of them, the threshold
below finds 7 of 10 pairs and takes no single speaker for two; so it is worth a warning, not a refusal.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from tiangong.voice.clone.spectrum import FRAMES_PER_S, Frames

_APART: Final = 1.75  # distance of the groups' means over their spread
_CEPSTRA: Final = 14
# Spread of stretches of one speaker, mean over ten: of the logarithm of the fundamental, then of cepstra 1 to 13.
_SPREAD: Final = np.array([0.12, 3.0, 1.7, 1.7, 1.6, 1.1, 1.3, 1.0, 0.8, 0.8, 0.8, 0.6, 0.6, 0.6])
_FEWEST: Final = 3  # stretches in a group
_LEAST_SHARE: Final = 0.15
_ROUNDS: Final = 20

Vectors = NDArray[np.float64]


def sounds_like_two(frames: Frames) -> bool:
    """Of speech as `analysed` hands it out."""
    return _apartness(_stretches(frames)) > _APART


def _stretches(frames: Frames) -> Vectors:
    """(stretches, 14) pitch and timbre of each second of voice, in units of one speaker's spread."""
    voiced = frames.part(frames.voiced)
    cepstra = np.asarray(dct(voiced.bands, axis=1, norm="ortho"))[:, 1:_CEPSTRA]
    rows = [
        np.r_[np.median(np.log(voiced.f0_hz[i : i + FRAMES_PER_S])), cepstra[i : i + FRAMES_PER_S].mean(0)]
        for i in range(0, len(voiced) - FRAMES_PER_S + 1, FRAMES_PER_S)
    ]
    return np.array(rows).reshape(-1, _CEPSTRA) / _SPREAD


def _apartness(vectors: Vectors) -> float:
    """The largest that a start along one of the first three principal axes leads to; 0 where no two groups are found."""
    if len(vectors) < 2 * _FEWEST:
        return 0.0
    centred = vectors - vectors.mean(0)
    axes = np.linalg.svd(centred, full_matrices=False)[2]
    return max(_between(vectors, centred @ axis > 0) for axis in axes[:3])


def _between(vectors: Vectors, first: NDArray[np.bool_]) -> float:
    for _ in range(_ROUNDS):
        if first.all() or not first.any():
            return 0.0
        means = vectors[first].mean(0), vectors[~first].mean(0)
        distances = [np.square(vectors - mean).sum(1) for mean in means]
        nearer = distances[0] < distances[1]
        if (nearer == first).all():
            break
        first = nearer
    fewest = max(_FEWEST, _LEAST_SHARE * len(vectors))
    if min(int(first.sum()), int((~first).sum())) < fewest:
        return 0.0
    groups = vectors[first], vectors[~first]
    within = sum(float(np.square(group - group.mean(0)).sum()) for group in groups)
    apart = float(np.linalg.norm(groups[0].mean(0) - groups[1].mean(0)))
    return apart / np.sqrt(within / len(vectors))
