"""What the generator learns from: sketches of a face, and the same moments as they were filmed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tiangong.core.media import FaceMotion
from tiangong.rendering.face_frame import Floats, Picture
from tiangong.rendering.follow import Follower
from tiangong.rendering.protocol import FPS
from tiangong.rendering.region import COLUMNS, ROWS, masks, place, rest_marks
from tiangong.rendering.warp import WarpFace


@dataclass(frozen=True)
class Pairs:
    """n moments of one person."""

    sketches: NDArray[np.uint8]  # (n, 224, 176, 6) colours and masks
    truths: NDArray[np.uint8]  # (n, 224, 176, 3)

    def __len__(self) -> int:
        return len(self.truths)

    def __getitem__(self, rows: slice) -> "Pairs":
        return Pairs(self.sketches[rows], self.truths[rows])


def joined(parts: Sequence[Pairs]) -> Pairs:
    return Pairs(np.concatenate([p.sketches for p in parts]), np.concatenate([p.truths for p in parts]))


def sketches_of(face: WarpFace, motion: FaceMotion) -> NDArray[np.uint8]:
    """(n, 224, 176, 6) the region of each frame as the portrait bent to the motion shows it, and its masks."""
    rest = rest_marks(face.warp.frame.landmarks)
    found = np.empty((len(motion), ROWS, COLUMNS, 6), np.uint8)
    for i in range(len(motion)):  # one by one: whole pictures of a long film would fill the memory
        drawn, marks = face.draw_and_mark(motion.at(slice(i, i + 1)))
        placed = place(rest, marks[0])
        found[i, ..., :3], found[i, ..., 3:] = placed.cut(drawn[0]), masks(placed.marks(marks[0]))
    return found


def filmed_pairs(face: WarpFace, follower: Follower, frames: Sequence[Picture], landmarks: Sequence[Floats]) -> Pairs:
    """Each frame of a film with the sketch that the portrait gives for its landmarks, (478, 3) px. Some 10 ms a frame."""
    rest = rest_marks(face.warp.frame.landmarks)
    truths = np.stack([place(rest, marks).cut(frame) for frame, marks in zip(frames, landmarks, strict=True)])
    return Pairs(sketches_of(face, follower.follow(landmarks, FPS)), truths)


def sketch_tensor(sketches: NDArray[np.uint8], device: torch.device) -> Tensor:
    """(n, 224, 176, 6) uint8 -> (n, 6, 224, 176): colours in [-1, 1], masks in [0, 1]."""
    raw = torch.from_numpy(sketches).to(device).permute(0, 3, 1, 2).float() / 255
    return torch.cat([raw[:, :3] * 2 - 1, raw[:, 3:]], dim=1).contiguous(memory_format=torch.channels_last)


def picture_tensor(pictures: NDArray[np.uint8], device: torch.device) -> Tensor:
    """(n, 224, 176, 3) uint8 -> (n, 3, 224, 176) in [-1, 1]."""
    raw = torch.from_numpy(pictures).to(device).permute(0, 3, 1, 2).float() / 127.5 - 1
    return raw.contiguous(memory_format=torch.channels_last)


def pictures(drawn: Tensor) -> NDArray[np.uint8]:
    """(n, 3, h, w) in [-1, 1] -> (n, h, w, 3) uint8."""
    scaled = ((drawn.detach().float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return scaled.permute(0, 2, 3, 1).contiguous().cpu().numpy()
