"""The small parts of a picture around a cut: both sides of the skin, and how much of each pixel lies in the opening."""

from dataclasses import dataclass

import numpy as np

from tiangong.rendering.dense_warp import Edges, FaceWarp, Skin, look_up_px
from tiangong.rendering.face_frame import CELL_PX, SIZE_PX, FaceFrame, Floats, Picture
from tiangong.rendering.resample import look_up_sharp, positions
from tiangong.rendering.slits import Slit

TAPER_POINTS = 4  # of an edge, from a corner on, that are moved so that both edges end in it
TAPER = np.linspace(1, 0, TAPER_POINTS, endpoint=False, dtype=np.float32)
STEEPEST_EDGE = 3.0
MARGIN_PX = 2.0 * CELL_PX


@dataclass(frozen=True)
class Opening:
    """One slit in one frame, pixel by pixel; all arrays are (height, width) of the patch."""

    rows: slice
    columns: slice
    at_px: Floats  # (height, width, 2) where each pixel was before the head turned
    x: Floats  # face coordinates from the slit's middle, eye distances
    y: Floats
    upper_y: Floats  # the edges at this x
    lower_y: Floats
    inside: Floats  # 0 to 1: share of the pixel that lies in the opening

    @property
    def gap(self) -> Floats:
        return self.lower_y - self.upper_y


@dataclass(frozen=True)
class LocalAxes:
    """Between px and the flat face coordinates around one slit's middle."""

    middle_px: Floats  # (2,)
    to_local: Floats  # (2, 2)
    from_local: Floats  # (2, 2) its inverse
    rest: Edges  # the slit as it is in the portrait, (33, 2) eye distances from its middle

    def rest_heights(self, x: Floats) -> tuple[Floats, Floats]:
        """y of the upper and the lower edge in the portrait, at each x."""
        return _at(x, self.rest.upper, self.rest.upper[:, 1]), _at(x, self.rest.lower, self.rest.lower[:, 1])

    def px(self, points: Floats) -> Floats:
        """(n, 2) eye distances from the middle -> (n, 2) px."""
        return (points @ self.from_local).astype(np.float32) + self.middle_px

    def local(self, points_px: Floats) -> Floats:
        return (points_px - self.middle_px) @ self.to_local


def local_axes(frame: FaceFrame, slit: Slit) -> LocalAxes:
    from_local = frame.shift_px(np.eye(3, dtype=np.float32)[:2])
    to_local = np.linalg.inv(from_local).astype(np.float32)
    middle = frame.to_px(slit.middle)
    # By way of the picture, as each frame's edges go too: depth along the slit must not tell rest and motion apart.
    upper, lower = ((frame.to_px(edge) - middle) @ to_local for edge in (slit.upper, slit.lower))
    return LocalAxes(middle, to_local, from_local, Edges(upper, lower))


def opening(warp: FaceWarp, axes: LocalAxes, edges: Edges, turned: Floats, unturned: Floats) -> Opening:
    """`turned` and `unturned` (128, 128, 2) px: the head's motion, and its inverse."""
    upper_px, lower_px = _shut_corners(edges.upper.copy(), edges.lower.copy())
    # Around the edges where they are and where they were: in between, the coarse grid cannot tell both sides apart.
    outline = np.concatenate([upper_px, lower_px, axes.px(axes.rest.upper), axes.px(axes.rest.lower)])
    outline = outline + look_up_px(turned, outline)
    low = np.clip(np.floor(outline.min(0) - MARGIN_PX), 0, SIZE_PX - 1).astype(int)
    high = np.clip(np.ceil(outline.max(0) + MARGIN_PX), 1, SIZE_PX).astype(int)
    grid = positions(SIZE_PX, SIZE_PX)[low[1] : high[1], low[0] : high[0]]
    at_px = grid + look_up_px(unturned, grid)
    local = axes.local(at_px)
    x, y = local[..., 0], local[..., 1]
    upper, lower = axes.local(upper_px), axes.local(lower_px)
    upper_y, lower_y = (_at(x, edge, edge[:, 1]) for edge in (upper, lower))
    # A steep edge fades over several pixels of one column, or it would show as stairs.
    steep = np.maximum(*(_at(x, edge, _steepness(edge)) for edge in (upper, lower)))
    half = 0.5 / warp.frame.eye_distance_px * np.hypot(1, np.minimum(steep, STEEPEST_EDGE))
    share = np.minimum(y + half, lower_y) - np.maximum(y - half, upper_y)
    inside = np.clip(share / (2 * half), 0, 1)
    return Opening(slice(low[1], high[1]), slice(low[0], high[0]), at_px, x, y, upper_y, lower_y, inside)


def _at(x: Floats, edge: Floats, values: Floats) -> Floats:
    """Values along an edge, at each pixel's x."""
    # A corner pulled in hard can fold the edge's ends over themselves; its outline still runs from right to left.
    along = np.maximum.accumulate(edge[:, 0])
    return np.interp(x, along, values).astype(np.float32)


def _steepness(edge: Floats) -> Floats:
    """(33, 2) -> (33,) how far each point's neighbours are apart in y, over the points' usual distance in x."""
    y = np.concatenate([edge[:1, 1], edge[:, 1], edge[-1:, 1]])
    apart = np.abs(y[2:] - y[:-2])
    apart[1:-1] /= 2
    return apart * (len(edge) - 1) / abs(float(edge[-1, 0] - edge[0, 0]))


def _shut_corners(upper: Floats, lower: Floats) -> tuple[Floats, Floats]:
    """Both edges end in the same two points (in place); the fields that moved them disagree there by part of a node."""
    for end, onward in ((0, slice(0, TAPER_POINTS)), (-1, slice(-1, -TAPER_POINTS - 1, -1))):
        half = (lower[end] - upper[end])[None] * TAPER[:, None] / 2
        upper[onward] += half
        lower[onward] -= half
    return upper, lower


def skin_colours(warp: FaceWarp, picture: Picture, skin: Skin, hole: Opening) -> Floats:
    """(height, width, 3) the skin on both sides of the opening, met in its middle."""
    above, below = (look_up_sharp(picture, hole.at_px + warp.sample(back, hole.at_px)) for back in skin.back)
    middle = (hole.upper_y + hole.lower_y) / 2
    share = np.clip((hole.y - middle) * warp.frame.eye_distance_px + 0.5, 0, 1)[..., None]
    return above + (below - above) * share


def blend(under: Floats, over: Floats, share: Floats) -> Floats:
    """`share` (height, width) 0 to 1 of `over`."""
    return under + (over - under) * share[..., None]
