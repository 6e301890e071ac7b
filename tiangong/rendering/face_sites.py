"""Places on a face, as the blend shapes see them: bells around landmarks, halves, distances from mouth and eyes."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tiangong.rendering.face_frame import FaceFrame, Floats, step
from tiangong.rendering.slits import Slit

LIP_ARCH = 0.72  # power of the parting profile: 1 is a lens, 0.5 an ellipse
LIPS_SEALED_FROM = 0.93  # of the way to the corners: from there on lips stay together
MIDLINE = 0.12  # half width of the blend between the face's halves, eye distances


@dataclass(frozen=True)
class Sites:
    """Points of the picture to be moved, leading shape (...), seen from one side of the cuts at mouth and eyes."""

    at: Floats  # (..., 3) face coordinates
    below: bool  # the side asked for: False what hangs on upper lip and upper lids, True what hangs on the lower ones
    mouth: Slit
    eyes: tuple[Slit, Slit]
    marks: Floats  # (478, 3) landmarks of the portrait, face coordinates

    @cached_property
    def across(self) -> Floats:
        """Along the mouth, -1 to 1 between its corners."""
        return self.mouth.across(self.at)

    @cached_property
    def off(self) -> Floats:
        """Below (+) or above (-) the lip line."""
        return self.mouth.off(self.at)

    @cached_property
    def parting(self) -> Floats:
        """1 at the middle of the lips, 0 at their corners and beyond."""
        return np.maximum(1 - (self.across / LIPS_SEALED_FROM) ** 2, 0) ** LIP_ARCH

    def bump(self, mark: int | tuple[int, ...], wide: float, up: float, down: float | None = None) -> Floats:
        """1 at a landmark (or the mean of some), falling off like a bell: sideways, upwards, downwards."""
        centre = self.marks[mark] if isinstance(mark, int) else self.marks[list(mark)].mean(0)
        dx, dy = self.at[..., 0] - centre[0], self.at[..., 1] - centre[1]
        high = np.where(dy < 0, up, up if down is None else down)
        return np.exp(-((dx / wide) ** 2) - (dy / high) ** 2)

    def half(self, left: bool) -> Floats:
        """1 on one side of the face, 0 on the other; both sides sum to 1."""
        share = step(self.at[..., 0] - self.mouth.middle[0], -MIDLINE, MIDLINE)
        return share if left else 1 - share

    def above_eyes(self) -> Floats:
        """1 from the brows upwards, 0 at the upper lids: brows slide over the eyes without moving them."""
        crest = self.marks[[159, 386], 1].mean()
        return step(crest - self.at[..., 1], 0.02, 0.13)


def sites(frame: FaceFrame, at: Floats, below: bool, mouth: Slit, eyes: tuple[Slit, Slit]) -> Sites:
    return Sites(at, below, mouth, eyes, frame.to_face(frame.landmarks))


def bell(value: Floats, width: float) -> Floats:
    return np.exp(-((value / width) ** 2))


def vector(weight: Floats, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Floats:
    """(...) -> (..., 3)"""
    return (weight[..., None] * np.array([x, y, z])).astype(np.float32)
