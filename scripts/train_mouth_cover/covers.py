"""Things that hide a mouth: hands cut from paintings, other skin, cloth, masks, microphones."""

from pathlib import Path

import cv2
import numpy as np

from tiangong.core.native_noise import without_greetings
from tiangong.core.pictures import read_picture
from tiangong.studio.mouth_cover import OUTER_LIPS


def cut_hands(paths: list[Path]) -> list[tuple[np.ndarray, np.ndarray]]:
    """(height, width, 3) and mask (height, width) of every hand found in these pictures."""
    found: list[tuple[np.ndarray, np.ndarray]] = []
    with without_greetings():
        from mediapipe.python.solutions import hands as solution

        graph = solution.Hands(static_image_mode=True, max_num_hands=4, min_detection_confidence=0.3)
        for path in paths:
            picture = read_picture(path).image
            height, width = picture.shape[:2]
            for hand in graph.process(picture).multi_hand_landmarks or []:
                points = np.array([[p.x * width, p.y * height] for p in hand.landmark], np.float32)
                mask = np.zeros((height, width), np.uint8)
                cv2.fillPoly(mask, [cv2.convexHull(points.astype(np.int32))], 255)
                low, high = points.min(0).astype(int).clip(0), points.max(0).astype(int)
                box = np.s_[low[1] : high[1], low[0] : high[0]]
                if min(mask[box].shape) > 30:
                    found.append((picture[box].copy(), mask[box].copy()))
    return found


def put_before_mouth(
    picture: np.ndarray, landmarks: np.ndarray, hands: list[tuple[np.ndarray, np.ndarray]], random: np.random.Generator
) -> tuple[np.ndarray, str]:
    """A copy with the mouth hidden, and by what."""
    kind = str(random.choice(["hand", "hand", "skin", "flat", "cloth", "mask", "mike"]))
    lips = landmarks[list(OUTER_LIPS), :2]
    centre, width = lips.mean(0), float(np.ptp(lips[:, 0]))
    eye = float(np.linalg.norm(landmarks[33, :2] - landmarks[263, :2]))
    tone = np.median(picture[tuple(np.round(landmarks[[50, 205, 280, 425, 151], 1::-1]).astype(int).T)], axis=0)
    if kind == "hand" and hands:
        texture, alpha = _hand(hands[random.integers(len(hands))], tone, eye * random.uniform(0.9, 1.5), random)
    else:
        high, wide = int(width * random.uniform(0.9, 1.6)), int(width * random.uniform(1.1, 2.0))
        texture, alpha = _drawn(kind, (high, wide), tone, picture, landmarks, random)
    centre = centre + random.normal(0, 0.12, 2) * width
    return _paste(picture, texture, alpha, centre), kind


def bearded(picture: np.ndarray, landmarks: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A copy with stubble or a beard around the lips, which stay bare: no cover."""
    around, lips = (np.zeros(picture.shape[:2], np.float32) for _ in range(2))
    edge = landmarks[[205, 50, 132, 172, 136, 150, 149, 152, 378, 379, 365, 397, 361, 280, 425, 2], :2]
    low = edge[edge[:, 1] > landmarks[2, 1]]
    cv2.fillPoly(around, [cv2.convexHull(np.concatenate([low, landmarks[[2], :2]]).astype(np.int32))], 1.0)
    cv2.fillPoly(lips, [landmarks[list(OUTER_LIPS), :2].astype(np.int32)], 1.0)
    eye = float(np.linalg.norm(landmarks[33, :2] - landmarks[263, :2]))
    cover = cv2.GaussianBlur(around * (1 - lips), (0, 0), max(0.5, eye * random.uniform(0.01, 0.04)))
    hair = random.uniform([15, 10, 5], [110, 80, 60])
    grain = random.normal(0, 1, picture.shape[:2]).astype(np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), max(0.5, eye * 0.008))
    texture = hair + (grain / max(float(grain.std()), 1e-3))[..., None] * random.uniform(5, 25)
    share = (cover * random.uniform(0.2, 0.95))[..., None]
    return np.clip(picture * (1 - share) + texture * share, 0, 255).astype(np.uint8)


def _hand(hand: tuple[np.ndarray, np.ndarray], tone: np.ndarray, size: float, random: np.random.Generator):
    texture, mask = hand
    scale = size / max(texture.shape[:2])
    side = int(size * 1.5)
    affine = cv2.getRotationMatrix2D((texture.shape[1] / 2, texture.shape[0] / 2), random.uniform(0, 360), scale)
    affine[:, 2] += [side / 2 - texture.shape[1] / 2, side / 2 - texture.shape[0] / 2]
    turned = cv2.warpAffine(texture, affine, (side, side)).astype(np.float32)
    alpha = cv2.warpAffine(mask, affine, (side, side)).astype(np.float32) / 255
    inside = alpha > 0.5
    if inside.any():
        turned += tone + random.normal(0, 10, 3) - turned[inside].mean(0)
    return turned, alpha


def _drawn(kind: str, size: tuple[int, int], tone, picture, landmarks, random: np.random.Generator):
    high, wide = size
    alpha = np.zeros((high, wide), np.float32)
    if kind == "mask":
        cv2.rectangle(alpha, (0, 0), (wide, high), 1.0, -1)
    else:
        cv2.ellipse(alpha, (wide // 2, high // 2), (wide // 2, high // 2), 0, 0, 360, 1.0, -1)
    if kind == "skin":
        # Forehead or cheek laid over the lips, as the back of a hand would be.
        at = landmarks[int(random.choice([151, 205, 425])), :2].astype(int)
        half = max(3, int(np.linalg.norm(landmarks[33, :2] - landmarks[263, :2]) * 0.14))
        patch = picture[max(0, at[1] - half) : at[1] + half, max(0, at[0] - half) : at[0] + half]
        texture = cv2.resize(patch, (wide, high), interpolation=cv2.INTER_CUBIC).astype(np.float32)
        return texture + random.normal(0, 8, 3), alpha
    colour = {
        "flat": tone + random.normal(0, 15, 3),
        "cloth": random.uniform(10, 245, 3),
        "mask": np.array([random.choice([235, 150, 30, 200])] * 3) + random.normal(0, 15, 3),
        "mike": np.array([random.uniform(5, 90)] * 3),
        "hand": tone,
    }[kind]
    texture = np.tile(colour, (high, wide, 1)).astype(np.float32)
    if kind != "flat" or random.random() < 0.6:
        folds = random.normal(0, 1, (max(2, high // 8), max(2, wide // 8), 1)).astype(np.float32)
        texture += cv2.resize(folds, (wide, high), interpolation=cv2.INTER_CUBIC)[..., None] * random.uniform(3, 18)
        slope = np.linspace(-1, 1, high, dtype=np.float32)[:, None, None] * random.uniform(-20, 20)
        texture += slope
    return texture, alpha


def _paste(picture: np.ndarray, texture: np.ndarray, alpha: np.ndarray, centre: np.ndarray) -> np.ndarray:
    high, wide = alpha.shape
    affine = np.array([[1, 0, centre[0] - wide / 2], [0, 1, centre[1] - high / 2]], np.float64)
    size = (picture.shape[1], picture.shape[0])
    soft = cv2.GaussianBlur(alpha, (0, 0), max(0.6, wide / 120))
    over = cv2.warpAffine(soft, affine, size)[..., None]
    laid = cv2.warpAffine(np.clip(texture, 0, 255).astype(np.float32), affine, size, borderMode=cv2.BORDER_REPLICATE)
    return np.clip(picture * (1 - over) + laid * over, 0, 255).astype(np.uint8)
