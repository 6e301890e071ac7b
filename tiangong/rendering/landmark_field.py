"""Where the skin goes when landmarks are led one by one: what 52 blend shapes cannot say of a face is added to them.

A displacement known at the 478 landmarks is spread over the grid by a smoothing thin-plate spline (Bookstein 1989), once
for the skin above the cuts at mouth and eyes and once for the skin below them, and fades to nothing around the face.
The spline is linear in the displacements, so it is solved once for a portrait and costs one product a frame.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tiangong.rendering.face_frame import CELL_PX, FaceFrame, Floats, thin_plate_weights
from tiangong.rendering.slits import LOWER_LIDS, LOWER_LIP, UPPER_LIDS, UPPER_LIP

SMOOTHING = 2e-6  # of the spline, a landmark: they tremble by half a pixel
COARSER = 2  # the spline is evaluated at every second node of the grid
# The outline of the face, and how far around it (in its own size) skin and hair still follow it.
OVAL = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150,
        136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)  # fmt: skip
ANCHORS_AT = (1.35, 1.7)
OUTER_LOWER_LIP = (146, 91, 181, 84, 17, 314, 405, 321, 375)
OUTER_UPPER_LIP = (185, 40, 39, 37, 0, 267, 269, 270, 409)
BETWEEN_LIPS_LOWER = (95, 88, 178, 87, 14, 317, 402, 318, 324, 77, 90, 180, 85, 16, 315, 404, 320, 307, 96, 89, 179, 86, 15,
                      316, 403, 319, 325)  # fmt: skip
BETWEEN_LIPS_UPPER = (191, 80, 81, 82, 13, 312, 311, 310, 415, 183, 42, 41, 38, 12, 268, 271, 272, 407, 184, 74, 73, 72, 11,
                      302, 303, 304, 408)  # fmt: skip
LANDMARKS_OF_SKIN = 468  # the rest are irises


@dataclass(frozen=True)
class LandmarkField:
    """The spline of one portrait, solved."""

    weights: tuple[Floats, Floats]  # (nodes, landmarks used) above and below the cuts
    used: tuple[NDArray[np.intp], NDArray[np.intp]]
    shape: tuple[int, int]  # rows, columns of the coarse grid
    full: tuple[int, int]  # rows, columns of the face's grid

    def forward(self, moved_px: Floats) -> tuple[Floats, Floats]:
        """(478, 2) px by which landmarks move -> (rows, columns, 2) px above and below the cuts."""
        above, below = (
            cv2.resize((w @ moved_px[used]).reshape(*self.shape, 2), self.full[::-1], interpolation=cv2.INTER_LINEAR)
            for w, used in zip(self.weights, self.used, strict=True)
        )
        return above, below  # pyright: ignore[reportReturnType]


def landmark_field(frame: FaceFrame, corner: tuple[int, int], full: tuple[int, int]) -> LandmarkField:
    """`corner` row and column of the face's grid within the whole one, `full` its rows and columns (some 0.1 s)."""
    rows, columns = (-(-size // COARSER) for size in full)
    # Centres of the coarse cells, where cv2.resize expects them.
    y = (corner[0] + (np.arange(rows) + 0.5) * full[0] / rows) * CELL_PX - 0.5
    x = (corner[1] + (np.arange(columns) + 0.5) * full[1] / columns) * CELL_PX - 0.5
    nodes = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    scale = frame.eye_distance_px
    marks = frame.landmarks[:LANDMARKS_OF_SKIN, :2].astype(np.float64)
    outline = marks[list(OVAL)]
    centre = outline.mean(0)
    anchors = np.concatenate([(outline[::2] - centre) * size + centre for size in ANCHORS_AT])
    skin = np.arange(LANDMARKS_OF_SKIN)
    fade = _fade(nodes, outline)
    solved: list[Floats] = []
    used: list[NDArray[np.intp]] = []
    for others in (_lower_side(), _upper_side()):
        mine = np.setdiff1d(skin, others)
        sites = np.concatenate([marks[mine], anchors]) / scale
        weights = thin_plate_weights(sites, nodes / scale, SMOOTHING)[:, : len(mine)]
        solved.append((weights * fade[:, None]).astype(np.float32))
        used.append(mine)
    return LandmarkField((solved[0], solved[1]), (used[0], used[1]), (rows, columns), full)


def _fade(nodes: NDArray[np.float64], outline: NDArray[np.float64]) -> NDArray[np.float64]:
    """(nodes,) 1 in the face and close around it, 0 from the outer anchors on."""
    centre, half = outline.mean(0), np.ptp(outline, axis=0) / 2
    away = np.linalg.norm((nodes - centre) / half, axis=1)
    t = np.clip((ANCHORS_AT[1] - away) / (ANCHORS_AT[1] - 1.1), 0, 1)
    return t * t * (3 - 2 * t)


def _lower_side() -> list[int]:
    lids = [mark for lid in LOWER_LIDS for mark in lid[1:-1]]
    return [*LOWER_LIP[1:-1], *OUTER_LOWER_LIP, *BETWEEN_LIPS_LOWER, *lids]


def _upper_side() -> list[int]:
    lids = [mark for lid in UPPER_LIDS for mark in lid[1:-1]]
    return [*UPPER_LIP[1:-1], *OUTER_UPPER_LIP, *BETWEEN_LIPS_UPPER, *lids]
