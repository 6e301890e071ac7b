"""Feelings on the face, by the action units of FACS (Ekman, Friesen and Hager 2002; prototypes of EMFACS).

Only what leaves the lips free to touch: no jaw, no parted lips. A surprised avatar opens its eyes and still says "p".
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.face import ARKIT_BLEND_SHAPES, BLEND_SHAPE_INDEX, EmotionLabel
from tiangong.core.media import Emotion
from tiangong.core.style import StyleLimits

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class _Unit:
    shape: str  # a blend shape, or a pair without its "Left" and "Right"
    weight: float  # at intensity 1


# A resting face with every muscle slack looks bored: a trace of a smile.
_AT_EASE: Final = (_Unit("mouthSmile", 0.15), _Unit("cheekSquint", 0.06))
_LEAVES_A_SMILE: Final = ("neutral", "happy", "surprised")
_FACES: Final[dict[EmotionLabel, tuple[_Unit, ...]]] = {
    "neutral": _AT_EASE,
    "happy": (  # AU 6 + 12
        _Unit("mouthSmile", 0.65), _Unit("cheekSquint", 0.50), _Unit("eyeSquint", 0.20), _Unit("mouthDimple", 0.12),
        _Unit("browOuterUp", 0.10),
    ),
    "sad": (  # AU 1 + 4 + 15 + 17
        _Unit("browInnerUp", 0.90), _Unit("browDown", 0.25), _Unit("mouthFrown", 0.75), _Unit("mouthShrugLower", 0.35),
        _Unit("eyeSquint", 0.25), _Unit("eyeLookDown", 0.15),
    ),
    "angry": (  # AU 4 + 5 + 7 + 24
        _Unit("browDown", 1.00), _Unit("eyeSquint", 0.50), _Unit("eyeWide", 0.20), _Unit("noseSneer", 0.35),
        _Unit("mouthFrown", 0.35), _Unit("mouthPress", 0.50),
    ),
    "fearful": (  # AU 1 + 2 + 4 + 5 + 20
        _Unit("browInnerUp", 0.95), _Unit("browOuterUp", 0.45), _Unit("browDown", 0.20), _Unit("eyeWide", 0.85),
        _Unit("mouthStretch", 0.60), _Unit("mouthFrown", 0.15),
    ),
    "disgusted": (  # AU 9 + 15 + 17
        _Unit("noseSneer", 1.00), _Unit("browDown", 0.50), _Unit("eyeSquint", 0.50), _Unit("cheekSquint", 0.35),
        _Unit("mouthFrown", 0.50), _Unit("mouthShrugLower", 0.30), _Unit("mouthShrugUpper", 0.25),
    ),
    "surprised": (  # AU 1 + 2 + 5
        _Unit("browInnerUp", 0.90), _Unit("browOuterUp", 0.95), _Unit("eyeWide", 0.85),
    ),
}  # fmt: skip
# What answers a user's feeling: joy is shared, distress met with concern, anger with calm attention; never mirrored.
_ANSWERS: Final[dict[EmotionLabel, tuple[tuple[EmotionLabel, float], ...]]] = {
    "neutral": (),
    "happy": (("happy", 0.55),),
    "sad": (("sad", 0.40),),
    "angry": (("sad", 0.20),),
    "fearful": (("sad", 0.30),),
    "disgusted": (("sad", 0.15),),
    "surprised": (("surprised", 0.30), ("happy", 0.15)),
}
_SHOWN_AT_REST: Final = 0.3  # a feeling that the policy wants shown, while nobody speaks
_UNLIMITED: Final = StyleLimits()
_THINKING: Final = (
    _Unit("browInnerUp", 0.14), _Unit("browDown", 0.08), _Unit("eyeSquint", 0.06), _Unit("mouthPress", 0.08),
)  # fmt: skip
_LISTENING: Final = (_Unit("browInnerUp", 0.08), _Unit("browOuterUp", 0.06))


def felt_face(label: EmotionLabel, intensity: float, never: Collection[EmotionLabel] = ()) -> Floats:
    """(52,) weights of a feeling at an intensity of 0 to 1, on top of a face at ease; of feelings in `never` not a trace."""
    strength = min(max(intensity, 0.0), 1.0)
    return np.maximum(_ease_beside(label, strength, never), strength * _face_of(label, never))


def answering_face(user: Emotion | None, limits: StyleLimits = _UNLIMITED) -> Floats:
    """(52,) weights: how a listener's face answers what the user shows, by how sure and how strong that is.

    `limits` is what the policy allows: no trace of a forbidden feeling, and the one that it wants shown.
    """
    sure = min(max(user.confidence, 0.0), 1.0) if user else 0.0
    face = _ease_beside(user.label if user else "neutral", sure, limits.never)
    answers: list[tuple[EmotionLabel, float]] = []
    if user:
        answers = [(label, sure * share) for label, share in _ANSWERS[user.label]]
    if limits.show:
        answers = [(limits.show, _SHOWN_AT_REST)]
    for label, share in answers:
        if label not in limits.never:
            face = np.maximum(face, limits.intensity.clip(share) * _face_of(label, limits.never))
    return face


def thinking_face() -> Floats:
    """(52,) weights of mild concentration."""
    return _weights(_THINKING)


def listening_face() -> Floats:
    """(52,) weights of attention."""
    return _weights(_LISTENING)


def _ease_beside(label: EmotionLabel, strength: float, never: Collection[EmotionLabel]) -> Floats:
    """(52,) what is left of a face at ease: nobody smiles, not even a trace, in sorrow or at another's."""
    left = 1.0 if label in _LEAVES_A_SMILE else 1.0 - strength
    return _face_of("neutral", never) * np.float32(left)


def _face_of(label: EmotionLabel, never: Collection[EmotionLabel]) -> Floats:
    """(52,) a feeling at its strongest; a face at ease is slack where smiles are forbidden."""
    return _weights(() if label == "neutral" and "happy" in never else _FACES[label])


def _weights(units: tuple[_Unit, ...]) -> Floats:
    face = np.zeros(len(ARKIT_BLEND_SHAPES), np.float32)
    for unit in units:
        names = [unit.shape] if unit.shape in BLEND_SHAPE_INDEX else [unit.shape + "Left", unit.shape + "Right"]
        face[[BLEND_SHAPE_INDEX[name] for name in names]] = unit.weight
    return face
