"""Films to measure: their frames with landmarks, and one film as two, to learn from and to be tried on."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import av
import numpy as np
from numpy.typing import NDArray

from tiangong.core.errors import MediaError
from tiangong.core.face_mesh import FaceMesh
from tiangong.core.media import VideoFrame
from tiangong.rendering.protocol import FPS
from tiangong.studio.film_reading import film_frames, film_sound, read_header

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]

TICKS_A_SECOND: Final = 90_000  # fine enough for any camera's frame times
SOUND_RATE_HZ: Final = 48_000
# Near-lossless: what is lost to the second encoding must not count against the face that is compared with it.
_VIDEO_OPTIONS: Final = {"crf": "12", "preset": "veryfast"}
_SOUND_BITS_PER_S: Final = 192_000


@dataclass(frozen=True)
class Seen:
    """One frame of a film, and the face in it."""

    time_s: float
    image: Picture  # (height, width, 3) RGB
    marks: Floats | None  # (478, 2) px; None: no face was found


def seen_frames(path: Path) -> Iterator[Seen]:
    """Every frame in order, one held at a time. Raises MediaError for a film that cannot be read."""
    with FaceMesh(tracking=True, most_faces=1) as mesh:
        for frame in film_frames(path):
            face = next(iter(mesh.find(frame.image)), None)
            yield Seen(frame.captured_s, frame.image, None if face is None else face[:, :2])


def split_film(path: Path, share: float, first: Path, second: Path) -> float:
    """Write the first `share` (0-1) of a film's duration and the rest, sound included, as MP4; returns where it was cut, s.

    Raises MediaError for a film that cannot be read, or does not say how long it is.
    """
    header = read_header(path)
    if not header.duration_s:
        raise MediaError(f"{path.name}: this file does not say how long it is; export it as MP4")
    cut_s = share * header.duration_s
    with ExitStack() as both:
        sounds: list[Floats | None] = [None, None]
        if header.has_sound:
            sounds = list(np.split(film_sound(path, header, SOUND_RATE_HZ), [round(cut_s * SOUND_RATE_HZ)]))
        parts = [_Part(part, header.fps or FPS, pcm) for part, pcm in zip((first, second), sounds, strict=True)]
        writers = [both.enter_context(part) for part in parts]
        for frame in film_frames(path):
            writers[int(frame.captured_s >= cut_s)].see(frame)
    return cut_s


class _Part:
    """One half being written; its time starts with its first picture."""

    def __init__(self, path: Path, fps: float, pcm: Floats | None) -> None:
        self._path, self._pcm = path, pcm
        self._container: Any = av.open(str(path), "w", format="mp4")
        self._video: Any = self._container.add_stream("libx264", rate=round(fps) or FPS, options=_VIDEO_OPTIONS)
        self._video.pix_fmt = "yuv420p"
        self._video.codec_context.time_base = Fraction(1, TICKS_A_SECOND)
        self._sound: Any = None
        if pcm is not None:
            self._sound = self._container.add_stream("aac", rate=SOUND_RATE_HZ, bit_rate=_SOUND_BITS_PER_S)
            self._sound.layout = "mono"
        self._start_s: float | None = None

    def see(self, frame: VideoFrame) -> None:
        height, width = (side // 2 * 2 for side in frame.image.shape[:2])  # H.264 halves the colours' sides
        if self._start_s is None:
            self._start_s = frame.captured_s
            self._video.height, self._video.width = height, width
            self._hear()  # now that the file's head can be written, before its pictures
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame.image[:height, :width]), format="rgb24")
        picture.pts = round((frame.captured_s - self._start_s) * TICKS_A_SECOND)
        picture.time_base = Fraction(1, TICKS_A_SECOND)
        self._container.mux(self._video.encode(picture))

    def _hear(self) -> None:
        pcm = np.zeros(0, np.float32) if self._pcm is None else self._pcm
        samples: int = self._sound.codec_context.frame_size or 1024 if len(pcm) else 1
        for start in range(0, len(pcm), samples):
            block = np.ascontiguousarray(pcm[None, start : start + samples])
            piece = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
            piece.sample_rate, piece.pts, piece.time_base = SOUND_RATE_HZ, start, Fraction(1, SOUND_RATE_HZ)
            self._container.mux(self._sound.encode(piece))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None and self._start_s is None:
            self._container.close()
            raise MediaError(f"{self._path.name}: too short to be split")
        if self._start_s is not None:
            self._container.mux(self._video.encode(None))
            if self._sound is not None:
                self._container.mux(self._sound.encode(None))
        self._container.close()
