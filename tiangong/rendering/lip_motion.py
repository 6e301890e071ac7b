"""Speech -> the mouth's part of the 52 blend shapes, 25 frames a second."""

from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.face import ARKIT_BLEND_SHAPES, BLEND_SHAPE_INDEX
from tiangong.core.media import Speech
from tiangong.rendering.coarticulation import (
    FUNNEL,
    JAW,
    LOWER,
    OPENINGS,
    PUCKER,
    SPREAD,
    UPPER,
    mouth_curves,
    parts_of,
)
from tiangong.rendering.lip_contacts import FASTEST_PER_FRAME, contact_curve, slowed
from tiangong.rendering.protocol import FPS
from tiangong.rendering.sound_level import loudness_factor
from tiangong.rendering.sound_motion import sound_motion

Floats = NDArray[np.float32]
# A picture stands for 40 ms of sound from its time on, so it shows the middle of them; and lips are seen to move about
# 10 ms before they are heard. Together 30 ms: viewers take sound up to 45 ms behind the picture for simultaneous
# (ITU-R BT.1359: detectable from 125 ms late, but only 45 ms early).
_SHOWN_AHEAD_S: Final = 0.5 / FPS + 0.01
_PRESSED: Final = 0.42  # lips that touch are pressed a little; that also shuts those of a portrait that shows its teeth
_PRESSED_UNTIL: Final = (
    0.30  # aperture at which nothing of it is left: such a portrait's smile does not add to its speech
)
_ROLLED_IN: Final = 0.5  # lower lip under the upper teeth in f, v
_TUCKED_UP: Final = 0.75  # share of the jaw's opening that the lower lip makes up for in f, v
_JAW_IN_CONTACT: Final = 0.06  # teeth stay apart behind closed lips while one speaks
_BOTH: Final = ("Left", "Right")


def frame_count(duration_s: float) -> int:
    """Frames that cover a sound of this length."""
    return ceil(duration_s * FPS - 1e-6)


def speaking_mouth(speech: Speech) -> Floats:
    """(frames, 52) blend shapes of jaw and lips, 0 elsewhere; lips closed in pauses of 120 ms and more."""
    count = frame_count(speech.audio.duration_s)
    times_s = np.arange(count) / FPS + _SHOWN_AHEAD_S
    if not count:
        return np.zeros((0, len(ARKIT_BLEND_SHAPES)), np.float32)
    if speech.phones is None:
        heard = sound_motion().track(speech.audio, times_s)
        curves, shut, tucked, resting = heard.curves, heard.lips, heard.teeth, heard.resting
    else:
        parts = parts_of(speech.phones, speech.audio.duration_s)
        curves = mouth_curves(parts, times_s)
        shut, tucked = contact_curve(parts, times_s, "lips"), contact_curve(parts, times_s, "teeth")
        resting = contact_curve([part for part in parts if part.is_rest], times_s, "lips")
    curves[:, OPENINGS] *= loudness_factor(speech.audio, times_s)[:, None]
    return _blend_shapes(curves, shut, tucked, resting)


def _blend_shapes(curves: Floats, shut: Floats, tucked: Floats, resting: Floats) -> Floats:
    """Curves (n, 6) and contacts (n,) each -> (n, 52)."""
    free = (1 - shut)[:, None]
    openings = curves[:, OPENINGS] * free
    openings[:, JAW] *= 1 - _TUCKED_UP * tucked
    openings[:, LOWER] *= 1 - tucked
    # The face was shut the frame before.
    openings = slowed(np.concatenate([np.zeros((1, 3), np.float32), openings]), FASTEST_PER_FRAME)[1:]
    # The jaw itself may stay apart behind lips that touch, as it does in people; it closes in pauses only.
    behind = np.maximum(shut - resting, tucked) * np.minimum(curves[:, JAW], _JAW_IN_CONTACT)
    jaw = np.maximum(openings[:, JAW], behind)
    face = np.zeros((len(curves), len(ARKIT_BLEND_SHAPES)), np.float32)
    face[:, BLEND_SHAPE_INDEX["jawOpen"]] = jaw
    face[:, BLEND_SHAPE_INDEX["mouthClose"]] = jaw - openings[:, JAW]
    face[:, BLEND_SHAPE_INDEX["mouthFunnel"]] = curves[:, FUNNEL] * (1 - resting)
    face[:, BLEND_SHAPE_INDEX["mouthPucker"]] = curves[:, PUCKER] * (1 - resting)
    face[:, BLEND_SHAPE_INDEX["mouthRollLower"]] = _ROLLED_IN * tucked
    pressed = _PRESSED * (1 - np.clip(openings.sum(1) / _PRESSED_UNTIL, 0, 1)) * (1 - tucked)
    for side in _BOTH:
        face[:, BLEND_SHAPE_INDEX["mouthLowerDown" + side]] = openings[:, LOWER]
        face[:, BLEND_SHAPE_INDEX["mouthUpperUp" + side]] = openings[:, UPPER]
        face[:, BLEND_SHAPE_INDEX["mouthStretch" + side]] = 0.6 * curves[:, SPREAD]
        face[:, BLEND_SHAPE_INDEX["mouthSmile" + side]] = 0.25 * curves[:, SPREAD]
        face[:, BLEND_SHAPE_INDEX["mouthPress" + side]] = pressed
    return np.clip(face, 0, 1)


def resting_mouth(frames: int) -> Floats:
    """(frames, 52) lips closed."""
    face = np.zeros((frames, len(ARKIT_BLEND_SHAPES)), np.float32)
    for side in _BOTH:
        face[:, BLEND_SHAPE_INDEX["mouthPress" + side]] = _PRESSED
    return face


def lip_aperture(expression: Floats) -> Floats:
    """(frames, 52) -> (frames,) how far the lips are apart, on the scale of jawOpen; 0 where they touch."""
    at = BLEND_SHAPE_INDEX
    lower = expression[:, [at["mouthLowerDown" + side] for side in _BOTH]].mean(1)
    upper = expression[:, [at["mouthUpperUp" + side] for side in _BOTH]].mean(1)
    return expression[:, at["jawOpen"]] - expression[:, at["mouthClose"]] + lower + upper
