"""Which of the seven feelings a face shows: a small network on the distances of the face and how the head is turned.

Distances come against the face's own rest where that is known, else against the mean of neutral faces; one hidden layer, three
networks averaged. It learned from drawn faces (FACS on real neutral faces) and from photographs of one set, never from labelled faces
of the internet: weights/face_emotion.md says how good that is.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from tiangong.core.errors import BundleError
from tiangong.perception.face_measures import MEASURES, POPULATION_SPREAD
from tiangong.perception.head_pose import PosedFace

Row = NDArray[np.float32]
WEIGHTS: Final = Path(__file__).parent / "weights" / "face_emotion.safetensors"
HEAD_SPREAD_RAD: Final = 0.15  # that the network takes for one
FARTHEST: Final = 6.0  # spreads: a measure beyond is a mistake of the mesh
INPUTS: Final = len(MEASURES) + 3
_TENSORS: Final = ("hidden", "hidden_bias", "out", "out_bias", "temperature")


class FeelingReader(Protocol):
    """What reads a feeling from a face; shared by all sessions."""

    name: str

    def read(self, image: NDArray[np.uint8], face: PosedFace, landmarks: Row, measures: Row, rest: Row) -> Row:
        """A picture (height, width, 3), the face in it (landmarks in pixels, and turned to the front), its measures (50,) and
        those of its rest -> (7,) that sum to 1, order of core.face.EMOTIONS."""
        ...


def inputs(measures: Row, rest: Row, head_rad: Row) -> Row:
    """(..., 50), (50,) and (..., 3) -> (..., 53), what the network reads."""
    moved = (measures - rest) / POPULATION_SPREAD
    return np.clip(np.concatenate([moved, head_rad / HEAD_SPREAD_RAD], axis=-1), -FARTHEST, FARTHEST).astype(np.float32)


@dataclass(frozen=True, eq=False)
class FaceEmotionNet:
    hidden: Row  # (networks, 53, units)
    hidden_bias: Row  # (networks, units)
    out: Row  # (networks, units, 7)
    out_bias: Row  # (networks, 7)
    temperature: Row  # (1,) of the softmax: set on people that it had not seen

    def probabilities(self, rows: Row) -> Row:
        """(n, 53) -> (n, 7) that sum to 1."""
        hidden = np.tanh(np.einsum("ni,kiu->knu", rows, self.hidden) + self.hidden_bias[:, None])
        logits = np.einsum("knu,kue->kne", hidden, self.out) + self.out_bias[:, None]
        logits = logits / self.temperature[0]
        weights = np.exp(logits - logits.max(axis=2, keepdims=True))
        return (weights / weights.sum(axis=2, keepdims=True)).mean(axis=0).astype(np.float32)


@lru_cache(maxsize=1)
def face_emotion_net(path: Path = WEIGHTS) -> FaceEmotionNet:
    """The shipped network. Raises BundleError where its file is missing or damaged."""
    from safetensors import SafetensorError  # late: most commands see no face
    from safetensors.numpy import load_file

    try:
        box = load_file(path)
        return FaceEmotionNet(*(box[name].astype(np.float32) for name in _TENSORS))
    except (OSError, SafetensorError, KeyError) as error:
        mend = "install tiangong again, or train it with `python -m scripts.train_face_emotion`"
        raise BundleError(f"{path.name} cannot be read ({error}): {mend}") from error


class GeometryReader:
    """The embedded reader."""

    name = "geometry"
    embedded = True

    def read(self, image: NDArray[np.uint8], face: PosedFace, landmarks: Row, measures: Row, rest: Row) -> Row:
        """See `FeelingReader`; the picture itself is not looked at."""
        return face_emotion_net().probabilities(inputs(measures, rest, face.head_rad)[None])[0]
