"""Faces by MediaPipe's Face Landmarker task, whose own model reads 52 blend shapes from the landmarks.

Its file does not ride in mediapipe's wheel: `face_landmarker_v2_with_blendshapes.task` (Google, Apache-2.0), named by the
setting `seeing.landmarker`. Its shapes are those of ARKit without tongueOut, and `_neutral` before them.
"""

import threading
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray

from tiangong.core.config import Settings
from tiangong.core.errors import ConfigError
from tiangong.core.face import ARKIT_BLEND_SHAPES, BLEND_SHAPE_INDEX
from tiangong.core.native_noise import without_greetings
from tiangong.perception.face_emotion import FeelingReader
from tiangong.perception.face_session import MOST_FACES, FoundFace, FoundFaceSession, Picture
from tiangong.perception.feelings import feelings_of

_SETTING: Final = "seeing.landmarker"
_SHAPES_MODEL: Final = "face_blendshapes.tflite"  # in the task's archive; an older task has landmarks alone


class LandmarkerReader:
    """The engine: a task for each camera, since it remembers where the face was."""

    name = "landmarker"
    embedded = False

    def __init__(self, task: Path, feelings: FeelingReader | None = None) -> None:
        """`task`: the model file; `feelings` None: our own network.

        Raises ConfigError for a file that is none, or reads no blend shapes.
        """
        complaint = _complaint(task)
        if complaint:
            raise ConfigError(complaint)
        self._task = task
        self._feelings = feelings

    @classmethod
    def unavailable(cls, settings: Settings) -> str | None:
        if not find_spec("mediapipe"):
            return "the package 'mediapipe' is not installed"
        if settings.seeing.landmarker is None:
            return f"setting '{_SETTING}' names no Face Landmarker task"
        return _complaint(settings.seeing.landmarker)

    @classmethod
    def from_settings(cls, settings: Settings) -> "LandmarkerReader":
        if settings.seeing.landmarker is None:
            raise ConfigError(f"setting '{_SETTING}' names no Face Landmarker task")
        return cls(settings.seeing.landmarker, feelings_of(settings))

    def session(self, *, tracking: bool) -> FoundFaceSession:
        """`tracking` False: each frame is a picture of its own."""
        return FoundFaceSession(_TaskFinder(self._task, tracking=tracking), tracking=tracking, feelings=self._feelings)


class _TaskFinder:
    """Calls from several threads are serialized."""

    def __init__(self, task: Path, *, tracking: bool) -> None:
        self._lock = threading.Lock()
        self._tracking = tracking
        self._last_ms = -1
        with without_greetings():
            import mediapipe  # late: it takes a second
            from mediapipe.tasks.python import BaseOptions, vision

            self._mediapipe: Any = mediapipe
            options = vision.FaceLandmarkerOptions(
                # By its bytes: the native reader does not take every path that Python does.
                base_options=BaseOptions(model_asset_buffer=task.read_bytes()),
                running_mode=vision.RunningMode.VIDEO if tracking else vision.RunningMode.IMAGE,
                num_faces=2 if tracking else MOST_FACES,
                output_face_blendshapes=True,
            )
            self._task: Any = vision.FaceLandmarker.create_from_options(options)
            # The graph starts its models in threads of its own; a first picture waits for them.
            self._detect(np.zeros((64, 64, 3), np.uint8), 0.0)

    def find(self, image: Picture, captured_s: float) -> list[FoundFace]:
        with self._lock:
            found = self._detect(image, captured_s)
        height, width = image.shape[:2]
        scale = np.array([width, height, width], np.float32)
        faces = [
            FoundFace(np.array([[p.x, p.y, p.z] for p in marks], np.float32) * scale, in_arkit_order(shapes))
            for marks, shapes in zip(found.face_landmarks, found.face_blendshapes, strict=True)
        ]
        return sorted(faces, key=lambda face: -float(np.prod(np.ptp(face.landmarks[:, :2], axis=0))))

    def _detect(self, image: Picture, captured_s: float) -> Any:
        form = self._mediapipe.ImageFormat.SRGB
        picture = self._mediapipe.Image(image_format=form, data=np.ascontiguousarray(image))
        if not self._tracking:
            return self._task.detect(picture)
        # The task refuses times that do not grow; a second video in one session begins at 0 again.
        self._last_ms = max(self._last_ms + 1, round(captured_s * 1_000))
        return self._task.detect_for_video(picture, self._last_ms)

    def close(self) -> None:
        with self._lock:
            self._task.close()


def in_arkit_order(shapes: list[Any]) -> NDArray[np.float32]:
    """Categories (`category_name`, `score`) of the task -> (52,) by name; `_neutral` is left out, tongueOut stays 0."""
    row = np.zeros(len(ARKIT_BLEND_SHAPES), np.float32)
    for shape in shapes:
        if shape.category_name in BLEND_SHAPE_INDEX:
            row[BLEND_SHAPE_INDEX[shape.category_name]] = shape.score
    return np.clip(row, 0.0, 1.0)


def _complaint(task: Path) -> str | None:
    """What is wrong with the file, found without loading it."""
    if not task.is_file():
        return f"setting '{_SETTING}': no file {task}"
    try:
        with ZipFile(task) as archive:
            names = archive.namelist()
    except (OSError, BadZipFile):
        return f"setting '{_SETTING}': {task.name} is no Face Landmarker task"
    if _SHAPES_MODEL not in names:
        return f"setting '{_SETTING}': {task.name} reads no blend shapes; take face_landmarker_v2_with_blendshapes.task"
    return None
