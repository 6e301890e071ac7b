"""What faces do when people feel something: action units of FACS, how often and how strongly.

After EMFACS (Friesen and Ekman 1983) and the frequencies of Du, Tao and Martinez (2014, "Compound facial expressions of
emotion", table 1); unposed variants (bared teeth, screams, squeezed eyes, a face that only looks down) were added by hand after
looking at photographs. Every face also does something by chance.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.face import BLEND_SHAPE_INDEX, EmotionLabel

Floats = NDArray[np.float32]
Units = Mapping[int, tuple[float, float]]  # action unit -> how likely it takes part, how strongly (0 to 1)

# Action unit -> blend shapes that show it; a name without "Left" and "Right" stands for both.
SHAPES: Final[Mapping[int, Mapping[str, float]]] = {
    1: {"browInnerUp": 1}, 2: {"browOuterUp": 1}, 4: {"browDown": 1}, 5: {"eyeWide": 1},
    6: {"cheekSquint": 1, "eyeSquint": 0.3}, 7: {"eyeSquint": 1}, 9: {"noseSneer": 1, "browDown": 0.3, "mouthUpperUp": 0.2},
    10: {"mouthUpperUp": 1}, 12: {"mouthSmile": 1}, 14: {"mouthDimple": 1}, 15: {"mouthFrown": 1},
    16: {"mouthLowerDown": 1}, 17: {"mouthShrugLower": 1, "mouthShrugUpper": 0.4}, 18: {"mouthPucker": 1},
    20: {"mouthStretch": 1}, 22: {"mouthFunnel": 1},
    23: {"mouthPress": 0.6, "mouthRollLower": 0.3, "mouthRollUpper": 0.3}, 24: {"mouthPress": 1},
    25: {"mouthLowerDown": 0.25, "mouthUpperUp": 0.15, "jawOpen": 0.08}, 26: {"jawOpen": 0.35}, 27: {"jawOpen": 0.85},
    43: {"eyeBlink": 1},
}  # fmt: skip
VARIANTS: Final[Mapping[EmotionLabel, tuple[Units, ...]]] = {
    "neutral": ({}, {}, {43: (0.3, 0.4)}, {26: (0.5, 0.25), 25: (0.5, 0.4)}),
    "happy": (
        {12: (1, 0.7), 6: (0.6, 0.6), 25: (0.7, 0.7), 26: (0.4, 0.6), 7: (0.2, 0.4), 2: (0.1, 0.4)},
        {12: (1, 0.5), 6: (0.3, 0.4), 14: (0.3, 0.4)},
        {12: (1, 0.9), 6: (0.8, 0.8), 25: (1, 0.9), 27: (0.5, 0.6), 7: (0.4, 0.6)},
    ),
    "sad": (
        {4: (0.8, 0.5), 15: (1, 0.6), 1: (0.7, 0.7), 6: (0.2, 0.4), 17: (0.6, 0.6), 43: (0.35, 0.4), 7: (0.3, 0.4)},
        {1: (0.8, 0.6), 4: (0.5, 0.4), 15: (0.5, 0.4), 43: (0.5, 0.5)},
        {4: (0.7, 0.6), 6: (0.6, 0.6), 7: (0.6, 0.6), 20: (0.5, 0.5), 15: (0.7, 0.6), 25: (0.8, 0.7), 26: (0.6, 0.5), 43: (0.4, 0.7)},
        {15: (0.8, 0.35), 1: (0.6, 0.4), 17: (0.4, 0.4), 4: (0.3, 0.3)},
        {43: (0.8, 0.6), 1: (0.5, 0.4), 15: (0.5, 0.4)},
    ),
    "angry": (
        {4: (1, 0.8), 7: (0.8, 0.6), 24: (0.6, 0.7), 17: (0.5, 0.5), 23: (0.5, 0.6), 5: (0.3, 0.4), 9: (0.2, 0.4)},
        {4: (1, 0.9), 7: (0.6, 0.6), 10: (0.8, 0.8), 25: (1, 1), 16: (0.8, 0.8), 20: (0.6, 0.6), 26: (0.5, 0.5), 9: (0.5, 0.5)},
        {4: (1, 0.8), 27: (1, 0.8), 10: (0.6, 0.7), 25: (1, 0.9), 16: (0.5, 0.6), 5: (0.3, 0.5), 9: (0.4, 0.5), 7: (0.3, 0.5)},
        {4: (1, 0.6), 24: (0.4, 0.5), 15: (0.3, 0.4), 7: (0.4, 0.4)},
    ),
    "fearful": (
        {1: (1, 0.8), 4: (0.6, 0.4), 20: (0.7, 0.6), 25: (1, 0.7), 2: (0.5, 0.5), 5: (0.7, 0.8), 26: (0.5, 0.6)},
        {1: (1, 0.8), 2: (0.5, 0.5), 5: (0.8, 0.8), 27: (0.8, 0.8), 25: (0.8, 0.8), 20: (0.8, 0.8), 4: (0.6, 0.5), 16: (0.7, 0.8)},
        {1: (0.9, 0.7), 4: (0.7, 0.5), 5: (0.6, 0.6), 15: (0.3, 0.3), 25: (0.4, 0.4)},
        {4: (0.6, 0.6), 7: (0.6, 0.6), 43: (0.5, 0.7), 27: (0.9, 0.8), 20: (0.7, 0.7), 16: (0.6, 0.6), 6: (0.4, 0.5)},
    ),
    "disgusted": (
        {9: (1, 0.8), 10: (0.8, 0.6), 17: (0.6, 0.5), 4: (0.7, 0.6), 24: (0.2, 0.4), 7: (0.7, 0.6), 6: (0.5, 0.5)},
        {9: (0.9, 0.8), 10: (1, 0.9), 25: (0.9, 0.7), 26: (0.5, 0.5), 4: (0.6, 0.6), 7: (0.7, 0.7), 15: (0.6, 0.6), 16: (0.5, 0.6)},
        {9: (1, 0.9), 4: (0.8, 0.7), 7: (0.8, 0.8), 6: (0.7, 0.7), 15: (0.7, 0.7), 17: (0.7, 0.7), 10: (0.5, 0.5), 43: (0.3, 0.6)},
    ),
    "surprised": (
        {1: (1, 0.8), 2: (1, 0.8), 25: (0.9, 0.8), 26: (0.8, 0.8), 5: (0.8, 0.8)},
        {1: (0.9, 0.7), 2: (0.9, 0.7), 25: (0.8, 0.8), 27: (0.9, 0.9), 5: (0.7, 0.7)},
        {1: (0.9, 0.8), 2: (0.9, 0.8), 5: (0.8, 0.8), 22: (0.8, 0.7), 18: (0.3, 0.4), 27: (0.7, 0.6)},
    ),
}  # fmt: skip
BY_CHANCE: Final = (1, 2, 4, 5, 6, 7, 10, 12, 14, 15, 16, 17, 18, 20, 23, 24, 25, 26, 43)
CHANCE, MOST_BY_CHANCE = 0.12, 0.35
LOPSIDED: Final = 0.12  # how much both sides differ


def made_face(label: EmotionLabel, rng: np.random.Generator) -> Floats:
    """(52,) in [0, 1]: one face of somebody who feels this."""
    variant = VARIANTS[label][rng.integers(len(VARIANTS[label]))]
    vigour = float(np.exp(rng.normal(0.1, 0.25)))
    strengths = {
        unit: float(np.clip(strength * vigour * rng.uniform(0.5, 1.4), 0, 1))
        for unit, (likely, strength) in variant.items()
        if rng.random() < likely
    }
    for unit in BY_CHANCE:
        if rng.random() < CHANCE:
            strengths[unit] = max(strengths.get(unit, 0.0), float(rng.uniform(0, MOST_BY_CHANCE)))
    face = np.zeros(len(BLEND_SHAPE_INDEX), np.float32)
    for unit, strength in strengths.items():
        for name, share in SHAPES[unit].items():
            if name in BLEND_SHAPE_INDEX:
                face[BLEND_SHAPE_INDEX[name]] += share * strength
                continue
            side = rng.normal(0, LOPSIDED)
            face[BLEND_SHAPE_INDEX[f"{name}Left"]] += share * strength * (1 + side)
            face[BLEND_SHAPE_INDEX[f"{name}Right"]] += share * strength * (1 - side)
    return np.clip(face, 0, 1)
