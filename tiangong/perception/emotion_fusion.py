"""What face, voice and words tell together about how somebody feels.

Opinions are pooled on a logarithmic scale (Genest and Zidek 1986), each weighted by its confidence, by how far the channel
can be trusted in general, and by its age. Words of feeling are clear where they occur, faces are often polite, voices tell
arousal better than kind. Where channels contradict one another the confidence falls: a smile over angry words is no joy.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.face import EMOTIONS
from tiangong.core.media import Emotion
from tiangong.perception.expression_emotion import CONFIDENT_FROM, arousal_of, valence_of

_FLOOR: Final = 0.02  # no channel rules a feeling out
_STRICTNESS: Final = 3  # how much contradiction costs: the power of the agreement


@dataclass(frozen=True)
class Channel:
    trust: float  # 0 to 1
    lasts_s: float  # until an opinion has lost most (63 %) of its weight


FACE: Final = Channel(trust=0.9, lasts_s=3.0)
VOICE: Final = Channel(trust=0.6, lasts_s=12.0)
WORDS: Final = Channel(trust=1.0, lasts_s=12.0)


def fuse(face: Emotion | None, voice: Emotion | None, words: Emotion | None, now_s: float) -> Emotion | None:
    """The fused feeling at `now_s`, on the clock of `seen_s`; None where no channel tells anything."""
    opinions = [
        (seen, seen.confidence * channel.trust * float(np.exp(-max(now_s - seen.seen_s, 0.0) / channel.lasts_s)))
        for seen, channel in ((face, FACE), (voice, VOICE), (words, WORDS))
        if seen is not None
    ]
    weights = np.array([weight for _, weight in opinions], np.float32)
    if not opinions or weights.sum() <= 0:
        return None
    rows = np.stack([np.maximum(seen.probabilities, _FLOOR) for seen, _ in opinions])
    logs = (weights[:, None] * np.log(rows)).sum(axis=0) / max(float(weights.sum()), 1.0)
    probabilities = _normal(np.exp(logs - logs.max()))
    confidence = float(1 - np.prod(1 - np.minimum(weights, 0.99))) * _agreement(rows, weights) ** _STRICTNESS
    best = int(np.argmax(probabilities))
    label = EMOTIONS[best] if confidence >= CONFIDENT_FROM else "neutral"
    return Emotion(label, probabilities, valence_of(probabilities), arousal_of(probabilities), confidence, now_s)


def _agreement(rows: NDArray[np.float32], weights: NDArray[np.float32]) -> float:
    """0 to 1: how likely two opinions, drawn by weight, are to mean the same, over one opinion with itself."""
    if len(rows) == 1:
        return 1.0
    shares = weights / weights.sum()
    same = np.sqrt(rows / rows.sum(axis=1, keepdims=True))
    alike = same @ same.T  # Bhattacharyya's coefficient
    return float(shares @ alike @ shares)


def _normal(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    return (weights / weights.sum()).astype(np.float32)
