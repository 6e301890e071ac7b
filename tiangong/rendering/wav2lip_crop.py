"""The face out of a picture for Wav2Lip, and its lips back into the picture.

The box is what the original's face detector gives: forehead to chin, with a little air below. It moves with the face in
fractions of a pixel, or the lips would tremble against the skin. Back in the picture only *differences* are drawn: where
the network changes nothing, the portrait keeps its own sharpness, though the network sees a third of its pixels.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tiangong.rendering.face_frame import Floats, Picture, step

FACE_PX: Final = 96  # the side of what the network sees
HALF: Final = FACE_PX // 2  # rows from here on are hidden from it, and drawn by it
_SKIN_LANDMARKS: Final = 468
_AIR_BELOW: Final = 0.05  # of the face's height: the chin must not touch the edge
_FINER: Final = 2  # the box is read this much finer, then averaged: one pass would leave steps on slanted lines
_FADE_IN_ROWS: Final = (HALF, HALF + 10)  # the network's lower half comes in over these rows, above the lips
_FADE_EDGE_PX: Final = 5  # and goes out towards the edge of the box
_SOFT_PX: Final = 3.0  # sigma of the face's outline
_SAME, _CHANGED = 5.0, 18.0  # of 255: by how much the network may repaint skin that keeps its own detail
_AROUND_CHANGE: Final = np.ones((7, 7), np.uint8)  # px of the crop: what was an edge there must not shine through


@dataclass(frozen=True)
class FaceCrop:
    """One face as the network sees it."""

    picture: Picture  # (96, 96, 3) RGB
    to_crop: Floats  # (2, 3) affine map, px of the frame -> px of the crop
    mask: Floats  # (96, 96) 0 to 1: where the network may draw


def face_box_px(landmarks: Floats) -> tuple[float, float, float, float]:
    """(478, 2) px -> left, top, width, height."""
    low, high = landmarks[:_SKIN_LANDMARKS].min(0), landmarks[:_SKIN_LANDMARKS].max(0)
    width, height = high - low
    return float(low[0]), float(low[1]), float(width), float(height * (1 + _AIR_BELOW))


def cut_face(frame: Picture, landmarks: Floats) -> FaceCrop:
    """`frame` (height, width, 3) RGB, `landmarks` (478, 2) px of it."""
    left, top, width, height = face_box_px(landmarks)
    scale_x, scale_y = FACE_PX / width, FACE_PX / height
    # A pixel's centre lies half a pixel from its corner: boxes are measured between corners.
    to_crop = np.array(
        [[scale_x, 0, (0.5 - left) * scale_x - 0.5], [0, scale_y, (0.5 - top) * scale_y - 0.5]], np.float64
    )
    finer = to_crop * _FINER
    finer[:, 2] += (_FINER - 1) / 2
    side = FACE_PX * _FINER
    fine = cv2.warpAffine(frame, finer, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    picture = np.asarray(cv2.resize(fine, (FACE_PX, FACE_PX), interpolation=cv2.INTER_AREA), np.uint8)
    return FaceCrop(picture, to_crop, _mask(landmarks @ to_crop[:, :2].T + to_crop[:, 2]))


def _mask(landmarks: Floats) -> Floats:
    """The lower half of the face whose landmarks (478, 2) are px of the crop, soft all around."""
    skin = landmarks[:_SKIN_LANDMARKS].astype(np.float32)
    # Down to the edge of the box: the chin that the network draws sinks as the jaw opens, these landmarks do not.
    sunk = skin + np.array([0, _AIR_BELOW * FACE_PX], np.float32)
    outline = cv2.convexHull(np.concatenate([skin, sunk]))
    mask = np.zeros((FACE_PX, FACE_PX), np.float32)
    # Four binary digits of a pixel: a mask on whole pixels would crawl as the head moves.
    cv2.fillConvexPoly(mask, np.round(outline * 16).astype(np.int32), (1.0,), cv2.LINE_8, shift=4)
    mask = cv2.GaussianBlur(mask, (0, 0), _SOFT_PX)
    at = np.arange(FACE_PX, dtype=np.float32)
    edge = step(np.minimum(at, FACE_PX - 1 - at), 0, _FADE_EDGE_PX)
    return mask * edge * (edge * step(at, *_FADE_IN_ROWS))[:, None]


def paste_lips(frame: Picture, crop: FaceCrop, drawn: Floats, share: float) -> None:
    """Draw the lower half of `drawn` (96, 96, 3) RGB, 0 to 255, into `frame`; `share` 0 to 1 of it."""
    rows, columns = _window(frame, crop.to_crop)
    known = crop.picture.astype(np.float32)
    change = _tinted_alike(drawn - known, crop.mask)
    size = np.abs(cv2.GaussianBlur(change, (0, 0), 1.0)).max(axis=2)
    size = np.asarray(cv2.dilate(size, _AROUND_CHANGE), np.float32)
    repaint = np.asarray(cv2.GaussianBlur(step(size, _SAME, _CHANGED), (0, 0), 1.5), np.float32)
    changed = _back(np.dstack([change, crop.mask]), crop.to_crop, rows, columns)
    seen = _back(np.dstack([known, repaint]), crop.to_crop, rows, columns)
    change, mask = changed[..., :3], changed[..., 3:]
    seen, repainted = seen[..., :3], seen[..., 3:]
    patch = frame[rows, columns].astype(np.float32)
    detail = patch - seen  # what the network could not see
    patch += share * mask * (change - repainted * detail)
    frame[rows, columns] = np.round(patch).clip(0, 255).astype(np.uint8)


def _tinted_alike(change: Floats, mask: Floats) -> Floats:
    """Without the cast that the network gives to the whole face: it would show as a rim where the mask ends."""
    rim = mask * (1 - mask)
    return change - (change * rim[..., None]).sum((0, 1)) / max(float(rim.sum()), 1e-6)


def _window(frame: Picture, to_crop: Floats) -> tuple[slice, slice]:
    """Rows and columns of the frame that the lower half of the crop covers."""
    height, width = frame.shape[:2]
    corners = (np.array([[0, HALF], [FACE_PX, FACE_PX]]) - to_crop[:, 2]) / np.diag(to_crop[:, :2])
    low, high = np.floor(corners[0]).astype(int), np.ceil(corners[1]).astype(int) + 1
    return slice(max(low[1], 0), min(high[1], height)), slice(max(low[0], 0), min(high[0], width))


def _back(layers: Floats, to_crop: Floats, rows: slice, columns: slice) -> NDArray[np.float32]:
    """(96, 96, 4) of the crop -> (height, width, 4) of the window."""
    to_window = to_crop.copy()
    to_window[:, 2] += to_crop[:, :2] @ np.array([columns.start, rows.start])
    size = (columns.stop - columns.start, rows.stop - rows.start)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    layers = layers.astype(np.float32)
    return np.asarray(cv2.warpAffine(layers, to_window, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)
