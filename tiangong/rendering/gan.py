"""The face renderer "gan": a sketch of the face, and a generator that makes a picture of it.

The sketch is the portrait bent to the wanted motion (warp), with mouth and lids painted in. The generator draws the region
between brows and chin anew (painting): what a photo cannot show, and for an avatar made from a video, how this person's
mouth and eyes look in motion. Only what it changes is laid over the sketch, fading to nothing at the region's edge, so
that there is no seam and the picture around it stands as still as the sketch.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tiangong.core.config import Settings
from tiangong.core.media import AudioChunk, FaceMotion
from tiangong.rendering.face_frame import SIZE_PX, Floats, Picture
from tiangong.rendering.painting import BASE, GENERATOR, Painter, open_painter
from tiangong.rendering.protocol import Face
from tiangong.rendering.region import COLUMNS, ROWS, Placement, masks, place, rest_marks, seam
from tiangong.rendering.warp import WarpFace, WarpRenderer

NVIDIA_SIGNS: Final = ("/dev/nvidiactl", "/dev/dxg", "C:/Windows/System32/nvcuda.dll")
AHEAD: Final = 2  # sketches that are drawn while the generator paints the one before


@dataclass(frozen=True)
class _Sketched:
    placed: Placement
    colours: Picture  # (224, 176, 3) of the sketch
    masks: Picture  # (224, 176, 3)


@dataclass(eq=False)
class GanFace:
    """A portrait that can be drawn moving; nothing in it is changed after opening, so threads may share it."""

    warp_face: WarpFace
    painter: Painter
    height_px: int = SIZE_PX
    width_px: int = SIZE_PX
    needs_sound: bool = False

    @cached_property
    def _rest(self) -> Floats:
        return rest_marks(self.warp_face.warp.frame.landmarks)

    @cached_property
    def _seam(self) -> Floats:
        return seam()

    @cached_property
    def _hand(self) -> ThreadPoolExecutor:
        # OpenCV and ONNX Runtime both let go of the interpreter lock: sketching and painting share two cores.
        return ThreadPoolExecutor(1, thread_name_prefix="sketch")

    def draw(self, motion: FaceMotion, sound: AudioChunk | None = None) -> NDArray[np.uint8]:
        """(frames, 512, 512, 3) RGB."""
        frames = np.empty((len(motion), SIZE_PX, SIZE_PX, 3), np.uint8)
        for canvas, sketched in zip(frames, self._sketches(motion, frames), strict=True):
            self._lay_over(canvas, sketched.placed, self.painter.change(sketched.colours, sketched.masks))
        return frames

    def _sketches(self, motion: FaceMotion, frames: NDArray[np.uint8]) -> Iterator[_Sketched]:
        """In order, drawn into `frames`; a few ahead of the one that is being painted."""
        if len(motion) == 1:
            yield self._sketch(motion, frames, 0)
            return
        waiting: list[Future[_Sketched]] = []
        for i in range(len(motion)):
            waiting.append(self._hand.submit(self._sketch, motion, frames, i))
            if len(waiting) > AHEAD:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()

    def _sketch(self, motion: FaceMotion, frames: NDArray[np.uint8], i: int) -> _Sketched:
        marks = self.warp_face.draw_into(frames[i], motion, i)
        placed = place(self._rest, marks)
        return _Sketched(placed, placed.cut(frames[i]), masks(placed.marks(marks)))

    def _lay_over(self, canvas: Picture, placement: Placement, change: Floats) -> None:
        """Add what the generator changed, in place."""
        change *= self._seam
        corners = np.array([(0, 0), (COLUMNS, 0), (0, ROWS), (COLUMNS, ROWS)], np.float32)
        placed = placement.to_picture
        reach = corners @ placed[:, :2].T + placed[:, 2]
        low = np.clip(np.floor(reach.min(0)), 0, SIZE_PX).astype(int)
        high = np.clip(np.ceil(reach.max(0)) + 1, 0, SIZE_PX).astype(int)
        if (high <= low).any():  # the head has left the picture
            return
        shifted = placed.copy()
        shifted[:, 2] -= low
        size = (int(high[0] - low[0]), int(high[1] - low[1]))
        laid = cv2.warpAffine(change, shifted, size, flags=cv2.INTER_LINEAR)
        part = canvas[low[1] : high[1], low[0] : high[0]]
        part[:] = cv2.add(part, laid, dtype=cv2.CV_8U)


class GanRenderer:
    """Opens the portrait of an avatar folder, and its generator."""

    name = "gan"
    embedded = True

    def __init__(self, device: str = "cpu") -> None:
        """`device`: "cpu", or "cuda" for frames of all conversations drawn in batches."""
        self._device = device

    @classmethod
    def from_settings(cls, settings: Settings) -> "GanRenderer":
        return cls("cuda" if settings.profile != "embedded" and _has_cuda() else "cpu")

    def open(self, folder: Path) -> Face:
        """Read `portrait.png`, `motion.npz` and the generator; a folder without one is drawn by the shipped base.

        Raises MediaError for a portrait without exactly one face, BundleError for damaged files.
        """
        face = WarpRenderer().open(folder)
        if self._device == "cpu":
            return GanFace(face, open_painter(folder))
        from tiangong.rendering.torch_desk import desk_face  # late: PyTorch takes two seconds
        from tiangong.rendering.weights_io import load_generator

        own = folder / GENERATOR
        return desk_face(face, load_generator(own if own.exists() else BASE / GENERATOR), self._device)


def _has_cuda() -> bool:
    """Whether PyTorch finds a CUDA device; it is not asked on machines without NVIDIA's driver, which saves two seconds."""
    if not any(Path(sign).exists() for sign in NVIDIA_SIGNS):
        return False
    import torch

    return torch.cuda.is_available()
