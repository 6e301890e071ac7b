"""What a hearing or seeing engine is. The engine is shared between sessions; a session belongs to one caller."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tiangong.core.media import AudioChunk, Emotion, Transcript, VideoFrame

HEARING_RATE_HZ = 16_000  # every hearing engine takes 16 kHz mono
VAD_SAMPLES = 512  # 32 ms, the step of the voice activity engines


class VoiceActivitySession(Protocol):
    def probability(self, chunk: AudioChunk) -> float:
        """How likely it is, 0 to 1, that somebody speaks in this chunk of exactly 512 samples at 16 kHz."""
        ...

    def reset(self) -> None: ...


class VoiceActivity(Protocol):
    name: str

    def session(self) -> VoiceActivitySession: ...


class TranscriptionSession(Protocol):
    """One utterance."""

    def accept(self, chunk: AudioChunk) -> str:
        """Take sound (16 kHz, any length); return the text so far, "" where the engine only knows it at the end."""
        ...

    def finish(self) -> Transcript:
        """No more sound comes: the whole utterance. Text is "" where nothing was said."""
        ...


class ReadMany(Protocol):
    def __call__(self, spans: Sequence[AudioChunk], language: str) -> list[Transcript]:
        """Utterances (16 kHz) that are known whole -> what each says; `language` as for a session."""
        ...


class Adapt(Protocol):
    def __call__(
        self, texts: Sequence[str], hot_words: Sequence[str], pronounce: Callable[[str], str]
    ) -> "SpeechToText":
        """An engine that expects what stands in English `texts`, and names; `pronounce` gives a word's ARPAbet, "" if unknown.

        May take seconds the first time. Raises EngineError where it cannot be built.
        """
        ...


class SpeechToText(Protocol):
    name: str
    languages: frozenset[str]  # BCP-47; an engine that knows "zh" and "en" also takes "auto"

    @property
    def read_many(self) -> ReadMany | None:
        """How several utterances of a file are read faster together than one by one; None where they are not."""
        ...

    @property
    def adapt(self) -> Adapt | None:
        """How it is made to expect what an avatar knows about; None where hot words are all it takes."""
        ...

    def warm_up(self) -> None:
        """Load what the first words would have to wait for."""
        ...

    def session(self, language: str, hot_words: Sequence[str] = ()) -> TranscriptionSession:
        """`language` is "en", "zh" or "auto"; `hot_words` are names and terms that are likely to be said, likeliest first.

        Raises ConfigError for a language that this engine does not know.
        """
        ...


@dataclass(frozen=True)
class FaceObservation:
    """What the camera saw of the nearest face."""

    box: tuple[float, float, float, float]  # left, top, right, bottom in pixels
    landmarks: NDArray[np.float32]  # (478, 3) pixels
    expression: NDArray[np.float32]  # (52,) in [0, 1], ARKit order
    head_rad: NDArray[np.float32]  # (3,) yaw, pitch, roll
    emotion: Emotion
    faces: int  # how many were in the picture


class FaceSession(Protocol):
    """One camera. Keeps what is normal for this face, so that a resting frown is not read as anger."""

    def observe(self, frame: VideoFrame) -> FaceObservation | None:
        """The nearest face; None where no face is seen."""
        ...

    def observe_all(self, frame: VideoFrame) -> tuple[FaceObservation, ...]:
        """Every face, the largest first, each read as a stranger's."""
        ...

    def close(self) -> None: ...


class FaceReader(Protocol):
    name: str

    def session(self, *, tracking: bool) -> FaceSession:
        """`tracking` False: each frame is a picture of its own (files, different people)."""
        ...
