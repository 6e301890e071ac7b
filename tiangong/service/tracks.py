"""What the caller hears and sees, as WebRTC tracks over one playout.

Both tracks count from one start, so the receiver can play sound and picture in step. Sound drives the timeline; the
picture track shows the frame that belongs to the sound that has gone out.
"""

import asyncio
from fractions import Fraction
from typing import Final

import numpy as np
from aiortc import MediaStreamTrack
from av import AudioFrame, VideoFrame

from tiangong.agent.playout import Playout
from tiangong.core.clock import now_s

_SOUND_STEP_S: Final = 0.02  # one Opus packet
_VIDEO_CLOCK_HZ: Final = 90_000
LATE_S: Final = 0.04  # one picture
_RESYNC_S: Final = 0.5  # a machine that slept or stalled so long starts counting anew instead of racing to catch up


class Pace:
    """Steps of a track on the shared clock of its call."""

    def __init__(self, start: "CallStart", step_s: float) -> None:
        self._start = start
        self._step_s = step_s
        self._steps = -1
        self.late_steps = 0  # by more than 40 ms, or skipped altogether

    async def next(self) -> float:
        """Wait for the next step; its time since the start of the call, in seconds."""
        self._steps += 1
        at_s = self._steps * self._step_s
        late_s = now_s() - self._start.at() - at_s
        if late_s > _RESYNC_S:
            skipped = int(late_s / self._step_s)
            self.late_steps += skipped
            self._steps += skipped
            at_s += skipped * self._step_s
        elif late_s < 0:
            await asyncio.sleep(-late_s)
            late_s = now_s() - self._start.at() - at_s
        self.late_steps += late_s > LATE_S
        return at_s

    @property
    def steps(self) -> int:
        """How many are due so far."""
        return self._steps + 1


class CallStart:
    """The moment at which the first track of a call was asked for its first packet."""

    def __init__(self) -> None:
        self._at_s: float | None = None

    def at(self) -> float:
        if self._at_s is None:
            self._at_s = now_s()
        return self._at_s


class AvatarSound(MediaStreamTrack):
    """48 kHz is left to the Opus encoder's own resampler."""

    kind = "audio"

    def __init__(self, playout: Playout, start: CallStart) -> None:
        super().__init__()
        self._playout = playout
        self.pace = Pace(start, _SOUND_STEP_S)

    async def recv(self) -> AudioFrame:
        at_s = await self.pace.next()
        pcm = self._playout.pull(round(_SOUND_STEP_S * self._playout.rate_hz))
        samples = np.clip(pcm * 32767, -32768, 32767).astype(np.int16)
        frame = AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = self._playout.rate_hz
        frame.pts = round(at_s * self._playout.rate_hz)
        frame.time_base = Fraction(1, self._playout.rate_hz)
        return frame


class AvatarPicture(MediaStreamTrack):
    kind = "video"

    def __init__(self, playout: Playout, start: CallStart) -> None:
        super().__init__()
        self._playout = playout
        self.pace = Pace(start, 1 / playout.fps)

    async def recv(self) -> VideoFrame:
        at_s = await self.pace.next()
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(self._playout.frame), format="rgb24")
        frame.pts = round(at_s * _VIDEO_CLOCK_HZ)
        frame.time_base = Fraction(1, _VIDEO_CLOCK_HZ)
        return frame
