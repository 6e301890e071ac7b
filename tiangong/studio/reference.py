"""Which moment of a film becomes the portrait: frontal, eyes open, mouth closed, sharp, and usual for this person."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.rigid import STEADY, fit_rigid
from tiangong.studio.face_track import FaceTrack, Sight
from tiangong.studio.finding_faces import FaceLook

# What a moment loses for each property, so that 1 point is about as bad everywhere.
YAW_DEG, PITCH_DEG, ROLL_DEG = 12.0, 10.0, 12.0  # away from the front, or from how the head is usually held
GAP: Final = 0.04  # of the mouth's width
EYES: Final = 0.25  # share by which they are less open than usual
SHARPNESS: Final = 0.3  # share by which it is less sharp than the sharpest tenth
SHAPE: Final = 0.02  # eye distances: how far the expression is from the usual one
MOST_COMPARED: Final = 400


def reference_time_s(track: FaceTrack) -> float:
    """When in the film the portrait is taken. The track must show a face."""
    seen = [s for s in track.sights if s.landmarks is not None and s.look is not None]
    seen = seen[:: max(1, len(seen) // MOST_COMPARED)]
    looks = [s.look for s in seen if s.look is not None]
    penalties = _pose(looks) + _openness(looks) + _softness(looks) + _unusual(seen)
    return seen[int(np.argmin(penalties))].time_s


def _pose(looks: list[FaceLook]) -> NDArray[np.float64]:
    """Frontal to the camera, and as the head is usually held: a person filmed from below never looks straight."""
    yaw, pitch, roll = (np.array([getattr(look, f"{axis}_deg") for look in looks]) for axis in ("yaw", "pitch", "roll"))
    return np.hypot(
        np.hypot(yaw / YAW_DEG, (pitch - np.median(pitch)) / PITCH_DEG), (roll - np.median(roll)) / ROLL_DEG
    )


def _openness(looks: list[FaceLook]) -> NDArray[np.float64]:
    gaps = np.array([look.lip_gap for look in looks])
    eyes = np.array([look.eye_opening for look in looks])
    usual = max(float(np.median(eyes)), 1e-3)
    return gaps / GAP + np.maximum(0, (usual - eyes) / usual) / EYES


def _softness(looks: list[FaceLook]) -> NDArray[np.float64]:
    sharpness = np.array([look.sharpness for look in looks])
    best = max(float(np.quantile(sharpness, 0.9)), 1e-6)
    return np.maximum(0, (best - sharpness) / best) / SHARPNESS


def _unusual(seen: list[Sight]) -> NDArray[np.float64]:
    """How far each face, its head held still, is from the median one."""
    marks = [s.landmarks for s in seen if s.landmarks is not None]
    first = marks[0]
    eyes = max(float(np.linalg.norm(first[33] - first[263])), 1.0)
    held = np.stack([fit_rigid(first[STEADY], face[STEADY]).undo(face)[:468, :2] / eyes for face in marks])
    return np.abs(held - np.median(held, axis=0)).mean(axis=(1, 2)) / SHAPE
