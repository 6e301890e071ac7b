"""Speech -> motion -> marked pictures: clips that carry both, drawn block by block."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.agent.workers import Workers
from tiangong.core.errors import EngineError
from tiangong.core.face import ARKIT_BLEND_SHAPES, BLEND_SHAPE_INDEX
from tiangong.core.media import AudioChunk, AvatarClip, FaceMotion, Speech
from tiangong.core.sound import resample, silence
from tiangong.rendering.ai_badge import stamp
from tiangong.rendering.protocol import FPS, SOUND_CONTEXT_S, Attention, Face, MotionSession
from tiangong.voice.protocol import VOICE_RATE_HZ

_FIRST_BLOCK: Final = 2  # frames: out as soon as possible
_BLOCK: Final = 5
_RELEASE_FRAMES: Final = 4  # 160 ms from the last lips of a speech to rest
SAMPLES_PER_FRAME: Final = VOICE_RATE_HZ // FPS
_CONTEXT_SAMPLES: Final = round(SOUND_CONTEXT_S * VOICE_RATE_HZ)
_LIPS: Final = np.array(
    [BLEND_SHAPE_INDEX[n] for n in ARKIT_BLEND_SHAPES if n.startswith(("jaw", "mouth", "tongue"))], np.intp
)


@dataclass(frozen=True)
class Body:
    """What is drawn for one session: its own motion, a shared face."""

    motion: MotionSession
    face: Face
    still: NDArray[np.uint8]  # (height, width, 3): the marked portrait at rest


def still_picture(face: Face) -> NDArray[np.uint8]:
    """The face at rest, marked. (height, width, 3)."""
    rest = FaceMotion(np.zeros((1, len(ARKIT_BLEND_SHAPES)), np.float32), np.zeros((1, 3), np.float32), FPS)
    frames = face.draw(rest)
    stamp(frames)
    return frames[0]


class Illustrator:
    """Draws for one session."""

    def __init__(self, body: Body, workers: Workers) -> None:
        self._body = body
        self._workers = workers
        self._last = np.zeros(len(ARKIT_BLEND_SHAPES), np.float32)  # the expression drawn last
        self._to_release = 0

    async def speech(self, turn_id: int, speech: Speech, start_s: float) -> AsyncGenerator[AvatarClip]:
        """Clips of one piece of speech; the first is short. Raises EngineError of motion or face."""
        sound = _whole_frames(speech.audio)
        count = len(sound.pcm) // SAMPLES_PER_FRAME
        moves = await self._workers.run("motion", turn_id, lambda: self._body.motion.speak(speech, start_s))
        at = 0
        while at < count:
            take = min(_BLOCK if at else _FIRST_BLOCK, count - at)
            under = _around(sound, at, take) if self._body.face.needs_sound else None
            yield await self._clip(turn_id, _slice(moves, at, take), _cut(sound, at, take), under)
            at += take
        self._to_release = _RELEASE_FRAMES

    async def rest(self, frames: int, start_s: float, attention: Attention) -> AvatarClip:
        """An idle or listening clip without sound."""
        moves = await self._workers.run("motion", 0, lambda: self._body.motion.rest(frames, start_s, attention))
        moves = self._released(moves)
        return await self._clip(0, moves, silence(frames / FPS, VOICE_RATE_HZ))

    def without_motion(self, turn_id: int, sound: AudioChunk) -> AvatarClip:
        """The still picture under `sound`: what remains where motion or face fail."""
        whole = _whole_frames(sound)
        count = len(whole.pcm) // SAMPLES_PER_FRAME
        return AvatarClip(turn_id, np.broadcast_to(self._body.still, (count, *self._body.still.shape)), FPS, whole)

    def cut(self) -> None:
        """The speech being drawn was dropped: let its lips go softly."""
        self._to_release = _RELEASE_FRAMES

    def _released(self, moves: FaceMotion) -> FaceMotion:
        """Lead the lips from where they are to rest within 160 ms, so that a cut is no jump."""
        expression = moves.expression.copy()
        for frame in expression[: self._to_release]:
            keep = self._to_release / (_RELEASE_FRAMES + 1)
            frame[_LIPS] = keep * self._last[_LIPS] + (1 - keep) * frame[_LIPS]
            self._to_release -= 1
        return FaceMotion(expression, moves.head_rad, moves.fps)

    async def _clip(
        self, turn_id: int, moves: FaceMotion, sound: AudioChunk, under: AudioChunk | None = None
    ) -> AvatarClip:
        def draw() -> NDArray[np.uint8]:
            frames = self._body.face.draw(moves, under)
            stamp(frames)
            return frames

        frames = await self._workers.run("face", turn_id, draw)
        if frames.shape != (len(moves), *self._body.still.shape):
            raise EngineError("face", turn_id, f"drew {frames.shape}, wanted {len(moves)} pictures")
        self._last = moves.expression[-1]
        return AvatarClip(turn_id, frames, FPS, sound)


def _whole_frames(sound: AudioChunk) -> AudioChunk:
    """At the voice's rate, padded with silence to a whole number of pictures."""
    pcm = resample(sound, VOICE_RATE_HZ).pcm
    return AudioChunk(np.pad(pcm, (0, -len(pcm) % SAMPLES_PER_FRAME)), VOICE_RATE_HZ)


def _slice(moves: FaceMotion, at: int, count: int) -> FaceMotion:
    """`count` frames from `at`; past the end the last frame stays (a motion engine may round a frame off)."""
    rows = np.minimum(np.arange(at, at + count), len(moves) - 1)
    return moves.at(rows)


def _cut(sound: AudioChunk, at: int, count: int) -> AudioChunk:
    return AudioChunk(sound.pcm[at * SAMPLES_PER_FRAME : (at + count) * SAMPLES_PER_FRAME], VOICE_RATE_HZ)


def _around(sound: AudioChunk, at: int, count: int) -> AudioChunk:
    """`_cut` with SOUND_CONTEXT_S before and after it, as a face that needs sound wants it: silence beyond the speech."""
    pcm = np.pad(sound.pcm, _CONTEXT_SAMPLES)
    stretch = pcm[at * SAMPLES_PER_FRAME : (at + count) * SAMPLES_PER_FRAME + 2 * _CONTEXT_SAMPLES]
    return AudioChunk(stretch, VOICE_RATE_HZ, at / FPS - SOUND_CONTEXT_S)
