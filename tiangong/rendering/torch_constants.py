"""Every constant of one portrait as tensors, in the order in which the batched sketch asks for them.

Shapes are of one avatar; (R, C) are rows and columns of its face's grid. Channels stand before rows and columns.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tiangong.rendering.dense_warp import FaceWarp
from tiangong.rendering.eyes import GAZE_DOWN, GAZE_UP, GAZE_X, Eye
from tiangong.rendering.face_frame import SIZE_PX, FaceFrame, Floats
from tiangong.rendering.lip_shapes import HINGE_Z
from tiangong.rendering.mouth_interior import TEETH_BEHIND_LIPS
from tiangong.rendering.patches import LocalAxes
from tiangong.rendering.region import PLACED_BY, rest_marks
from tiangong.rendering.slits import SAMPLES
from tiangong.rendering.warp import WarpFace

EYEBALL_ROOM = 0.25  # eye distances around an eye's corners and lids at rest: what its eyeball may be drawn from


@dataclass(frozen=True)
class Grid:
    """The face's grid: its shape is (R, C), its own or the largest of a cast."""

    basis: Tensor  # (52, 2, 2, R, C) px: blend shape, above and below the cuts, x and y
    below: Tensor  # (1, R, C) 1 where the lower side of a cut holds
    inside: Tensor  # (1, R, C) 1 where this portrait's own grid lies
    corner: Tensor  # (2,) column, row of the face's grid within the whole one
    last: Tensor  # (2,) column, row of this portrait's own last node
    landmarks: Tensor  # (478, 2) px
    landmarks_below: Tensor  # (1, 478) 1 for landmarks of the lower sides
    eye_distance: Tensor  # () px


@dataclass(frozen=True)
class Spline:
    """Where the skin goes with landmarks led one by one (landmark_field)."""

    weights: Tensor  # (2, r, c, 478) above, below: the coarse grid's displacement by each landmark's
    rows: Tensor  # (R, r) from the coarse grid to the full one, linear
    columns: Tensor  # (C, c)


@dataclass(frozen=True)
class Head:
    arm: Tensor  # (3, 128 * 128) from the neck's joint, face coordinates
    share: Tensor  # (1, 128, 128)
    axes: Tensor  # (2, 3) face coordinates -> px


@dataclass(frozen=True)
class Slits:
    """Mouth, right eye, left eye; edges (upper and lower) of 33 points from the right corner to the left one."""

    rest_px: Tensor  # (3, 2, 33, 2)
    rest: Tensor  # (3, 2, 33, 2) eye distances from the slit's middle
    middle_px: Tensor  # (3, 2)
    to_local: Tensor  # (3, 2, 2)
    across: Tensor  # (3, R, C) 0 to 32: beside which edge point each node lies
    fade: Tensor  # (3, 2, R, C) above, below: share of a correction at the edge that each node takes
    down: Tensor  # (2,) unit vector in the picture


@dataclass(frozen=True)
class Insides:
    """What lies behind lips and lids."""

    portrait: Tensor  # (3, 512, 512) 0 to 255
    front: Tensor  # (4, 512, 512) 0 to 255, the portrait less what shines through from behind, and where the person is
    behind: Tensor  # (3, 512, 512) 0 to 255, the background that stands still
    textures: Tensor  # (3, 4, height, width): tongue, lower teeth, upper teeth
    throat: Tensor  # (3,) colour
    gum: Tensor  # (3,)
    jaw_depth: Tensor  # () eye distances from the jaw's hinge to the teeth
    parted: Tensor  # () 1: the portrait shows its own teeth
    eyeballs: Tensor  # (2, 9, height, width) the portrait, without the iris, with a whole iris: right eye, left eye
    eyeball_at: Tensor  # (2, 2) px of the upper left corner of `eyeballs`
    iris_px: Tensor  # (2, 2)
    iris_radius: Tensor  # (2,) px
    gaze: Tensor  # (2, 4, 2) px by which an iris moves at eyeLookIn, Out, Up, Down 1
    placed_by: Tensor  # (9, 2) px of the generator's region where its placing points rest


@dataclass(frozen=True)
class Constants:
    grid: Grid
    spline: Spline
    head: Head
    slits: Slits
    insides: Insides


def constants_of(face: WarpFace, device: torch.device, dtype: torch.dtype) -> Constants:
    put = Put(device, dtype)
    return Constants(
        _grid(face.warp, put), _spline(face.warp, put), _head(face.warp, put), _slits(face, put), _insides(face, put)
    )


@dataclass(frozen=True)
class Put:
    device: torch.device
    dtype: torch.dtype

    def __call__(self, values: Floats | NDArray[np.bool_] | NDArray[np.uint8] | float) -> Tensor:
        return torch.as_tensor(np.ascontiguousarray(values)).to(self.device, self.dtype)

    def scalar(self, value: float) -> Tensor:
        return torch.tensor(value, device=self.device, dtype=self.dtype)


def _grid(warp: FaceWarp, put: Put) -> Grid:
    rows, columns = warp.shape
    basis = np.stack([side.reshape(-1, rows, columns, 2) for side in warp.basis], axis=1)
    return Grid(
        put(basis.transpose(0, 1, 4, 2, 3)),
        put(warp.below[None, ..., 0]),
        put(np.ones((1, rows, columns), np.float32)),
        put(np.array(warp.corner[::-1], np.float32)),
        put(np.array([columns - 1, rows - 1], np.float32)),
        put(warp.frame.landmarks[:, :2]),
        put(warp.landmarks_below[None]),
        put.scalar(warp.frame.eye_distance_px),
    )


def _spline(warp: FaceWarp, put: Put) -> Spline:
    field, count = warp.field, len(warp.frame.landmarks)
    weights = np.zeros((2, *field.shape, count), np.float32)
    for side, solved, used in zip(weights, field.weights, field.used, strict=True):
        side[..., used] = solved.reshape(*field.shape, -1)
    # cv2.resize is linear and separable: what it does to unit vectors is what it does to anything.
    rows, columns = (
        np.asarray(cv2.resize(np.eye(few, dtype=np.float32), (few, many)), np.float32)
        for few, many in zip(field.shape, field.full, strict=True)
    )
    return Spline(put(weights), put(rows), put(columns))


def _head(warp: FaceWarp, put: Put) -> Head:
    arm = warp.turn.arm.reshape(-1, 3).T
    return Head(put(arm), put(warp.turn.share[None]), put(warp.frame.axes[:2]))


def _slits(face: WarpFace, put: Put) -> Slits:
    axes: list[LocalAxes] = [face.mouth.axes, face.eyes[0].axes, face.eyes[1].axes]
    cuts = face.warp.cuts
    across = np.stack([cut.across for cut in cuts])
    # Beyond its corners a slit pushes nothing.
    fade = np.stack([np.stack(cut.fade) * (np.abs(cut.across) <= 1) for cut in cuts])
    return Slits(
        put(np.stack([np.stack([cut.upper_px, cut.lower_px]) for cut in cuts])),
        put(np.stack([np.stack([a.rest.upper, a.rest.lower]) for a in axes])),
        put(np.stack([a.middle_px for a in axes])),
        put(np.stack([a.to_local for a in axes])),
        put((across.clip(-1, 1) + 1) / 2 * (SAMPLES - 1)),
        put(fade),
        put(cuts[0].down),
    )


def _insides(face: WarpFace, put: Put) -> Insides:
    frame, mouth = face.warp.frame, face.mouth
    depth = HINGE_Z - (float(mouth.slit.upper[len(mouth.slit.upper) // 2, 2]) + TEETH_BEHIND_LIPS)
    textures = np.stack([mouth.tongue, mouth.lower, mouth.upper])
    boxes = [_around(cut.upper_px, cut.lower_px, frame.eye_distance_px) for cut in face.warp.cuts[1:]]
    height, width = (max(int(high[k] - low[k]) for low, high in boxes) for k in (1, 0))
    eyeballs = np.zeros((2, 9, height, width), np.float32)
    for into, eye, (low, high) in zip(eyeballs, face.eyes, boxes, strict=True):
        shown = np.concatenate([frame.picture, eye.white, eye.iris], axis=2)[low[1] : high[1], low[0] : high[0]]
        into[:, : shown.shape[0], : shown.shape[1]] = shown.transpose(2, 0, 1)
    front = face.backdrop.front if face.backdrop else np.dstack([frame.picture, np.full((SIZE_PX, SIZE_PX), 255)])
    behind = face.backdrop.behind if face.backdrop else frame.picture
    return Insides(
        put(frame.picture.transpose(2, 0, 1)),
        put(front.transpose(2, 0, 1)),
        put(behind.transpose(2, 0, 1)),
        put(textures.transpose(0, 3, 1, 2)),
        put(mouth.palette.throat),
        put(mouth.palette.gum),
        put.scalar(depth),
        put.scalar(float(mouth.slit.parted)),
        put(eyeballs),
        put(np.stack([low for low, _ in boxes]).astype(np.float32)),
        put(np.stack([eye.iris_px for eye in face.eyes])),
        put(np.array([eye.radius_px for eye in face.eyes], np.float32)),
        put(np.stack([_gaze(eye, frame) for eye in face.eyes])),
        put(rest_marks(frame.landmarks)[PLACED_BY]),
    )


def _around(upper_px: Floats, lower_px: Floats, eye_distance_px: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Lower and upper bound, x and y px, of the part of the portrait that an eye may show."""
    points, room = np.concatenate([upper_px, lower_px]), EYEBALL_ROOM * eye_distance_px
    low, high = np.floor(points.min(0) - room), np.ceil(points.max(0) + room)
    return low.clip(0, SIZE_PX).astype(np.intp), high.clip(0, SIZE_PX).astype(np.intp)


def _gaze(eye: Eye, frame: FaceFrame) -> Floats:
    """(4, 2) px: how far in, out, up and down an iris looks at weight 1."""
    out = GAZE_X if eye.left else -GAZE_X
    return frame.shift_px(np.array([[-out, 0, 0], [out, 0, 0], [0, -GAZE_UP, 0], [0, GAZE_DOWN, 0]], np.float32))
