"""Words while somebody still speaks, from a recogniser that reads whole stretches: the growing sound is read again and again."""

import time
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.perception.local_agreement import LocalAgreement, joined
from tiangong.perception.protocol import HEARING_RATE_HZ

STEP_S: Final = 0.8  # of new sound between two readings: two or three words
# A turn ends no sooner than 0.35 s after its last sound: a reading begun in speech holds that moment up by 0.15 s at worst.
MOST_IN_SPEECH_S: Final = 0.5
MOST_IN_PAUSE_S: Final = 0.1  # and one begun in a pause by this
_HOPE: Final = 0.9  # for each utterance: a machine that was 3 times too slow is tried again after ten
_SPEAKING: Final = 0.2  # of the loudest sound so far (-14 dB): softer is a pause
_TAIL_SAMPLES: Final = round(0.1 * HEARING_RATE_HZ)
_LONGEST_SAMPLES: Final = 24 * HEARING_RATE_HZ  # the network takes 30 s, and needs some silence after the last word
_SEEK_SAMPLES: Final = 8 * HEARING_RATE_HZ  # how far back a longer stretch may be cut, at its softest place

Read = Callable[[NDArray[np.float32]], str]  # (samples,) at 16 kHz -> words, "" where there are none


class Pace:
    """When there is time for a reading, by what the last ones took. All utterances of an engine share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._takes_s = 0.0  # expected of the next one
        self._free_s = 0.0  # clock time from which on one may begin

    def allows(self, new_s: float, speaking: bool) -> bool:
        """Whether a reading may begin, with `new_s` of sound since the last one; `speaking`: no pause just now."""
        soon_done = self._takes_s <= (MOST_IN_SPEECH_S if speaking else MOST_IN_PAUSE_S)
        return soon_done and new_s >= max(STEP_S, 2 * self._takes_s) and self._clock() >= self._free_s

    def measured(self, read: Callable[[], str]) -> str:
        """Make a reading and note how long it took."""
        began_s = self._clock()
        text = read()
        ended_s = self._clock()
        took_s = ended_s - began_s
        self._takes_s = took_s if not self._takes_s else (self._takes_s + took_s) / 2
        # Of all callers together: half the time stays free for whole utterances, which wait in the same queue.
        self._free_s = ended_s + took_s
        return text

    def next_utterance(self) -> None:
        self._takes_s *= _HOPE


class LiveReading:
    """One growing utterance."""

    def __init__(self, read: Read, pace: Pace) -> None:
        self.text = ""  # words that two readings in a row agree on
        self._read = read
        self._pace = pace
        self._parts: list[NDArray[np.float32]] = []
        self._unread = 0  # samples since the last reading
        self._loudest = 0.0  # root mean square of a part
        self._cut = 0  # samples before this place are read for good, as `_settled`
        self._settled = ""
        self._agreement = LocalAgreement()
        pace.next_utterance()

    @property
    def sound(self) -> NDArray[np.float32]:
        """(samples,) all of it."""
        return np.concatenate(self._parts) if self._parts else np.zeros(0, np.float32)

    def push(self, pcm: NDArray[np.float32]) -> str:
        """Take (samples,) at 16 kHz; the words so far."""
        self._parts.append(pcm)
        self._unread += len(pcm)
        self._loudest = max(self._loudest, _level(pcm))
        # Sound that comes in whole is a file's: nobody waits for its first words.
        live = len(pcm) < STEP_S * HEARING_RATE_HZ
        if live and self._pace.allows(self._unread / HEARING_RATE_HZ, self._speaking()):
            self._read_again()
        return self.text

    def _speaking(self) -> bool:
        tail: list[NDArray[np.float32]] = []
        missing = _TAIL_SAMPLES
        for part in reversed(self._parts):
            tail.append(part[-missing:])
            missing -= len(part)
            if missing <= 0:
                break
        return _level(np.concatenate(tail)) >= _SPEAKING * self._loudest

    def _read_again(self) -> None:
        sound = self.sound[self._cut :]
        if len(sound) < _LONGEST_SAMPLES:
            self._agreement.push(self._pace.measured(lambda: self._read(sound)))
            self._unread = 0
        else:
            cut = _softest(sound)
            read = self._pace.measured(lambda: self._read(sound[:cut]))
            self._settled = joined(self._settled, read or self._agreement.text)
            self._cut += cut
            self._unread = len(sound) - cut
            self._agreement = LocalAgreement()
        self.text = joined(self._settled, self._agreement.text)


def _level(pcm: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(np.square(pcm)))) if len(pcm) else 0.0


def _softest(sound: NDArray[np.float32]) -> int:
    """The sample in the middle of the softest 0.1 s near the end."""
    frames = sound[-_SEEK_SAMPLES:].reshape(-1, _TAIL_SAMPLES)
    softest = int(np.argmin(np.square(frames).mean(axis=1)))
    return len(sound) - _SEEK_SAMPLES + softest * _TAIL_SAMPLES + _TAIL_SAMPLES // 2
