"""Is something in front of the mouth? A face mesh draws lips where it expects them, also over a hand, a mask or a microphone.

Two witnesses: MediaPipe's hand model (Zhang et al. 2020; in the same wheel), which knows hands but misses many that lie on a
face; and a logistic regression on how the skin around the lips, the lips and the line between them differ, which knows
nothing of hands but sees that no lips are there. Trained by scripts/train_mouth_cover on covered and bare London Set faces.
"""

from types import TracebackType
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tiangong.core.native_noise import without_greetings
from tiangong.studio.mouth_cover_weights import BIAS, MEAN, SCALE, WEIGHTS

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]

EYE_DISTANCE_PX: Final = 100.0  # faces are brought to this size first, so that a step of colour means the same in all
_UPPER_OUTER: Final = (40, 39, 37, 0, 267, 269, 270)
_UPPER_INNER: Final = (80, 81, 82, 13, 312, 311, 310)
_LOWER_INNER: Final = (88, 178, 87, 14, 317, 402, 318)
_LOWER_OUTER: Final = (91, 181, 84, 17, 314, 405, 321)
_CHEEKS: Final = (50, 101, 205, 187, 280, 330, 425, 411)
OUTER_LIPS: Final = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
_ACROSS_LIP: Final = (0.3, 0.5, 0.7)
_OFF_LIP_PX: Final = (5.0, 7.0, 9.0, 11.0)
_SEAM_PX: Final = tuple(np.linspace(-3, 3, 7))
_HAND_VIEWS: Final = (
    2.0,
    3.0,
)  # crops around the face, face heights: palms are found at some sizes and missed at others
_HAND_VIEW_PX: Final = 384
_HAND_SURE: Final = 0.3  # the model's own confidence; low, because only hands that lie on the lips count
HAND_SHARE: Final = 0.2  # of the lips under a hand's hull: a finger beside the mouth is no cover


def cover_probability(image: Picture, landmarks: Floats) -> float:
    """How likely the lips are hidden, 0 to 1, from colours alone. `landmarks` (478, 3) px; 2 ms."""
    seen = (mouth_features(image, landmarks) - MEAN) / SCALE
    seen = np.clip(seen, -4, 4)
    odds = float(np.concatenate([seen, seen**2]) @ WEIGHTS + BIAS)
    return float(1 / (1 + np.exp(-np.clip(odds, -30, 30))))


def mouth_features(image: Picture, landmarks: Floats) -> NDArray[np.float64]:
    """(height, width, 3) RGB, (478, 3) px -> (22,) differences of colour in CIE L*a*b*, see the order below."""
    lab, marks = _levelled(image, landmarks)
    chin = marks[152] - marks[10]
    down = chin / max(float(np.linalg.norm(chin)), 1e-6)
    outer_up, inner_up, inner_low, outer_low = (
        marks[list(line)] for line in (_UPPER_OUTER, _UPPER_INNER, _LOWER_INNER, _LOWER_OUTER)
    )

    def at(points: list[NDArray[np.float64]]) -> NDArray[np.float64]:
        """Rows of (7, 2) px -> (rows, 7, 3)"""
        grid = np.stack(points).astype(np.float32)
        return cv2.remap(lab, grid[..., 0], grid[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(
            np.float64
        )

    above = at([outer_up - down * d for d in _OFF_LIP_PX])
    below = at([outer_low + down * d for d in _OFF_LIP_PX])
    upper = at([outer_up + (inner_up - outer_up) * t for t in _ACROSS_LIP])
    lower = at([inner_low + (outer_low - inner_low) * t for t in _ACROSS_LIP])
    middle = (inner_up + inner_low) / 2
    seam = at([middle + down * d for d in _SEAM_PX])
    cheeks = at([marks[list(_CHEEKS)][:7]] + [marks[list(_CHEEKS)][1:]]).reshape(-1, 3)
    return _compared(above, upper, seam, lower, below, np.median(cheeks, axis=0))


def _levelled(image: Picture, landmarks: Floats) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """The face at 100 px between the outer eye corners as L*a*b*, and its landmarks (478, 2) there."""
    scale = EYE_DISTANCE_PX / max(float(np.linalg.norm(landmarks[33, :2] - landmarks[263, :2])), 1e-3)
    low, high = landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)
    margin = 0.15 * (high - low)
    size = np.minimum(np.ceil((high - low + 2 * margin) * scale), 600).astype(int)
    affine = np.array([[scale, 0, (margin[0] - low[0]) * scale], [0, scale, (margin[1] - low[1]) * scale]], np.float64)
    left, top = np.floor(low - margin).astype(int).clip(0)
    right, bottom = np.ceil(high + margin).astype(int).clip(1)
    cut = np.ascontiguousarray(image[top:bottom, left:right])
    shrunk = min(1.0, 1.5 * scale)  # by averaging: a large picture that is only sampled would alias
    if shrunk < 1 and cut.size:
        cut = cv2.resize(cut, None, fx=shrunk, fy=shrunk, interpolation=cv2.INTER_AREA)
    from_cut = np.array([[scale / shrunk, 0, 0], [0, scale / shrunk, 0]], np.float64)
    from_cut[:, 2] = affine[:, 2] + scale * np.array([left, top])
    face = cv2.warpAffine(cut, from_cut, (int(size[0]), int(size[1])), borderMode=cv2.BORDER_REPLICATE)
    lab = cv2.cvtColor(face.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return np.asarray(lab, np.float32), landmarks[:, :2].astype(np.float64) @ affine[:, :2].T + affine[:, 2]


def _compared(
    above: NDArray[np.float64],
    upper: NDArray[np.float64],
    seam: NDArray[np.float64],
    lower: NDArray[np.float64],
    below: NDArray[np.float64],
    cheek: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Bands (rows, 7 columns, 3) of L*a*b* -> (22,) what tells lips from whatever else lies there."""

    def median(band: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.median(band.reshape(-1, 3), axis=0)

    lit = max(float(cheek[0]), 15.0) / 60  # differences of lightness shrink in the dark
    step_up, step_low = median(upper) - median(above), median(lower) - median(below)
    columns_up = np.linalg.norm(upper.mean(0) - above[:2].mean(0), axis=1)
    columns_low = np.linalg.norm(lower.mean(0) - below[:2].mean(0), axis=1)
    line = np.minimum(upper.mean(0)[:, 0], lower.mean(0)[:, 0]) - seam[..., 0].min(0)
    skin = np.concatenate([above, below])
    lips = np.concatenate([upper, lower])
    around, mouth = median(skin) - cheek, median(lips) - median(skin)
    lopsided = [float(np.abs(band.mean(0) - band.mean(0)[::-1]).mean()) for band in (skin, lips)]
    return np.array(
        [
            *(step_up / [lit, 1, 1]),
            *(step_low / [lit, 1, 1]),
            float(np.quantile(columns_up, 0.3)) / lit,
            float(np.quantile(columns_low, 0.3)) / lit,
            float(np.median(line)) / lit,
            float(np.quantile(line, 0.2)) / lit,
            *(around / [lit, 1, 1]),
            float(np.linalg.norm(around[1:])),
            float(np.linalg.norm(mouth)) / lit,
            float(np.linalg.norm(median(upper) - median(lower))) / lit,
            float(skin[..., 0].std()) / lit,
            float(lips[..., 0].std()) / lit,
            float(np.linalg.norm(median(above) - median(below))) / lit,
            lopsided[0] / lit,
            lopsided[1] / lit,
            float(np.abs(cheek[1:]).max()),
        ]
    )


class HandFinder:
    """Looks for hands that lie on the lips; not for several threads at once."""

    def __init__(self) -> None:
        with without_greetings():
            from mediapipe.python.solutions import hands  # late, as the face mesh is

            self._graph: Any = hands.Hands(
                static_image_mode=True, max_num_hands=2, min_detection_confidence=_HAND_SURE, model_complexity=0
            )
            self._graph.process(np.zeros((64, 64, 3), np.uint8))

    def share_of_lips(self, image: Picture, landmarks: Floats) -> float:
        """How much of the lips lies under a hand, 0 to 1, as two views at least have it; some 50 ms."""
        return sorted(self._share(image, landmarks, view) for view in _HAND_VIEWS)[-2]

    def _share(self, image: Picture, landmarks: Floats, view: float) -> float:
        low, high = landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)
        height = max(float(high[1] - low[1]), 1.0)
        centre = (low + high) / 2 + [0, 0.2 * height]  # hands come from below
        scale = _HAND_VIEW_PX / (view * height)
        affine = np.concatenate([np.eye(2) * scale, (_HAND_VIEW_PX / 2 - centre * scale)[:, None]], axis=1)
        crop = np.asarray(cv2.warpAffine(image, affine, (_HAND_VIEW_PX, _HAND_VIEW_PX), flags=cv2.INTER_AREA), np.uint8)
        lips = np.zeros(crop.shape[:2], np.uint8)
        outline = landmarks[list(OUTER_LIPS), :2] @ affine[:, :2].T + affine[:, 2]
        cv2.fillPoly(lips, [np.round(outline).astype(np.int32)], (1,))
        found = self._graph.process(crop).multi_hand_landmarks or []
        shares = [float((_hull(hand) & lips).sum()) / max(float(lips.sum()), 1.0) for hand in found]
        return max(shares, default=0.0)

    def close(self) -> None:
        self._graph.close()

    def __enter__(self) -> "HandFinder":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _hull(hand: Any) -> Picture:
    points = np.array([[p.x, p.y] for p in hand.landmark], np.float32) * _HAND_VIEW_PX
    mask = np.zeros((_HAND_VIEW_PX, _HAND_VIEW_PX), np.uint8)
    cv2.fillPoly(mask, [cv2.convexHull(np.round(points).astype(np.int32))], (1,))
    return mask
