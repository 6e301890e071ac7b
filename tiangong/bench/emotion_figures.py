"""Figures of a classifier of feelings: balanced accuracy, confusion, calibration, and what its surest half is worth."""

import numpy as np
from numpy.typing import NDArray

from tiangong.core.face import EMOTIONS

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]
_BINS = 10


def balanced_accuracy(labels: Labels, probabilities: Floats) -> float:
    """Mean over the classes that occur of the share that is recognised; labels (n,), probabilities (n, 7)."""
    found = probabilities.argmax(axis=1)
    return float(np.mean([(found[labels == k] == k).mean() for k in np.unique(labels)]))


def surest_half(labels: Labels, probabilities: Floats) -> float:
    """Balanced accuracy of those faces whose likeliest class is likelier than the median face's."""
    sure = probabilities.max(axis=1)
    chosen = sure >= np.median(sure)
    return balanced_accuracy(labels[chosen], probabilities[chosen])


def calibration_error(labels: Labels, probabilities: Floats) -> float:
    """Expected calibration error in ten bins (Guo et al. 2017): mean distance of how sure it is and how often it is right."""
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bins = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    gaps = [abs(sure[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins)]
    return float(np.sum(gaps))


def confusion(labels: Labels, probabilities: Floats) -> NDArray[np.int64]:
    """(7, 7): rows are true, columns found."""
    table = np.zeros((len(EMOTIONS), len(EMOTIONS)), np.int64)
    np.add.at(table, (labels, probabilities.argmax(axis=1)), 1)
    return table


def confusion_table(labels: Labels, probabilities: Floats) -> str:
    """The same as a Markdown table."""
    lines = ["| true, found | " + " | ".join(EMOTIONS) + " |", "|---" * (len(EMOTIONS) + 1) + "|"]
    for name, row in zip(EMOTIONS, confusion(labels, probabilities), strict=True):
        lines.append(f"| {name} | " + " | ".join(str(n) for n in row) + " |")
    return "\n".join(lines)
