"""How near a text is to topics that are given by examples: cosine on hashed n-grams, weighed by how rare they are.

Salton and Buckley 1988, "Term-weighting approaches in automatic text retrieval".
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.policies.detectors.linear import BUCKETS, features
from tiangong.policies.detectors.normal_form import normal_form

_NEAR: Final = 0.45  # cosine that counts as wholly on topic: two short sentences rarely share more


class TopicExamples:
    """Named topics, each a list of sentences. Immutable, shared by all sessions."""

    def __init__(self, topics: Mapping[str, Sequence[str]]) -> None:
        rows = {name: [_vector(normal_form(text).text) for text in texts] for name, texts in topics.items()}
        every = [row for found in rows.values() for row in found]
        seen = np.zeros(BUCKETS, np.float32)
        for row in every:
            seen[row] += 1
        # A gram that many examples have ("how do I") tells little of the topic; one that none has, most.
        self._rarity = np.log((1 + len(every)) / (1 + seen)).astype(np.float32) + 0.1
        self._examples = {name: [(row, self._norm(row)) for row in found] for name, found in rows.items()}

    def _norm(self, row: NDArray[np.int64]) -> float:
        return float(np.sqrt((self._rarity[row] ** 2).sum())) or 1.0

    def has(self, topic: str) -> bool:
        """Whether there is an example of it."""
        return bool(self._examples.get(topic))

    def nearness(self, topic: str, text: str) -> float:
        """0 to 1, how much a normal text resembles the nearest example of a topic; 0 for a topic without examples."""
        row = _vector(text)
        norm = self._norm(row)
        best = 0.0
        for example, example_norm in self._examples.get(topic, ()):
            shared = np.intersect1d(row, example, assume_unique=True)
            best = max(best, float((self._rarity[shared] ** 2).sum()) / (norm * example_norm))
        return min(1.0, best / _NEAR)


def _vector(text: str) -> NDArray[np.int64]:
    return np.unique(features(text).buckets)
