"""Faces by MediaPipe's face mesh: where they are, how they are turned, what they express."""

from importlib.util import find_spec

from tiangong.core.config import Settings
from tiangong.core.face_mesh import FaceMesh
from tiangong.perception.face_emotion import FeelingReader
from tiangong.perception.face_session import MOST_FACES, FoundFace, FoundFaceSession, Picture
from tiangong.perception.feelings import feelings_of


class MeshReader:
    """The engine: opens a mesh for each camera, since the mesh itself remembers where the face was."""

    name = "mesh"
    embedded = True

    def __init__(self, feelings: FeelingReader | None = None) -> None:
        """`feelings`: what reads a feeling from a face; None: our own network."""
        self._feelings = feelings

    @classmethod
    def from_settings(cls, settings: Settings) -> "MeshReader":
        return cls(feelings_of(settings))

    @classmethod
    def unavailable(cls, settings: Settings) -> str | None:
        return None if find_spec("mediapipe") else "the package 'mediapipe' is not installed"

    def session(self, *, tracking: bool) -> FoundFaceSession:
        """`tracking` False: each frame is a picture of its own, read against the mean of neutral faces."""
        return FoundFaceSession(_MeshFinder(tracking=tracking), tracking=tracking, feelings=self._feelings)


class _MeshFinder:
    def __init__(self, *, tracking: bool) -> None:
        self._mesh = FaceMesh(tracking=tracking, most_faces=2 if tracking else MOST_FACES)

    def find(self, image: Picture, captured_s: float) -> list[FoundFace]:
        return [FoundFace(landmarks) for landmarks in self._mesh.find(image)]

    def close(self) -> None:
        self._mesh.close()
