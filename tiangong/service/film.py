"""Clips -> a file, as they come: H.264 + AAC that every browser and phone plays, or the sound alone as WAV."""

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import av
import av.error
import numpy as np
import soundfile

from tiangong.core.errors import MediaError
from tiangong.core.media import AvatarClip

_VIDEO_OPTIONS: Final = {"crf": "20", "preset": "veryfast"}
_SOUND_RATE_HZ: Final = 48_000
_SOUND_BITS_PER_S: Final = 128_000


class Film:
    """A file being written, by the suffix of its path; it appears under its name when it is whole, or not at all.

    Nothing is kept in memory, so an hour costs no more than a second.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seconds = 0.0
        self._partial = path.with_name(f".{path.stem}.part{path.suffix}")
        self._writer: _Mp4 | _Wav | None = None

    def add(self, clip: AvatarClip) -> None:
        """Raises MediaError where the file cannot be written (no such folder, disk full)."""
        try:
            if self._writer is None:
                kind = _Wav if self.path.suffix.lower() == ".wav" else _Mp4
                self._writer = kind(self._partial, clip)
            self._writer.add(clip)
        except (OSError, av.error.FFmpegError, soundfile.LibsndfileError) as error:
            raise MediaError(f"{self.path}: cannot be written ({error})") from error
        self.seconds += clip.duration_s

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if self._writer:
                self._writer.close()
                if error is None:
                    self._partial.replace(self.path)
        except (OSError, av.error.FFmpegError, soundfile.LibsndfileError) as complaint:
            raise MediaError(f"{self.path}: cannot be written ({complaint})") from complaint
        finally:
            self._partial.unlink(missing_ok=True)


class _Mp4:
    def __init__(self, path: Path, first: AvatarClip) -> None:
        self._frames = 0
        self._container: Any = av.open(str(path), "w", format="mp4", options={"movflags": "faststart"})
        self._video: Any = self._container.add_stream("libx264", rate=first.fps, options=_VIDEO_OPTIONS)
        self._video.height, self._video.width = first.frames.shape[1:3]
        self._video.pix_fmt = "yuv420p"
        self._sound: Any = self._container.add_stream("aac", rate=_SOUND_RATE_HZ, bit_rate=_SOUND_BITS_PER_S)
        self._sound.layout = "mono"
        self._resampler = av.AudioResampler(format="fltp", layout="mono", rate=_SOUND_RATE_HZ)

    def add(self, clip: AvatarClip) -> None:
        for image in clip.frames:
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            picture.pts, picture.time_base = self._frames, Fraction(1, clip.fps)
            self._container.mux(self._video.encode(picture))
            self._frames += 1
        piece = av.AudioFrame.from_ndarray(np.ascontiguousarray(clip.audio.pcm[None]), format="fltp", layout="mono")
        piece.sample_rate = clip.audio.rate_hz
        self._hear(self._resampler.resample(piece))

    def _hear(self, pieces: list[av.AudioFrame]) -> None:
        for piece in pieces:
            self._container.mux(self._sound.encode(piece))

    def close(self) -> None:
        self._hear(self._resampler.resample(None))
        self._container.mux(self._video.encode(None))
        self._container.mux(self._sound.encode(None))
        self._container.close()


class _Wav:
    def __init__(self, path: Path, first: AvatarClip) -> None:
        self._file = soundfile.SoundFile(str(path), "w", first.audio.rate_hz, 1, "PCM_16", format="WAV")

    def add(self, clip: AvatarClip) -> None:
        self._file.write(clip.audio.pcm)

    def close(self) -> None:
        self._file.close()
