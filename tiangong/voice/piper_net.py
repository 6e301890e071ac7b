"""The net of a Piper voice: phoneme ids -> sound, and how long each id sounds.

A voice is a VITS (Kim et al. 2021, "Conditional Variational Autoencoder with Adversarial Learning for End-to-End
Text-to-Speech"): it rounds the predicted duration of each id up to whole frames, and repeats the id's features so often.
That rounding is the graph's one Ceil over ids, an inner value, which is here made an output of the copy in memory.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.errors import MediaError
from tiangong.core.sound import clean

_LONGEST_REASON_CHARS: Final = 120
_INPUTS: Final = {"input", "input_lengths", "scales"}


@dataclass(frozen=True)
class PiperScales:
    """How the net is to speak; the order is that of its input."""

    noise: float
    length: float  # < 1 is faster
    noise_w: float


@dataclass(frozen=True)
class PiperSound:
    """What came out."""

    pcm: NDArray[np.float32]  # (samples,) in [-1, 1]
    lengths: (
        NDArray[np.float64] | None
    )  # (ids,) samples that each id takes, in all len(pcm); None: the net does not tell


class PiperNet:
    """Shared between sessions and threads. Its noise is drawn inside the graph: no two runs are quite alike."""

    def __init__(self, file: Path, rate_hz: int) -> None:
        """Raises MediaError where `file` is no ONNX net with the interface of a Piper voice."""
        import onnxruntime as ort  # late: other voices need neither
        import onnxruntime.capi.onnxruntime_pybind11_state as errors
        from onnx import ModelProto, ValueInfoProto

        self._name, self._rate_hz = file.name, rate_hz
        self._errors = (
            errors.Fail, errors.InvalidArgument, errors.InvalidGraph, errors.InvalidProtobuf, errors.NotImplemented,
            errors.RuntimeException,
        )  # fmt: skip
        model = _parsed(file, ModelProto())
        told = {output.name for output in model.graph.output}
        rounded = [name for node in model.graph.node if node.op_type == "Ceil" for name in node.output]
        model.graph.output.extend(ValueInfoProto(name=name) for name in rounded if name not in told)
        options = ort.SessionOptions()
        options.log_severity_level = 3
        try:
            self._session: Any = ort.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except self._errors as error:
            raise MediaError(f"{file.name}: no ONNX voice that can be run ({_first_line(error)})") from error
        inputs = {given.name for given in self._session.get_inputs()}
        if not inputs >= _INPUTS:
            raise MediaError(f"{file.name}: not a Piper voice; its inputs are {', '.join(sorted(inputs))}")
        self._has_speakers = "sid" in inputs

    def run(self, ids: list[int], scales: PiperScales, speaker: int) -> PiperSound:
        """Sound of one utterance, at the voice's own rate. Raises MediaError where the net refuses the ids or the speaker."""
        given = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array([scales.noise, scales.length, scales.noise_w], np.float32),
        }
        if self._has_speakers:
            given["sid"] = np.array([speaker], np.int64)
        try:
            output, *others = self._session.run(None, given)
        except self._errors as error:
            raise MediaError(f"{self._name}: does not fit its configuration ({_first_line(error)})") from error
        pcm = clean(np.asarray(output, np.float32).reshape(-1), self._rate_hz).pcm
        return PiperSound(pcm, _lengths(others, len(ids), len(pcm)))


def _parsed(file: Path, model: Any) -> Any:
    from google.protobuf.message import DecodeError

    try:
        model.ParseFromString(file.read_bytes())
    except DecodeError as error:
        raise MediaError(f"{file.name}: damaged, or no ONNX file; download it again") from error
    except OSError as error:
        raise MediaError(f"{file.name}: cannot be read ({error.strerror})") from error
    return model


def _lengths(others: list[NDArray[np.float32]], ids: int, samples: int) -> NDArray[np.float64] | None:
    """The output that has a number for each id, scaled from frames to samples; a graph may round other things too."""
    for other in others:
        total = float(np.sum(other))
        if np.size(other) == ids and total > 0 and np.all(other >= 0):
            return np.asarray(other, np.float64).reshape(-1) * (samples / total)
    return None


def _first_line(error: BaseException) -> str:
    """ "[ONNXRuntimeError] : 2 : INVALID_ARGUMENT : No graph was found" -> "No graph was found", cut where it is long."""
    said = str(error).splitlines()[0] if str(error) else type(error).__name__
    return said.split(" : ")[-1][:_LONGEST_REASON_CHARS]
