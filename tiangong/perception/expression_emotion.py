"""A first estimate of a feeling from blend shapes: which of the prototypical expressions the face comes closest to.

The combinations of action units are those of EMFACS (Friesen & Ekman 1983): happiness 6+12, sadness 1+4+15,
anger 4+5+7+23, surprise 1+2+5+26, fear 1+2+4+5+20, disgust 9+10. Valence and arousal are the means of the seven places on
Russell's circumplex (1980), weighted by their probabilities. A face shows less than a person feels, and a stranger's
frown may be the sun: confidence is low wherever the evidence is.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.face import BLEND_SHAPE_INDEX, EMOTIONS, EmotionLabel
from tiangong.core.media import Emotion

Row = NDArray[np.float32]

# Action unit -> the blend shapes that show it; the mean of them is its intensity.
_UNITS: Final = {
    "1": ("browInnerUp",),
    "2": ("browOuterUpLeft", "browOuterUpRight"),
    "4": ("browDownLeft", "browDownRight"),
    "5": ("eyeWideLeft", "eyeWideRight"),
    "6": ("cheekSquintLeft", "cheekSquintRight"),
    "7": ("eyeSquintLeft", "eyeSquintRight"),
    "9": ("noseSneerLeft", "noseSneerRight"),
    "10": ("mouthUpperUpLeft", "mouthUpperUpRight"),
    "12": ("mouthSmileLeft", "mouthSmileRight"),
    "15": ("mouthFrownLeft", "mouthFrownRight"),
    "17": ("mouthShrugLower",),
    "20": ("mouthStretchLeft", "mouthStretchRight"),
    "23": ("mouthPressLeft", "mouthPressRight"),
    "26": ("jawOpen",),
    "43": ("eyeBlinkLeft", "eyeBlinkRight"),
}
# How much each unit speaks for an emotion; a negative one speaks against it (a smile shares its lifted lip
# with disgust, a crying face its drawn corners with a smile, and nobody is surprised with shut eyes).
_EVIDENCE: Final[Mapping[EmotionLabel, Mapping[str, float]]] = {
    "happy": {"12": 1.3, "6": 0.5, "15": -0.5, "4": -0.4, "43": -0.2},
    "sad": {"1": 0.8, "4": 0.5, "15": 1.0, "17": 0.3, "12": -0.7, "26": -0.5, "2": -0.4, "43": 0.2},
    "angry": {"4": 1.2, "7": 0.4, "23": 0.6, "5": 0.2, "12": -1.0, "1": -0.5, "2": -0.8},
    "surprised": {"1": 0.5, "2": 0.7, "5": 0.6, "26": 0.5, "4": -0.6, "12": -0.8, "43": -0.6},
    "fearful": {"1": 0.6, "2": 0.2, "4": 0.4, "5": 0.6, "20": 0.8, "26": 0.2, "12": -0.8, "43": -0.4},
    "disgusted": {"9": 1.3, "10": 0.7, "4": 0.4, "7": 0.2, "12": -0.9, "26": -0.4},
}
NEUTRAL_EVIDENCE: Final = 0.22  # what an expression must exceed to be called one; resting faces reach 0.2
# Where the face's own rest is not known (a single picture), brows say little: resting ones differ by this much.
STRANGER_BROWS: Final = 0.15
TEMPERATURE: Final = 0.09  # of the softmax: smaller is surer
# Valence and arousal, -1 to 1, in the order of EMOTIONS (neutral, happy, sad, angry, fearful, disgusted, surprised).
_VALENCE: Final = np.array([0.0, 0.8, -0.65, -0.55, -0.6, -0.6, 0.15], np.float32)
_AROUSAL: Final = np.array([-0.05, 0.45, -0.4, 0.65, 0.7, 0.35, 0.75], np.float32)
TURNED_RAD: Final = (0.4, 0.6)  # yaw or pitch from which, and beyond which, the far side of the face hides too much
DARK_LUMA: Final = (20.0, 45.0)  # mean brightness of the face, 0 to 255, below which the mesh guesses
SMALL_PX: Final = (20.0, 48.0)  # widths of a face below which its mimic is lost between the pixels
CONFIDENT_FROM: Final = 0.35  # below, the estimate is called neutral: it can't be told
SMOOTHING_S: Final = 0.5  # feelings last longer than syllables


def _evidence_matrix() -> Row:
    """(7, 52): evidence of each emotion from each blend shape; the row of neutral is empty."""
    matrix = np.zeros((len(EMOTIONS), len(BLEND_SHAPE_INDEX)), np.float32)
    for label, units in _EVIDENCE.items():
        for unit, weight in units.items():
            for shape in _UNITS[unit]:
                matrix[EMOTIONS.index(label), BLEND_SHAPE_INDEX[shape]] += weight / len(_UNITS[unit])
    return matrix


_MATRIX: Final = _evidence_matrix()
_BROWS: Final = np.array([name.startswith("brow") for name in BLEND_SHAPE_INDEX], np.float32)


def feeling_probabilities(expression: Row, *, stranger: bool) -> Row:
    """(52,) in [0, 1] -> (7,) that sum to 1, order of core.face.EMOTIONS; `stranger`: this face at rest was never seen."""
    if stranger:
        expression = np.maximum(expression - STRANGER_BROWS * _BROWS, 0.0)
    evidence = _MATRIX @ expression
    evidence[EMOTIONS.index("neutral")] = NEUTRAL_EVIDENCE
    weights = np.exp((evidence - evidence.max()) / TEMPERATURE)
    return (weights / weights.sum()).astype(np.float32)


def trust(head_rad: Row, luma: float, width_px: float) -> float:
    """0 to 1: how well a face can be read that is turned so far, lit so brightly (mean of 0 to 255) and so large."""
    turned = max(abs(float(head_rad[0])), abs(float(head_rad[1])))
    facing = np.clip((TURNED_RAD[1] - turned) / (TURNED_RAD[1] - TURNED_RAD[0]), 0.0, 1.0)
    lit = np.clip((luma - DARK_LUMA[0]) / (DARK_LUMA[1] - DARK_LUMA[0]), 0.0, 1.0)
    large = np.clip((width_px - SMALL_PX[0]) / (SMALL_PX[1] - SMALL_PX[0]), 0.0, 1.0)
    return float(facing * lit * large)


def feeling(probabilities: Row, trusted: float, seen_s: float) -> Emotion:
    """Name it, or abstain: neutral with a low confidence where the face can't be read or no expression stands out."""
    neutral = np.zeros(len(EMOTIONS), np.float32)
    neutral[EMOTIONS.index("neutral")] = 1.0
    # What can't be seen is not felt: the less the face can be trusted, the more of it is called neutral.
    mixed = (trusted * probabilities + (1 - trusted) * neutral).astype(np.float32)
    best, second = np.sort(probabilities)[::-1][:2]
    confidence = trusted * float(best) * float(np.clip((best - second) / max(best, 1e-6) * 1.5, 0.0, 1.0))
    label = EMOTIONS[int(np.argmax(mixed))] if confidence >= CONFIDENT_FROM else "neutral"
    return Emotion(
        label, mixed, float(mixed @ _VALENCE), float(mixed @ _AROUSAL), float(np.clip(confidence, 0.0, 1.0)), seen_s
    )


class SteadyFeeling:
    """Probabilities smoothed over half a second, for one camera."""

    def __init__(self) -> None:
        self._held: Row | None = None

    def smooth(self, probabilities: Row, elapsed_s: float) -> Row:
        """(7,) now, `elapsed_s` after the last -> (7,) over time."""
        if self._held is None:
            self._held = probabilities
        keep = float(np.exp(-max(elapsed_s, 0.0) / SMOOTHING_S))
        self._held = (keep * self._held + (1 - keep) * probabilities).astype(np.float32)
        return self._held
