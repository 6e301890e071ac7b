"""Any face emotion classifier in ONNX, from a folder with its labels beside it.

`NAME.onnx` takes one picture (1, channels, height, width) or (1, height, width, channels), grey or RGB, of a fixed size, and gives
one score for each line of `labels.txt`. Names are those of the field's sets ("happiness", "Happy", "joy"); classes that we
do not have ("contempt") are left out and the rest brought to sum to 1. Pixels: a third file `range.txt` says "0 255", "0 1" or "-1 1"
(0 to 1 where it is missing). A face is cut out a fifth wider than its landmarks and turned upright.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tiangong.core.config import Settings
from tiangong.core.errors import ConfigError
from tiangong.core.face import EMOTIONS, EmotionLabel
from tiangong.perception.head_pose import PosedFace

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Row = NDArray[np.float32]
_SETTING: Final = "seeing.emotion"
NAMES: Final[dict[str, EmotionLabel]] = {
    **{name: name for name in EMOTIONS},
    "happiness": "happy", "joy": "happy", "smile": "happy", "sadness": "sad", "anger": "angry", "fear": "fearful",
    "scared": "fearful", "disgust": "disgusted", "surprise": "surprised", "neutrality": "neutral", "calm": "neutral",
}  # fmt: skip
_RANGES: Final = {"0 255": (1.0, 0.0), "0 1": (1 / 255, 0.0), "-1 1": (2 / 255, -1.0)}  # scale, shift
_WIDER: Final = 1.2


class OnnxEmotion:
    """The engine; one session of ONNX Runtime, which threads may share."""

    name = "onnx"
    embedded = False

    def __init__(self, folder: Path) -> None:
        """Raises ConfigError for a folder without a classifier that fits its labels."""
        complaint = _complaint(folder)
        if complaint:
            raise ConfigError(complaint)
        self._columns = _columns(folder)
        self._scale, self._shift = _pixels(folder)
        self._session = _open(_model(folder))
        self._layout = _Layout.of(self._session, folder)
        scores = self._run(np.zeros((8, 8, 3), np.uint8)).shape[-1]
        if scores != len(_labels(folder)):
            raise ConfigError(f"{folder}: the model gives {scores} scores and labels.txt names {len(_labels(folder))}")

    @classmethod
    def unavailable(cls, settings: Settings) -> str | None:
        if settings.seeing.emotion is None:
            return f"setting '{_SETTING}' names no folder of a classifier"
        if not find_spec("onnxruntime"):
            return "the package 'onnxruntime' is not installed"
        return _complaint(settings.seeing.emotion)

    @classmethod
    def from_settings(cls, settings: Settings) -> "OnnxEmotion":
        if settings.seeing.emotion is None:
            raise ConfigError(f"setting '{_SETTING}' names no folder of a classifier")
        return cls(settings.seeing.emotion)

    def read(self, image: NDArray[np.uint8], face: PosedFace, landmarks: Row, measures: Row, rest: Row) -> Row:
        """See `FeelingReader`; the picture alone is looked at."""
        scores = self._run(_cut_out(image, landmarks, float(face.head_rad[2])))
        scores = scores - scores.max() if scores.min() < 0 or scores.sum() > 1.01 else np.log(scores + 1e-9)
        weights = np.exp(scores)
        ours = np.zeros(len(EMOTIONS), np.float32)
        for column, label in self._columns:
            ours[EMOTIONS.index(label)] += weights[column]
        return (ours / max(float(ours.sum()), 1e-9)).astype(np.float32)

    def _run(self, picture: NDArray[np.uint8]) -> Row:
        row = self._layout.fit(picture) * np.float32(self._scale) + np.float32(self._shift)
        found: Any = self._session.run(None, {self._layout.name: row.astype(np.float32)})[0]
        return np.asarray(found, np.float32).reshape(-1)


class _Layout:
    """What the model's input looks like."""

    def __init__(self, name: str, size: tuple[int, int], channels: int, channels_first: bool) -> None:
        self.name, self._size, self._channels, self._first = name, size, channels, channels_first

    @classmethod
    def of(cls, session: "InferenceSession", folder: Path) -> "_Layout":
        shape = session.get_inputs()[0].shape
        fixed = [n if isinstance(n, int) else None for n in shape]
        if len(fixed) != 4 or None in fixed[1:] or not {1, 3} & {fixed[1], fixed[3]}:
            raise ConfigError(
                f"{folder}: the model wants {shape}, not one picture of a fixed size with 1 or 3 channels"
            )
        first = fixed[1] in (1, 3)
        height, width = (fixed[2], fixed[3]) if first else (fixed[1], fixed[2])
        return cls(
            session.get_inputs()[0].name, (int(width or 0), int(height or 0)), int(fixed[1 if first else 3] or 0), first
        )

    def fit(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(height, width, 3) RGB -> what the model takes, in 0 to 255."""
        small = cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA)
        if self._channels == 1:
            small = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)[..., None]
        rows = np.asarray(small, np.float32)
        return rows.transpose(2, 0, 1)[None] if self._first else rows[None]


def _cut_out(image: NDArray[np.uint8], landmarks: Row, roll_rad: float) -> NDArray[np.uint8]:
    """The face upright in a square, a fifth wider than its landmarks; black where the picture ends."""
    low, high = landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)
    side = max(2, round(float((high - low).max()) * _WIDER))
    middle = (low + high) / 2
    turn = cv2.getRotationMatrix2D((float(middle[0]), float(middle[1])), float(np.degrees(roll_rad)), 1.0)
    turn[:, 2] += side / 2 - middle
    return np.asarray(cv2.warpAffine(image, turn, (side, side)), np.uint8)


def _open(model: Path) -> "InferenceSession":
    import onnxruntime as ort
    from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, InvalidGraph, InvalidProtobuf

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1  # the face and the voice need the other cores
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(model.read_bytes(), options, providers=["CPUExecutionProvider"])
    except (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf) as error:
        raise ConfigError(
            f"{model.name} cannot be read as an ONNX model ({str(error).splitlines()[0][:120]})"
        ) from error


def _model(folder: Path) -> Path:
    return sorted(folder.glob("*.onnx"))[0]


def _labels(folder: Path) -> list[str]:
    lines = (folder / "labels.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip()]


def _columns(folder: Path) -> list[tuple[int, EmotionLabel]]:
    """Which scores are feelings of ours."""
    return [(i, NAMES[name.lower()]) for i, name in enumerate(_labels(folder)) if name.lower() in NAMES]


def _pixels(folder: Path) -> tuple[float, float]:
    file = folder / "range.txt"
    return _RANGES[" ".join(file.read_text().split()) if file.exists() else "0 1"]


def _complaint(folder: Path) -> str | None:
    """What is wrong with the folder, found without loading the model."""
    if not folder.is_dir():
        return f"setting '{_SETTING}': no folder {folder}"
    if not any(folder.glob("*.onnx")):
        return f"setting '{_SETTING}': no .onnx file in {folder}"
    if not (folder / "labels.txt").is_file():
        return (
            f"setting '{_SETTING}': {folder} has no labels.txt (one class a line, in the order of the model's scores)"
        )
    if not _columns(folder):
        return f"setting '{_SETTING}': labels.txt names none of {', '.join(EMOTIONS)}"
    file = folder / "range.txt"
    if file.exists() and " ".join(file.read_text().split()) not in _RANGES:
        return f"setting '{_SETTING}': range.txt must be one of {', '.join(map(repr, _RANGES))}"
    return None
