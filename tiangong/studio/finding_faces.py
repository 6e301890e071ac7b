"""Faces in pictures of any size, also small ones in a large picture, and what can be told of each."""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tiangong.core.face_mesh import FaceMesh
from tiangong.core.native_noise import without_greetings
from tiangong.perception.head_pose import take_pose

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]

LARGEST_SIDE_PX: Final = 1280  # the mesh looks at a face with 192 px; more only costs time
SMALLEST_SIDE_PX: Final = 192
FILM_SIDE_PX: Final = 1920  # the same for frames of a film
MOST_FACES: Final = 5
_MEASURED_PX: Final = 128  # sharpness is measured on a face brought to this size, so that it means the same for all
_HALF: Final = np.array([0.5, 0.5, 0.0], np.float32)  # pixel centres
_FAR_MARGIN: Final = 1.2  # around a face that only the detector for far faces saw, in its own sizes

OUTER_EYES: Final = (33, 263)
INNER_LIPS: Final = (13, 14)
LIP_CORNERS: Final = (61, 291)
LIDS: Final = ((159, 145, 33, 133), (386, 374, 263, 362))  # upper, lower, outer corner, inner corner


@dataclass(frozen=True)
class FaceLook:
    """What one face looks like in one picture."""

    eye_distance_px: float  # between the outer corners, as it would be seen from the front
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    luma: float  # 0-255 mean brightness of the face
    bright: float  # 0-255: 5 % of it are brighter
    sharpness: float  # variance of the Laplacian over that of the face; 0.05 soft, 0.3 crisp
    lip_gap: float  # over the mouth's width
    eye_opening: float  # the more closed eye's height over its width


def find_faces(image: Picture) -> list[Floats]:
    """Landmarks (478, 3) px of each face, the largest first. Pictures of any size; some 30 ms."""
    scale = min(LARGEST_SIDE_PX / max(image.shape[:2]), max(1.0, SMALLEST_SIDE_PX / min(image.shape[:2])))
    with FaceMesh(tracking=False, most_faces=MOST_FACES) as mesh:
        return faces_at(mesh, image, scale) or _far_faces(image, mesh)


def faces_in_film(mesh: FaceMesh, image: Picture) -> list[Floats]:
    """Landmarks (478, 3) px of each face in one frame: 4K costs four times more than what is looked at, and finds no more."""
    return faces_at(mesh, image, min(1.0, FILM_SIDE_PX / max(image.shape[:2])))


def faces_at(mesh: FaceMesh, image: Picture, scale: float) -> list[Floats]:
    """Landmarks (478, 3) px of `image`, looked for in it at another size."""
    return [face / np.float32(scale) for face in mesh.find(_scaled(image, scale))]


def in_crop(landmarks: Floats, left: int, top: int, scale: float) -> Floats:
    """(478, 3) px of a picture -> px of a crop of it that was resized by `scale`."""
    moved = (landmarks - np.array([left, top, 0], np.float32) + _HALF) * np.float32(scale) - _HALF
    return moved.astype(np.float32)


def _scaled(image: Picture, scale: float) -> Picture:
    if scale == 1.0:
        return image
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=how), np.uint8)


def _far_faces(image: Picture, mesh: FaceMesh) -> list[Floats]:
    """Faces of people some metres away: found by the detector for far faces, read by the mesh in a crop."""
    found: list[Floats] = []
    for left, top, right, bottom in _far_boxes(image):
        crop = np.ascontiguousarray(image[top:bottom, left:right])
        scale = SMALLEST_SIDE_PX * 2 / max(crop.shape[:2])
        for face in faces_at(mesh, crop, scale)[:1]:
            found.append((face + np.array([left, top, 0])).astype(np.float32))
    return sorted(found, key=lambda f: -float(np.ptp(f[:, 0])))


def _far_boxes(image: Picture) -> list[tuple[int, int, int, int]]:
    height, width = image.shape[:2]
    with without_greetings():
        from mediapipe.python.solutions import face_detection  # late, as the face mesh is

        with face_detection.FaceDetection(model_selection=1, min_detection_confidence=0.5) as detector:
            answer: Any = detector.process(_scaled(image, min(1.0, LARGEST_SIDE_PX / max(height, width))))
            seen = answer.detections
    boxes: list[tuple[int, int, int, int]] = []
    for face in seen or []:
        box = face.location_data.relative_bounding_box
        x, y = (box.xmin + box.width / 2) * width, (box.ymin + box.height / 2) * height
        half = max(box.width * width, box.height * height) * (0.5 + _FAR_MARGIN / 2)
        left, top = int(max(0, x - half)), int(max(0, y - half))
        right, bottom = int(min(width, x + half)), int(min(height, y + half))
        if min(right - left, bottom - top) >= 16:
            boxes.append((left, top, right, bottom))
    return boxes


def lies_on_its_side(image: Picture) -> bool:
    """Whether a face appears when the picture is turned; asked where none was found."""
    return any(find_faces(np.ascontiguousarray(np.rot90(image, quarters))) for quarters in (1, 2, 3))


def look_at(image: Picture, landmarks: Floats) -> FaceLook:
    """2 ms."""
    pose = take_pose(landmarks)
    yaw, pitch, roll = (float(np.degrees(angle)) for angle in pose.head_rad)
    grey = _measured(image, landmarks)
    edges = cv2.Laplacian(grey, cv2.CV_32F)

    def apart(a: int, b: int) -> float:
        return float(np.linalg.norm(landmarks[a] - landmarks[b]))

    return FaceLook(
        eye_distance_px=apart(*OUTER_EYES),
        yaw_deg=yaw,
        pitch_deg=pitch,
        roll_deg=roll,
        luma=float(grey.mean()),
        bright=float(np.quantile(grey, 0.95)),
        sharpness=float(edges.var()) / max(float(grey.var()), 1.0),
        lip_gap=apart(*INNER_LIPS) / max(apart(*LIP_CORNERS), 1e-6),
        eye_opening=min(apart(up, low) / max(apart(out, inner), 1e-6) for up, low, out, inner in LIDS),
    )


def _measured(image: Picture, landmarks: Floats) -> Picture:
    """(128, 128) grey: the box of the face."""
    low = np.floor(landmarks[:, :2].min(axis=0)).astype(int).clip(0)
    high = np.ceil(landmarks[:, :2].max(axis=0)).astype(int)
    face = image[low[1] : high[1] + 1, low[0] : high[0] + 1]
    if not face.size:
        return np.zeros((_MEASURED_PX, _MEASURED_PX), np.uint8)
    how = cv2.INTER_AREA if face.shape[0] > _MEASURED_PX else cv2.INTER_CUBIC
    small = cv2.resize(face, (_MEASURED_PX, _MEASURED_PX), interpolation=how)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)


def face_width(landmarks: Floats) -> float:
    return float(np.ptp(landmarks[:, 0]))
