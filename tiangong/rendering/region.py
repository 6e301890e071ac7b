"""The part of a picture that the generator draws: the face between brows and chin, upright, always at the same size.

A similarity (rotation, scale, shift) carries the region's pixels onto the picture, found from points that neither speech nor
mimic moves. Beside the colours the generator sees three masks: the opening of the mouth, the lips, the openings of the eyes.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tiangong.rendering.face_frame import Floats, Picture
from tiangong.rendering.slits import LOWER_LIDS, LOWER_LIP, UPPER_LIDS, UPPER_LIP

ROWS, COLUMNS = 224, 176  # px of the region
EYE_DISTANCE_PX: Final = 112.0  # between the outer eye corners, in the region: as large as in a usual 512 x 512 crop
BRIDGE_AT: Final = (87.5, 44.0)  # x, y px of the middle between the outer eye corners, in the region
SEAM_PX: Final = 14  # over which what is drawn fades into the picture around it
CHANNELS: Final = 6  # red, green, blue, mouth, lips, eyes

# Eye corners, bridge of the nose, middle of the brows and of the forehead.
PLACED_BY: Final = np.array([33, 133, 362, 263, 168, 6, 197, 9, 151])
OUTER_EYES: Final = (33, 263)
OUTER_LIPS: Final = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
INNER_LIPS: Final = (*UPPER_LIP, *LOWER_LIP[-2:0:-1])
EYES: Final = tuple((*up, *low[-2:0:-1]) for up, low in zip(UPPER_LIDS, LOWER_LIDS, strict=True))
_SUBPIXEL: Final = 4  # bits: polygons are filled at a sixteenth of a pixel


@dataclass(frozen=True)
class Placement:
    """Where the region lies in one picture."""

    to_picture: Floats  # (2, 3) affine: region px -> picture px

    def cut(self, picture: Picture) -> Picture:
        """(height, width, 3) -> (224, 176, 3)"""
        how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        found = cv2.warpAffine(picture, self.to_picture, (COLUMNS, ROWS), flags=how, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(found, np.uint8)

    def marks(self, landmarks_px: Floats) -> Floats:
        """(n, 2) px of the picture -> (n, 2) px of the region."""
        # Not by LAPACK, whose second thread spins for milliseconds after so small a matrix, on the generator's core.
        back = cv2.invertAffineTransform(self.to_picture)
        return np.asarray(cv2.transform(landmarks_px[None], back)[0], np.float32)


def rest_marks(landmarks: Floats) -> Floats:
    """(478, 3) portrait landmarks -> (478, 2) where they lie in the region while the face is at rest, eyes level."""
    right, left = (landmarks[mark, :2] for mark in OUTER_EYES)
    across = left - right
    scale = EYE_DISTANCE_PX / max(float(np.linalg.norm(across)), 1e-6)
    cos, sin = across / max(float(np.linalg.norm(across)), 1e-6)
    level = np.array([[cos, sin], [-sin, cos]]) * scale
    return ((landmarks[:, :2] - (right + left) / 2) @ level.T + np.array(BRIDGE_AT)).astype(np.float32)


def place(rest: Floats, landmarks_px: Floats) -> Placement:
    """`rest` (478, 2) from `rest_marks`, (478, 2 or 3) the same face's landmarks in a picture."""
    start, end = rest[PLACED_BY].astype(np.float64), landmarks_px[PLACED_BY, :2].astype(np.float64)
    from_, to = start - start.mean(0), end - end.mean(0)
    # Least squares of a similarity, in complex numbers: one division.
    a, b = from_[:, 0] + 1j * from_[:, 1], to[:, 0] + 1j * to[:, 1]
    turn = (np.conj(a) @ b) / max(float((np.abs(a) ** 2).sum()), 1e-9)
    linear = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    shift = end.mean(0) - linear @ start.mean(0)
    return Placement(np.concatenate([linear, shift[:, None]], axis=1).astype(np.float32))


def masks(marks: Floats) -> NDArray[np.uint8]:
    """(478, 2) px of the region -> (224, 176, 3) 0-255: opening of the mouth, lips around it, openings of the eyes."""
    mouth, lips, eyes = (np.zeros((ROWS, COLUMNS), np.uint8) for _ in range(3))
    _fill(mouth, marks[list(INNER_LIPS)])
    _fill(lips, marks[list(OUTER_LIPS)])
    for eye in EYES:
        _fill(eyes, marks[list(eye)])
    return np.asarray(cv2.merge([mouth, cv2.subtract(lips, mouth), eyes]), np.uint8)


def _fill(mask: NDArray[np.uint8], outline: Floats) -> None:
    points = np.round(outline * (1 << _SUBPIXEL)).astype(np.int32)
    cv2.fillPoly(mask, [points], (255,), cv2.LINE_AA, _SUBPIXEL)


def seam() -> Floats:
    """(224, 176, 1) 1 inside the region, 0 at its edges, without a corner anywhere."""
    y = np.minimum(np.arange(ROWS), np.arange(ROWS)[::-1]) / SEAM_PX
    x = np.minimum(np.arange(COLUMNS), np.arange(COLUMNS)[::-1]) / SEAM_PX
    rise = [np.clip(side, 0, 1) for side in (y, x)]
    soft = [side * side * (3 - 2 * side) for side in rise]
    return (soft[0][:, None] * soft[1][None, :])[..., None].astype(np.float32)
