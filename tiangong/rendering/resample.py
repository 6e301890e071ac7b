"""Looking values up between the pixels: the one call of OpenCV that draws everything."""

from functools import lru_cache
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from tiangong.rendering.face_frame import Floats

Number = TypeVar("Number", np.float32, np.uint8)

_NO_SECOND_MAP = np.empty(0, np.float32)  # x and y stand in one array


@lru_cache(maxsize=64)
def positions(rows: int, columns: int) -> Floats:
    """(rows, columns, 2) float32 x, y of every pixel or node; not to be written to."""
    return np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1).astype(np.float32)


def look_up(
    values: NDArray[Number], at: Floats, border: int = cv2.BORDER_REPLICATE, method: int = cv2.INTER_LINEAR
) -> NDArray[Number]:
    """Values (rows, columns, ...) at (height, width, 2) float32 x, y indices -> (height, width, ...)."""
    return cv2.remap(values, at, _NO_SECOND_MAP, method, borderMode=border)  # pyright: ignore[reportReturnType]


def look_up_sharp(picture: NDArray[np.uint8], at: Floats) -> NDArray[np.float32]:
    """Bicubic: a face that moves by parts of a pixel must not turn soft against the one that stands still."""
    return look_up(picture, at, method=cv2.INTER_CUBIC).astype(np.float32)
