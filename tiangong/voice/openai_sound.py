"""What a speech server sends -> sound at 24 kHz while it still comes: raw samples, or any format that FFmpeg reads.

Raw samples are what OpenAI defines: 24 kHz, mono, 16 bits, little-endian. Servers that know no raw format send WAV or MP3.
"""

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.errors import MediaError
from tiangong.core.sound import StreamResampler, clean
from tiangong.voice.loudness import SPEECH_RMS, level_over_time
from tiangong.voice.pieces import PICTURE_SAMPLES
from tiangong.voice.protocol import VOICE_RATE_HZ

_HEAD_BYTES: Final = 16  # enough to tell what it is
_READ_BYTES: Final = 4_096  # what FFmpeg is given at a time: little, so that it does not wait for more than it needs
_HEADER_BYTES: Final = 4_096  # in which the samples of a WAV begin
_HASTY: Final = {"probesize": "4096", "analyzeduration": "1"}
_PLAIN: Final = (1, 0xFFFE)  # WAV's numbers for linear samples
_ENDLESS_BYTES: Final = 0x7FFF0000
_CONTAINERS: Final = (b"RIFF", b"ID3", b"OggS", b"fLaC", b"\x1aE\xdf\xa3")  # WAV, MP3, Opus, FLAC, WebM
_TEXT_TYPES: Final = ("text/", "application/json", "application/xml", "application/problem")
_TEXT_HEADS: Final = (b'{"', b"<!doctype", b"<html", b"<?xml", b"data:", b"event:")
_RATE: Final = re.compile(r"rate=(\d+)")
_SAMPLE_SCALE: Final = np.float32(1 / 32_768)
_FIRST_PIECE_PICTURES: Final = 3  # 0.12 s: heard at once; each later piece is twice as long, so that even a server
_LONGEST_PIECE_PICTURES: Final = 30  # that is but twice as fast as speech always has the next one ready. At most 1.2 s.
_SPEAKING_OVER_LOUDEST: Final = 0.06  # frames 24 dB under the loudest ones are gaps
_AUDIBLE_RMS: Final = 1e-3
_LEAST_GAIN, _MOST_GAIN = 1 / 8, 8.0
_MOST_FIRST_GAIN: Final = 2.0  # the first sound may be a soft consonant, and a vowel follows
_RISE_PER_S, _FALL_PER_S = 2.0, 8.0  # times; slow enough to be no tremble


def sound_of(parts: Iterable[bytes], content_type: str) -> Iterator[NDArray[np.float32]]:
    """Bytes as they come, cut anywhere -> (samples,) in [-1, 1] at 24 kHz.

    Raises MediaError where they are text, a damaged file, or no sound at all.
    """
    stream = _ByteStream(parts)
    head = stream.peek(_HEAD_BYTES)
    kind = content_type.lower()
    if kind.startswith(_TEXT_TYPES) or (
        not kind.startswith("audio/") and head.lstrip().lower().startswith(_TEXT_HEADS)
    ):
        said = " ".join(stream.peek(300).decode("utf-8", "replace").split())
        raise MediaError(f"it sent {kind or 'text'} instead of sound: {said[:200]}")
    if not head:
        raise MediaError("it sent an empty answer")
    # Raw samples may begin with any two bytes: MPEG's own are believed only where the server says that it is MPEG.
    mpeg = ("mp" in kind or "aac" in kind) and head[0] == 0xFF and head[1:2] >= b"\xe0"
    wav = _wav_samples(stream.peek(_HEADER_BYTES)) if head.startswith(b"RIFF") else None
    if wav:
        yield from _raw(stream, wav)
    elif head.startswith(_CONTAINERS) or mpeg:
        yield from _decoded(stream)
    else:
        rate = _RATE.search(kind)
        yield from _raw(stream, _Samples(int(rate[1]) if rate else VOICE_RATE_HZ))


def growing_pieces(chunks: Iterable[NDArray[np.float32]]) -> Iterator[tuple[NDArray[np.float32], bool]]:
    """Chunks of any size at 24 kHz -> (piece (samples,), is it the last), each but the last a whole number of pictures."""
    held = np.zeros(0, np.float32)
    pictures = _FIRST_PIECE_PICTURES
    for chunk in chunks:
        held = np.concatenate([held, chunk])
        # One picture stays behind, so that the last piece is never empty.
        while len(held) >= (pictures + 1) * PICTURE_SAMPLES:
            yield held[: pictures * PICTURE_SAMPLES], False
            held = held[pictures * PICTURE_SAMPLES :]
            pictures = min(2 * pictures, _LONGEST_PIECE_PICTURES)
    if len(held):
        yield held, True


class RunningLevel:
    """Brings a stream to the loudness of speech without having heard all of it; one per stream."""

    def __init__(self, gain: float | None) -> None:
        """`gain`: what the same speaker needed before; None: nothing is known yet."""
        self.gain = gain  # None until something was heard
        self._frames = np.zeros(0, np.float32)  # RMS of each 20 ms so far

    def push(self, pcm: NDArray[np.float32]) -> NDArray[np.float32]:
        """(samples,) at 24 kHz -> the same times a gain that moves evenly from where it stood towards what is needed."""
        self._frames = np.concatenate([self._frames, level_over_time(pcm, VOICE_RATE_HZ)])
        loudest = float(self._frames.max())
        if loudest < _AUDIBLE_RMS:
            return pcm * np.float32(self.gain or 1.0)
        speaking = self._frames[self._frames > _SPEAKING_OVER_LOUDEST * loudest]
        wanted = SPEECH_RMS / float(np.sqrt(np.mean(np.square(speaking))))
        wanted = min(max(wanted, _LEAST_GAIN), _MOST_GAIN)
        before = min(wanted, _MOST_FIRST_GAIN) if self.gain is None else self.gain
        passed_s = len(pcm) / VOICE_RATE_HZ
        self.gain = min(max(wanted, before * _FALL_PER_S**-passed_s), before * _RISE_PER_S**passed_s)
        return pcm * np.linspace(before, self.gain, len(pcm), endpoint=False, dtype=np.float32)


@dataclass(frozen=True)
class _Samples:
    """Where 16-bit samples stand among the bytes."""

    rate_hz: int
    channels: int = 1
    first_byte: int = 0
    size_bytes: int | None = None  # None: until the end


def _wav_samples(header: bytes) -> _Samples | None:
    """None where they are not plain 16-bit ones. By hand, as FFmpeg reads 1.4 s of a WAV before it gives out the first."""
    at, form = 12, None
    while at + 8 <= len(header):
        name, size = header[at : at + 4], int.from_bytes(header[at + 4 : at + 8], "little")
        if name == b"fmt " and at + 24 <= len(header):
            form = struct.unpack_from("<HHIIHH", header, at + 8)
        elif name == b"data" and form:
            code, channels, rate_hz, _, _, bits = form
            # Who does not know yet how long it will be writes 0 or the highest number.
            known = size if 0 < size < _ENDLESS_BYTES else None
            return _Samples(rate_hz, channels, at + 8, known) if code in _PLAIN and bits == 16 and channels else None
        at += 8 + size + size % 2
    return None


class _ByteStream:
    """Parts of any size as a file that can only be read on; what fails in the parts is kept, as FFmpeg swallows it."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._held = b""
        self.failure: Exception | None = None

    def peek(self, count: int) -> bytes:
        """Up to `count` bytes, which stay."""
        while len(self._held) < count and (part := next(self._parts, None)) is not None:
            self._held += part
        return self._held[:count]

    def skip(self, count: int) -> None:
        """Pass over `count` bytes that were peeked at."""
        self._held = self._held[count:]

    def read(self, count: int) -> bytes:
        """At most `count` bytes, as soon as there are some; none at the end."""
        import httpx

        try:
            while not self._held and (part := next(self._parts, None)) is not None:
                self._held = part
        except httpx.HTTPError as error:
            self.failure = error
            return b""
        taken, self._held = self._held[:count], self._held[count:]
        return taken


def _raw(stream: _ByteStream, samples: _Samples) -> Iterator[NDArray[np.float32]]:
    if not 8_000 <= samples.rate_hz <= 192_000:
        raise MediaError(f"it sent sound at {samples.rate_hz} Hz, which is outside 8,000 to 192,000")
    resampler = StreamResampler(samples.rate_hz, VOICE_RATE_HZ)
    stream.skip(samples.first_byte)
    left, held = samples.size_bytes, b""
    while left != 0 and (part := stream.read(_READ_BYTES if left is None else min(left, _READ_BYTES))):
        left = None if left is None else left - len(part)
        held += part
        whole = len(held) // (2 * samples.channels) * 2 * samples.channels
        frames = np.frombuffer(held[:whole], "<i2").reshape(-1, samples.channels)
        held = held[whole:]
        yield resampler.push(frames.mean(axis=1, dtype=np.float32) * _SAMPLE_SCALE)
    if stream.failure:
        raise stream.failure
    yield resampler.push(np.zeros(0, np.float32), last=True)


def _decoded(stream: _ByteStream) -> Iterator[NDArray[np.float32]]:
    import av
    import av.error

    resampler = av.AudioResampler(format="flt", layout="mono", rate=VOICE_RATE_HZ)
    try:
        with av.open(stream, mode="r", buffer_size=_READ_BYTES, options=_HASTY) as container:
            if not container.streams.audio:
                raise MediaError("it sent a file without sound")
            for frame in container.decode(audio=0):
                for part in resampler.resample(frame):
                    yield clean(np.asarray(part.to_ndarray(), np.float32).reshape(-1), VOICE_RATE_HZ).pcm
            if stream.failure:
                raise stream.failure
            for part in resampler.resample(None):
                yield clean(np.asarray(part.to_ndarray(), np.float32).reshape(-1), VOICE_RATE_HZ).pcm
    except (av.error.FFmpegError, ValueError) as error:
        if stream.failure:
            raise stream.failure from error
        raise MediaError(f"it sent sound that cannot be decoded ({error})") from error
