"""What the voice engine asks of a net: XTTS and VITS differ in all the rest."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tiangong.core.media import AudioChunk
from tiangong.voice.coqui.likeness import Likeness
from tiangong.voice.protocol import Speaker


@dataclass(frozen=True)
class Line:
    """What is to be said in one language."""

    text: str
    language: str  # as the model calls it: "zh-cn"
    rate: float  # < 1 is slower


class CoquiNet(Protocol):
    """One loaded model, shared by all speakers; used from one thread at a time."""

    title: str  # for people: "XTTS"
    rate_hz: int  # of what it gives out
    streams: bool  # sound comes in chunks while the rest is made
    learns: bool  # it can speak as a person whom it knows from a recording
    longest_s: float  # of speech at rate 1, that it is given at once
    kept_as: str  # the file of a likeness, in the folder of a cloned voice

    def learnt(self, reference: AudioChunk) -> Likeness:
        """A person's likeness from a recording at 24 kHz; only where it `learns`."""
        ...

    def fits(self, likeness: Likeness) -> bool:
        """Whether the arrays have the names and shapes that this net works with."""
        ...

    def own_speaker(self, speaker: Speaker) -> Likeness | None:
        """One of the model's own speakers: of that name, else of that kind, else the first; None: it has none."""
        ...

    def speak(self, line: Line, likeness: Likeness | None) -> Iterator[NDArray[np.float32]]:
        """(samples,) at `rate_hz`, one or more chunks without gaps; none where the net knows none of the characters."""
        ...
