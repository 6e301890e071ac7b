"""Eyes: irises that move within the opening, and lids that close over them.

The eyeball stands still behind the skin. Its picture is the portrait's own, with the iris taken out and the white
painted in (Telea 2004), so that a moved iris leaves no ghost; what the lids hid of the iris is completed by its colour
at the same distance from the pupil.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tiangong.core.face import BLEND_SHAPE_INDEX
from tiangong.rendering.dense_warp import FaceWarp, Skin
from tiangong.rendering.face_frame import FaceFrame, Floats, Picture, step
from tiangong.rendering.patches import LocalAxes, Opening, blend, local_axes, opening, skin_colours
from tiangong.rendering.resample import look_up_sharp, positions
from tiangong.rendering.slits import Slit

Bools = NDArray[np.bool_]

IRIS_CENTRES, IRIS_RIMS = (468, 473), ((469, 470, 471, 472), (474, 475, 476, 477))
GAZE_X, GAZE_UP, GAZE_DOWN = 0.075, 0.04, 0.04  # eye distances that the iris travels at weight 1
IRIS_SOLID, IRIS_FADED = 1.12, 1.32  # of its radius: moved whole up to the first, not at all from the second on
OWN_UNTIL_PX = 0.8  # gaze smaller than this shows the portrait's own eye, pixel by pixel
LASH_WIDTH, LASH_DARKNESS = 0.011, 0.45  # of the line where closed lids meet
LID_SHADOW, LID_SHADOW_REACH = 0.30, 0.03  # a lid that came down shades the eyeball under it
RIM_ABOVE, RIM_BELOW = 0.016, 0.012  # of the opening's edges that are lash and not eyeball, eye distances

_LOOKS: Final = {
    side: tuple(BLEND_SHAPE_INDEX[f"eyeLook{way}{side}"] for way in ("In", "Out", "Up", "Down"))
    for side in ("Right", "Left")
}
_WIDE: Final = {side: BLEND_SHAPE_INDEX[f"eyeWide{side}"] for side in ("Right", "Left")}


@dataclass(frozen=True)
class Eye:
    """One eye of a portrait."""

    left: bool
    axes: LocalAxes
    iris_px: Floats  # (2,) its centre at rest
    radius_px: float
    white: Picture  # (512, 512, 3) the portrait without this iris
    iris: Picture  # (512, 512, 3) the portrait with this iris whole


def open_eyes(frame: FaceFrame, slits: tuple[Slit, Slit]) -> tuple[Eye, Eye]:
    right, left = (_open_eye(frame, slit, left) for left, slit in ((False, slits[0]), (True, slits[1])))
    return right, left


def _open_eye(frame: FaceFrame, slit: Slit, left: bool) -> Eye:
    centre = frame.landmarks[IRIS_CENTRES[left], :2]
    rim = frame.landmarks[list(IRIS_RIMS[left]), :2]
    radius = max(float(np.linalg.norm(rim - centre, axis=1).mean()), 2.0)
    axes = local_axes(frame, slit)
    height, width = frame.picture.shape[:2]
    grid = positions(height, width)
    local = axes.local(grid)
    points = np.concatenate([local + slit.middle[:2], np.zeros((height, width, 1), np.float32)], axis=2)
    seen = _seen(points, slit)
    away = np.linalg.norm(grid - centre, axis=2) / radius
    white = _without_iris(frame.picture, seen, away, radius)
    return Eye(left, axes, centre.copy(), radius, white, _whole_iris(frame.picture, seen, away))


def _seen(points: Floats, slit: Slit) -> Bools:
    """(512, 512) bool: eyeball, and neither lid nor lash."""
    upper = np.interp(points[..., 0], slit.upper[:, 0], slit.upper[:, 1], left=9, right=9)
    lower = np.interp(points[..., 0], slit.lower[:, 0], slit.lower[:, 1], left=-9, right=-9)
    return (points[..., 1] > upper + RIM_ABOVE) & (points[..., 1] < lower - RIM_BELOW)


def _without_iris(picture: Picture, seen: Bools, away: Floats, radius: float) -> Picture:
    known = seen & (away > IRIS_SOLID)
    rows, columns = np.flatnonzero((away < 3.2).any(1)), np.flatnonzero((away < 3.2).any(0))
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    white = picture.copy()
    if int(known[box].sum()) < 6:  # an eye drawn without white, or shut
        return white
    hole = (~known[box]).astype(np.uint8)
    painted = cv2.inpaint(np.ascontiguousarray(picture[box]), hole, max(2.0, radius / 3), cv2.INPAINT_TELEA)
    soft = np.asarray(cv2.GaussianBlur(painted, (0, 0), radius / 5), np.float32)
    white[box] = blend(soft, picture[box].astype(np.float32), _inwards(known[box])).astype(np.uint8)
    return white


def _whole_iris(picture: Picture, seen: Bools, away: Floats) -> Picture:
    """Fill what the lids hide of the iris by the median colour of its visible parts at the same radius."""
    filled = picture.astype(np.float32)
    edges = np.linspace(0, IRIS_FADED + 0.05, 9)
    last: Floats | None = None
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        ring = (away >= low) & (away < high)
        if (ring & seen).any():
            last = np.median(picture[ring & seen], axis=0).astype(np.float32)
        if last is not None:
            filled[ring] = last
    soft = np.asarray(cv2.GaussianBlur(filled, (0, 0), 0.7), np.float32)
    return blend(soft, picture.astype(np.float32), _inwards(seen)).astype(np.uint8)


def _inwards(mask: Bools) -> Floats:
    """1 inside a mask, fading to 0 at its edge over a pixel or two, never beyond it: cut edges would show as stairs."""
    blurred = np.asarray(cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1.0), np.float32)
    return np.clip(2 * blurred - 1, 0, 1)


def gaze_shift(eye: Eye, expression: Floats, frame: FaceFrame) -> Floats:
    """(2,) px by which the iris moves."""
    inward, outward, up, down = (float(expression[i]) for i in _LOOKS["Left" if eye.left else "Right"])
    x = (outward - inward) * (GAZE_X if eye.left else -GAZE_X)
    return frame.shift_px(np.array([x, down * GAZE_DOWN - up * GAZE_UP, 0], np.float32))


def draw_eye(
    canvas: Picture, warp: FaceWarp, eye: Eye, skin: Skin, expression: Floats, turned: Floats, unturned: Floats
) -> None:
    """Draw lids and eyeball of one frame into `canvas` (512, 512, 3), in place."""
    frame = warp.frame
    hole = opening(warp, eye.axes, skin.eyes[int(eye.left)], turned, unturned)
    colours = skin_colours(warp, frame.picture, skin, hole)
    rest_upper, rest_lower = eye.axes.rest_heights(hole.x)
    came_down = hole.upper_y - rest_upper
    # 0 as open as at rest, 1 shut, column by column.
    closed = step(1 - hole.gap / np.maximum(rest_lower - rest_upper, 0.01), 0.35, 1.0)
    corner = float(eye.axes.rest.upper[-1, 0])
    lash = LASH_DARKNESS * closed * step(1 - np.abs(hole.x) / corner, 0, 0.6)
    colours *= (1 - lash * np.exp(-(((hole.y - hole.lower_y) / LASH_WIDTH) ** 2)))[..., None]
    ball = _eyeball(eye, frame, hole, gaze_shift(eye, expression, frame), float(expression[_side_wide(eye)]))
    shade = LID_SHADOW * step(came_down, 0, 0.06) * np.exp(-np.maximum(hole.y - hole.upper_y, 0) / LID_SHADOW_REACH)
    ball = ball * (1 - shade)[..., None]
    canvas[hole.rows, hole.columns] = np.clip(blend(colours, ball, hole.inside) + 0.5, 0, 255).astype(np.uint8)


def _side_wide(eye: Eye) -> int:
    return _WIDE["Left" if eye.left else "Right"]


def _eyeball(eye: Eye, frame: FaceFrame, hole: Opening, shift_px: Floats, wide: float) -> Floats:
    """(height, width, 3) the eye behind the lids."""
    own = look_up_sharp(frame.picture, hole.at_px)
    moved = min(max(float(np.abs(shift_px).max()) / OWN_UNTIL_PX, wide * 4), 1.0)
    if moved < 1e-3:
        return own
    white = look_up_sharp(eye.white, hole.at_px)
    source = hole.at_px - shift_px
    iris = look_up_sharp(eye.iris, source)
    away = np.linalg.norm(source - eye.iris_px, axis=2) / eye.radius_px
    ball = blend(white, iris, 1 - step(away, IRIS_SOLID, IRIS_FADED))
    return own + (ball - own) * moved
