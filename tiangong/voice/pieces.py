"""One sentence in several pieces: so cut that sound, pictures and the memory of what was heard stay whole."""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.language import language_of
from tiangong.voice.protocol import VOICE_RATE_HZ

PICTURE_SAMPLES: Final = (
    VOICE_RATE_HZ // 25
)  # a piece that another follows ends with a picture, or silence would be put between
FIRST_PIECE_S: Final = 0.4
LATER_PIECE_S: Final = 1.2  # lips are planned a piece at a time: the longer, the smoother


def whole_pictures(
    chunks: Iterable[NDArray[np.float32]], first_s: float = FIRST_PIECE_S, later_s: float = LATER_PIECE_S
) -> Iterator[tuple[NDArray[np.float32], bool]]:
    """Chunks of any size at 24 kHz -> (piece (samples,), is it the last), each but the last a whole number of 40 ms."""
    held = np.zeros(0, np.float32)
    wanted = first_s
    for chunk in chunks:
        held = np.concatenate([held, chunk])
        # One picture stays behind, so that the last piece is never empty.
        while len(held) >= wanted * VOICE_RATE_HZ + PICTURE_SAMPLES:
            size = (len(held) // PICTURE_SAMPLES - 1) * PICTURE_SAMPLES
            yield held[:size], False
            held, wanted = held[size:], later_s
    if len(held):
        yield held, True


class ToldText:
    """Which words of a sentence each piece of its sound holds, words being spread evenly over the sound."""

    def __init__(self, text: str, duration_s: float) -> None:
        """`duration_s` of the whole, or a guess of it."""
        self._chinese = language_of(text) == "zh"
        self._units = list(text) if self._chinese else text.split()
        self._per_s = len(self._units) / max(duration_s, 0.1)
        self._told, self._told_s = 0, 0.0

    def next(self, piece_s: float, last: bool) -> str:
        """The words of the next `piece_s` seconds; the last piece takes what is left."""
        self._told_s += piece_s
        until = len(self._units) if last else min(round(self._told_s * self._per_s), len(self._units))
        words = self._units[self._told : until]
        self._told = until
        return ("" if self._chinese else " ").join(words)
