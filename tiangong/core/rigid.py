"""The rigid part of a face's motion: rotation, scale and place of points that speech and mimic move least."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.floating[Any]]

# Nose, eye corners, temples and upper cheeks of MediaPipe's mesh.
STEADY: Final = np.array(
    [10, 151, 9, 168, 6, 197, 195, 5, 4, 1, 2, 33, 263, 133, 362, 98, 327, 127, 356, 234, 454, 162, 389, 54, 284, 103, 332,
     116, 345]
)  # fmt: skip


@dataclass(frozen=True)
class Rigid:
    """x -> scale * rotation @ x + shift"""

    rotation: Points  # (3, 3)
    scale: float
    shift: Points  # (3,)

    def undo(self, points: Points) -> Points:
        """(n, 3) -> (n, 3) where they were before."""
        return (points - self.shift) @ self.rotation / self.scale


def fit_rigid(before: Points, after: Points) -> Rigid:
    """The rotation (Kabsch 1976), scale and shift (Umeyama 1991) that carry (n, 3) `before` onto `after` best; a mirror
    image is excluded."""
    start, end = before.mean(0).astype(np.float64), after.mean(0).astype(np.float64)
    centred = before - start
    u, strengths, vt = np.linalg.svd(centred.T @ (after - end))
    upright = np.array([1.0, 1.0, np.sign(np.linalg.det(vt.T @ u.T))])
    rotation = vt.T @ (upright[:, None] * u.T)
    scale = max(float((strengths * upright).sum()) / max(float((centred**2).sum()), 1e-12), 1e-9)
    return Rigid(rotation, scale, end - scale * rotation @ start)


def head_angles_rad(rotation: Points) -> NDArray[np.float32]:
    """(3, 3) roll after yaw after pitch -> (3,) yaw, pitch, roll; the signs are those of core.media.FaceMotion."""
    yaw = np.arcsin(np.clip(rotation[2, 0], -1, 1))
    pitch = np.arctan2(rotation[2, 1], rotation[2, 2])
    roll = np.arctan2(rotation[1, 0], rotation[0, 0])
    return np.array([yaw, pitch, roll], np.float32)
