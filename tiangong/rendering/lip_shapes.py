"""Jaw and lips: the part of the blend-shape basis that speech is made of. Lengths in eye distances (about 90 mm)."""

import numpy as np

from tiangong.rendering.face_frame import CHIN, Floats, step
from tiangong.rendering.face_sites import Sites, bell, vector

JAW_OPEN_RAD = 0.37  # at jawOpen = 1: some 40 mm between the teeth
HINGE_Y, HINGE_Z = 0.30, 0.85  # the axis before the ears
CORNER_SHARE = 0.27  # of the jaw's turn that the mouth corners follow
UPPER_LIP_SHARE = -0.03  # the upper lip lifts a little as the jaw drops
UPPER_ARCH, LOWER_ARCH = 0.7, 0.75  # powers of the parting profile: a dropped jaw rounds the opening
JAW_NARROWS = 0.035  # the corners come in as the jaw drops
MEETING = 0.45  # where closed lips meet over an open jaw: 0 at the upper lip, 1 at the lower
CHIN_REACH, CHEEK_REACH = 0.30, 0.42  # over which the jaw's turn grows below the lip line, and fades above it
NECK_REACH, SIDE_REACH = 0.75, 0.45  # how far below chin and beside the jaw skin and background follow
JAW_SIDE_X = 0.62
# How fast these shapes bring lips together that are parted in the portrait.
PRESS_SHUTS, PUCKER_SHUTS, FUNNEL_SHUTS = 2.2, 0.8, 0.5
LIP_REACH = 0.24  # how far above and below the line the skin follows the lips
UPPER_LIP, LOWER_LIP = 0.085, 0.12  # heights of the lips
CORNERS = {True: 291, False: 61}


def _jaw_turn(s: Sites) -> Floats:
    """(..., 3): the jaw's rotation at jawOpen = 1, linear in the angle, before the skin's share in it."""
    down = JAW_OPEN_RAD * np.maximum(HINGE_Z - s.at[..., 2], 0)
    back = JAW_OPEN_RAD * (s.at[..., 1] - HINGE_Y)
    return np.stack([np.zeros_like(down), down, back], axis=-1).astype(np.float32)


def _line_shares(s: Sites) -> tuple[Floats, Floats]:
    """How far (upper, lower) lip edges follow the jaw; equal from the corners outwards, where cheeks follow ever less."""
    beyond = np.maximum(np.abs(s.across) - 1, 0)
    corner = CORNER_SHARE * bell(beyond, 1.6)
    return corner + (UPPER_LIP_SHARE - corner) * s.parting**UPPER_ARCH, corner + (1 - corner) * s.parting**LOWER_ARCH


def jaw_share(s: Sites) -> Floats:
    """(...) 0 to 1: how much of the jaw's motion each point takes part in."""
    upper, lower = _line_shares(s)
    line = lower if s.below else upper
    under = line + (1 - line) * step(s.off, 0, CHIN_REACH)
    over = line * (1 - step(-s.off, 0, CHEEK_REACH))
    share = np.where(s.off < 0, over, under)
    neck = 1 - step(s.at[..., 1] - s.marks[CHIN, 1], 0.0, NECK_REACH)
    side = 1 - step(np.abs(s.at[..., 0]) - JAW_SIDE_X, 0, SIDE_REACH)
    return share * neck * side


def jaw_open(s: Sites) -> Floats:
    return _jaw_turn(s) * jaw_share(s)[..., None] + vector(_narrowing(s), x=JAW_NARROWS)


def mouth_close(s: Sites) -> Floats:
    """What brings both lips together again over an open jaw: jawOpen = mouthClose leaves them closed exactly."""
    upper, lower = _line_shares(s)
    meeting = upper + (lower - upper) * MEETING
    back = (meeting - (lower if s.below else upper)) * (1 - step(np.abs(s.off), 0, CHIN_REACH))
    return _jaw_turn(s) * back[..., None]


def jaw_sideways(s: Sites, left: bool) -> Floats:
    return vector(jaw_share(s), x=0.10 if left else -0.10)


def jaw_forward(s: Sites) -> Floats:
    return vector(jaw_share(s), y=0.015, z=-0.08)


def _near(s: Sites) -> Floats:
    """1 on the lips, fading over the skin around them."""
    return bell(s.off, LIP_REACH) * bell(np.maximum(np.abs(s.across) - 1, 0), 0.75)


def _narrowing(s: Sites) -> Floats:
    """(...) signed: pulls both corners to the middle."""
    return -np.clip(s.across, -1.25, 1.25) * _near(s)


def _part(s: Sites, up: float, down: float) -> Floats:
    """Lips apart: the upper edge by `up`, the lower one by `down`."""
    weight = s.parting * bell(s.off, LIP_REACH)
    return vector(weight, y=down if s.below else -up)


def _thicken(s: Sites, upper: float, lower: float) -> Floats:
    """Outer edges of the lips away from the line (negative: rolled in); the line itself stays."""
    low, high = np.maximum(s.off, 0), np.maximum(-s.off, 0)
    grow_low = lower * (low / LOWER_LIP) * np.exp(1 - low / LOWER_LIP)
    grow_high = upper * (high / UPPER_LIP) * np.exp(1 - high / UPPER_LIP)
    inside = np.maximum(1 - s.across**2, 0) ** 0.5
    return vector((grow_low - grow_high) * inside, y=1.0)


def _shut(s: Sites, share: float) -> Floats:
    """Lips parted at rest come together by a share of their gap (beyond 1 they are stopped where they meet)."""
    return vector(share * s.mouth.opening(s.at) * _near(s), y=MEETING - 1 if s.below else MEETING)


def funnel(s: Sites) -> Floats:
    return vector(_narrowing(s), x=0.085) + _part(s, 0.035, 0.06) + _thicken(s, 0.012, 0.018) + _shut(s, FUNNEL_SHUTS)


def pucker(s: Sites) -> Floats:
    return vector(_narrowing(s), x=0.105) + _thicken(s, 0.022, 0.028) + _shut(s, PUCKER_SHUTS)


def mouth_sideways(s: Sites, left: bool) -> Floats:
    return vector(bell(s.off, 0.3) * bell(s.across, 1.9), x=0.10 if left else -0.10)


def _corner(s: Sites, left: bool, wide: float = 0.2, high: float = 0.2) -> Floats:
    """1 at a corner of the mouth; the middle of the lips hardly follows."""
    return s.bump(CORNERS[left], wide, high) * step(s.across if left else -s.across, 0.0, 0.85)


def smile(s: Sites, left: bool) -> Floats:
    out = 1 if left else -1
    cheek = s.bump((425, 266) if left else (205, 36), 0.22, 0.2)
    fold = s.bump(426 if left else 206, 0.14, 0.16)
    lips = vector(_corner(s, left, 0.24, 0.22), x=out * 0.105, y=-0.082)
    return (
        lips
        + vector(cheek, x=out * 0.012, y=-0.035)
        + vector(fold, x=out * 0.02, y=-0.01)
        + 0.5 * _thicken(s, -0.012, -0.016)
    )


def frown(s: Sites, left: bool) -> Floats:
    out = 1 if left else -1
    chin = s.bump(199, 0.16, 0.12)
    return vector(_corner(s, left, 0.25), x=out * 0.012, y=0.065) + vector(chin, y=-0.012)


def stretch(s: Sites, left: bool) -> Floats:
    return vector(_corner(s, left, 0.24), x=0.095 if left else -0.095, y=0.025) + 0.5 * _thicken(s, -0.008, -0.012)


def dimple(s: Sites, left: bool) -> Floats:
    return vector(_corner(s, left, 0.16, 0.14), x=0.06 if left else -0.06, y=-0.012)


def press(s: Sites, left: bool) -> Floats:
    """Also shuts the lips of a portrait that shows its teeth: half the weight is enough for that."""
    thin = _thicken(s, -0.020, -0.028) + _shut(s, PRESS_SHUTS)
    corner = vector(_corner(s, left, 0.14, 0.12), x=0.02 if left else -0.02)
    return thin * s.half(left)[..., None] + corner


def roll(s: Sites, lower: bool) -> Floats:
    if lower:
        return _thicken(s, 0.0, -0.045) + vector(s.bump(200, 0.25, 0.14), y=-0.012)
    return _thicken(s, -0.035, 0.0)


def shrug_lower(s: Sites) -> Floats:
    """Mentalis: the chin pushes both lips up."""
    return vector(s.bump(199, 0.26, 0.3, 0.2), y=-0.05) + _thicken(s, 0.0, 0.015)


def shrug_upper(s: Sites) -> Floats:
    return vector(_near(s) * bell(s.across, 0.9), y=-0.035)


def lower_down(s: Sites, left: bool) -> Floats:
    return _part(s, 0.0, 0.085) * s.half(left)[..., None]


def upper_up(s: Sites, left: bool) -> Floats:
    nose = s.bump(327 if left else 98, 0.13, 0.12)
    return _part(s, 0.06, 0.0) * s.half(left)[..., None] + vector(nose, y=-0.012)


def sneer(s: Sites, left: bool) -> Floats:
    """The wing of the nose rises and takes the upper lip along, brow and cheek crowd towards it."""
    wing = s.bump(358 if left else 129, 0.13, 0.14, 0.12)
    lip = _part(s, 0.025, 0.0) * s.half(left)[..., None]
    return vector(wing, x=0.008 if left else -0.008, y=-0.05) + lip


def puff(s: Sites) -> Floats:
    left, right = s.bump((432, 416, 411), 0.26, 0.3), s.bump((212, 192, 187), 0.26, 0.3)
    lips = vector(_narrowing(s), x=0.02)
    return vector(left - right, x=0.075) + vector(left + right, z=-0.06) + lips
