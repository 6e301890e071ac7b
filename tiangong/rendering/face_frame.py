"""A portrait and where its face is: the crop that is drawn, and coordinates that every face shares.

*Face coordinates* are 3-D and in units of the distance between the outer eye corners ("eye distances"): x to the
person's left (right in the picture), y down, z away from the camera, origin at the bridge of the nose. They turn with
the head, so that a tilted portrait is moved along its own axes. The projection is orthographic.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import cv2
import numpy as np
from numpy.typing import NDArray

from tiangong.core.errors import BundleError, MediaError
from tiangong.core.face_mesh import LANDMARKS, only_face
from tiangong.core.pictures import read_picture

Floats = NDArray[np.floating[Any]]
Picture = NDArray[np.uint8]

SIZE_PX = 512
SMALLEST_PX = 128
CELL_PX = 4  # fields are computed on a grid this coarse: skin moves smoothly, and 16 times fewer points need moving
NODES = SIZE_PX // CELL_PX
CROP_EYE_DISTANCES = 4.5  # head and shoulders
KEEP_SHARE = 0.8  # a picture that is hardly larger than the crop is shown whole
FACE_FROM_TOP = 0.43  # of the crop's height: where the bridge of the nose comes to lie

BRIDGE, FOREHEAD, CHIN = 168, 10, 152
OUTER_EYE_RIGHT, OUTER_EYE_LEFT = 33, 263
ACROSS = ((33, 263), (133, 362), (61, 291), (234, 454))  # pairs of the same point, right and left
HEAD_RINGS = ((1.0, 1.0), (1.7, 1.15))  # (size, depth in eye distances): where hair and neck are taken to be
HEAD_CENTRE_Y, HEAD_RADIUS_X, HEAD_RADIUS_Y = 0.35, 1.05, 1.4  # of an average head, face coordinates
DEPTH_SMOOTHING = 2e-3  # of the thin-plate spline: landmarks' depths are noisy, and steep depths tear when turned


@dataclass(frozen=True)
class FaceFrame:
    """A cropped portrait with its landmarks."""

    picture: Picture  # (512, 512, 3) RGB
    landmarks: Floats  # (478, 3) px of the crop; z in the same unit
    axes: Floats  # (3, 3): columns are face x, y, z in picture coordinates
    origin: Floats  # (3,) px
    eye_distance_px: float
    magnified: float = 1.0  # how much larger the crop is drawn than it was; > 1: the portrait is soft

    def to_face(self, points_px: Floats) -> Floats:
        """(n, 3) px -> (n, 3) face coordinates."""
        return (points_px - self.origin) @ self.axes / self.eye_distance_px

    def shift_px(self, shift: Floats) -> Floats:
        """(..., 3) displacement in face coordinates -> (..., 2) px in the picture."""
        return (shift @ self.axes[:2].T * self.eye_distance_px).astype(np.float32)

    def to_px(self, points: Floats) -> Floats:
        """(..., 3) face coordinates -> (..., 2) px."""
        return self.shift_px(points) + self.origin[:2]


def step(value: Floats, low: float, high: float) -> Floats:
    """Smooth step: 0 below `low`, 1 above `high`."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def node_positions_px() -> Floats:
    """(128, 128, 2) x, y of the grid's nodes: centres of 4 px cells, as cv2.resize has them."""
    at = (np.arange(NODES, dtype=np.float32) + 0.5) * CELL_PX - 0.5
    return np.stack(np.meshgrid(at, at), axis=-1)


def open_frame(folder: Path) -> FaceFrame:
    """Read `portrait.png` (and `landmarks` of `motion.npz`, if there) of an avatar folder, and crop to 512 x 512.

    Raises MediaError for a missing, tiny or faceless portrait, BundleError for a damaged motion.npz.
    """
    path = folder / "portrait.png"
    picture = read_picture(path).image
    if min(picture.shape[:2]) < SMALLEST_PX:
        raise MediaError(
            f"{path.name}: {picture.shape[1]} x {picture.shape[0]} px is too small; {SMALLEST_PX} at least"
        )
    stored = _stored_landmarks(folder / "motion.npz")
    landmarks = only_face(picture, path.name) if stored is None else stored
    return frame_of(picture, landmarks)


def frame_of(picture: Picture, landmarks: Floats) -> FaceFrame:
    """(height, width, 3) RGB and (478, 3) px -> the crop that is drawn."""
    return _framed(*_crop(picture, landmarks))


def _stored_landmarks(path: Path) -> Floats | None:
    if not path.exists():
        return None
    try:
        # Opened here, because numpy leaves a file open that turns out to be no archive.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as box:
            if "landmarks" not in box.files:
                return None
            landmarks = box["landmarks"].astype(np.float32)
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise BundleError(f"{path.name}: damaged ({error}); create the avatar again") from error
    if landmarks.shape != (LANDMARKS, 3) or not np.isfinite(landmarks).all():
        raise BundleError(f"{path.name}: landmarks must be ({LANDMARKS}, 3) and finite; create the avatar again")
    return landmarks


def _crop(picture: Picture, landmarks: Floats) -> tuple[Picture, Floats, float]:
    """Square head and shoulders -> 512 x 512 and how much it was magnified; never reaches over the picture's edge."""
    height, width = picture.shape[:2]
    side = min(height, width)
    eye_distance = float(np.linalg.norm(landmarks[OUTER_EYE_LEFT] - landmarks[OUTER_EYE_RIGHT]))
    wanted = CROP_EYE_DISTANCES * eye_distance
    if wanted < KEEP_SHARE * side:
        side = int(wanted)
    bridge = landmarks[BRIDGE]
    left = int(np.clip(bridge[0] - side / 2, 0, width - side))
    top = int(np.clip(bridge[1] - FACE_FROM_TOP * side, 0, height - side))
    scale = SIZE_PX / side
    cut = np.ascontiguousarray(picture[top : top + side, left : left + side])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    moved = (landmarks - np.array([left, top, 0], np.float32) + 0.5) * scale - 0.5
    drawn = np.asarray(cv2.resize(cut, (SIZE_PX, SIZE_PX), interpolation=method), np.uint8)
    return drawn, moved.astype(np.float32), scale


def _framed(picture: Picture, landmarks: Floats, magnified: float) -> FaceFrame:
    across = sum(_unit(landmarks[left] - landmarks[right]) for right, left in ACROSS)
    x = _unit(np.asarray(across))
    z = _unit(np.cross(x, landmarks[CHIN] - landmarks[FOREHEAD]))
    axes = np.stack([x, np.cross(z, x), z], axis=1).astype(np.float32)
    eye_distance = float(np.linalg.norm(landmarks[OUTER_EYE_LEFT] - landmarks[OUTER_EYE_RIGHT]))
    return FaceFrame(picture, landmarks, axes, landmarks[BRIDGE].copy(), eye_distance, magnified)


def _unit(vector: Floats) -> Floats:
    return vector / max(float(np.linalg.norm(vector)), 1e-6)


def node_points(frame: FaceFrame) -> Floats:
    """(128, 128, 3) face coordinates of every node: depth is a smoothing thin-plate spline through the landmarks
    (Bookstein 1989) and, where hair, ears and neck are, rings at an average head's depth."""
    scale = frame.eye_distance_px
    known = (frame.landmarks[:468] - frame.origin) / scale
    angle = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    rings = [
        np.stack(
            [size * HEAD_RADIUS_X * np.cos(angle), HEAD_CENTRE_Y + size * HEAD_RADIUS_Y * np.sin(angle),
             np.full_like(angle, depth)], axis=1,
        ) @ frame.axes.T
        for size, depth in HEAD_RINGS
    ]  # fmt: skip
    sites = np.concatenate([known, *rings]).astype(np.float64)
    nodes = (node_positions_px() - frame.origin[:2]) / scale
    # Depth is so smooth that a quarter of the nodes tell it; the spline costs 500 kernels a node.
    sparse = cv2.resize(nodes, (NODES // 2, NODES // 2), interpolation=cv2.INTER_AREA).reshape(-1, 2)
    depth = (thin_plate_weights(sites[:, :2], sparse.astype(np.float64)) @ sites[:, 2]).reshape(NODES // 2, NODES // 2)
    depth = np.clip(depth, known[:, 2].min(), HEAD_RINGS[-1][1]).astype(np.float32)
    full = cv2.resize(depth, (NODES, NODES), interpolation=cv2.INTER_CUBIC)
    return np.concatenate([nodes, full[..., None]], axis=2).astype(np.float32) @ frame.axes


def thin_plate_weights(
    sites: NDArray[np.float64], at: NDArray[np.float64], smoothing: float = DEPTH_SMOOTHING
) -> NDArray[np.float64]:
    """(sites, 2), (n, 2) -> (n, sites): the smoothing thin-plate spline at n points, as weights of the sites' values."""

    def kernel(a: NDArray[np.float64]) -> NDArray[np.float64]:
        squared = ((a[:, None] - sites[None]) ** 2).sum(-1) + 1e-12
        return 0.5 * squared * np.log(squared)

    def plane(a: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.concatenate([np.ones((len(a), 1)), a], axis=1)

    n = len(sites)
    system = np.zeros((n + 3, n + 3))
    system[:n, :n] = kernel(sites) + smoothing * n * np.eye(n)
    system[:n, n:] = plane(sites)
    system[n:, :n] = plane(sites).T
    # The system is symmetric: solving for the kernels at `at` gives the weights of the values.
    return np.linalg.solve(system, np.concatenate([kernel(at), plane(at)], axis=1).T)[:n].T
