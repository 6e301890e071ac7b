"""What stands still behind a person: without it, walls and shelves would bend along with the turning head.

MediaPipe's selfie segmentation (its wheel carries the model) tells person from background; its edge is brought onto the
picture's own edges by a guided filter (He et al. 2010), and what the person hides is filled in from around (Telea 2004).
"""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tiangong.core.native_noise import without_greetings
from tiangong.rendering.face_frame import Floats, Picture, step

LANDSCAPE_OFF: Final = 0  # of MediaPipe's two models the one for squares
GUIDED_RADIUS_PX, GUIDED_SMOOTHING = 6, 6.5
# A pixel at the edge is half hair, half wall: it is taken along with the head, and at rest the portrait stays as it is.
BEHIND_UNTIL, BEFORE_FROM = 0.02, 0.45
ROOM_PX: Final = 5  # around the person that nothing is filled in from: no trace of hair is spread over the wall
FILLED_FROM: Final = 0.15  # share of person in a pixel from which on what is behind is filled in
FILLED_PX: Final = 192  # size at which the hidden part is filled in: only a rim of it is ever seen, and softly
LEAST_FACE: Final = 0.97  # share of the face that must be person, else the segmentation is not believed


@dataclass(frozen=True)
class Backdrop:
    """Of one portrait."""

    behind: Picture  # (512, 512, 3) the background, the person filled in
    # (512, 512, 4) the portrait less what shines through, and 255 on the person, 0 on the wall
    front: NDArray[np.uint8]

    @property
    def person(self) -> Floats:
        """(512, 512) 1 on the person, 0 on the background. Portrait = front + (1 - person) * behind."""
        return self.front[..., 3] * np.float32(1 / 255)

    def show_behind(self, bent: NDArray[np.uint8], canvas: Picture) -> None:
        """Draw a bent `front` (512, 512, 4) and the background behind it into `canvas` (512, 512, 3)."""
        person = np.asarray(cv2.extractChannel(bent, 3), np.uint8)
        cv2.cvtColor(bent, cv2.COLOR_RGBA2RGB, dst=canvas)
        cv2.copyTo(self.behind, (person == 0).view(np.uint8), canvas)
        rim = np.flatnonzero(person.ravel() - np.uint8(1) < np.uint8(254))
        through = self.behind.reshape(-1, 3)[rim] * (1 - person.ravel()[rim] * np.float32(1 / 255))[:, None]
        flat = canvas.reshape(-1, 3)
        flat[rim] = np.clip(flat[rim] + through + 0.5, 0, 255).astype(np.uint8)


def backdrop_of(picture: Picture, landmarks: Floats) -> Backdrop | None:
    """None where the person cannot be told from the background: then the picture is bent whole."""
    with without_greetings():
        from mediapipe.python.solutions import selfie_segmentation  # late: importing mediapipe takes a second

        with selfie_segmentation.SelfieSegmentation(model_selection=LANDSCAPE_OFF) as model:
            found: Any = model.process(picture)
    fine = cv2.ximgproc.guidedFilter(
        picture, found.segmentation_mask.astype(np.float32), GUIDED_RADIUS_PX, GUIDED_SMOOTHING
    )
    person = step(np.asarray(fine, np.float32), BEHIND_UNTIL, BEFORE_FROM).astype(np.float32)
    if _seen_of_face(person, landmarks) < LEAST_FACE:
        return None
    behind = _filled(picture, person)
    # What is darker than the wall is no wall: without this, thin hair at the rim would be brighter than in the portrait.
    darker = 1 - (picture / np.maximum(behind.astype(np.float32), 1)).min(-1)
    person = np.where(person > 0, np.maximum(person, darker), 0).astype(np.float32)
    share = np.round(person * 255).astype(np.uint8)
    front = np.clip(picture - (1 - share[..., None] * np.float32(1 / 255)) * behind.astype(np.float32) + 0.5, 0, 255)
    return Backdrop(behind, np.dstack([front.astype(np.uint8), share]))


def _seen_of_face(person: Floats, landmarks: Floats) -> float:
    at = np.clip(np.round(landmarks[:, :2]), 0, len(person) - 1).astype(int)
    return float(person[at[:, 1], at[:, 0]].mean())


def _filled(picture: Picture, person: Floats) -> Picture:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * ROOM_PX + 1, 2 * ROOM_PX + 1))
    hidden = cv2.dilate(person, kernel)
    small = cv2.resize(picture, (FILLED_PX, FILLED_PX), interpolation=cv2.INTER_AREA)
    hole = (cv2.resize(hidden, (FILLED_PX, FILLED_PX), interpolation=cv2.INTER_AREA) > 0.02).astype(np.uint8)
    if hole.all():
        return picture.copy()
    filled = cv2.inpaint(small, hole, 3, cv2.INPAINT_TELEA)
    large = cv2.resize(filled, picture.shape[1::-1], interpolation=cv2.INTER_CUBIC).astype(np.float32)
    share = np.clip(person / FILLED_FROM, 0, 1)[..., None]
    return np.clip(picture + (large - picture) * share + 0.5, 0, 255).astype(np.uint8)
