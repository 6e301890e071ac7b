"""One desk where the frames of all conversations of a process are drawn: what waits together is drawn together.

A GPU draws thirty frames in hardly more time than one. Every session hands in its few frames and waits; the desk takes all that
has come meanwhile as one batch. No timer: the batch grows by itself while the one before is drawn.
"""

import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from tiangong.core.face_mesh import LANDMARKS
from tiangong.core.media import AudioChunk, FaceMotion
from tiangong.rendering.face_frame import SIZE_PX
from tiangong.rendering.generator import Generator
from tiangong.rendering.torch_avatar import TorchAvatar
from tiangong.rendering.torch_sketch import draw_batch
from tiangong.rendering.warp import WarpFace

MOST_FRAMES: Final = 64  # in one batch: beyond, each waits longer than the batch gains

Pictures = NDArray[np.uint8]


@dataclass(frozen=True)
class _Order:
    avatar: TorchAvatar
    generator: Generator
    motion: FaceMotion
    drawn: "Future[Pictures]"


class DrawingDesk:
    """Draws in a thread of its own; `draw` may be called from any number of others."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.largest_batch = 0  # frames, so far
        self._orders: queue.SimpleQueue[_Order] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="drawing-desk", daemon=True).start()

    def draw(self, avatar: TorchAvatar, generator: Generator, motion: FaceMotion) -> Pictures:
        """(frames, 512, 512, 3) RGB; waits for its turn. Raises what the drawing raised."""
        order = _Order(avatar, generator, motion, Future())
        self._orders.put(order)
        return order.drawn.result()

    def _work(self) -> None:
        while True:
            orders = [self._orders.get()]
            while sum(len(order.motion) for order in orders) < MOST_FRAMES and not self._orders.empty():
                orders.append(self._orders.get())
            try:
                pictures = self._batch(orders)
            except (RuntimeError, ValueError) as error:  # the device's own: out of memory, a driver that was reset
                for order in orders:
                    order.drawn.set_exception(error)
                continue
            at = 0
            for order in orders:
                order.drawn.set_result(pictures[at : at + len(order.motion)])
                at += len(order.motion)

    def _batch(self, orders: Sequence[_Order]) -> Pictures:
        avatars = [order.avatar for order in orders for _ in range(len(order.motion))]
        generators = [order.generator for order in orders for _ in range(len(order.motion))]
        self.largest_batch = max(self.largest_batch, len(avatars))
        expression, head = (
            self._sent(np.concatenate([getattr(order.motion, part) for order in orders]))
            for part in ("expression", "head_rad")
        )
        beyond = None
        if any(order.motion.beyond is not None for order in orders):
            beyond = self._sent(np.concatenate([_beyond(order.motion) for order in orders]))
        return draw_batch(avatars, generators, expression, head, beyond).cpu().numpy()

    def _sent(self, values: NDArray[np.float32]) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(values, np.float32)).to(self.device)


def _beyond(motion: FaceMotion) -> NDArray[np.float32]:
    return motion.beyond if motion.beyond is not None else np.zeros((len(motion), LANDMARKS, 2), np.float32)


@lru_cache(maxsize=4)
def desk_of(device: str) -> DrawingDesk:
    """The one desk of this process for a device."""
    return DrawingDesk(torch.device(device))


@dataclass(eq=False)
class DeskFace:
    """A face that is drawn at the desk."""

    warp_face: WarpFace
    avatar: TorchAvatar
    generator: Generator
    desk: DrawingDesk
    height_px: int = SIZE_PX
    width_px: int = SIZE_PX
    needs_sound: bool = False

    def draw(self, motion: FaceMotion, sound: AudioChunk | None = None) -> Pictures:
        """(frames, 512, 512, 3) RGB."""
        return self.desk.draw(self.avatar, self.generator, motion)


def desk_face(face: WarpFace, generator: Generator, device: str) -> DeskFace:
    """`generator` is moved to the device."""
    ready = generator.eval().requires_grad_(False).to(device)
    return DeskFace(face, TorchAvatar.of(face, device), ready, desk_of(device))
