"""Sound whose phones nobody knows (a neural voice, a recording) -> how the mouth moves.

A small network of our own, trained on synthesized speech (`scripts/train_sound_motion`; figures and limits in
`weights/sound_motion.md`), gives the same curves that coarticulation gives for known phones.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.errors import BundleError
from tiangong.core.media import AudioChunk
from tiangong.core.sound import StreamResampler
from tiangong.rendering.mel import MEL_HOP, MEL_RATE_HZ, MelStream
from tiangong.rendering.sound_motion_net import MELS_A_STEP, STEP_S, Levels, NetStream, could_be_speech, shapes

Floats = NDArray[np.float32]
SOUND_MOTION_WEIGHTS: Final = Path(__file__).parent / "weights" / "sound_motion.safetensors"
CURVES: Final = 6
# A row is known once this much sound after its own time was heard: lips move before they are heard, and a closure is
# recognized by its release.
LOOKAHEAD_STEPS: Final = 4
LOOKAHEAD_S: Final = LOOKAHEAD_STEPS * STEP_S  # 80 ms
_STEP: Final = MELS_A_STEP * MEL_HOP  # samples
# Of lips, teeth and rest: what the network says under the first number is no contact, over the second a whole one. Of the
# steps without p, b, m in training clips 1 in 40 is over lips' second number: a higher one misses closures, a lower one
# shuts open mouths. Rest is believed early: a mouth that stays open in silence is seen at once.
_SURELY_APART: Final = np.array([0.55, 0.40, 0.15], np.float32)
_SURELY_TOUCHING: Final = np.array([0.80, 0.70, 0.45], np.float32)
# No mouth may open in silence, whatever a network says: for 120 ms up to a row and 80 ms after it.
_SILENT_STEPS: Final = 10


@dataclass(frozen=True)
class MouthTrack:
    """What the mouth does, one row for each time asked for."""

    curves: Floats  # (times, 6) jaw, lower, upper, spread, funnel, pucker, as `mouth_curves`
    lips: Floats  # (times,) 0 apart to 1 touching, pauses included
    teeth: Floats  # (times,) 1: lower lip under the upper teeth
    resting: Floats  # (times,) 1: nobody speaks


class SoundMotion:
    """The network's weights; shared by sessions and threads, since a stream keeps its own state."""

    def __init__(self, weights: Path = SOUND_MOTION_WEIGHTS) -> None:
        """Raises BundleError where the file is missing, damaged or not of this network."""
        self._weights = _read(weights)

    def stream(self, rate_hz: int) -> "SoundMotionStream":
        return SoundMotionStream(NetStream(self._weights), rate_hz)

    def track(self, sound: AudioChunk, times_s: NDArray[np.float64]) -> MouthTrack:
        """The mouth at these seconds from the start of `sound`; about 4 ms for 3 s on one core."""
        stream = self.stream(sound.rate_hz)
        rows = np.concatenate([stream.push(sound.pcm), stream.finish()])
        if not len(rows):
            rows = np.array([[0.0] * CURVES + [1.0, 0.0, 1.0]], np.float32)
        at_s = np.arange(len(rows)) * STEP_S
        asked = np.stack([np.interp(times_s, at_s, column) for column in rows.T], axis=1).astype(np.float32)
        lips, teeth, resting = asked[:, CURVES:].T
        return MouthTrack(asked[:, :CURVES], np.maximum(lips, resting), teeth, resting)


class SoundMotionStream:
    """One stretch of sound, as it comes: rows are the same to 1e-5 however it is cut."""

    def __init__(self, net: NetStream, rate_hz: int) -> None:
        self._resampler = StreamResampler(rate_hz, MEL_RATE_HZ)
        self._mel, self._levels, self._net = MelStream(), Levels(), net
        self._waiting = np.zeros(0, np.float32)  # less than one step of sound at 16 kHz
        self._heard = 0  # samples at 16 kHz
        self._steps = 0
        self._spoke = np.zeros(_SILENT_STEPS - 1, np.bool_)  # whether each of the last steps was loud enough for speech

    def push(self, pcm: Floats) -> Floats:
        """(samples,) more -> (rows, 9): the six curves, then lips (of p, b, m), teeth and resting, each 0 to 1.

        Row i stands for the time i * 20 ms and comes 80 ms later; where the rate is not 16 kHz, the resampler's few
        milliseconds come on top.
        """
        return self._advance(self._resampler.push(pcm))

    def finish(self) -> Floats:
        """(rows, 9): those still due, silence taken to follow. Nothing may be pushed afterwards."""
        last = self._resampler.push(np.zeros(0, np.float32), last=True)
        missing = -(self._heard + len(last)) % _STEP  # the last step is filled up
        return self._advance(np.concatenate([last, np.zeros(missing + _STEP * LOOKAHEAD_STEPS, np.float32)]))

    def _advance(self, pcm: Floats) -> Floats:
        self._heard += len(pcm)
        sound = np.concatenate([self._waiting, pcm])
        whole = len(sound) // _STEP * _STEP
        self._waiting = sound[whole:]
        heard = self._levels.push(self._mel.push(sound[:whole]))
        rows = mouth_rows(self._net.push(heard))
        rows[self._in_silence(heard), -1] = 1
        early = max(0, LOOKAHEAD_STEPS - 1 - self._steps)  # rows of times before the sound began
        self._steps += len(rows)
        return rows[early:]

    def _in_silence(self, heard: Floats) -> NDArray[np.bool_]:
        """(steps, 82) -> (steps,) whether nothing that could be speech was heard for 200 ms."""
        spoke = np.concatenate([self._spoke, could_be_speech(heard)])
        self._spoke = spoke[len(heard) :]
        if not len(heard):
            return np.zeros(0, np.bool_)
        return ~np.lib.stride_tricks.sliding_window_view(spoke, _SILENT_STEPS).any(1)


def mouth_rows(out: Floats) -> Floats:
    """(rows, 9) as the network gives them -> curves of at least 0, and contacts from 0 to 1."""
    chance = 1 / (1 + np.exp(-np.clip(out[:, CURVES:], -30, 30)))
    contacts = np.clip((chance - _SURELY_APART) / (_SURELY_TOUCHING - _SURELY_APART), 0, 1)
    return np.concatenate([np.clip(out[:, :CURVES], 0, 1), contacts], axis=1).astype(np.float32)


@lru_cache(maxsize=1)
def sound_motion() -> SoundMotion:
    """The shipped network, read at the first call. Raises BundleError where its file is damaged."""
    return SoundMotion()


def _read(file: Path) -> dict[str, Floats]:
    from safetensors import SafetensorError  # late: most sentences come with their phones
    from safetensors.numpy import load_file

    mend = "install tiangong again, or train it with `python -m scripts.train_sound_motion`"
    try:
        stored = load_file(file)
    except (OSError, SafetensorError) as error:
        raise BundleError(f"{file.name} cannot be read ({str(error).splitlines()[0]}): {mend}") from error
    if {name: array.shape for name, array in stored.items()} != shapes():
        raise BundleError(f"{file.name} does not hold the weights of this network: {mend}")
    weights = {name: array.astype(np.float32) for name, array in stored.items()}
    if not all(np.isfinite(array).all() for array in weights.values()):
        raise BundleError(f"{file.name} holds numbers that are not finite: {mend}")
    return weights
