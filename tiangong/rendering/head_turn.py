"""Turning the head of a flat picture: every pixel has a depth, turns about the neck, and gives way to a still frame."""

from dataclasses import dataclass

import cv2
import numpy as np

from tiangong.rendering.face_frame import CHIN, NODES, SIZE_PX, FaceFrame, Floats, step

PIVOT_BELOW_CHIN, PIVOT_Z = -0.25, 0.85  # the joint of head and neck, from the chin and the bridge of the nose
LARGEST_RAD = (0.45, 0.30, 0.35)  # yaw, pitch, roll: what a flat picture can follow; beyond, the head stops softly
SOFT_FROM = 0.7  # share of the largest turn from which the head slows down
SHOULDER_FROM, SHOULDER_TO = -0.05, 1.15  # below the chin: the head's motion fades over the neck, shoulders stay
HEAD_CENTRE_Y, HEAD_X, HEAD_Y = 0.30, 1.15, 1.55  # an ellipse around head and hair, face coordinates
BACKGROUND_REACH = 1.3  # how far around the head, in its own size, the background gives way
EDGE_REACH_PX = 56.0  # over which motion fades towards the picture's edge, so that the frame never shows a hole
LOWER_EDGE_REACH_PX = 32.0  # shorter below, where a tight crop has its chin
STEEPEST = 0.62  # largest change of displacement per pixel: beyond 1 the picture would fold over itself
TRIAL_RAD = (0.25, 0.15, 0.2)  # the turns at which the steepness is measured


@dataclass(frozen=True)
class HeadTurn:
    """Head motion of one portrait."""

    arm: Floats  # (128, 128, 3) from the neck's joint to each node, face coordinates
    share: Floats  # (128, 128) 1 on the head, 0 at shoulders and edges
    frame: FaceFrame
    pivot: Floats  # (3,) the joint of head and neck, face coordinates

    def field_px(self, head_rad: Floats) -> Floats:
        """(3,) yaw, pitch, roll -> (128, 128, 2) px by which each node moves."""
        turn = rotation(soft_limit(head_rad)) - np.eye(3, dtype=np.float32)
        to_px = (self.frame.axes[:2] @ turn * self.frame.eye_distance_px).T.astype(np.float32)  # (3, 2)
        moved = (self.arm.reshape(-1, 3) @ to_px).reshape(NODES, NODES, 2)
        return moved * self.share[..., None]


def soft_limit(head_rad: Floats) -> Floats:
    """Angles unchanged while small, never beyond LARGEST_RAD."""
    largest = np.array(LARGEST_RAD, np.float32)
    ratio = np.abs(head_rad) / largest
    over = np.maximum(ratio - SOFT_FROM, 0) / (1 - SOFT_FROM)
    limited = np.minimum(ratio, SOFT_FROM) + (1 - SOFT_FROM) * np.tanh(over)
    return (np.sign(head_rad) * limited * largest).astype(np.float32)


def rotation(head_rad: Floats) -> Floats:
    """(3,) yaw (+ to the person's left), pitch (+ down), roll (+ to the person's left shoulder) -> (3, 3)."""
    yaw, pitch, roll = (float(angle) for angle in head_rad)
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    about_y = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])  # the nose (z < 0) goes to +x
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])  # the nose goes to +y
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])  # the crown (y < 0) goes to +x
    return (about_z @ about_y @ about_x).astype(np.float32)


def head_turn(frame: FaceFrame, nodes: Floats) -> HeadTurn:
    """`nodes` (128, 128, 3) face coordinates of the grid."""
    chin = frame.to_face(frame.landmarks[CHIN : CHIN + 1])[0]
    pivot = np.array([0, chin[1] + PIVOT_BELOW_CHIN, PIVOT_Z], np.float32)
    arm = nodes - pivot
    arm[..., 2] = cv2.GaussianBlur(arm[..., 2], (0, 0), 0.12 * frame.eye_distance_px / (SIZE_PX / NODES))
    share = 1 - step(nodes[..., 1] - chin[1], SHOULDER_FROM, SHOULDER_TO)
    around = np.hypot(nodes[..., 0] / HEAD_X, np.minimum(nodes[..., 1] - HEAD_CENTRE_Y, 0) / HEAD_Y)
    share *= 1 - step(around, 1.0, 1.0 + BACKGROUND_REACH)
    share *= _edge_share()
    share = cv2.GaussianBlur(share, (0, 0), 3.0) * _edge_share(0.3)
    turn = HeadTurn(arm.astype(np.float32), share.astype(np.float32), frame, pivot)
    return HeadTurn(turn.arm, (share * _bearable(turn)).astype(np.float32), frame, pivot)


def _edge_share(shorter: float = 1.0) -> Floats:
    """(128, 128) 0 on the picture's edges, 1 well inside; `shorter`: part of the usual reach."""
    at = (np.arange(NODES, dtype=np.float32) + 0.5) / NODES * SIZE_PX
    reach, reach_below = EDGE_REACH_PX * shorter, LOWER_EDGE_REACH_PX * shorter
    side = step(np.minimum(at, SIZE_PX - at), 0, reach)
    high = step(at, 0, reach) * step(SIZE_PX - at, 0, reach_below)
    return high[:, None] * side[None, :]


def _bearable(turn: HeadTurn) -> float:
    """Factor that keeps the largest turns from folding the picture (close-ups, where the head touches the edge)."""
    steepest = 0.0
    for angles in np.diag(TRIAL_RAD):
        field = turn.field_px(np.array(angles, np.float32))
        for axis in (0, 1):
            steepest = max(steepest, float(np.abs(np.diff(field[..., axis], axis=1 - axis)).max()) * NODES / SIZE_PX)
    return min(1.0, STEEPEST / max(steepest, 1e-6))
