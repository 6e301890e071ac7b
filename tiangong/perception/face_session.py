"""One camera or one pile of pictures, whatever finds the faces: following, forgetting, reading.

A finder gives landmarks, and blend shapes where its model reads them itself; pose and feeling are read from the landmarks
in one way for all, against what is normal for this face.
"""

from dataclasses import dataclass
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from tiangong.core.media import VideoFrame
from tiangong.perception.blend_shapes import RunningRest, expression
from tiangong.perception.expression_emotion import SteadyFeeling, feeling, trust
from tiangong.perception.face_emotion import FeelingReader, GeometryReader
from tiangong.perception.face_measures import MEASURE_INDEX, POPULATION_REST, measure
from tiangong.perception.face_regressor import LearnedShapes
from tiangong.perception.head_pose import take_pose
from tiangong.perception.protocol import FaceObservation
from tiangong.perception.still_face import StillFace

LARGEST_SIDE_PX: Final = 1280  # beyond, a picture is scaled down first: the detector looks at 192 px anyway
SMALLEST_SIDE_PX: Final = 24  # below, there is no face to speak of
WORKING_SIDE_PX: Final = 192  # smaller pictures are scaled up to this: the mesh was trained on faces of that size
CROPPED_MARGIN: Final = 0.4  # of the larger side: of 103 cropped faces that were not found, this finds 71
MOST_FACES: Final = 8  # in a picture; a camera follows two: the user, and one to say that somebody else is there
FORGOTTEN_S: Final = 1.0  # a face that was away for longer may be another person's

_EYES: Final = [MEASURE_INDEX["eye_right"], MEASURE_INDEX["eye_left"]]

Box = tuple[float, float, float, float]
Picture = NDArray[np.uint8]
Points = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class FoundFace:
    landmarks: Points  # (478, 3) pixels, z in the same unit, - towards the camera
    expression: Points | None = None  # (52,) in [0, 1]; None: to be read from the landmarks


class FaceFinder(Protocol):
    def find(self, image: Picture, captured_s: float) -> list[FoundFace]:
        """Faces of a picture (height, width, 3), the largest first."""
        ...

    def close(self) -> None: ...


class FoundFaceSession:
    """The session of every face reader of ours."""

    def __init__(self, finder: FaceFinder, *, tracking: bool, feelings: FeelingReader | None = None) -> None:
        self._finder = finder
        self._feelings = feelings or GeometryReader()
        self._tracking = tracking
        self._forget()

    def observe(self, frame: VideoFrame) -> FaceObservation | None:
        """The nearest face (the largest) in a picture of any size; None where none is seen."""
        if not self._tracking:
            seen = self.observe_all(frame)
            return seen[0] if seen else None
        faces = self._find(frame)
        return self._follow(frame, faces[0], len(faces)) if faces else None

    def observe_all(self, frame: VideoFrame) -> tuple[FaceObservation, ...]:
        """Every face, the largest first, each read as a stranger's."""
        faces = self._find(frame) or self._find_cropped(frame.image)
        return tuple(self._observe_stranger(frame, face, len(faces)) for face in faces)

    def close(self) -> None:
        self._finder.close()

    def _find(self, frame: VideoFrame) -> list[FoundFace]:
        """Landmarks in pixels of the frame, the largest face first."""
        image = frame.image
        if min(image.shape[:2]) < SMALLEST_SIDE_PX:
            return []
        scale = min(LARGEST_SIDE_PX / max(image.shape[:2]), max(1.0, WORKING_SIDE_PX / min(image.shape[:2])))
        if scale == 1.0:
            return self._finder.find(image, frame.captured_s)
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        scaled = np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=how), np.uint8)
        # Rounding to whole pixels makes the two scales differ a little.
        back = np.array([image.shape[1] / scaled.shape[1], image.shape[0] / scaled.shape[0], 1 / scale], np.float32)
        found = self._finder.find(scaled, frame.captured_s)
        return [FoundFace(face.landmarks * back, face.expression) for face in found]

    def _find_cropped(self, image: Picture) -> list[FoundFace]:
        """Faces of a picture that is cropped so tightly that the detector sees none: black is added around it."""
        wide = round(CROPPED_MARGIN * max(image.shape[:2]))
        padded = cv2.copyMakeBorder(image, wide, wide, wide, wide, cv2.BORDER_CONSTANT)
        found = self._find(VideoFrame(np.asarray(padded, np.uint8)))
        shift = np.array([wide, wide, 0], np.float32)
        return [FoundFace(face.landmarks - shift, face.expression) for face in found]

    def _follow(self, frame: VideoFrame, face: FoundFace, faces: int) -> FaceObservation:
        box = _box(face.landmarks)
        elapsed_s = frame.captured_s - self._seen_s if self._box else 0.0
        if self._box and (elapsed_s > FORGOTTEN_S or elapsed_s < 0 or not _overlap(box, self._box)):
            self._forget()
            elapsed_s = 0.0
        self._box, self._seen_s = box, frame.captured_s
        pose = take_pose(face.landmarks)
        measures = measure(pose.points)
        rest = self._rest.learn(measures, elapsed_s)
        shapes = expression(measures, rest)
        read = self._feelings.read(frame.image, pose, face.landmarks, measures, rest)
        seeable = trust(pose.head_rad, _luma(frame.image, box), box[2] - box[0])
        if self._still.is_still(float(measures[_EYES].mean()), frame.captured_s):
            seeable = 0.0  # a photograph feels nothing
        emotion = self._feeling.settle(feeling(self._feeling.smooth(read, elapsed_s), seeable, frame.captured_s))
        seen = face.expression
        if seen is None:
            seen = self._learned.follow(shapes, pose.points, elapsed_s)
        return FaceObservation(box, face.landmarks, seen, pose.head_rad, emotion, faces)

    def _observe_stranger(self, frame: VideoFrame, face: FoundFace, faces: int) -> FaceObservation:
        box = _box(face.landmarks)
        pose = take_pose(face.landmarks)
        measures = measure(pose.points)
        shapes = expression(measures)
        read = self._feelings.read(frame.image, pose, face.landmarks, measures, POPULATION_REST)
        emotion = feeling(read, trust(pose.head_rad, _luma(frame.image, box), box[2] - box[0]), frame.captured_s)
        seen = LearnedShapes().stranger(shapes, pose.points) if face.expression is None else face.expression
        return FaceObservation(box, face.landmarks, seen, pose.head_rad, emotion, faces)

    def _forget(self) -> None:
        self._box: Box | None = None
        self._seen_s = 0.0
        self._rest = RunningRest()
        self._learned = LearnedShapes()
        self._still = StillFace()
        self._feeling = SteadyFeeling()


def _box(landmarks: Points) -> Box:
    """Left, top, right, bottom in pixels; may reach over the edge where the face does."""
    low, high = landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _luma(image: Picture, box: Box) -> float:
    """Mean brightness, 0 to 255, of what lies in the box."""
    left, top, right, bottom = (max(0, round(edge)) for edge in box)
    inside = image[top : bottom + 1 : 4, left : right + 1 : 4]
    return float(inside.mean()) if inside.size else 0.0
