"""How a head is turned, and its points as if it were not.

A rigid fit (core.rigid) of 29 points that speech and mimic move least (nose, eye corners, temples, upper cheeks) to the mean
of 65 neutral faces, made symmetric. The faces are those of the Face Research Lab London
Set (DeBruine & Jones 2017, CC BY 4.0), read by the same mesh, so its flattened depth is in the template too.
Against the Face Landmarker's own matrices it correlates 0.97 to 0.99 in each angle on clips where the head moves.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.rigid import fit_rigid, head_angles_rad

Points = NDArray[np.float32]

# Index in the mesh -> x, y, z in widths of the eyes (outer corner to outer corner), origin between those corners;
# x to the person's left, y down, z away from the camera. `_MIDDLE` has x = 0; `_PAIRS` hold (right, left), x of the left.
_MIDDLE: Final = {
    10: (-0.591, -0.164), 151: (-0.419, -0.217), 9: (-0.233, -0.259), 168: (-0.056, -0.246), 6: (0.025, -0.299),
    197: (0.101, -0.360), 195: (0.175, -0.425), 5: (0.254, -0.492), 4: (0.351, -0.523), 1: (0.426, -0.502),
    2: (0.501, -0.332),
}  # fmt: skip
_PAIRS: Final = {
    (33, 263): (0.500, 0.000, 0.000), (133, 362): (0.190, 0.018, -0.061), (98, 327): (0.187, 0.485, -0.239),
    (127, 356): (0.788, 0.080, 0.568), (234, 454): (0.781, 0.245, 0.610), (162, 389): (0.774, -0.096, 0.461),
    (54, 284): (0.670, -0.373, 0.188), (103, 332): (0.560, -0.481, 0.046), (116, 345): (0.707, 0.205, 0.131),
}  # fmt: skip
_INDICES: Final = np.array([*_MIDDLE, *(right for right, _ in _PAIRS), *(left for _, left in _PAIRS)])
_TEMPLATE: Final = np.array(
    [(0.0, y, z) for y, z in _MIDDLE.values()]
    + [(-x, y, z) for x, y, z in _PAIRS.values()]
    + [(x, y, z) for x, y, z in _PAIRS.values()],
    np.float64,
)


@dataclass(frozen=True)
class PosedFace:
    """A face taken apart into where it looks and what it looks like."""

    head_rad: Points  # (3,) yaw (+ to the person's left), pitch (+ down), roll (+ to the person's left shoulder)
    points: Points  # (478, 3) turned to the front, in widths of the eyes, origin between the outer eye corners
    eye_width_px: float


def take_pose(landmarks: Points) -> PosedFace:
    """(478, 3) pixels, z - towards the camera -> the face turned to the front."""
    turned = fit_rigid(_TEMPLATE, landmarks[_INDICES].astype(np.float64))
    points = turned.undo(landmarks)
    return PosedFace(head_angles_rad(turned.rotation), points.astype(np.float32), turned.scale)
