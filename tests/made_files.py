"""Films and pictures that tests write themselves."""

import struct
import zlib
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

RATE_HZ = 48_000


def write_film(
    path: Path,
    frames: Sequence[NDArray[np.uint8]],
    *,
    last_at_s: float | None = None,
    index_ahead: bool = False,
    tone_hz: float | None = None,
) -> Path:
    """25 fps H.264. `last_at_s` moves the last frame; `index_ahead` lets a cut-off file still be opened; `tone_hz` sounds."""
    options = {"movflags": "faststart"} if index_ahead else {}
    with av.open(str(path), "w", options=options) as container:
        video = container.add_stream("libx264", rate=25, options={"crf": "18", "preset": "ultrafast"})
        video.height, video.width = frames[0].shape[:2]
        video.pix_fmt = "yuv420p"
        sound = container.add_stream("aac", rate=RATE_HZ, layout="mono") if tone_hz else None
        for number, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.time_base, frame.pts = Fraction(1, 25), number
            if last_at_s is not None and number == len(frames) - 1:
                frame.pts = round(last_at_s * 25)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if sound:
            pcm = 0.3 * np.sin(2 * np.pi * (tone_hz or 0) * np.arange(len(frames) * RATE_HZ // 25) / RATE_HZ)
            block = av.AudioFrame.from_ndarray(pcm[None].astype(np.float32), format="fltp", layout="mono")
            block.sample_rate = RATE_HZ
            container.mux(sound.encode(block))
            container.mux(sound.encode(None))
    return path


def huge_png(path: Path, side_px: int = 60_000) -> Path:
    """Only the header says how large it is; a reader that believes it needs 10 GB."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", side_px, side_px, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 64)))
    return path
