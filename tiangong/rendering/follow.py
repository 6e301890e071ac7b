"""An avatar repeats the motion of a filmed face: landmarks of a video -> head, blend shapes, and what these leave over.

The driver's face is taken apart into where it looks (a rigid fit) and how it differs from its own face at rest; that
difference is laid on the avatar's face. Where driver and avatar are the same person there is no difference of shape to
allow for, and landmarks are followed as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import nnls

from tiangong.core.face import ARKIT_BLEND_SHAPES, BLEND_SHAPE_INDEX
from tiangong.core.media import FaceMotion
from tiangong.core.rigid import STEADY, fit_rigid, head_angles_rad
from tiangong.rendering.dense_warp import FaceWarp, look_up_px
from tiangong.rendering.eyes import GAZE_DOWN, GAZE_UP, GAZE_X, IRIS_CENTRES
from tiangong.rendering.face_frame import Floats
from tiangong.rendering.head_turn import rotation, soft_limit
from tiangong.rendering.slits import LOWER_LIDS, LOWER_LIP, UPPER_LIDS, UPPER_LIP

SAME_FACE = 0.055  # mean distance of steady points, eye distances: below it two faces are taken for one person's
RIDGE = 2e-3  # of the fit: shapes that hardly move a landmark stay small
LIPS_COUNT, LIDS_COUNT = 4.0, 3.0  # how much more these landmarks count than the others
REST_QUANTILE = 0.2  # of the lips' gap: frames below it show the driver's mouth at rest
_GAZES = [i for i, name in enumerate(ARKIT_BLEND_SHAPES) if name.startswith("eyeLook")]
_LEFT_OUT = [*_GAZES, BLEND_SHAPE_INDEX["tongueOut"]]


@dataclass(frozen=True)
class Follower:
    """Leads one avatar's face."""

    warp: FaceWarp
    neutral: Floats  # (478, 3) the driver's face at rest, face coordinates; the avatar's own if they are one person

    @cached_property
    def own(self) -> Floats:
        """(478, 3) the avatar's face at rest, face coordinates."""
        return self.warp.frame.to_face(self.warp.frame.landmarks)

    @cached_property
    def _shapes(self) -> tuple[Floats, Floats]:
        """(956, 52) weighted displacement of landmarks by each shape, and (478, 1) the weights."""
        weights = np.ones((478, 1), np.float64)
        weights[[*LOWER_LIP, *UPPER_LIP]] = LIPS_COUNT
        weights[[mark for lid in (*LOWER_LIDS, *UPPER_LIDS) for mark in lid]] = LIDS_COUNT
        basis = self.warp.landmark_basis() / self.warp.frame.eye_distance_px  # (52, 478, 2)
        basis[_LEFT_OUT] = 0
        return (basis * weights).reshape(len(basis), -1).T.astype(np.float64), weights

    def follow(self, track: Sequence[Floats], fps: int) -> FaceMotion:
        """(478, 3) px of each frame -> motion whose `beyond` takes every landmark where the driver's is."""
        steps = [self._step(landmarks) for landmarks in track]
        heads, expressions, beyonds = (np.stack(part).astype(np.float32) for part in zip(*steps, strict=True))
        return FaceMotion(np.clip(expressions, 0, 1), heads, fps, beyonds)

    def _step(self, landmarks: Floats) -> tuple[Floats, Floats, Floats]:
        fit = fit_rigid(self.neutral[STEADY], landmarks[STEADY])
        moved = fit.undo(landmarks) - self.neutral
        # As seen from the portrait, which may itself look aside.
        head = head_angles_rad(self.warp.frame.axes.T @ fit.rotation)
        wanted = self._unturned_px(self.own + moved, head)
        moved_px = wanted - self.warp.frame.landmarks[:, :2]
        expression = self._expression(moved_px / self.warp.frame.eye_distance_px)
        beyond = moved_px - self.warp.landmarks_shift_px(self.warp.skin(expression))
        return head, expression, beyond / self.warp.frame.eye_distance_px

    def _unturned_px(self, points: Floats, head_rad: Floats) -> Floats:
        """Where points must lie before the picture's own head turn takes them to their turned places. (478, 2) px."""
        turn = self.warp.turn
        pivot = turn.pivot
        # The turn that the picture can follow; landmarks of a head turned further stop with it.
        turned = pivot + (points - pivot) @ rotation(soft_limit(head_rad)).T
        wanted = self.warp.frame.to_px(turned)
        field = turn.field_px(head_rad)
        found = wanted.copy()
        for _ in range(6):
            found = wanted - look_up_px(field, found)
        return found

    def _expression(self, moved: Floats) -> Floats:
        """(478, 2) displacement in eye distances -> (52,) weights that come nearest to it, by non-negative least squares."""
        shapes, weights = self._shapes
        ridge = RIDGE * np.eye(shapes.shape[1]) * np.sqrt(len(shapes))
        target = np.concatenate([(moved * weights).ravel(), np.zeros(shapes.shape[1])])
        found = np.clip(nnls(np.concatenate([shapes, ridge]), target)[0], 0, 1)
        found[_LEFT_OUT] = 0
        for left in (False, True):
            x, y = self._gaze(moved, left)
            side = "Left" if left else "Right"
            outward = x if left else -x
            for way, value in (
                ("Out", outward / GAZE_X),
                ("In", -outward / GAZE_X),
                ("Down", y / GAZE_DOWN),
                ("Up", -y / GAZE_UP),
            ):
                found[BLEND_SHAPE_INDEX[f"eyeLook{way}{side}"]] = np.clip(value, 0, 1)
        return found

    def _gaze(self, moved: Floats, left: bool) -> Floats:
        return moved[IRIS_CENTRES[left]]


def follower(warp: FaceWarp, track: Sequence[Floats]) -> Follower:
    """For a driver whose landmarks in a whole video are `track`, (478, 3) px each."""
    own = warp.frame.to_face(warp.frame.landmarks)
    faces = np.stack([fit_rigid(own[STEADY], landmarks[STEADY]).undo(landmarks) for landmarks in track])
    usual = np.median(faces, axis=0)
    if float(np.linalg.norm((usual - own)[STEADY], axis=1).mean()) < SAME_FACE:
        return Follower(warp, own)
    gaps = np.linalg.norm(faces[:, 13] - faces[:, 14], axis=1)
    resting = faces[gaps <= np.quantile(gaps, REST_QUANTILE)]
    return Follower(warp, np.median(resting, axis=0).astype(np.float32))
