"""What a face does whatever it says: blinks, looks about a little, breathes, never holds its head quite still.

All of it is a function of the seed and the time, so any stretch can be drawn again.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.face import ARKIT_BLEND_SHAPES, BLEND_SHAPE_INDEX
from tiangong.rendering.protocol import FPS
from tiangong.rendering.seeded import Times, chance, drift, moments_between

Floats = NDArray[np.float32]
_BLINKS, _DOUBLE, _SACCADES, _GAZE_X, _GAZE_Y, _GLANCE, _YAW, _PITCH, _ROLL, _BREATH, _BROWS = range(11)

# Some 17 blinks a minute at rest, 26 in conversation, log-normal intervals (Bentivoglio et al. 1997): between the two.
_BLINK_MEDIAN_S, _BLINK_SPREAD, _BLINK_SHORTEST_S = 2.5, 0.6, 0.7
_DOUBLE_SHARE, _DOUBLE_AFTER_S = 0.10, 0.36
# A blink closes in 80 to 100 ms, is shut for one picture and opens half as fast (VanderWerf et al. 2003).
_BLINK_SHAPE_S: Final = (-0.12, -0.08, -0.04, 0.0, 0.04, 0.08, 0.12, 0.16, 0.20)
_BLINK_SHAPE: Final = (0.0, 0.28, 0.82, 1.0, 0.88, 0.52, 0.24, 0.08, 0.0)
_LID_PULLS_BROW: Final = 0.04
_LID_LOOKS_DOWN: Final = 0.10

# Fixations on a person's face last 0.3 to 2 s; eyes jump between their eyes and mouth, some 3 degrees apart.
_FIXATION_MEDIAN_S, _FIXATION_SPREAD, _FIXATION_SHORTEST_S = 1.1, 0.6, 0.24
_LONGEST_FIXATION_S: Final = 12.0
_GAZE_X_SIZE, _GAZE_Y_SIZE = 0.07, 0.045
_GLANCE_SHARE, _GLANCE_SIZE = 0.07, 3.2  # now and then a look further away
_SACCADE_S: Final = 0.04
_LOOK_RAD: Final = 0.52  # what eyes turn at weight 1, about 30 degrees (ARKit)

# Sway of a sitting head: slow wandering, and a quicker small one on it; radians.
_SWAY_PERIODS_S: Final = (5.3, 1.9)
_SWAY_SHARES: Final = (0.75, 0.25)
_SWAY_RAD: Final = (0.045, 0.026, 0.026)  # yaw, pitch, roll at most
_BREATHS_HZ: Final = 0.24  # about 14 a minute
_BREATH_RAD: Final = 0.005
_BROW_DRIFT: Final = 0.05


def blinks(seed: int, times_s: Times) -> Floats:
    """(n,) how far the lids are down, 0 to 1; full for one picture at least in every blink."""
    lids = np.zeros(len(times_s), np.float32)
    if not len(times_s):
        return lids
    start_s, end_s = float(times_s[0]) - 1.0, float(times_s[-1]) + 1.0
    moments = moments_between(seed, _BLINKS, start_s, end_s, _BLINK_MEDIAN_S, _BLINK_SPREAD, _BLINK_SHORTEST_S)
    for moment_s in moments:
        frame = np.array([round(moment_s * FPS)])
        again = chance(seed, _DOUBLE, frame)[0] < _DOUBLE_SHARE
        # On a picture, else the shut lids could fall between two of them.
        centres = [float(frame[0]) / FPS] + ([float(frame[0]) / FPS + _DOUBLE_AFTER_S] if again else [])
        for centre_s in centres:
            np.maximum(lids, np.interp(times_s - centre_s, _BLINK_SHAPE_S, _BLINK_SHAPE), out=lids, casting="unsafe")
    return lids


def head_sway(seed: int, times_s: Times) -> Floats:
    """(n, 3) rad yaw, pitch, roll, breathing included."""
    head = np.zeros((len(times_s), 3), np.float32)
    for axis, channel in enumerate((_YAW, _PITCH, _ROLL)):
        for i, (period_s, share) in enumerate(zip(_SWAY_PERIODS_S, _SWAY_SHARES, strict=True)):
            head[:, axis] += _SWAY_RAD[axis] * share * drift(seed, channel + 100 * i, times_s, period_s)
    phase = 2 * np.pi * _BREATHS_HZ * times_s + 1.5 * drift(seed, _BREATH, times_s, 9.0)
    head[:, 1] += (_BREATH_RAD * np.sin(phase)).astype(np.float32)
    return head


def gaze(seed: int, times_s: Times) -> Floats:
    """(n, 2) where the eyes point off the user's face, weights: x + to the person's left, y + down; jumps of 40 ms."""
    if not len(times_s):
        return np.zeros((0, 2), np.float32)
    start_s, end_s = float(times_s[0]) - _LONGEST_FIXATION_S, float(times_s[-1]) + 1.0
    jumps = np.array(
        [
            -np.inf,
            *moments_between(
                seed, _SACCADES, start_s, end_s, _FIXATION_MEDIAN_S, _FIXATION_SPREAD, _FIXATION_SHORTEST_S
            ),
        ]
    )
    key = np.round(np.where(np.isfinite(jumps), jumps, 0) * 1000).astype(np.int64)
    size = np.where(chance(seed, _GLANCE, key) < _GLANCE_SHARE, _GLANCE_SIZE, 1.0)
    places = np.stack(
        [
            _GAZE_X_SIZE * size * (2 * chance(seed, _GAZE_X, key) - 1),
            _GAZE_Y_SIZE * size * (2 * chance(seed, _GAZE_Y, key) - 1),
        ],
        axis=1,
    )
    now = np.searchsorted(jumps, times_s, side="right") - 1
    before = np.maximum(now - 1, 0)
    done = np.clip((times_s - jumps[now]) / _SACCADE_S, 0, 1)[:, None]
    return (places[before] + (places[now] - places[before]) * done).astype(np.float32)


def brow_drift(seed: int, times_s: Times) -> Floats:
    """(n,) brows are never quite still, 0 to 0.05."""
    return (_BROW_DRIFT * np.maximum(drift(seed, _BROWS, times_s, 3.1), 0)).astype(np.float32)


def living_face(seed: int, times_s: Times, looks: Floats, head_rad: Floats) -> Floats:
    """(n, 52) lids, gaze and brows: looks (n, 2) off the user's face, the turn of the head (n, 3) undone by the eyes
    (vestibulo-ocular reflex), so that the avatar keeps looking at the user while its head moves."""
    face = np.zeros((len(times_s), len(ARKIT_BLEND_SHAPES)), np.float32)
    lids = blinks(seed, times_s)
    x = looks[:, 0] - head_rad[:, 0] / _LOOK_RAD
    y = looks[:, 1] - head_rad[:, 1] / _LOOK_RAD + _LID_LOOKS_DOWN * lids
    at = BLEND_SHAPE_INDEX
    for side, outwards in (("Left", x), ("Right", -x)):
        face[:, at["eyeLookOut" + side]] = np.maximum(outwards, 0)
        face[:, at["eyeLookIn" + side]] = np.maximum(-outwards, 0)
        face[:, at["eyeLookDown" + side]] = np.maximum(y, 0)
        face[:, at["eyeLookUp" + side]] = np.maximum(-y, 0)
        face[:, at["eyeBlink" + side]] = lids
        face[:, at["browDown" + side]] = _LID_PULLS_BROW * lids
    face[:, at["browInnerUp"]] = brow_drift(seed, times_s)
    return face
