"""The visible mark: a small "AI" badge in the corner of every picture that leaves Tiangong.

It is part of the picture, so that a screenshot, a recording or a full-screen video keeps it.
"""

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

_TEXT: Final = "AI"
_OPACITY: Final = 0.55
_HEIGHT_SHARE: Final = 0.055  # of the picture's height: readable at phone size, away from the face


@lru_cache(maxsize=8)
def _badge(height_px: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Colour (h, w, 3) and opacity (h, w, 1) in [0, 1] of the badge, drawn at 4x and scaled down for smooth edges."""
    h, w = 4 * height_px, 4 * round(height_px * 1.5)
    plate = np.zeros((h, w), np.uint8)
    r = h // 4
    cv2.rectangle(plate, (r, 0), (w - r, h), (255,), -1)
    cv2.rectangle(plate, (0, r), (w, h - r), (255,), -1)
    for x in (r, w - r - 1):
        for y in (r, h - r - 1):
            cv2.circle(plate, (x, y), r, (255,), -1)
    letters = np.zeros((h, w), np.uint8)
    scale = h / 34
    thickness = max(1, round(h / 14))
    (tw, th), _ = cv2.getTextSize(_TEXT, cv2.FONT_HERSHEY_DUPLEX, scale, thickness)
    cv2.putText(
        letters, _TEXT, ((w - tw) // 2, (h + th) // 2), cv2.FONT_HERSHEY_DUPLEX, scale, (255,), thickness, cv2.LINE_AA
    )
    small = (w // 4, height_px)
    ink = cv2.resize(letters, small, interpolation=cv2.INTER_AREA)[..., None].astype(np.float32) / 255
    cover = cv2.resize(plate, small, interpolation=cv2.INTER_AREA)[..., None].astype(np.float32) / 255
    colour = np.repeat(ink, 3, axis=2)  # white letters on black
    return colour, np.maximum(cover * _OPACITY, ink * 0.95)


def stamp(frames: NDArray[np.uint8]) -> None:
    """Mark (n, height, width, 3) RGB frames in place, top left."""
    height_px = max(14, round(frames.shape[1] * _HEIGHT_SHARE))
    colour, opacity = _badge(height_px)
    h, w = opacity.shape[:2]
    margin = height_px // 2
    corner = frames[:, margin : margin + h, margin : margin + w]
    corner[...] = (corner * (1 - opacity) + 255 * colour * opacity).astype(np.uint8)
