"""Blend shapes that a small network reads from the landmarks better than geometry does.

Linear part and one hidden layer on the principal components of a face turned to the front, taught by MediaPipe's Face
Landmarker on faces whose rights are clear (scripts/train_face_regressor; weights/face_regressor.md). It reads only the
shapes at which it beat the geometry on people it had not seen; docs/camera_motion.md has the table. Teacher and network
call no face quite still (a resting eye "squints" by a third), so the rest is taken off, as geometry does: what the
avatar repeats is change.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.errors import BundleError
from tiangong.core.face import ARKIT_BLEND_SHAPES, BLEND_SHAPE_INDEX
from tiangong.perception.blend_shapes import RunningRest

Row = NDArray[np.float32]
WEIGHTS: Final = Path(__file__).parent / "weights" / "face_regressor.safetensors"
# The points of the mesh at which mimic shows: eyes with their irises, brows, nose, lips, chin, outline.
MARKS: Final = np.array(
    [0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80, 81, 82,
     84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157,
     158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263, 267, 269, 270,
     271, 272, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318, 321, 323, 324,
     332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386, 387, 388, 389, 390,
     397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473, 474, 475, 476, 477], np.intp
)  # fmt: skip
_PAIRED: Final = "mouthSmile mouthFrown mouthLowerDown browDown eyeSquint eyeWide eyeLookUp eyeLookDown".split()
LEARNED: Final = tuple(
    name
    for name in ARKIT_BLEND_SHAPES
    if name in {"mouthClose", "mouthFunnel", "mouthPucker", "mouthRollUpper", "browInnerUp"}
    or name.removesuffix("Left").removesuffix("Right") in _PAIRED
)
_ROWS: Final = np.array([BLEND_SHAPE_INDEX[name] for name in LEARNED], np.intp)
REST_QUANTILE: Final = 0.35  # a shape leaves its rest upwards
_TENSORS: Final = ("mean", "components", "linear", "hidden", "hidden_bias", "out", "out_bias", "rest", "spread")


@dataclass(frozen=True, eq=False)
class FaceRegressor:
    mean: Row  # (444,) of the marks of all faces in training
    components: Row  # (444, 40) onto whitened principal components
    linear: Row  # (40, 21)
    hidden: Row  # (40, units)
    hidden_bias: Row  # (units,)
    out: Row  # (units, 21)
    out_bias: Row  # (21,)
    rest: Row  # (21,) what it reads on neutral faces
    spread: Row  # (21,) and how much these differ

    def read(self, points: Row) -> Row:
        """(478, 3) of a face turned to the front (head_pose) -> (21,) in [0, 1], order of LEARNED, rest included."""
        x = (points[MARKS].ravel() - self.mean) @ self.components
        y = x @ self.linear + np.tanh(x @ self.hidden + self.hidden_bias) @ self.out + self.out_bias
        return (1 / (1 + np.exp(-y))).astype(np.float32)


@lru_cache(maxsize=1)
def face_regressor(path: Path = WEIGHTS) -> FaceRegressor | None:
    """The shipped network; None where its weights are missing. Raises BundleError for a damaged file."""
    if not path.exists():
        return None
    from safetensors import SafetensorError  # late: without weights it is not needed
    from safetensors.numpy import load_file

    try:
        box = load_file(path)
        return FaceRegressor(*(box[name] for name in _TENSORS))
    except (OSError, SafetensorError, KeyError) as error:
        mend = "install tiangong again, or train it with `python -m scripts.train_face_regressor`"
        raise BundleError(f"{path.name} cannot be read ({error}): {mend}") from error


class LearnedShapes:
    """The network's reading of one face, whose rest it learns while it is seen."""

    def __init__(self, regressor: FaceRegressor | None = None) -> None:
        self._net = regressor or face_regressor()
        self._rest = RunningRest(self._net.rest, self._net.spread, REST_QUANTILE) if self._net else None

    def stranger(self, geometric: Row, points: Row) -> Row:
        """(52,) by geometry, and the points (478, 3) -> (52,), what is learned put in its place."""
        return geometric if self._net is None else _replaced(geometric, self._net.read(points), self._net.rest)

    def follow(self, geometric: Row, points: Row, elapsed_s: float) -> Row:
        """The same for a face that is followed, `elapsed_s` after the last picture."""
        if self._net is None or self._rest is None:
            return geometric
        read = self._net.read(points)
        return _replaced(geometric, read, self._rest.learn(read, elapsed_s))


def _replaced(geometric: Row, read: Row, rest: Row) -> Row:
    shapes = geometric.copy()
    shapes[_ROWS] = np.clip((read - rest) / (1 - rest), 0.0, 1.0)
    return shapes
