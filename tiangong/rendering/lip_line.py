"""Where closed lips really meet: MediaPipe's line is a pixel or two off, and a lip cut there keeps a rim of the other.

Between closed lips runs a dark line; the darkest smooth path near the landmarks is found by dynamic programming (as in
live-wire segmentation, Mortensen & Barrett 1995).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from tiangong.rendering.face_frame import FaceFrame, Floats, step
from tiangong.rendering.resample import look_up

REACH = 0.045  # how far above and below the landmarks the line is looked for, eye distances
STEPS = 31  # heights tried
BEND = 0.02  # cost of a change of height between neighbours, per squared step; darkness costs 0 to 1
FAR = 0.35  # cost of lying REACH away from the landmarks
DEGREE = 6  # of the polynomial through the path


def refined(frame: FaceFrame, line: Floats) -> Floats:
    """(points, 3) face coordinates along the lips, right to left -> the same, moved up or down onto the dark line."""
    heights = np.linspace(-REACH, REACH, STEPS)
    tried = line[:, None] + np.stack([0 * heights, heights, 0 * heights], axis=1)  # (points, heights, 3)
    grey = cv2.GaussianBlur(cv2.cvtColor(frame.picture, cv2.COLOR_RGB2GRAY), (0, 0), 0.8).astype(np.float32)
    light = look_up(grey, frame.to_px(tried).astype(np.float32))
    low, high = light.min(1, keepdims=True), light.max(1, keepdims=True)
    darkness = (light - low) / np.maximum(high - low, 8.0)
    path = _cheapest_path(darkness + FAR * (heights / REACH) ** 2)
    along: Floats = np.linspace(-1, 1, len(line), dtype=np.float32)
    smooth = np.polyval(np.polyfit(along, heights[path], DEGREE), along)
    moved = line.copy()
    # Corners follow by half: beside them creases of the cheek are as dark as the lips.
    moved[:, 1] += smooth * (0.5 + 0.5 * step(np.float32(1) - np.abs(along), 0.0, 0.15))
    return moved


def _cheapest_path(cost: Floats) -> NDArray[np.int_]:
    """(points, heights) -> (points,) index of the height that the cheapest path takes at each point."""
    index = np.arange(cost.shape[1])
    bend = BEND * (index[:, None] - index[None]) ** 2
    total, came_from = cost[0], np.zeros(cost.shape, int)
    for i in range(1, len(cost)):
        reached = total[None] + bend
        came_from[i] = reached.argmin(1)
        total = cost[i] + reached.min(1)
    path = [int(total.argmin())]
    for i in range(len(cost) - 1, 0, -1):
        path.append(int(came_from[i][path[-1]]))
    return np.array(path[::-1])
