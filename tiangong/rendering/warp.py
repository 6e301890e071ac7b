"""The face renderer "warp": moves a portrait by bending it. Needs no training and no weights, draws any face there is.

The 52 blend shapes displace the skin (face_basis), the head turns by its depth (head_turn), each pixel is asked where it
comes from (dense_warp); mouth and eyes, where skin parts, are drawn over it (mouth_interior, eyes). The wall behind the person
stands still (backdrop).
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tiangong.core.face_mesh import LANDMARKS
from tiangong.core.media import AudioChunk, FaceMotion
from tiangong.rendering.backdrop import Backdrop, backdrop_of
from tiangong.rendering.dense_warp import FaceWarp, Skin, face_warp, invert, look_up_px
from tiangong.rendering.eyes import Eye, draw_eye, open_eyes
from tiangong.rendering.face_frame import SIZE_PX, FaceFrame, Floats, Picture, node_positions_px, open_frame
from tiangong.rendering.mouth_interior import Mouth, draw_mouth, open_mouth
from tiangong.rendering.resample import look_up, positions

HEAD_SWAY_PX = 16  # around the resting face
STILL_RAD = 1e-4  # a head turned less than this is not turned


@dataclass(eq=False)
class WarpFace:
    """A portrait that can be drawn moving; nothing in it is changed after opening, so threads may share it."""

    warp: FaceWarp
    mouth: Mouth
    eyes: tuple[Eye, Eye]
    backdrop: Backdrop | None = None
    height_px: int = SIZE_PX
    width_px: int = SIZE_PX
    needs_sound: bool = False

    @cached_property
    def _face(self) -> tuple[slice, slice]:
        """Rows and columns that are drawn sharper: where people look. Bicubic costs five times bilinear."""
        marks = self.warp.frame.landmarks[:, :2]
        low, high = (marks.min(0) - HEAD_SWAY_PX).clip(0), (marks.max(0) + HEAD_SWAY_PX).clip(0)
        return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))

    def draw(self, motion: FaceMotion, sound: AudioChunk | None = None) -> NDArray[np.uint8]:
        """(frames, 512, 512, 3) RGB. About 9 ms of processor time a frame."""
        return self.draw_and_mark(motion)[0]

    def draw_and_mark(self, motion: FaceMotion) -> tuple[NDArray[np.uint8], Floats]:
        """(frames, 512, 512, 3) RGB, and (frames, 478, 2) px where the landmarks are in them."""
        frames = np.empty((len(motion), SIZE_PX, SIZE_PX, 3), np.uint8)
        marks = np.empty((len(motion), LANDMARKS, 2), np.float32)
        for i, canvas in enumerate(frames):
            marks[i] = self.draw_into(canvas, motion, i)
        return frames, marks

    def draw_into(self, canvas: Picture, motion: FaceMotion, i: int) -> Floats:
        """Draw frame `i` into (512, 512, 3); returns (478, 2) px where its landmarks are."""
        beyond = None if motion.beyond is None else motion.beyond[i] * self.warp.frame.eye_distance_px
        return self._draw(canvas, motion.expression[i], motion.head_rad[i], beyond)

    def _draw(self, canvas: Picture, expression: Floats, head_rad: Floats, beyond_px: Floats | None) -> Floats:
        skin = self.warp.skin(expression, beyond_px)
        turned, unturned = self._turn(head_rad)
        source = cv2.resize(self._back(skin, unturned), (SIZE_PX, SIZE_PX))
        source += positions(SIZE_PX, SIZE_PX)
        portrait = self.backdrop.front if self.backdrop else self.warp.frame.picture
        bent = look_up(portrait, source)
        bent[self._face] = look_up(portrait, source[self._face], method=cv2.INTER_CUBIC)
        if self.backdrop:
            self.backdrop.show_behind(bent, canvas)
        else:
            canvas[:] = bent
        for eye in self.eyes:
            draw_eye(canvas, self.warp, eye, skin, expression, turned, unturned)
        draw_mouth(canvas, self.warp, self.mouth, skin, expression, turned, unturned)
        return self._marks(skin, turned)

    def _turn(self, head_rad: Floats) -> tuple[Floats, Floats]:
        turned = self.warp.turn.field_px(head_rad)
        if float(np.abs(head_rad).max()) < STILL_RAD:
            return turned * 0, turned * 0
        return turned, invert(turned)

    def _back(self, skin: Skin, unturned: Floats) -> Floats:
        """(128, 128, 2) px from where each node comes, head and skin together."""
        above, below = skin.back
        chosen = above + (below - above) * self.warp.below
        return unturned + self.warp.sample(chosen, node_positions_px() + unturned)

    def landmarks_for(self, expression: Floats, head_rad: Floats, beyond_px: Floats | None = None) -> Floats:
        """(52,) blend shapes and (3,) yaw, pitch, roll -> (478, 2) px: where the portrait's landmarks go."""
        return self._marks(self.warp.skin(expression, beyond_px), self._turn(head_rad)[0])

    def _marks(self, skin: Skin, turned: Floats) -> Floats:
        moved = self.warp.frame.landmarks[:, :2] + self.warp.landmarks_shift_px(skin)
        return moved + look_up_px(turned, moved)


class WarpRenderer:
    """Opens the portrait of an avatar folder."""

    name = "warp"
    embedded = True

    def open(self, folder: Path) -> WarpFace:
        """Read `portrait.png`, and the landmarks in `motion.npz` if the folder has them; some 0.6 s.

        Raises MediaError for a portrait without exactly one face or under 128 px, BundleError for a damaged motion.npz.
        """
        return warp_face(open_frame(folder))


def warp_face(frame: FaceFrame) -> WarpFace:
    warp = face_warp(frame)
    mouth, right, left = (cut.slit for cut in warp.cuts)
    backdrop = backdrop_of(frame.picture, frame.landmarks)
    return WarpFace(warp, open_mouth(frame, mouth), open_eyes(frame, (right, left)), backdrop)
