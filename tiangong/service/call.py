"""One WebRTC call: an SDP offer in, an answer out, and a session between the two."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.exceptions import InvalidAccessError, InvalidStateError, OperationError
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame
from av import VideoFrame as EncodedFrame

from tiangong.agent.events import Event, Notice, SessionEnded, SpeechNotUnderstood
from tiangong.agent.tasks import TaskSet
from tiangong.core.clock import now_s
from tiangong.core.errors import MediaError
from tiangong.core.media import VideoFrame
from tiangong.core.sound import StreamResampler, clean
from tiangong.perception.protocol import HEARING_RATE_HZ
from tiangong.service.assembly import Avatar, Engines
from tiangong.service.session import Session
from tiangong.service.tracks import AvatarPicture, AvatarSound, CallStart
from tiangong.service.wire import (
    Alive,
    CameraSwitched,
    FeelingsSwitched,
    HungUp,
    Interrupted,
    LanguageChosen,
    Typed,
    read_message,
    write_event,
)

log = logging.getLogger(__name__)
_LAST_WORDS_S: Final = 2.0  # for what still lies in encoder, network and jitter buffer
_GONE: Final = {"failed", "closed"}
# aiortc's parser raises whatever a malformed line leads it into.
_OFFER_ERRORS: Final = (
    *(ValueError, KeyError, IndexError, AttributeError, AssertionError, TypeError),
    *(InvalidAccessError, InvalidStateError, OperationError),
)


class Call:
    """A peer connection and its session; `ended` is awaited once, whichever way the call ends."""

    def __init__(
        self, avatar: Avatar, engines: Engines, language: str, ended: Callable[["Call"], Awaitable[None]]
    ) -> None:
        self.session = Session(avatar, engines, language, self._tell)
        start = CallStart()
        self.sound = AvatarSound(self.session.playout, start)
        self.picture = AvatarPicture(self.session.playout, start)
        self._ended = ended
        self._camera_on = False
        self._channel: RTCDataChannel | None = None
        self._untold: list[str] = []
        self._tasks = TaskSet()
        servers = [_ice_server(url) for url in engines.settings.serve.ice_servers]
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._peer.on("track", self._on_track)
        self._peer.on("datachannel", self._on_channel)
        self._peer.on("connectionstatechange", self._on_state)

    async def answer(self, sdp: str) -> str:
        """The SDP answer to the page's offer. Raises MediaError for an offer that cannot be read."""
        try:
            await self._peer.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
            self._peer.addTrack(self.sound)
            self._peer.addTrack(self.picture)
            await self._peer.setLocalDescription(await self._peer.createAnswer())
        except _OFFER_ERRORS as error:
            raise MediaError(f"the call's SDP offer cannot be read ({type(error).__name__}: {error})") from error
        if not self._peer.localDescription or "m=audio" not in sdp:
            raise MediaError("the call's SDP offer has no sound")
        return self._peer.localDescription.sdp

    async def close(self) -> None:
        await self._tasks.close()
        await self.session.close()
        await self._peer.close()

    # --- from the page ----------------------------------------------------------------------------------------------

    def _on_track(self, track: MediaStreamTrack) -> None:
        self._tasks.spawn(self._listen(track) if track.kind == "audio" else self._watch(track))

    async def _listen(self, track: MediaStreamTrack) -> None:
        resampler: StreamResampler | None = None
        try:
            while True:
                frame = await track.recv()
                assert isinstance(frame, AudioFrame)
                resampler = resampler or StreamResampler(frame.sample_rate, HEARING_RATE_HZ)
                mono = frame.to_ndarray().reshape(-1, len(frame.layout.channels)).mean(axis=1) / 32768
                pcm = resampler.push(mono.astype(np.float32))
                if len(pcm):
                    self.session.hear(clean(pcm, HEARING_RATE_HZ))
        except MediaStreamError:
            return  # the page stopped sending

    async def _watch(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame = await track.recv()
                assert isinstance(frame, EncodedFrame)
                if self._camera_on and self.session.watcher.is_ready:
                    self.session.see(VideoFrame(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8), now_s()))
        except MediaStreamError:
            return

    def _on_channel(self, channel: RTCDataChannel) -> None:
        self._channel = channel
        channel.on("message", self._on_message)
        for text in self._untold:
            channel.send(text)
        self._untold.clear()
        if not self.session.understands_speech:
            self._tell(SpeechNotUnderstood())
        self.session.conversation.greet()

    def _on_message(self, text: str | bytes) -> None:
        self.session.heard_from_s = now_s()
        try:
            match read_message(text):
                case Alive():
                    pass
                case Typed(text=words):
                    self.session.conversation.say(words)
                case Interrupted():
                    self.session.conversation.interrupt()
                case CameraSwitched(on=on):
                    self._camera_on = on
                    if not on:
                        self.session.stop_seeing()
                case FeelingsSwitched(on=on):
                    self.session.conversation.mood.listen(on)
                case LanguageChosen(language=language):
                    self.session.choose_language(language)
                    if not self.session.understands_speech:
                        self._tell(SpeechNotUnderstood())
                case HungUp():
                    self._tasks.spawn(self._end())
        except MediaError as error:
            self._tell(Notice(str(error)))

    async def _on_state(self) -> None:
        if self._peer.connectionState in _GONE:
            await self._end()

    async def _end(self) -> None:
        await self._ended(self)

    async def _end_soon(self) -> None:
        """The policy has ended the talk: the page hangs up when it has played the last words, and if it does not, we do."""
        await asyncio.sleep(_LAST_WORDS_S)
        await self._end()

    # --- to the page ------------------------------------------------------------------------------------------------

    def _tell(self, event: Event) -> None:
        if isinstance(event, SessionEnded):
            self._tasks.spawn(self._end_soon())
        text = write_event(event)
        if self._channel and self._channel.readyState == "open":
            self._channel.send(text)
        else:
            self._untold.append(text)


def _ice_server(url: str) -> RTCIceServer:
    """ "stun:host:3478" or "turn:user:password@host:3478"."""
    scheme, _, rest = url.partition(":")
    account, at, host = rest.rpartition("@")
    if not at:
        return RTCIceServer(urls=url)
    user, _, password = account.partition(":")
    return RTCIceServer(urls=f"{scheme}:{host}", username=user, credential=password)
