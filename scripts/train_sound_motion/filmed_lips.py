"""How far apart the lips of a filmed face are: measuring only, nothing of it is trained on."""

from pathlib import Path
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

# Landmarks of mediapipe's face mesh: upper and lower inner lip at the centre and on both sides; corners of the mouth.
_GAPS: Final = ((13, 14), (82, 87), (312, 317))
_CORNERS: Final = (61, 291)


def lip_gap(video: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(frames,) seconds and (frames,) inner gap over the mouth's width; frames without a face left out."""
    import mediapipe as mp

    times_s, gaps = [], []
    with av.open(str(video)) as box, mp.solutions.face_mesh.FaceMesh(refine_landmarks=True) as mesh:
        for frame in box.decode(video=0):
            rgb = frame.to_ndarray(format="rgb24")
            found = mesh.process(rgb).multi_face_landmarks
            if found and frame.time is not None:
                points = np.array([[p.x * rgb.shape[1], p.y * rgb.shape[0]] for p in found[0].landmark])
                times_s.append(frame.time)
                gaps.append(np.mean([_distance(points, pair) for pair in _GAPS]) / _distance(points, _CORNERS))
    return np.array(times_s), np.array(gaps)


def _distance(points: NDArray[np.float64], pair: tuple[int, int]) -> float:
    return float(np.linalg.norm(points[pair[0]] - points[pair[1]]))
