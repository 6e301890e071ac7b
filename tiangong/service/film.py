"""Clips -> a file, as they come: H.264 + AAC that every browser and phone plays, or sound alone as WAV."""

import asyncio
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import av
import av.error
import numpy as np
import soundfile
from numpy.typing import NDArray

from tiangong.core.errors import MediaError
from tiangong.core.media import AudioChunk, AvatarClip

_VIDEO_OPTIONS: Final = {"crf": "20", "preset": "veryfast"}
_SOUND_RATE_HZ: Final = 48_000
_SOUND_BITS_PER_S: Final = 128_000


class Film:
    """A file being written; it appears under its name when it is whole, or not at all.

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
            self._writer = self._writer or _Mp4(self._partial, clip)
            for image in clip.frames:
                self._writer.see(image)
            self._writer.hear(clip.audio)
        except (OSError, av.error.FFmpegError, soundfile.LibsndfileError) as error:
            raise MediaError(f"{self.path}: cannot be written ({error})") from error
        self.seconds += clip.duration_s

    async def keep(self, clip: AvatarClip) -> None:
        """`add`, off the event loop: encoding takes milliseconds a picture, and live calls would stutter."""
        await asyncio.to_thread(self.add, clip)

    def add_sound(self, sound: AudioChunk) -> None:
        """Sound without pictures, into a WAV file. Raises MediaError as `add` does."""
        try:
            self._writer = self._writer or _Wav(self._partial, sound.rate_hz)
            self._writer.hear(sound)
        except (OSError, av.error.FFmpegError, soundfile.LibsndfileError) as error:
            raise MediaError(f"{self.path}: cannot be written ({error})") from error
        self.seconds += sound.duration_s

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
        self._frames, self._fps = 0, first.fps
        self._container: Any = av.open(str(path), "w", format="mp4", options={"movflags": "faststart"})
        self._video: Any = self._container.add_stream("libx264", rate=first.fps, options=_VIDEO_OPTIONS)
        self._video.height, self._video.width = first.frames.shape[1:3]
        self._video.pix_fmt = "yuv420p"
        self._sound: Any = self._container.add_stream("aac", rate=_SOUND_RATE_HZ, bit_rate=_SOUND_BITS_PER_S)
        self._sound.layout = "mono"
        self._resampler = av.AudioResampler(format="fltp", layout="mono", rate=_SOUND_RATE_HZ)

    def see(self, image: NDArray[np.uint8]) -> None:
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
        picture.pts, picture.time_base = self._frames, Fraction(1, self._fps)
        self._container.mux(self._video.encode(picture))
        self._frames += 1

    def hear(self, sound: AudioChunk) -> None:
        piece = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound.pcm[None]), format="fltp", layout="mono")
        piece.sample_rate = sound.rate_hz
        self._encode(self._resampler.resample(piece))

    def _encode(self, pieces: list[av.AudioFrame]) -> None:
        for piece in pieces:
            self._container.mux(self._sound.encode(piece))

    def close(self) -> None:
        self._encode(self._resampler.resample(None))
        self._container.mux(self._video.encode(None))
        self._container.mux(self._sound.encode(None))
        self._container.close()


class _Wav:
    def __init__(self, path: Path, rate_hz: int) -> None:
        self._file = soundfile.SoundFile(str(path), "w", rate_hz, 1, "PCM_16", format="WAV")

    def see(self, image: NDArray[np.uint8]) -> None:
        raise MediaError("a WAV file holds no pictures")

    def hear(self, sound: AudioChunk) -> None:
        self._file.write(sound.pcm)

    def close(self) -> None:
        self._file.close()
