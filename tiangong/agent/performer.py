"""The stage: plays speech with a moving face, live, and lives on while nobody speaks.

`Stage` is all that the conversation knows of it. `Performer` keeps a playout filled a quarter of a second ahead;
`Recorder` hands clips on as fast as they are drawn, for a file.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final, Protocol

from tiangong.agent.illustrator import Illustrator
from tiangong.agent.memory import SpokenPiece
from tiangong.agent.playout import Playout
from tiangong.core.errors import EngineError
from tiangong.core.media import AvatarClip, Speech
from tiangong.rendering.protocol import Attention

_AHEAD_S: Final = 0.28  # drawn ahead of the play head: rides out a busy processor
_REST_FRAMES: Final = 2  # idle clips are short, so that an answer never waits behind a long one
_MOST_PIECES: Final = 4  # pieces of speech that wait to be drawn
_RETRY_S: Final = 1.0  # after a failed idle picture


class Stage(Protocol):
    """Where a conversation performs."""

    live: bool  # what is performed can still be stopped; otherwise all of it waits for whoever might want to stop it

    @property
    def speaking(self) -> bool:
        """Whether an answer is heard now or about to be."""
        ...

    async def perform(self, turn_id: int, speech: Speech, *, must_be_heard: bool = False) -> None:
        """Queue a piece; waits while four are waiting. `must_be_heard`: without a moving face if need be."""
        ...

    async def finished(self, turn_id: int) -> None:
        """Return when the turn has gone out whole. Raises EngineError where motion or face failed."""
        ...

    def cancel(self, turn_id: int) -> None: ...

    def duck(self, on: bool) -> None: ...

    def attend(self, attention: Attention) -> None: ...

    def nod(self) -> None:
        """A pause of the user at which a nod fits."""
        ...

    def heard(self, turn_id: int) -> "Heard":
        """How much of a turn has gone out; asked once, when the turn is over."""
        ...


@dataclass(frozen=True)
class Heard:
    pieces: tuple[SpokenPiece, ...]
    heard_s: float  # how much of them has gone out
    first_sound_s: float | None  # clock time of the first audible sample; None: none went out, or not live


@dataclass(frozen=True)
class _Piece:
    turn_id: int
    speech: Speech
    must_be_heard: bool


class Performer:
    """Plays live through a `Playout`. `run()` is a task of the session."""

    live = True

    def __init__(self, illustrator: Illustrator, playout: Playout, on_piece: Callable[[int, Speech], None]) -> None:
        """`on_piece(turn_id, speech)` is called when a piece begins to go out."""
        self._illustrator = illustrator
        self._playout = playout
        self._on_piece = on_piece
        self._waiting: deque[_Piece] = deque()
        self._room = asyncio.Semaphore(_MOST_PIECES)
        self._current: _Piece | None = None
        self._stale_through = 0
        self._attention = Attention()
        self._said: dict[int, list[SpokenPiece]] = {}
        self._failed: dict[int, EngineError] = {}
        self._news = asyncio.Event()

    @property
    def speaking(self) -> bool:
        drawn = [piece for piece in (self._current, *self._waiting) if piece and not self._is_stale(piece)]
        return bool(drawn) or any(self._playout.holds(turn) for turn in self._said)

    async def perform(self, turn_id: int, speech: Speech, *, must_be_heard: bool = False) -> None:
        await self._room.acquire()
        self._raise_failure(turn_id)
        if turn_id <= self._stale_through:
            self._room.release()
            return
        self._waiting.append(_Piece(turn_id, speech, must_be_heard))
        self._said.setdefault(turn_id, []).append(SpokenPiece(speech.text, speech.audio.duration_s))
        self._news.set()

    async def finished(self, turn_id: int) -> None:
        while self._is_pending(turn_id):
            self._playout.pulled.clear()
            await self._playout.pulled.wait()
        self._raise_failure(turn_id)

    def _is_pending(self, turn_id: int) -> bool:
        drawn = [piece.turn_id for piece in (self._current, *self._waiting) if piece]
        return turn_id in drawn or self._playout.holds(turn_id)

    def _raise_failure(self, turn_id: int) -> None:
        failure = self._failed.pop(turn_id, None)
        if failure:
            raise failure

    def cancel(self, turn_id: int) -> None:
        self._stale_through = max(self._stale_through, turn_id)
        self._discard(lambda piece: piece.turn_id <= turn_id)
        self._playout.cancel(turn_id)
        self._illustrator.cut()

    def _discard(self, unwanted: Callable[[_Piece], bool]) -> None:
        kept = [piece for piece in self._waiting if not unwanted(piece)]
        for _ in range(len(self._waiting) - len(kept)):
            self._room.release()
        self._waiting = deque(kept)

    def duck(self, on: bool) -> None:
        self._playout.duck(on)

    def attend(self, attention: Attention) -> None:
        self._attention = attention

    def nod(self) -> None:
        self._attention = replace(self._attention, nod_at_s=self._playout.played_s + self._playout.buffered_s)

    def heard(self, turn_id: int) -> Heard:
        pieces = tuple(self._said.pop(turn_id, ()))
        return Heard(pieces, self._playout.heard_s(turn_id), self._playout.first_heard_s.get(turn_id))

    # --- the task -------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        while True:
            if self._waiting:
                self._current = self._waiting.popleft()
                self._room.release()
                await self._speak(self._current)
                self._current = None
            elif self._playout.buffered_s < _AHEAD_S:
                await self._rest()
            else:
                await self._until_room_or_news()

    async def _speak(self, piece: _Piece) -> None:
        first = True
        try:
            async with aclosing(self._clips(piece)) as clips:
                async for clip in clips:
                    while self._playout.buffered_s > _AHEAD_S and not first and not self._is_stale(piece):
                        await self._until_room_or_news()
                    if self._is_stale(piece) or not self._playout.play(clip, instead_of_rest=first):
                        return
                    if first:
                        self._on_piece(piece.turn_id, piece.speech)
                    first = False
        except EngineError as error:
            self._failed[piece.turn_id] = error
            self._discard(lambda waiting: waiting.turn_id == piece.turn_id)

    async def _clips(self, piece: _Piece) -> AsyncGenerator[AvatarClip]:
        start_s = self._playout.played_s + self._playout.buffered_s
        drawn = False
        try:
            async with aclosing(self._illustrator.speech(piece.turn_id, piece.speech, start_s)) as clips:
                async for clip in clips:
                    drawn = True
                    yield clip
        except EngineError:
            if not piece.must_be_heard or drawn:
                raise
            yield self._illustrator.without_motion(piece.turn_id, piece.speech.audio)

    def _is_stale(self, piece: _Piece) -> bool:
        return piece.turn_id <= self._stale_through

    async def _rest(self) -> None:
        start_s = self._playout.played_s + self._playout.buffered_s
        try:
            clip = await self._illustrator.rest(_REST_FRAMES, start_s, self._attention)
        except EngineError:
            # The picture stands still for a moment; the next answer will say what is wrong.
            await asyncio.sleep(_RETRY_S)
            return
        if not self._waiting:
            self._playout.play(clip)

    async def _until_room_or_news(self) -> None:
        self._news.clear()
        self._playout.pulled.clear()
        waits = [asyncio.ensure_future(self._news.wait()), asyncio.ensure_future(self._playout.pulled.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


class Recorder:
    """Hands the clips of an answer to `keep` as fast as they are drawn."""

    live = False
    speaking = False

    def __init__(self, illustrator: Illustrator, keep: Callable[[AvatarClip], Awaitable[None]]) -> None:
        self._illustrator = illustrator
        self._keep_clip = keep
        self.seconds = 0.0  # recorded so far
        self._said: dict[int, list[SpokenPiece]] = {}

    async def perform(self, turn_id: int, speech: Speech, *, must_be_heard: bool = False) -> None:
        self._said.setdefault(turn_id, []).append(SpokenPiece(speech.text, speech.audio.duration_s))
        try:
            async with aclosing(self._illustrator.speech(turn_id, speech, self.seconds)) as clips:
                async for clip in clips:
                    await self._keep(clip)
        except EngineError:
            if not must_be_heard:
                raise
            await self._keep(self._illustrator.without_motion(turn_id, speech.audio))

    async def _keep(self, clip: AvatarClip) -> None:
        await self._keep_clip(clip)
        self.seconds += clip.duration_s

    async def rest(self, frames: int) -> None:
        """Add silence with idle motion."""
        await self._keep(await self._illustrator.rest(frames, self.seconds, Attention()))

    async def finished(self, turn_id: int) -> None:
        """All is drawn already."""

    def cancel(self, turn_id: int) -> None:
        """A recording is never interrupted."""

    def duck(self, on: bool) -> None:
        """Nobody listens yet."""

    def attend(self, attention: Attention) -> None:
        """Nobody to attend to."""

    def nod(self) -> None:
        """Nor to nod to."""

    def heard(self, turn_id: int) -> Heard:
        pieces = tuple(self._said.pop(turn_id, ()))
        return Heard(pieces, sum(piece.duration_s for piece in pieces), None)
