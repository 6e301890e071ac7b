"""A caller without a browser: speaks sound files into a real WebRTC call and notes when what comes back."""

import asyncio
import json
import time
from collections import deque
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

import httpx
import numpy as np
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame
from numpy.typing import NDArray

MICROPHONE_RATE_HZ: Final = 48_000
_STEP_S: Final = 0.02
AUDIBLE: Final = 0.01  # -40 dB: quieter than any vowel, louder than the codec's noise
_KEPT_PICTURES: Final = 400


@dataclass(frozen=True)
class Sound:
    """One received packet."""

    at_s: float  # monotonic clock
    peak: float


@dataclass(frozen=True)
class Picture:
    at_s: float
    image: NDArray[np.uint8]


@dataclass(frozen=True)
class Told:
    """One message of the data channel."""

    at_s: float
    message: dict[str, Any]


@dataclass
class Received:
    sounds: list[Sound] = field(default_factory=list)
    pictures: deque[Picture] = field(default_factory=lambda: deque(maxlen=_KEPT_PICTURES))
    told: list[Told] = field(default_factory=list)


class Microphone(MediaStreamTrack):
    """Sends silence, or what it was told to speak, in real time."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.began_s = self.ended_s = 0.0  # of the last utterance: its first and last audible sample
        self.silent = asyncio.Event()  # set while nothing is being spoken
        self._pcm = np.zeros(0, np.float32)
        self._first = self._last = -1
        self._sent = 0
        self._start_s: float | None = None
        self._step = 0

    def speak(self, pcm: NDArray[np.float32]) -> None:
        """(samples,) at 48 kHz."""
        loud = np.flatnonzero(np.abs(pcm) > 0.05 * np.abs(pcm).max())
        self._pcm, self._sent = pcm, 0
        self.silent.clear()
        self._first, self._last = int(loud[0]), int(loud[-1])

    async def recv(self) -> AudioFrame:
        self._start_s = self._start_s or time.monotonic()
        due_s = self._start_s + self._step * _STEP_S
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        count = round(_STEP_S * MICROPHONE_RATE_HZ)
        piece = self._pcm[self._sent : self._sent + count]
        for sample, name in ((self._first, "began_s"), (self._last, "ended_s")):
            if self._sent <= sample < self._sent + count:
                setattr(self, name, due_s + (sample - self._sent) / MICROPHONE_RATE_HZ)
        self._sent += len(piece)
        if self._sent >= len(self._pcm):
            self.silent.set()
        samples = (np.pad(piece, (0, count - len(piece))) * 32767).astype(np.int16)
        frame = AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = MICROPHONE_RATE_HZ
        frame.pts = self._step * count
        frame.time_base = Fraction(1, MICROPHONE_RATE_HZ)
        self._step += 1
        return frame


class Caller:
    """Used as an async context manager around one call."""

    def __init__(self, address: str) -> None:
        self.microphone = Microphone()
        self.received = Received()
        self._address = address
        self._peer = RTCPeerConnection()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Caller":
        self._channel = self._peer.createDataChannel("events")
        self._channel.on("message", self._note)
        opened = asyncio.Event()
        self._channel.on("open", opened.set)
        self._peer.on("track", self._follow)
        self._peer.addTrack(self.microphone)
        self._peer.addTransceiver("video", direction="recvonly")
        await self._peer.setLocalDescription(await self._peer.createOffer())
        body = {"sdp": self._peer.localDescription.sdp, "avatar": "tian", "language": "en"}
        async with httpx.AsyncClient(timeout=30) as client:
            response = await client.post(f"{self._address}/api/calls", json=body)
        response.raise_for_status()
        await self._peer.setRemoteDescription(RTCSessionDescription(response.json()["sdp"], "answer"))
        async with asyncio.timeout(15):
            await opened.wait()
        self._tasks.append(asyncio.create_task(self._stay_alive()))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._channel.readyState == "open":  # otherwise the other side has hung up
            self.send({"kind": "bye"})
        await asyncio.sleep(0.1)
        for task in self._tasks:
            task.cancel()
        await self._peer.close()

    def send(self, message: dict[str, Any]) -> None:
        self._channel.send(json.dumps(message))

    async def _stay_alive(self) -> None:
        while True:
            self.send({"kind": "alive"})
            await asyncio.sleep(2)

    def _note(self, text: str) -> None:
        self.received.told.append(Told(time.monotonic(), json.loads(text)))

    def _follow(self, track: MediaStreamTrack) -> None:
        self._tasks.append(asyncio.create_task(self._hear(track) if track.kind == "audio" else self._see(track)))

    async def _hear(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame = await track.recv()
                assert isinstance(frame, AudioFrame)
                peak = float(np.abs(frame.to_ndarray().astype(np.float32)).max(initial=0) / 32768)
                self.received.sounds.append(Sound(time.monotonic(), peak))
        except MediaStreamError:
            return

    async def _see(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame = await track.recv()
                assert isinstance(frame, VideoFrame)
                image = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
                self.received.pictures.append(Picture(time.monotonic(), image))
        except MediaStreamError:
            return

    # --- waiting ----------------------------------------------------------------------------------------------------

    async def told(self, kind: str, since_s: float, longest_s: float) -> Told | None:
        """The first message of this kind after `since_s`; None if it does not come in time."""
        until_s = time.monotonic() + longest_s
        while time.monotonic() < until_s:
            for told in self.received.told:
                if told.at_s >= since_s and told.message["kind"] == kind:
                    return told
            await asyncio.sleep(0.02)
        return None

    async def audible(self, since_s: float, longest_s: float) -> float | None:
        """When the first audible packet after `since_s` came."""
        until_s = time.monotonic() + longest_s
        while time.monotonic() < until_s:
            for sound in reversed(self.received.sounds):
                if sound.at_s < since_s:
                    break
            heard = [s.at_s for s in self.received.sounds[-500:] if s.at_s >= since_s and s.peak > AUDIBLE]
            if heard:
                return heard[0]
            await asyncio.sleep(0.01)
        return None

    async def quiet(self, lasting_s: float, longest_s: float) -> float | None:
        """When a silence of `lasting_s` began that lasts until now."""
        until_s = time.monotonic() + longest_s
        while time.monotonic() < until_s:
            loud = [s.at_s for s in self.received.sounds[-500:] if s.peak > AUDIBLE]
            last_s = loud[-1] if loud else 0.0
            if time.monotonic() - last_s >= lasting_s:
                return last_s
            await asyncio.sleep(0.02)
        return None
