"""The generator at work: regions of sketches in, regions of pictures out.

On a processor ONNX Runtime draws (as fast as PyTorch here, and a tenth of its memory); on CUDA see torch_sketch.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from tiangong.core.errors import BundleError
from tiangong.rendering.face_frame import Floats, Picture
from tiangong.rendering.region import CHANNELS, COLUMNS, ROWS

GENERATOR: Final = "generator.safetensors"
GENERATOR_ONNX: Final = "generator.onnx"
BASE: Final = Path(__file__).parent / "weights" / "base"  # the generator that serves every photo


@dataclass(frozen=True)
class Painter:
    """One generator, ready; threads may share it."""

    session: Any  # onnxruntime.InferenceSession

    def change(self, colours: Picture, masks: Picture) -> Floats:
        """Both (224, 176, 3), 0 to 255 -> (224, 176, 3) by how much the generator changes each colour, of 255."""
        given = np.empty((1, CHANNELS, ROWS, COLUMNS), np.float32)
        for plane, values in zip(given[0], (*cv2.split(colours), *cv2.split(masks)), strict=True):
            np.multiply(values, np.float32(1 / 255), out=plane)
        shown = given[0, :3]
        shown *= 2
        shown -= 1
        drawn = self.session.run(None, {"sketch": given})[0][0]
        drawn -= shown
        drawn *= 127.5
        return np.asarray(cv2.merge(list(drawn)), np.float32)


def open_painter(folder: Path) -> Painter:
    """The avatar's own generator, or the shipped base where it has none. Raises BundleError for a damaged file."""
    own = folder / GENERATOR_ONNX
    path = own if own.exists() else BASE / GENERATOR_ONNX
    stamp = path.stat()
    return _painter(path, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=64)
def _painter(path: Path, changed_ns: int, size: int) -> Painter:
    """Avatars that use the same file share it; a file that was changed is read anew."""
    import onnxruntime as ort  # late: other renderers need it not
    from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, InvalidGraph, InvalidProtobuf

    options = ort.SessionOptions()
    # One thread: the next sketch has the other core, and a third thread would only push the call's loop aside.
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = ort.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    except (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf) as error:
        raise BundleError(f"{path.name}: damaged ({str(error).splitlines()[0]}); create the avatar again") from error
    found = [(i.name, i.shape[1:]) for i in session.get_inputs()]
    if found != [("sketch", [CHANNELS, ROWS, COLUMNS])]:
        raise BundleError(f"{path.name}: belongs to another Tiangong (its input is {found}); create the avatar again")
    return Painter(session)
