"""Mouth and eyes as slits: where the skin of a face is cut, so that its two sides can part and meet.

A slit runs from one corner to the other between an upper and a lower edge (one and the same where lips are closed).
`across` counts -1 to 1 from the right corner to the left one; `off` is the distance from the nearer edge, - above it,
+ below it, 0 inside the opening.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiangong.rendering.face_frame import FaceFrame, Floats
from tiangong.rendering.lip_line import refined

UPPER_LIP = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)  # inner contours of MediaPipe's mesh, right to left
LOWER_LIP = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
UPPER_LIDS = ((33, 246, 161, 160, 159, 158, 157, 173, 133), (362, 398, 384, 385, 386, 387, 388, 466, 263))
LOWER_LIDS = ((33, 7, 163, 144, 145, 153, 154, 155, 133), (362, 382, 381, 380, 374, 373, 390, 249, 263))

SAMPLES = 33  # points along each edge
LIPS_PARTED = 0.05  # gap over mouth width: below it MediaPipe's two lip edges are one closed line
EDGE_DEGREE = 5  # of the polynomial through an edge: enough for a cupid's bow, too stiff for jitter


@dataclass(frozen=True)
class Slit:
    """One slit of a portrait at rest; face coordinates."""

    right: Floats  # (3,) corner
    left: Floats  # (3,)
    upper: Floats  # (33, 3) points along the upper edge, right corner to left
    lower: Floats  # (33, 3)
    parted: bool  # False: both edges are the same line

    @property
    def middle(self) -> Floats:
        return (self.right + self.left) / 2

    @property
    def half_width(self) -> float:
        return float(self.left[0] - self.right[0]) / 2

    def across(self, points: Floats) -> Floats:
        """(..., 3) -> (...)"""
        return (points[..., 0] - self.middle[0]) / self.half_width

    def off(self, points: Floats) -> Floats:
        """(..., 3) -> (...) signed distance along y from the nearer edge."""
        above = points[..., 1] - np.interp(points[..., 0], self.upper[:, 0], self.upper[:, 1])
        below = points[..., 1] - np.interp(points[..., 0], self.lower[:, 0], self.lower[:, 1])
        return (np.minimum(above, 0) + np.maximum(below, 0)).astype(np.float32)

    def opening(self, points: Floats) -> Floats:
        """(..., 3) -> (...) how far the edges stand apart at rest at the points' x."""
        gap = self.lower[:, 1] - self.upper[:, 1]
        return np.interp(points[..., 0], self.upper[:, 0], gap, left=0, right=0).astype(np.float32)

    def is_below(self, points: Floats) -> NDArray[np.bool_]:
        """(..., 3) -> (...) True under the middle between the edges."""
        line = (self.upper[:, 1] + self.lower[:, 1]) / 2
        return points[..., 1] > np.interp(points[..., 0], self.upper[:, 0], line)


def mouth_slit(frame: FaceFrame) -> Slit:
    points = frame.to_face(frame.landmarks)
    upper, lower = points[list(UPPER_LIP)], points[list(LOWER_LIP)]
    gap = float(np.median(lower[4:7, 1] - upper[4:7, 1]))
    parted = gap > LIPS_PARTED * float(np.ptp(upper[:, 0]))
    if not parted:
        line = refined(frame, _smooth((upper + lower) / 2))
        return Slit(line[0], line[-1], line, line.copy(), parted=False)
    return _slit(upper, lower)


def eye_slits(frame: FaceFrame) -> tuple[Slit, Slit]:
    """The person's right eye (left in the picture), then the left one."""
    points = frame.to_face(frame.landmarks)
    right, left = (
        _slit(points[list(upper)], points[list(lower)]) for upper, lower in zip(UPPER_LIDS, LOWER_LIDS, strict=True)
    )
    return right, left


def _slit(upper: Floats, lower: Floats) -> Slit:
    smooth_upper, smooth_lower = _smooth(upper), _smooth(lower)
    smooth_lower[[0, -1]] = smooth_upper[[0, -1]]
    # Edges may touch, never cross.
    smooth_lower = np.concatenate(
        [smooth_lower[:, :1], np.maximum(smooth_lower[:, 1:2], smooth_upper[:, 1:2]), smooth_lower[:, 2:]], axis=1
    )
    return Slit(upper[0], upper[-1], smooth_upper, smooth_lower, parted=True)


def _smooth(edge: Floats) -> Floats:
    """(n, 3) landmarks, corner to corner -> (33, 3) evenly spaced in x, through both corners."""
    x = np.linspace(edge[0, 0], edge[-1, 0], SAMPLES)
    along = (edge[:, 0] - edge[0, 0]) / (edge[-1, 0] - edge[0, 0]) * 2 - 1
    weight = np.ones(len(edge))
    weight[[0, -1]] = 50.0  # both edges must end in the same corners
    at = np.linspace(-1, 1, SAMPLES)
    rest = [np.polyval(np.polyfit(along, edge[:, k], EDGE_DEGREE, w=weight), at) for k in (1, 2)]
    return np.stack([x, *rest], axis=1).astype(np.float32)
