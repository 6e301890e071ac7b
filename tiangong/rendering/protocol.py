"""What a motion engine and a face renderer are."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tiangong.core.media import AudioChunk, Emotion, FaceMotion, Speech
from tiangong.core.style import StyleLimits

FPS = 25
SOUND_CONTEXT_S = 0.2


@dataclass(frozen=True)
class Attention:
    """What the avatar's body should know of the conversation while it does not speak."""

    listening: bool = False  # the user speaks: look at them, lean in a little, nod now and then
    nod_at_s: float | None = None  # a pause of the user at which a nod fits, on the motion clock
    user_emotion: Emotion | None = None  # answered by the face, gently
    thinking: bool = False  # the answer is on its way
    limits: StyleLimits = StyleLimits()  # what the policy allows the face to show


class MotionSession(Protocol):
    """One avatar's body. Life (blinks, breathing, sway, gaze) is a function of time alone, so that any stretch can be
    asked for again after an interruption and joins seamlessly: `start_s` counts on this session's motion clock."""

    def speak(self, speech: Speech, start_s: float) -> FaceMotion:
        """Motion over `speech`; ceil(duration * 25) frames, lips closed in its pauses."""
        ...

    def rest(self, frames: int, start_s: float, attention: Attention) -> FaceMotion:
        """Idle or listening motion, lips closed."""
        ...


class MotionEngine(Protocol):
    name: str
    needs_phones: bool  # False: also moves to speech whose phones are unknown

    def session(self, seed: int) -> MotionSession: ...


class Face(Protocol):
    """A portrait that can be drawn moving. Shared between sessions; `draw` keeps no state between calls."""

    height_px: int
    width_px: int
    needs_sound: bool  # True: lips are drawn from the sound, so `draw` wants it wherever there is speech

    def draw(self, motion: FaceMotion, sound: AudioChunk | None = None) -> NDArray[np.uint8]:
        """(frames, height, width, 3) RGB, one picture per frame of motion.

        `sound` is given where the face needs it and speaks: what is heard under these frames, and SOUND_CONTEXT_S
        before and after, silence where nothing is known. `start_s` counts from the start of the speech, so the first
        frame lies at `start_s + SOUND_CONTEXT_S`.
        """
        ...


class FaceRenderer(Protocol):
    name: str

    def open(self, folder: Path) -> Face:
        """Load the face of an avatar bundle (`portrait.png` and whatever this renderer keeps beside it).

        Raises MediaError for a portrait without exactly one face, BundleError for damaged files.
        """
        ...
