"""Pictures and video files into arrays."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tiangong.core.errors import MediaError
from tiangong.core.media import VideoFrame

LARGEST_PICTURE_PX = 12_000 * 12_000
VIDEO_SUFFIXES = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".m4v", ".gif"}


def read_picture(path: Path) -> VideoFrame:
    """Read a PNG, JPEG, WebP or BMP as RGB, turned upright by its EXIF tag.

    Raises MediaError where the file is missing, no picture, or larger than 144 megapixels (checked before decoding).
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # our own limit below speaks more plainly than Pillow's
    try:
        with Image.open(path) as picture:
            if picture.width * picture.height > LARGEST_PICTURE_PX:
                raise MediaError(f"{path.name}: {picture.width} x {picture.height} pixels is too large; scale it down")
            upright = ImageOps.exif_transpose(picture)
            return VideoFrame(np.asarray(upright.convert("RGB")))
    except FileNotFoundError as error:
        raise MediaError(f"{path}: no such file") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise MediaError(f"{path.name}: not a picture that can be read ({error})") from error


def write_picture(image: NDArray[np.uint8], path: Path) -> None:
    """Write (height, width, 3) RGB by the suffix of `path`."""
    if not cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR)):
        raise MediaError(f"{path}: cannot write this picture")


def read_video(path: Path) -> Iterator[VideoFrame]:
    """Yield the frames of a video in order, as RGB, one at a time (nothing is kept).

    Raises MediaError where the file is missing, broken, or holds no pictures.
    """
    import av
    import av.error

    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise MediaError(f"{path.name}: no picture track in this file")
            for frame in container.decode(video=0):
                yield VideoFrame(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8), frame.time or 0.0)
    except FileNotFoundError as error:
        raise MediaError(f"{path}: no such file") from error
    except (av.error.FFmpegError, ValueError) as error:
        raise MediaError(f"{path.name}: not a video that can be read ({error})") from error
