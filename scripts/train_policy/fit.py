"""Logistic regression on hashed n-grams, one label at a time, by L-BFGS (Liu and Nocedal 1989)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.optimize
import scipy.sparse
from numpy.typing import NDArray

from scripts.train_policy.rows import Sample
from tiangong.policies.detectors.linear import BUCKETS, LinearModel, features
from tiangong.policies.detectors.normal_form import normal_form

PENALTY: Final = 1.5e-6  # of squared weights, a weight of one row
OWN_WEIGHT: Final = 2.0  # a line of the grammars counts so often
WRITTEN_WEIGHT: Final = 6.0  # and a line that was written by itself, an idea where a grammar gives variants
RARITY_SCALE: Final = 5.0  # a bucket of one row in 150 counts as it is
STEPS: Final = 80
LARGE_SOURCE: Final = 1_000  # rows of a larger source weigh less each
FLAG_SHARE: Final = 0.3  # of the whole weight that the flagged rows of a label are given


@dataclass(frozen=True)
class Table:
    """Samples of one direction as a sparse matrix."""

    samples: Sequence[Sample]
    matrix: scipy.sparse.csr_matrix  # (samples, BUCKETS), rows of counts over the root of their number

    def without(self, sources: frozenset[str]) -> "Table":
        rows = [i for i, sample in enumerate(self.samples) if sample.source not in sources]
        return Table([self.samples[i] for i in rows], self.matrix[rows])


def table(samples: Sequence[Sample]) -> Table:
    buckets = [features(normal_form(sample.text).text).buckets for sample in samples]
    counts = np.array([len(found) for found in buckets])
    values = np.repeat(1 / np.sqrt(counts), counts)
    ends = np.concatenate(([0], np.cumsum(counts)))
    matrix = scipy.sparse.csr_matrix((values, np.concatenate(buckets), ends), (len(samples), BUCKETS))
    matrix.sum_duplicates()
    return Table(samples, matrix)


def fit(data: Table, labels: Sequence[str]) -> LinearModel:
    """A model of all labels; the same rows give the same model.

    Rare n-grams count for more while fitting (inverse document frequency, Spärck Jones 1972); the factors are multiplied into
    the weights afterwards, so that scoring knows nothing of them.
    """
    rarity = _rarity(data.matrix, len(data.samples))
    scaled = Table(data.samples, data.matrix.copy())
    scaled.matrix.data *= rarity[scaled.matrix.indices]
    columns = [_fit_label(scaled, label) for label in labels]
    weights = np.stack([column[:-1] * rarity for column in columns], axis=1).astype(np.float32)
    return LinearModel(tuple(labels), weights, np.array([column[-1] for column in columns], np.float32))


def _rarity(matrix: scipy.sparse.csr_matrix, rows: int) -> NDArray[np.float64]:
    """(BUCKETS,) factors, 0 to about 2, larger the fewer rows have a bucket; a bucket of no row stays out."""
    rows_with = np.bincount(matrix.indices, minlength=BUCKETS)
    return np.where(rows_with > 0, np.log((1 + rows) / (1 + rows_with)) / RARITY_SCALE, 0.0)


def _fit_label(data: Table, label: str) -> NDArray[np.float64]:
    known = np.array([label not in sample.unknown for sample in data.samples])
    rows = np.flatnonzero(known)
    matrix = data.matrix[rows]
    transposed = matrix.T.tocsr()
    flagged = np.array([label in data.samples[i].flags for i in rows])
    weight = _row_weights([data.samples[i] for i in rows], flagged)
    sign = np.where(flagged, 1.0, -1.0)

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = sign * (matrix @ parameters[:-1] + parameters[-1])
        slope = -sign * weight * _sigmoid(-margin)
        gradient = np.concatenate((transposed @ slope + PENALTY * parameters[:-1], [slope.sum()]))
        value = float(weight @ np.logaddexp(0, -margin) + PENALTY / 2 * parameters[:-1] @ parameters[:-1])
        return value, gradient

    found = scipy.optimize.minimize(
        loss, np.zeros(BUCKETS + 1), jac=True, method="L-BFGS-B", options={"maxiter": STEPS}
    )
    return np.asarray(found.x)


def _row_weights(samples: Sequence[Sample], flagged: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Weights that sum to one: no source drowns the others, and flags have their share."""
    sizes = Counter((sample.source, bool(flag)) for sample, flag in zip(samples, flagged, strict=True))
    weight = np.array(
        [
            _weight(sample) * min(1.0, LARGE_SOURCE / sizes[sample.source, bool(flag)])
            for sample, flag in zip(samples, flagged, strict=True)
        ]
    )
    for side, share in ((flagged, FLAG_SHARE), (~flagged, 1 - FLAG_SHARE)):
        if side.any():
            weight[side] *= share / weight[side].sum()
    return weight


def _weight(sample: Sample) -> float:
    return WRITTEN_WEIGHT if sample.written else OWN_WEIGHT if sample.own else 1.0


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-np.clip(x, -30, 30)))
