"""From blend-shape weights to where each pixel comes from.

Displacements are summed on the coarse grid in the forward direction (where does this point of the portrait go?), then
turned round by fixed-point iteration (Chen et al. 2008, "A simple fixed-point approach to invert a deformation field",
damped by the local stretch as Newton's method would), because a picture is drawn by asking each pixel where it comes
from. Skin beside a cut exists in two fields, one for each side; which one holds is decided where the pixel is drawn.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from tiangong.core.face import ARKIT_BLEND_SHAPES
from tiangong.rendering.face_basis import LOWER_LID_REACH, displacements, lid_reach, lid_share, saturate
from tiangong.rendering.face_frame import CELL_PX, NODES, FaceFrame, Floats, node_points, step
from tiangong.rendering.face_sites import Sites, sites
from tiangong.rendering.head_turn import HeadTurn, head_turn
from tiangong.rendering.landmark_field import LandmarkField, landmark_field
from tiangong.rendering.lip_shapes import LIP_REACH
from tiangong.rendering.resample import look_up, positions
from tiangong.rendering.slits import LOWER_LIDS, LOWER_LIP, UPPER_LIDS, UPPER_LIP, Slit, eye_slits, mouth_slit

ROUNDS = 7  # of the fixed-point iteration, at most
NEAR_PX = 0.02  # a round that moves no node further than this is the last
STRETCH_RANGE = (0.6, 3.0)  # of the local stretch by which each round is damped: a lid that closes stretches threefold
SEEN_PX = 0.03  # displacements smaller than this are not worth a node
UPPER_GIVES = (0.4, 0.86, 0.86)  # mouth, right eye, left eye: the upper side's share when both sides would cross


@dataclass(frozen=True)
class Edges:
    """A slit as it stands in one frame, before the head turns: px, right corner to left."""

    upper: Floats  # (33, 2)
    lower: Floats  # (33, 2)


@dataclass(frozen=True)
class Skin:
    """One frame's displacement of the skin, before the head turns. Grids cover the face alone, from `corner` on."""

    forward: tuple[Floats, Floats]  # (rows, columns, 2) px: above the cuts, below them
    back: tuple[Floats, Floats]  # (rows, columns, 2) px, from where a pixel comes
    mouth: Edges
    eyes: tuple[Edges, Edges]


@dataclass(frozen=True)
class _Cut:
    """What keeps both sides of one slit from crossing."""

    slit: Slit
    upper_px: Floats  # (33, 2) edge points at rest
    lower_px: Floats
    across: Floats  # (rows, columns) of every node
    fade: tuple[Floats, Floats]  # (rows, columns) above, below: how much of a correction at the edge each node takes
    down: Floats  # (2,) unit vector in the picture: the face's own "down"


@dataclass(frozen=True)
class FaceWarp:
    """All that is computed once for a portrait."""

    frame: FaceFrame
    turn: HeadTurn
    corner: tuple[int, int]  # row, column of the face's grid within the whole one
    basis: tuple[Floats, Floats]  # (52, rows * columns * 2) px, above and below the cuts
    shape: tuple[int, int]  # rows, columns
    below: Floats  # (rows, columns, 1) 1 where the lower side of a cut holds
    landmarks_below: NDArray[np.bool_]  # (478,) the same for each landmark
    cuts: tuple[_Cut, _Cut, _Cut]

    @cached_property
    def field(self) -> LandmarkField:
        """For landmarks led one by one; solved when it is first asked for."""
        return landmark_field(self.frame, self.corner, self.shape)

    def skin(self, expression: Floats, beyond_px: Floats | None = None) -> Skin:
        """(52,) weights -> the skin's displacement; `beyond_px` (478, 2): how far landmarks go beyond what these do."""
        weights = saturate(expression)
        active = np.flatnonzero(weights > 1e-4)
        grid = (*self.shape, 2)
        # Not by BLAS, whose second thread waits for so small a product by spinning, and takes a core from the generator.
        forward = [np.einsum("i,ij->j", weights[active], basis[active]).reshape(grid) for basis in self.basis]
        if beyond_px is not None:
            forward = [field + more for field, more in zip(forward, self.field.forward(beyond_px), strict=True)]
        edges = [self._keep_apart(cut, forward, gives) for cut, gives in zip(self.cuts, UPPER_GIVES, strict=True)]
        above, below = forward
        return Skin((above, below), (invert(above), invert(below)), edges[0], (edges[1], edges[2]))

    def _keep_apart(self, cut: _Cut, forward: list[Floats], upper_gives: float) -> Edges:
        """Where the sides of a slit would cross, move them back until they touch (in place)."""
        upper = cut.upper_px + self.sample(forward[0], cut.upper_px)
        lower = cut.lower_px + self.sample(forward[1], cut.lower_px)
        crossing = np.minimum((lower - upper) @ cut.down, 0)  # (33,) px, negative
        if float(crossing.min()) < -SEEN_PX:
            at = np.interp(cut.across, np.linspace(-1, 1, len(crossing)), crossing, left=0, right=0).astype(np.float32)
            if (at < 0).any():  # a narrow eye may cross between two columns of nodes
                rows, columns = _extent(at < 0)
                for side, gives in ((0, upper_gives), (1, upper_gives - 1)):
                    push = (at * cut.fade[side])[rows, columns, None] * cut.down * gives
                    forward[side][rows, columns] += push
            upper = upper + crossing[:, None] * cut.down * upper_gives
            lower = lower + crossing[:, None] * cut.down * (upper_gives - 1)
        return Edges(upper.astype(np.float32), lower.astype(np.float32))

    def landmark_basis(self) -> Floats:
        """(52, 478, 2) px by which each shape at weight 1 moves the portrait's landmarks, head unturned."""
        rest = self.frame.landmarks[:, :2]
        grid = (*self.shape, 2)
        above, below = (np.stack([self.sample(shape.reshape(grid), rest) for shape in basis]) for basis in self.basis)
        return np.where(self.landmarks_below[:, None], below, above)

    def landmarks_shift_px(self, skin: Skin) -> Floats:
        """(478, 2) px by which the portrait's landmarks move with the skin, head unturned."""
        above, below = (self.sample(field, self.frame.landmarks[:, :2]) for field in skin.forward)
        return np.where(self.landmarks_below[:, None], below, above)

    def sample(self, field: Floats, points_px: Floats) -> Floats:
        """Field over the face's grid, at (..., 2) px; 0 outside of it."""
        index = (points_px - (CELL_PX - 1) / 2) / CELL_PX - np.array(self.corner[::-1], np.float32)
        return _look_up(field, index, cv2.BORDER_CONSTANT)


def look_up_px(field: Floats, points_px: Floats) -> Floats:
    """Field over the whole grid, at (..., 2) px."""
    return _look_up(field, (points_px - (CELL_PX - 1) / 2) / CELL_PX, cv2.BORDER_REPLICATE)


def _look_up(field: Floats, index: Floats, border: int) -> Floats:
    flat = index.reshape(-1, 1, 2) if index.ndim == 2 else index
    found = look_up(field, flat.astype(np.float32), border)
    return found.reshape(*index.shape[:-1], *field.shape[2:])


def invert(field: Floats) -> Floats:
    """(rows, columns, 2) forward displacement px -> backward displacement px on the same grid."""
    at = positions(*field.shape[:2])
    stretched = [_stretch(side, axis) for axis, side in enumerate(np.moveaxis(field, 2, 0))]
    damping = np.asarray(cv2.merge([1 / np.clip(side, *STRETCH_RANGE) for side in stretched]), np.float32)
    back = -field * damping
    source = at + back * np.float32(1 / CELL_PX)
    damping = look_up(damping, source)
    for _ in range(ROUNDS):
        wrong = look_up(field, source)
        wrong += back
        wrong *= damping
        back -= wrong
        if max(float(wrong.max()), -float(wrong.min())) < NEAR_PX:
            break
        source = at + back * np.float32(1 / CELL_PX)
    return back


def _stretch(displacement: Floats, axis: int) -> Floats:
    """(rows, columns) px -> how far neighbours are drawn apart along x (axis 0) or y (1); 1 where nothing moves."""
    along = (1, 0) if axis == 0 else (0, 1)
    half, border = 0.5 / CELL_PX, cv2.BORDER_REPLICATE
    stretched = cv2.Sobel(displacement, cv2.CV_32F, *along, ksize=1, scale=half, delta=1, borderType=border)
    return np.asarray(stretched, np.float32)


def face_warp(frame: FaceFrame) -> FaceWarp:
    """Solve the grid, its depths and the basis for one portrait (some 0.3 s)."""
    nodes = node_points(frame)
    mouth, eyes = mouth_slit(frame), eye_slits(frame)
    both = [sites(frame, nodes, below, mouth, eyes) for below in (False, True)]
    moved = [frame.shift_px(displacements(s)) for s in both]
    seen = np.maximum(*(np.abs(m).max(axis=(0, 3)) for m in moved)) > SEEN_PX
    box = _extent(seen)
    cropped = [sites(frame, nodes[box], below, mouth, eyes) for below in (False, True)]
    shape = nodes[box].shape[:2]
    above, below = (m[:, box[0], box[1]].reshape(len(ARKIT_BLEND_SHAPES), -1) for m in moved)
    down = frame.shift_px(np.array([0, 1, 0], np.float32))
    down /= float(np.linalg.norm(down))
    cuts = (
        _lip_cut(cropped[0], frame, down),
        _lid_cut(cropped[0], frame, down, False),
        _lid_cut(cropped[0], frame, down, True),
    )
    return FaceWarp(
        frame, head_turn(frame, nodes), (box[0].start, box[1].start), (above, below), (shape[0], shape[1]),
        _is_below(nodes[box], mouth, eyes)[..., None].astype(np.float32), _landmarks_below(frame, mouth, eyes), cuts,
    )  # fmt: skip


def _is_below(points: Floats, mouth: Slit, eyes: tuple[Slit, Slit]) -> NDArray[np.bool_]:
    """(..., 3) -> (...) whether points hang on the lower side of the cut they are near to."""
    below = mouth.is_below(points)
    for eye in eyes:
        below |= (np.abs(eye.across(points)) <= 1) & eye.is_below(points) & (eye.off(points) < LOWER_LID_REACH)
    return below


def _landmarks_below(frame: FaceFrame, mouth: Slit, eyes: tuple[Slit, Slit]) -> NDArray[np.bool_]:
    below = _is_below(frame.to_face(frame.landmarks), mouth, eyes)
    # Where lips or lids touch, position does not tell their edges apart, but the mesh does.
    for upper, lower in ((UPPER_LIP, LOWER_LIP), *zip(UPPER_LIDS, LOWER_LIDS, strict=True)):
        below[list(lower)] = True
        below[list(upper)] = False
    return below


def _extent(seen: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Bounding box of what is True, one node wider."""
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    return (
        slice(max(int(rows[0]) - 1, 0), min(int(rows[-1]) + 2, NODES)),
        slice(max(int(columns[0]) - 1, 0), min(int(columns[-1]) + 2, NODES)),
    )


def _lip_cut(s: Sites, frame: FaceFrame, down: Floats) -> _Cut:
    fade = (1 - step(np.abs(s.off), 0, LIP_REACH)).astype(np.float32)
    mouth = s.mouth
    return _Cut(mouth, frame.to_px(mouth.upper), frame.to_px(mouth.lower), s.across, (fade, fade), down)


def _lid_cut(s: Sites, frame: FaceFrame, down: Floats, left: bool) -> _Cut:
    eye = s.eyes[int(left)]
    fade = lid_share(s, eye, lid_reach(s, left)).astype(np.float32)
    return _Cut(eye, frame.to_px(eye.upper), frame.to_px(eye.lower), eye.across(s.at), (fade, fade), down)
