"""A face that never blinks is a picture of one: held before the camera, or a frozen video.

People blink ten to twenty times a minute, and no less than three times while they read a screen (Tsubota and Nakamori 1993).
"""

from collections import deque
from typing import Final

WATCHED_S: Final = 30.0
_BLINK: Final = 0.7  # of the widest opening: below, the lids were closing
_ENOUGH: Final = 60  # observations


class StillFace:
    """One face that is followed."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()

    def is_still(self, opening: float, at_s: float) -> bool:
        """Take in how far the eyes are open; True where they did not close for half a minute."""
        self._seen.append((at_s, opening))
        while at_s - self._seen[0][0] > WATCHED_S:
            self._seen.popleft()
        if at_s - self._seen[0][0] < WATCHED_S * 0.95 or len(self._seen) < _ENOUGH:
            return False
        openings = [opening for _, opening in self._seen]
        return min(openings) > _BLINK * max(openings)
