"""How near the drawn face is to the filmed one, on frames that it never saw."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tiangong.core.face_mesh import FaceMesh
from tiangong.rendering.face_frame import Floats, Picture
from tiangong.rendering.region import OUTER_EYES, OUTER_LIPS, place, rest_marks
from tiangong.rendering.slits import LOWER_LIP, UPPER_LIP
from tiangong.rendering.training.pairs import Pairs
from tiangong.rendering.warp import WarpFace

BOX_MOUTHS: Final = 1.8  # width of the mouth's box, in mouth widths
BOX_PX: Final = 128
MOST_MESHES: Final = 40  # frames whose landmarks are looked for: 15 ms each
CLOSED: Final = 0.04  # gap over mouth width under which lips count as closed
GAPS: Final = ((13, 14), (82, 87), (312, 317))  # inner lips, upper and lower: middle and both sides
LIPS: Final = [*OUTER_LIPS, *UPPER_LIP, *LOWER_LIP[1:-1]]


@dataclass(frozen=True)
class Score:
    """Means over the held-out frames."""

    mouth_psnr_db: float
    mouth_ssim: float
    mouth_landmark_distance: float | None  # over the distance of the outer eye corners; None: no face was found
    identity_similarity: float  # cosine of gradient histograms (Dalal and Triggs 2005): 1 the same, not a recogniser's
    # Share of frames drawn with closed lips, of those filmed so; None: there are none.
    closed_where_closed: float | None


@dataclass(frozen=True)
class HeldOut:
    pairs: Pairs
    face: WarpFace

    @cached_property
    def meshed(self) -> NDArray[np.intp]:
        """Frames whose landmarks are compared, evenly spread."""
        return np.unique(np.linspace(0, len(self.pairs) - 1, min(MOST_MESHES, len(self.pairs))).astype(int))

    @cached_property
    def true_marks(self) -> list[Floats | None]:
        return self.marks(self.pairs.truths)

    def marks(self, regions: NDArray[np.uint8]) -> list[Floats | None]:
        """Landmarks (478, 3) of the meshed frames, laid into the portrait so that the mesh sees a whole head."""
        frame = self.face.warp.frame
        placed = place(rest_marks(frame.landmarks), frame.landmarks).to_picture
        found: list[Floats | None] = []
        with FaceMesh(tracking=False, most_faces=1) as mesh:
            for i in self.meshed:
                canvas = frame.picture.copy()
                cv2.warpAffine(
                    regions[i], placed, canvas.shape[1::-1], canvas, cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT
                )
                found.append(next(iter(mesh.find(canvas)), None))
        return found


def score(held_out: HeldOut, drawn: NDArray[np.uint8] | None = None) -> Score:
    """`drawn` (n, 224, 176, 3); None: the sketches themselves, which is what the generator has to beat."""
    from skimage.feature import hog  # late, as in `ssim`

    pairs = held_out.pairs
    drawn = np.ascontiguousarray(pairs.sketches[..., :3]) if drawn is None else drawn
    psnrs, ssims, same = [], [], []
    for sketch, picture, truth in zip(pairs.sketches, drawn, pairs.truths, strict=True):
        box, true_box = mouth_box(picture, sketch), mouth_box(truth, sketch)
        psnrs.append(psnr_db(box, true_box))
        ssims.append(ssim(box, true_box))
        same.append(_cosine(*(hog(p, pixels_per_cell=(16, 16), channel_axis=2) for p in (picture, truth))))
    marks = held_out.marks(drawn)
    both = [(a, b) for a, b in zip(marks, held_out.true_marks, strict=True) if a is not None and b is not None]
    distances = [lip_distance(a, b) for a, b in both]
    shut = [lip_gap(a) < CLOSED for a, b in both if lip_gap(b) < CLOSED]
    return Score(_mean(psnrs) or 0.0, _mean(ssims) or 0.0, _mean(distances), _mean(same) or 0.0, _mean(shut))


def mouth_box(picture: Picture, sketch: NDArray[np.uint8]) -> Picture:
    """(224, 176, 3) -> (128, 128, 3): the box around the lips of the sketch's masks."""
    rows, columns = np.nonzero(sketch[..., 3:5].max(-1) > 100)
    if not len(rows):
        rows, columns = np.array([120, 140]), np.array([60, 116])
    x, y = (float(at.min() + at.max()) / 2 for at in (columns, rows))
    return box_around(picture, x, y, max(float(np.ptp(columns)), 8.0))


def box_around(picture: Picture, x: float, y: float, mouth_px: float) -> Picture:
    """(128, 128, 3): the square around x, y of a picture, 1.8 mouth widths wide."""
    scale = BOX_PX / max(BOX_MOUTHS * mouth_px, 1e-3)
    to_box = np.array([[scale, 0, BOX_PX / 2 - x * scale], [0, scale, BOX_PX / 2 - y * scale]])
    return np.asarray(cv2.warpAffine(picture, to_box, (BOX_PX, BOX_PX), flags=cv2.INTER_AREA), np.uint8)


def psnr_db(box: Picture, truth: Picture) -> float:
    error = float(np.mean((box.astype(np.float64) - truth) ** 2))
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def ssim(box: Picture, truth: Picture) -> float:
    from skimage.metrics import structural_similarity  # late: half a second

    similar: Any = structural_similarity(box, truth, channel_axis=2)
    return float(similar)


def lip_gap(marks: Floats) -> float:
    """Gap between the inner lips over the width of the mouth."""
    gaps = [float(np.linalg.norm(marks[a, :2] - marks[b, :2])) for a, b in GAPS]
    return float(np.mean(gaps)) / max(float(np.linalg.norm(marks[61, :2] - marks[291, :2])), 1e-6)


def lip_distance(drawn: NDArray[np.floating[Any]], truth: Floats) -> float:
    """Mean distance of the 40 lip landmarks over that of the outer eye corners."""
    right, left = OUTER_EYES
    eyes = float(np.linalg.norm(truth[left, :2] - truth[right, :2]))
    return float(np.linalg.norm(drawn[LIPS, :2] - truth[LIPS, :2], axis=1).mean()) / max(eyes, 1e-6)


def _cosine(a: NDArray[Any], b: NDArray[Any]) -> float:
    return float(a @ b / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-9))


def _mean(values: Sequence[float | bool]) -> float | None:
    return round(float(np.mean(values)), 4) if values else None
