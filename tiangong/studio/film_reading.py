"""A filmed video, frame by frame, as a person sees it: upright, from time 0, and complained about when its end is missing."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.errors import MediaError
from tiangong.core.media import VideoFrame
from tiangong.core.sound import read_audio
from tiangong.rendering.protocol import FPS

PICTURES: Final = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".heic"}
_LARGEST_FRAME_PX: Final = 4096 * 2304
_MISSING_S: Final = 0.7  # shorter than its container says by more: cut off. Sound may be that much longer than pictures
_SEEK_AHEAD_S: Final = 0.5


@dataclass(frozen=True)
class FilmHeader:
    """What a container says of its pictures; nothing was decoded."""

    duration_s: float | None  # None: it does not say
    fps: float | None
    width_px: int
    height_px: int
    has_sound: bool
    sound_later_s: float  # how much later its sound begins than its pictures; < 0: earlier


def read_header(path: Path) -> FilmHeader:
    """Raises MediaError for a missing or broken file, one without pictures, or pictures beyond 4K."""
    import av
    import av.error

    if path.suffix.lower() in PICTURES:
        raise MediaError(f"{path.name}: this is a picture, not a video; give it as --photo")
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise MediaError(
                    f"{path.name}: no picture track in this file; film with the camera, not with the recorder"
                )
            header = _header(container)
    except FileNotFoundError as error:
        raise MediaError(f"{path}: no such file") from error
    except (av.error.FFmpegError, ValueError) as error:
        raise _unreadable(path, error) from error
    if header.width_px * header.height_px > _LARGEST_FRAME_PX:
        raise MediaError(
            f"{path.name}: {header.width_px} x {header.height_px} pixels is too large; 1920 x 1080 is plenty"
        )
    return header


def _header(container: Any) -> FilmHeader:
    video = container.streams.video[0]
    sound = container.streams.audio[0] if container.streams.audio else None

    def start_s(stream: Any) -> float:
        return float(stream.start_time * stream.time_base) if stream.start_time is not None else 0.0

    own_s = float(video.duration * video.time_base) if video.duration else None
    whole_s = container.duration / 1e6 if container.duration else None
    rate = video.average_rate or video.guessed_rate
    return FilmHeader(
        own_s or whole_s,
        float(rate) if rate else None,
        video.codec_context.width,
        video.codec_context.height,
        sound is not None,
        start_s(sound) - start_s(video) if sound is not None else 0.0,
    )


def film_sound(path: Path, header: FilmHeader, rate_hz: int) -> NDArray[np.float32]:
    """(samples,) from the film's first picture on; silence where its sound begins later. Raises MediaError."""
    pcm = read_audio(path, rate_hz).pcm
    later = round(header.sound_later_s * rate_hz)
    return np.concatenate([np.zeros(later, np.float32), pcm]) if later > 0 else pcm[-later:]


def film_frames(path: Path, from_s: float = 0.0) -> Iterator[VideoFrame]:
    """Every frame in order, turned as the camera's rotation tag says; `captured_s` counts from the first one.

    `from_s` > 0 starts at a key frame before that time. One frame is held at a time. Raises MediaError for a broken file,
    and at the end for one that is cut off: its container promises more than there is.
    """
    import av
    import av.error

    promised_s = read_header(path).duration_s
    first_s: float | None = None
    seen_s = 0.0
    try:
        with av.open(str(path)) as container:
            video = container.streams.video[0]
            video.thread_type = "AUTO"
            if from_s > 0:
                first_s = float(video.start_time * video.time_base) if video.start_time and video.time_base else 0.0
                container.seek(int((first_s + from_s) * 1e6))
            for frame in container.decode(video=0):
                time_s = float(frame.time) if frame.pts is not None else seen_s
                if first_s is None:
                    first_s = time_s
                seen_s = max(0.0, time_s - first_s)
                yield VideoFrame(
                    _upright(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8), frame.rotation), seen_s
                )
    except (av.error.FFmpegError, ValueError) as error:
        if first_s is not None:
            raise _cut_off(path, seen_s, promised_s) from error
        raise _unreadable(path, error) from error
    if first_s is None:
        raise MediaError(f"{path.name}: no picture in this video can be read; copy or export it again")
    if promised_s and promised_s - seen_s > _MISSING_S:
        raise _cut_off(path, seen_s, promised_s)


def _upright(image: NDArray[np.uint8], counterclockwise_deg: int) -> NDArray[np.uint8]:
    """Phones store the picture as the sensor sees it, and how to turn it."""
    quarters = round(counterclockwise_deg / 90) % 4
    return np.ascontiguousarray(np.rot90(image, quarters)) if quarters else image


def _unreadable(path: Path, error: Exception) -> MediaError:
    reason = getattr(error, "strerror", None) or error
    return MediaError(
        f"{path.name}: not a video that can be read, or its end is missing ({reason}); copy it again or export it as MP4"
    )


def _cut_off(path: Path, seen_s: float, promised_s: float | None) -> MediaError:
    said = f"of {promised_s:.1f} s" if promised_s else "of the video"
    return MediaError(f"{path.name}: the file is cut off, only {seen_s:.1f} s {said} are there; copy it again")


@dataclass(frozen=True)
class Moment:
    """One frame at the even pace of 25 a second."""

    number: int  # shown at number / 25 s
    frame: VideoFrame  # the one nearest in time
    is_new: bool  # False: the same frame as the moment before, in a film of fewer than 25 fps


def evenly(frames: Iterator[VideoFrame], fps: int = FPS) -> Iterator[Moment]:
    """Any frame rate -> 25 fps: moment k holds the frame nearest to k / 25 s. Two frames are held at a time."""
    number, before, taken, step_s = 0, None, None, 0.0
    for frame in frames:
        if before is not None:
            step_s = max(frame.captured_s - before.captured_s, 0.0) or step_s
            while number / fps <= (before.captured_s + frame.captured_s) / 2:
                yield Moment(number, before, before is not taken)
                number, taken = number + 1, before
        before = frame
    if before is None:
        return
    # The last frame is shown as long as those before it were; a film of one frame is one moment.
    end_s = before.captured_s + (step_s or 1 / fps) - 0.5 / fps
    while number == 0 or number / fps <= end_s:
        yield Moment(number, before, before is not taken)
        number, taken = number + 1, before


def frame_at(path: Path, time_s: float) -> NDArray[np.uint8]:
    """(height, width, 3) RGB: the frame nearest to `time_s`, read anew at full size."""
    best, distance_s = None, float("inf")
    # Some containers cannot be sought in: then the frame is found from the start.
    for from_s in (max(0.0, time_s - _SEEK_AHEAD_S), 0.0):
        for frame in film_frames(path, from_s):
            away_s = abs(frame.captured_s - time_s)
            if away_s > distance_s:
                break
            best, distance_s = frame.image, away_s
        if distance_s < 2 / FPS:
            break
    if best is None:
        raise MediaError(f"{path.name}: no picture in this video can be read; copy or export it again")
    return best
