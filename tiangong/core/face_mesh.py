"""MediaPipe's face mesh: 478 points of each face in a picture.

It stands on floor 0 because both the camera (perception) and the portrait (rendering) need it, and they may not import
each other. The models ride in the wheel of mediapipe 0.10.21 (Kartynnik et al. 2019; Grishchenko et al. 2020).
"""

import threading
from contextlib import nullcontext
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiangong.core.errors import MediaError
from tiangong.core.native_noise import without_greetings

LANDMARKS = 478


class FaceMesh:
    """Finds faces. One instance belongs to one stream; calls from several threads are serialized."""

    def __init__(self, *, tracking: bool, most_faces: int = 2) -> None:
        """`tracking=True` follows a face through a video (7 ms a frame); False looks at each picture afresh."""
        self._lock = threading.Lock()
        with without_greetings():
            from mediapipe.python.solutions import face_mesh  # late: importing mediapipe takes a second

            self._graph: Any = face_mesh.FaceMesh(
                static_image_mode=not tracking, max_num_faces=most_faces, refine_landmarks=True
            )
            # The graph starts its models in threads of its own; a first picture waits for them.
            self._graph.process(np.zeros((64, 64, 3), np.uint8))
        self._has_found = False

    def find(self, image: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """(height, width, 3) RGB -> for each face (478, 3): x, y in pixels, z in the same unit (- towards the camera).

        The largest face comes first; an empty list means that no face was seen.
        """
        height, width = image.shape[:2]
        with self._lock, nullcontext() if self._has_found else without_greetings():
            found = self._graph.process(np.ascontiguousarray(image)).multi_face_landmarks or []
            self._has_found = bool(found) or self._has_found
        scale = np.array([width, height, width], np.float32)
        faces = [np.array([[p.x, p.y, p.z] for p in face.landmark], np.float32) * scale for face in found]
        return sorted(faces, key=lambda f: -float(np.prod(np.ptp(f[:, :2], axis=0))))

    def close(self) -> None:
        with self._lock:
            self._graph.close()

    def __enter__(self) -> "FaceMesh":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def only_face(image: NDArray[np.uint8], where: str) -> NDArray[np.float32]:
    """Landmarks (478, 3) of the one face in a portrait. Raises MediaError for none, or for more than one."""
    with FaceMesh(tracking=False) as mesh:
        faces = mesh.find(image)
    if not faces:
        raise MediaError(f"{where}: no face found; use a sharp, well-lit picture with the face towards the camera")
    if len(faces) > 1:
        raise MediaError(f"{where}: {len(faces)} faces found; crop the picture to one person")
    return faces[0]
