"""From probabilities to a named feeling, or to "cannot tell".

Valence and arousal are the means of the seven places on Russell's circumplex (1980), weighted by the probabilities. A face shows less
than a person feels, and a stranger's frown may be the sun: confidence is low wherever the face is badly seen or no feeling stands
out, and a name once given changes only when another one leads clearly.
"""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.face import EMOTIONS, EmotionLabel
from tiangong.core.media import Emotion

Row = NDArray[np.float32]

# Valence and arousal, -1 to 1, in the order of EMOTIONS (neutral, happy, sad, angry, fearful, disgusted, surprised).
_VALENCE: Final = np.array([0.0, 0.8, -0.65, -0.55, -0.6, -0.6, 0.15], np.float32)
_AROUSAL: Final = np.array([-0.05, 0.45, -0.4, 0.65, 0.7, 0.35, 0.75], np.float32)
TURNED_RAD: Final = (0.5, 0.75)  # yaw or pitch from which, and beyond which, the far side of the face hides too much
DARK_LUMA: Final = (20.0, 45.0)  # mean brightness of the face, 0 to 255, below which the mesh guesses
SMALL_PX: Final = (12.0, 32.0)  # widths of a face below which its mimic is lost between the pixels
CONFIDENT_FROM: Final = 0.4  # below, the estimate is called neutral: it can't be told
SMOOTHING_S: Final = 0.7  # feelings last longer than syllables
LOST_BELOW: Final = 0.25  # confidence at which a name is given up
LEAD: Final = 0.15  # by which another feeling must be likelier before the name changes


def valence_of(probabilities: Row) -> float:
    """(7,) -> -1 unpleasant to 1 pleasant."""
    return float(probabilities @ _VALENCE)


def arousal_of(probabilities: Row) -> float:
    """(7,) -> -1 calm to 1 excited."""
    return float(probabilities @ _AROUSAL)


def trust(head_rad: Row, luma: float, width_px: float) -> float:
    """0 to 1: how well a face can be read that is turned so far, lit so brightly (mean of 0 to 255) and so large."""
    turned = max(abs(float(head_rad[0])), abs(float(head_rad[1])))
    facing = np.clip((TURNED_RAD[1] - turned) / (TURNED_RAD[1] - TURNED_RAD[0]), 0.0, 1.0)
    lit = np.clip((luma - DARK_LUMA[0]) / (DARK_LUMA[1] - DARK_LUMA[0]), 0.0, 1.0)
    large = np.clip((width_px - SMALL_PX[0]) / (SMALL_PX[1] - SMALL_PX[0]), 0.0, 1.0)
    return float(facing * lit * large)


def feeling(probabilities: Row, trusted: float, seen_s: float) -> Emotion:
    """Name it, or abstain: neutral with a low confidence where the face can't be read or no expression stands out."""
    confidence = trusted * float(probabilities.max())
    label = EMOTIONS[int(np.argmax(probabilities))] if confidence >= CONFIDENT_FROM else "neutral"
    valence, arousal = valence_of(probabilities), arousal_of(probabilities)
    return Emotion(label, probabilities, valence, arousal, float(np.clip(confidence, 0.0, 1.0)), seen_s)


class SteadyFeeling:
    """One camera: probabilities smoothed over time, and a name that does not flicker between two likely ones."""

    def __init__(self) -> None:
        self._held: Row | None = None
        self._label: EmotionLabel = "neutral"

    def smooth(self, probabilities: Row, elapsed_s: float) -> Row:
        """(7,) now, `elapsed_s` after the last -> (7,) over time."""
        if self._held is None:
            self._held = probabilities
        keep = float(np.exp(-max(elapsed_s, 0.0) / SMOOTHING_S))
        self._held = (keep * self._held + (1 - keep) * probabilities).astype(np.float32)
        return self._held

    def settle(self, seen: Emotion) -> Emotion:
        """The same with the last name, unless the new one leads by enough."""
        old, new = EMOTIONS.index(self._label), EMOTIONS.index(seen.label)
        if seen.confidence < LOST_BELOW:
            self._label = "neutral"
        elif seen.confidence >= CONFIDENT_FROM and seen.probabilities[new] - seen.probabilities[old] >= LEAD:
            self._label = seen.label
        return replace(seen, label=self._label)
