"""A small causal network in plain numpy: what moves the mouth to a sound.

Temporal convolutions with growing dilation (van den Oord and others 2016; Bai, Kolter and Koltun 2018) over 20 ms steps;
each looks back only, so that a stream needs no more than the last few inputs of every layer. numpy, because torch's import
costs seconds and its calls more than these small products.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.rendering.mel import MEL_BANDS, MEL_HOP, MEL_RATE_HZ

Floats = NDArray[np.float32]
MELS_A_STEP: Final = 2
STEP_S: Final = MELS_A_STEP * MEL_HOP / MEL_RATE_HZ  # 20 ms
INPUTS: Final = MELS_A_STEP * MEL_BANDS + 2
OUTPUTS: Final = 9  # six curves of the mouth; lips (of p, b, m), teeth and rest as log-odds
TAPS: Final = 3
DILATIONS: Final = (1, 2, 4, 8, 16, 32, 1, 2)  # steps; together they see 2.6 s back
CHANNELS: Final = 96
_NORM_EPSILON: Final = 1e-5
_PEAK_FALLS_DB: Final = 4.0 * STEP_S  # a loud word is forgotten at 4 dB a second
_FLOOR_RISES_DB: Final = 3.0 * STEP_S
_LEAST_PEAK_DB: Final = -40.0  # sound that never gets louder is the noise of an idle line
_LOUDEST_DB: Final = 6.0
_DEEPEST_DB: Final = -66.0  # under the peak; what is quieter says nothing
_SCALE_DB: Final = 20.0
_QUIETEST_SPEECH_DB: Final = -32.0  # under the recent peak
_QUIETEST_SPEECH_DBFS: Final = -52.0


def shapes() -> dict[str, tuple[int, ...]]:
    """Name -> shape of every weight; matrices are (in, out)."""
    c = CHANNELS
    all_shapes: dict[str, tuple[int, ...]] = {"enter.weight": (INPUTS, c), "enter.bias": (c,)}
    for i in range(len(DILATIONS)):
        all_shapes |= {f"{i}.gain": (c,), f"{i}.shift": (c,), f"{i}.conv.weight": (TAPS * c, c), f"{i}.conv.bias": (c,)}
        all_shapes |= {f"{i}.mix.weight": (c, c), f"{i}.mix.bias": (c,)}
    return all_shapes | {"gain": (c,), "shift": (c,), "leave.weight": (c, OUTPUTS), "leave.bias": (OUTPUTS,)}


class Levels:
    """Mel spectra -> what the network takes in: each relative to the recent peak, with that peak and the noise floor.

    So a voice looks the same loud or soft, and the network still hears how loud it is and how far above the noise.
    """

    def __init__(self) -> None:
        self._peak_db, self._floor_db = _LEAST_PEAK_DB, _LOUDEST_DB

    def push(self, mel_db: Floats) -> Floats:
        """(2 steps, 40) dB -> (steps, 82)."""
        steps = len(mel_db) // MELS_A_STEP
        if not steps:
            return np.zeros((0, INPUTS), np.float32)
        pairs = mel_db.reshape(steps, INPUTS - 2)
        level_db = 10 * np.log10((10 ** (pairs / 10)).sum(1, dtype=np.float64) / MELS_A_STEP)
        ramp = np.arange(steps + 1)
        # "The largest so far, falling steadily" is a running maximum of level plus a ramp; likewise the floor.
        peak_db = np.maximum.accumulate(np.append(self._peak_db, level_db) + _PEAK_FALLS_DB * ramp)
        peak_db = np.maximum(peak_db - _PEAK_FALLS_DB * ramp, _LEAST_PEAK_DB)
        floor_db = np.minimum.accumulate(np.append(self._floor_db, level_db) - _FLOOR_RISES_DB * ramp)
        floor_db = np.minimum(floor_db + _FLOOR_RISES_DB * ramp, _LOUDEST_DB)
        self._peak_db, self._floor_db = float(peak_db[-1]), float(floor_db[-1])
        peak_db, floor_db = peak_db[1:, None], floor_db[1:, None]
        relative_db = np.concatenate([pairs - peak_db, floor_db - peak_db, peak_db - _LEAST_PEAK_DB], axis=1)
        return (np.maximum(relative_db, _DEEPEST_DB) / _SCALE_DB).astype(np.float32)


def could_be_speech(inputs: Floats) -> NDArray[np.bool_]:
    """(steps, 82) as `Levels` gives them -> (steps,) whether that step is loud enough."""
    relative_db = 10 * np.log10((10 ** (inputs[:, : INPUTS - 2] * (_SCALE_DB / 10))).sum(1) / MELS_A_STEP)
    level_dbfs = relative_db + inputs[:, -1] * _SCALE_DB + _LEAST_PEAK_DB
    return (relative_db > _QUIETEST_SPEECH_DB) & (level_dbfs > _QUIETEST_SPEECH_DBFS)


class NetStream:
    """One per stream: what each layer must remember of its input."""

    def __init__(self, weights: Mapping[str, Floats]) -> None:
        self._w = weights
        self._seen = [np.zeros(((TAPS - 1) * d, CHANNELS), np.float32) for d in DILATIONS]

    def push(self, inputs: Floats) -> Floats:
        """(steps, 82) -> (steps, 9)."""
        w, n = self._w, len(inputs)
        x = inputs @ w["enter.weight"] + w["enter.bias"]
        for i, dilation in enumerate(DILATIONS):
            known = np.concatenate([self._seen[i], _normed(x, w[f"{i}.gain"], w[f"{i}.shift"])])
            self._seen[i] = known[n:]
            taps = np.concatenate([known[k * dilation : k * dilation + n] for k in range(TAPS)], axis=1)
            hidden = np.maximum(taps @ w[f"{i}.conv.weight"] + w[f"{i}.conv.bias"], 0)
            x = x + (hidden @ w[f"{i}.mix.weight"] + w[f"{i}.mix.bias"])
        return _normed(x, w["gain"], w["shift"]) @ w["leave.weight"] + w["leave.bias"]


def _normed(x: Floats, gain: Floats, shift: Floats) -> Floats:
    """Layer normalization (Ba, Kiros and Hinton 2016) of each step by itself."""
    centred = x - x.mean(1, keepdims=True)
    spread = np.sqrt(np.square(centred).mean(1, keepdims=True) + np.float32(_NORM_EPSILON))
    return centred / spread * gain + shift
