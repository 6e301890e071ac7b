"""The one exit: clips in, sound and pictures out, on one timeline.

A sink (WebRTC, a test) pulls sound at its own pace; the picture is the one that belongs to the sample pulled last, so the
two cannot drift apart. Where clips are late, sound is silent and the picture stays; the timeline waits for them.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.clock import now_s
from tiangong.core.media import AvatarClip

FADE_S: Final = 0.012  # sound that is cut ends in a ramp, not a click
DUCKED_GAIN: Final = 0.25  # -12 dB: the user's voice is on top, the words go on


class Playout:
    """Used from the event loop's thread alone."""

    def __init__(self, still: NDArray[np.uint8], rate_hz: int, fps: int) -> None:
        """`still` (height, width, 3) is shown until the first clip."""
        self.rate_hz = rate_hz
        self.fps = fps
        self.frame = still  # the picture of now
        self.played_s = 0.0  # how much of the timeline has gone out
        self.starved_s = 0.0  # how long it had to wait for clips
        self.first_heard_s: dict[int, float] = {}  # turn -> clock time of its first audible sample
        self._heard_samples: dict[int, int] = {}
        self._clips: deque[AvatarClip] = deque()
        self._head = 0  # samples of the first clip that have gone out
        self._tail = np.zeros(0, np.float32)  # what fades out after a cut
        self._stale_through = 0
        self._gain = self._wanted_gain = 1.0
        self.on_sound: Callable[[NDArray[np.float32]], None] = lambda pcm: None  # told what goes out
        self.pulled = asyncio.Event()  # set whenever the timeline moved

    # --- in ------------------------------------------------------------------------------------------------------

    def play(self, clip: AvatarClip, *, instead_of_rest: bool = False) -> bool:
        """Queue a clip; one of a cancelled turn is dropped here (False).

        `instead_of_rest` drops waiting idle clips first, so that an answer does not queue behind them.
        """
        if 0 < clip.turn_id <= self._stale_through:
            return False
        if instead_of_rest:
            self._drop(lambda waiting: waiting.turn_id == 0)
        self._clips.append(clip)
        return True

    def cancel(self, turn_id: int) -> None:
        """Nothing of this turn or an earlier one goes out from now on; its sound fades within 12 ms."""
        self._stale_through = max(self._stale_through, turn_id)
        first = self._clips[0] if self._clips else None
        if first and 0 < first.turn_id <= turn_id:
            fade = first.audio.pcm[self._head : self._head + round(FADE_S * self.rate_hz)]
            self._tail = fade * np.linspace(self._gain, 0, len(fade), dtype=np.float32)
            self._clips.popleft()
            self._head = 0
        self._drop(lambda waiting: 0 < waiting.turn_id <= turn_id)
        self._gain = self._wanted_gain = 1.0

    def duck(self, on: bool) -> None:
        self._wanted_gain = DUCKED_GAIN if on else 1.0

    def _drop(self, stale: Callable[[AvatarClip], bool]) -> None:
        playing = [self._clips.popleft()] if self._head else []  # one that has begun is cut by `cancel` alone
        kept = [clip for clip in self._clips if not stale(clip)]
        self._clips = deque(playing + kept)

    # --- out -----------------------------------------------------------------------------------------------------

    def pull(self, samples: int) -> NDArray[np.float32]:
        """The next `samples` of sound; moves `frame` along with them."""
        out = np.zeros(samples, np.float32)
        done = 0
        while done < samples and self._clips:
            done += self._take(out[done:])
        self._shape(out, done)
        self.played_s += done / self.rate_hz
        if self.played_s:
            self.starved_s += (samples - done) / self.rate_hz
        self.pulled.set()
        self.on_sound(out)
        return out

    def _take(self, out: NDArray[np.float32]) -> int:
        clip = self._clips[0]
        piece = clip.audio.pcm[self._head : self._head + len(out)]
        out[: len(piece)] = piece
        if clip.turn_id:
            if clip.turn_id not in self.first_heard_s and np.abs(piece).max(initial=0) > 1e-3:
                self.first_heard_s[clip.turn_id] = now_s()
            self._heard_samples[clip.turn_id] = self._heard_samples.get(clip.turn_id, 0) + len(piece)
        self._head += len(piece)
        at = min((self._head - 1) * self.fps // self.rate_hz, len(clip.frames) - 1)
        self.frame = clip.frames[max(at, 0)]
        if self._head >= len(clip.audio.pcm):
            self._clips.popleft()
            self._head = 0
        return len(piece)

    def _shape(self, out: NDArray[np.float32], done: int) -> None:
        if self._gain != self._wanted_gain:
            out[:done] *= np.linspace(self._gain, self._wanted_gain, done, dtype=np.float32)
            self._gain = self._wanted_gain if done else self._gain
        elif self._gain != 1.0:
            out *= self._gain
        if len(self._tail):
            fade, self._tail = self._tail[: len(out)], self._tail[len(out) :]
            out[: len(fade)] += fade

    # --- what is known of it -------------------------------------------------------------------------------------

    @property
    def buffered_s(self) -> float:
        """How much is ready to go out."""
        return (sum(len(clip.audio.pcm) for clip in self._clips) - self._head) / self.rate_hz

    def heard_s(self, turn_id: int) -> float:
        """How much of a turn has gone out."""
        return self._heard_samples.get(turn_id, 0) / self.rate_hz

    def holds(self, turn_id: int) -> bool:
        """Whether anything of this turn still waits to go out."""
        return any(clip.turn_id == turn_id for clip in self._clips)
