"""How a voice sounds to feel: prosody against what is normal for this speaker, through a small logistic model.

No recording of real feelings taught it, only what the literature reports of them (weights/voice_emotion.md). So it is sure of
little: it tells an excited voice from a calm one, and its confidence is capped.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.errors import BundleError
from tiangong.core.face import EMOTIONS
from tiangong.core.media import AudioChunk, Emotion
from tiangong.perception.expression_emotion import arousal_of, valence_of
from tiangong.perception.voice_prosody import prosody

Row = NDArray[np.float32]
WEIGHTS: Final = Path(__file__).parent / "weights" / "voice_emotion.safetensors"
MOST_CONFIDENT: Final = 0.6
NAMED_FROM: Final = 0.75  # probability from which a voice is called anything but neutral
FARTHEST: Final = 4.0  # spreads
_STRANGER: Final = 3.0  # utterances that the population's mean weighs against one's own
_FASTEST: Final = 0.2  # most that one utterance moves the normal
_TENSORS: Final = ("mean", "spread", "weight", "bias", "between")


@dataclass(frozen=True, eq=False)
class VoiceEmotionModel:
    mean: Row  # (9,) of calm speech of all people
    spread: Row  # (9,) from one utterance to the next of one person
    weight: Row  # (9, 7)
    bias: Row  # (7,)
    between: Row  # (9,) from person to person

    def probabilities(self, moved: Row) -> Row:
        """(..., 9) distances from a person's normal, in spreads -> (..., 7) that sum to 1."""
        logits = np.clip(moved, -FARTHEST, FARTHEST) @ self.weight + self.bias
        weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return (weights / weights.sum(axis=-1, keepdims=True)).astype(np.float32)


@lru_cache(maxsize=1)
def voice_emotion_model(path: Path = WEIGHTS) -> VoiceEmotionModel:
    """The shipped model. Raises BundleError where its file is missing or damaged."""
    from safetensors import SafetensorError  # late: most commands hear nobody
    from safetensors.numpy import load_file

    try:
        box = load_file(path)
        return VoiceEmotionModel(*(box[name].astype(np.float32) for name in _TENSORS))
    except (OSError, SafetensorError, KeyError) as error:
        mend = "install tiangong again, or train it with `python -m scripts.train_voice_emotion`"
        raise BundleError(f"{path.name} cannot be read ({error}): {mend}") from error


class VoiceFeeling:
    """One caller: what is normal for them is learned while they speak."""

    def __init__(self) -> None:
        self._normal: Row | None = None
        self._utterances = 0

    def read(self, sound: AudioChunk, said_s: float) -> Emotion | None:
        """16 kHz of one utterance, said at `said_s`; None where too little of it is voiced. Takes a tenth of its length at most."""
        measured = prosody(sound)
        if measured is None:
            return None
        model = voice_emotion_model()
        known = self._utterances / (self._utterances + _STRANGER)
        normal = model.mean if self._normal is None else (1 - known) * model.mean + known * self._normal
        # Of a stranger it is not known which part of the distance is the person's own.
        spread = np.sqrt(model.spread**2 + ((1 - known) * model.between) ** 2)
        self._learn(measured)
        return _emotion(model.probabilities((measured - normal) / spread), said_s)

    def _learn(self, measured: Row) -> None:
        self._utterances += 1
        share = max(1 / self._utterances, _FASTEST)
        self._normal = measured if self._normal is None else self._normal + share * (measured - self._normal)


def _emotion(probabilities: Row, said_s: float) -> Emotion:
    best = int(np.argmax(probabilities))
    label = EMOTIONS[best] if probabilities[best] >= NAMED_FROM else "neutral"
    confidence = min(float(probabilities[best]), MOST_CONFIDENT) * MOST_CONFIDENT
    return Emotion(label, probabilities, valence_of(probabilities), arousal_of(probabilities), confidence, said_s)
