"""Sound in and out of arrays: decoding any file, one resampler, whole files as WAV."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soxr
from numpy.typing import NDArray

from tiangong.core.errors import MediaError
from tiangong.core.media import AudioChunk

if TYPE_CHECKING:
    import av

LONGEST_FILE_S = 3_600.0


def resample(chunk: AudioChunk, rate_hz: int) -> AudioChunk:
    """The same sound at another rate (whole pieces; for a stream use `StreamResampler`)."""
    if chunk.rate_hz == rate_hz:
        return chunk
    pcm = soxr.resample(chunk.pcm, chunk.rate_hz, rate_hz).astype(np.float32)
    return AudioChunk(pcm, rate_hz, chunk.start_s)


class StreamResampler:
    """Resamples a stream piece by piece without clicks at the seams; keeps filter state, so one per stream."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._same = from_hz == to_hz
        self._stream = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32", quality="HQ")

    def push(self, pcm: NDArray[np.float32], last: bool = False) -> NDArray[np.float32]:
        """(samples,) at the old rate -> (samples,) at the new one, some milliseconds later."""
        return pcm if self._same else self._stream.resample_chunk(pcm, last=last)


def read_audio(path: Path, rate_hz: int = 16_000) -> AudioChunk:
    """Decode the first sound track of any file that FFmpeg reads to mono at `rate_hz`, damaged samples set to 0.

    Raises MediaError where the file is missing, empty, holds no sound, or is longer than an hour.
    """
    import av  # late: 60 ms that `tiangong --help` need not pay
    import av.error

    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise MediaError(f"{path.name}: no sound track in this file")
            resampler = av.AudioResampler(format="flt", layout="mono", rate=rate_hz)
            parts: list[NDArray[np.float32]] = []
            count = 0
            for frame in container.decode(audio=0):
                parts += [_samples(r) for r in resampler.resample(frame)]
                count += len(parts[-1]) if parts else 0
                if count > LONGEST_FILE_S * rate_hz:
                    raise MediaError(f"{path.name}: longer than an hour; cut it into pieces")
            parts += [_samples(r) for r in resampler.resample(None)]
    except FileNotFoundError as error:
        raise MediaError(f"{path}: no such file") from error
    except (av.error.FFmpegError, ValueError) as error:
        raise MediaError(f"{path.name}: not a sound or video file that can be read ({error})") from error
    pcm = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    if not len(pcm):
        raise MediaError(f"{path.name}: the sound track is empty")
    return clean(pcm.astype(np.float32), rate_hz)


def _samples(frame: "av.AudioFrame") -> NDArray[np.float32]:
    return np.asarray(frame.to_ndarray(), np.float32).reshape(-1)


def clean(pcm: NDArray[np.float32], rate_hz: int, start_s: float = 0.0) -> AudioChunk:
    """Sound from outside made safe: NaN and infinities become silence, what exceeds [-1, 1] is clipped."""
    safe = np.nan_to_num(pcm, nan=0.0, posinf=0.0, neginf=0.0)
    return AudioChunk(np.clip(safe, -1.0, 1.0).astype(np.float32), rate_hz, start_s)


def silence(duration_s: float, rate_hz: int, start_s: float = 0.0) -> AudioChunk:
    return AudioChunk(np.zeros(round(duration_s * rate_hz), np.float32), rate_hz, start_s)


def write_wav(chunk: AudioChunk, path: Path) -> None:
    """Write 16-bit PCM."""
    import soundfile

    soundfile.write(str(path), chunk.pcm, chunk.rate_hz, subtype="PCM_16")


def wav_bytes(chunk: AudioChunk) -> bytes:
    """A whole WAV file of 16-bit PCM."""
    import soundfile

    written = io.BytesIO()
    soundfile.write(written, chunk.pcm, chunk.rate_hz, format="WAV", subtype="PCM_16")
    return written.getvalue()
