"""A judge's temperature and threshold from texts whose answer is known: a logistic regression on its own odds (Platt 1999)."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from tiangong.core.errors import MediaError
from tiangong.policies.judges.readings import Calibration

LEAST: Final = 20  # texts of either answer
_RIDGE: Final = 1e-3  # keeps the slope finite where yes and no are parted without a mistake
_SURE: Final = 1e-6
# Within what the settings take.
_TEMPERATURES: Final = (0.05, 20.0)
_THRESHOLDS: Final = (1e-4, 1 - 1e-4)


def fitted(yes: Sequence[float], truth: Sequence[bool]) -> Calibration:
    """From the judge's own probabilities of "yes", without calibration, and what is true of each text.

    Raises MediaError for fewer than 20 texts of either answer, or where "yes" is no likelier for true than for false ones.
    """
    wanted = np.asarray(truth, np.float64)
    if min(wanted.sum(), len(wanted) - wanted.sum()) < LEAST:
        raise MediaError(f"calibrating takes {LEAST} texts or more of either answer")
    odds = _logit(np.asarray(yes, np.float64))
    rows = np.stack([odds, np.ones_like(odds)], axis=1)

    def loss(weights: NDArray[np.float64]) -> float:
        told = rows @ weights
        return float(np.sum(np.logaddexp(0, told) - wanted * told) + _RIDGE * np.sum(weights**2))

    weights: NDArray[np.float64] = minimize(loss, np.array([1.0, 0.0]), method="BFGS").x
    if not np.isfinite(weights).all() or weights[0] <= 0:
        raise MediaError("the judge says 'yes' no more often where it is true; ask another question, or another model")
    temperature = float(np.clip(1 / weights[0], *_TEMPERATURES))
    threshold = float(np.clip(1 / (1 + np.exp(weights[1] / weights[0])), *_THRESHOLDS))
    return Calibration(threshold, temperature)


def brier(yes: Sequence[float], truth: Sequence[bool]) -> float:
    """Mean squared error of probabilities, 0 to 1; 0.25 is what always saying one half gets (Brier 1950)."""
    return float(np.mean((np.asarray(yes) - np.asarray(truth, np.float64)) ** 2))


def _logit(p: NDArray[np.float64]) -> NDArray[np.float64]:
    sure = np.clip(p, _SURE, 1 - _SURE)
    return np.log(sure / (1 - sure))
