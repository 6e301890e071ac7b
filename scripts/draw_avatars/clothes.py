"""What the two wear: relief and colour of cloth, lit together with the skin."""

from dataclasses import dataclass

import cv2
import numpy as np

from scripts.draw_avatars.canvas import (
    FORM_SCALE, MIDDLE_PX, SIZE_PX, Colour, Floats, Points, both_sides, grid, mask, mirror, path_of, smooth, tapered,
)  # fmt: skip
from scripts.draw_avatars.character import Character


@dataclass(frozen=True)
class Piece:
    """One piece of cloth: its outline, how far it stands off what is beneath, how soft its edge is, its colour."""

    outline: Points
    stands_px: float
    edge_px: float
    colour: Colour


@dataclass(frozen=True)
class Garment:
    """Fields (1024, 1024): height in px, colour sRGB (1024, 1024, 3), cover in 0..1."""

    height: Floats
    colour: Floats
    cover: Floats


BLAZER: Colour = (214, 200, 182)
SHELL: Colour = (58, 116, 118)
KNIT: Colour = (54, 74, 98)
SHIRT: Colour = (226, 229, 231)
BOTTOM = float(SIZE_PX + 20)
WEAVE_PX, KNIT_RIB_PX = 0.22, 0.30  # depth of the cloth's grain


def garment(person: Character) -> Garment:
    pieces = _blazer() if person.name == "tian" else _knit()
    x, y = grid()
    away = np.abs(x - MIDDLE_PX)
    height = 6 + 0.16 * (y - 400) - 46 * (away / 215) ** 2.6
    height = height + _folds(person)
    colour = np.zeros((*x.shape, 3), np.float32)
    cover = np.zeros(x.shape, np.float32)
    for piece in pieces:
        path = path_of(piece.outline)
        inside = mask(path)
        height = height + piece.stands_px * mask(path, piece.edge_px)
        colour += (np.asarray(piece.colour, np.float32) - colour) * inside[..., None]
        cover = np.maximum(cover, inside)
    height = height + _grain(person, x, y)
    return Garment(height.astype(np.float32), colour, cover)


def _two(half: list[tuple[float, float]], stands: float, edge: float, colour: Colour, *, sharp: bool = True) -> list[Piece]:
    """The same piece on both sides."""
    right = np.asarray(half, np.float64) + (MIDDLE_PX, 0)
    dense = _polygon(right) if sharp else smooth(right, closed=True)
    return [Piece(mirror(dense), stands, edge, colour), Piece(dense, stands, edge, colour)]


def _polygon(points: Points) -> Points:
    """Straight sides whose corners are a little rounded."""
    nexts = np.roll(points, -1, axis=0)
    before = points + (np.roll(points, 1, axis=0) - points) * 0.06
    after = points + (nexts - points) * 0.06
    return np.stack([before, points * 0.5 + (before + after) * 0.25, after], axis=1).reshape(-1, 2)


def _torso(half: list[tuple[float, float]]) -> Points:
    return smooth(both_sides(half), steps=10)


def _blazer() -> list[Piece]:
    shell = smooth(
        both_sides([(0, 459), (22, 456), (40, 446), (52, 430), (58, 410), (70, 410), (90, 450), (80, BOTTOM), (40, BOTTOM)]), closed=True
    )
    right = [(41, 386), (52, 393), (74, 405), (110, 418), (150, 429), (184, 446), (203, 474), (212, BOTTOM), (26, BOTTOM), (37, 492),
             (47, 456), (52, 430), (49, 408)]  # fmt: skip
    lapel = [(41, 400), (57, 412), (85, 436), (76, 443), (97, 452), (72, 492), (44, BOTTOM), (18, BOTTOM), (33, 490), (44, 452), (47, 428)]
    collar = [(40, 385), (50, 390), (63, 405), (86, 434), (76, 442), (56, 424), (44, 408)]
    return [
        Piece(shell, 1.5, 0.6, SHELL),
        *_two(right, 4.0, 0.9, BLAZER, sharp=False),
        *_two(lapel, 2.2, 0.6, tuple(c * 1.01 for c in BLAZER)),
        *_two(collar, 2.0, 0.6, tuple(c * 1.02 for c in BLAZER)),
    ]


def _knit() -> list[Piece]:
    shirt = smooth(both_sides([(12, 452), (40, 424), (60, 398), (80, 404), (90, 450), (60, BOTTOM), (8, BOTTOM)]), closed=True)
    right = [(58, 398), (70, 402), (112, 414), (166, 428), (208, 446), (232, 478), (244, BOTTOM), (0, BOTTOM), (0, 503), (24, 476),
             (46, 444), (56, 418)]  # fmt: skip
    band = [(54, 402), (66, 404), (57, 438), (34, 474), (6, 514), (0, 520), (0, 502), (24, 474), (46, 442)]
    collar = [(52, 384), (61, 389), (70, 404), (66, 428), (47, 462), (38, 466), (12, 449), (30, 430), (47, 404)]
    return [
        Piece(shirt, 1.0, 0.6, SHIRT),
        *_two(right, 4.5, 1.0, KNIT, sharp=False),
        *_two(band, 1.6, 0.8, tuple(c * 0.93 for c in KNIT)),
        *_two(collar, 3.4, 0.7, SHIRT),
    ]


def _folds(person: Character) -> Floats:
    """Broad folds that hang from the shoulders and run into the armpits."""
    lines = (
        ([(150, 436), (146, 470), (150, 520)], 3.0, 9.0),
        ([(182, 452), (160, 486), (128, 520)], -3.2, 7.0),
        ([(112, 426), (104, 460), (108, 500)], 1.8, 10.0),
        ([(196, 474), (178, 500), (160, 520)], 3.0, 7.0),
    )
    field = np.zeros((SIZE_PX * FORM_SCALE,) * 2, np.float32)
    wider = 1.0 if person.name == "tian" else 1.12
    for line, rise, soft in lines:
        for side in (-1, 1):
            bend = np.array([(MIDDLE_PX + side * wider * a, y + 3 * side) for a, y in line])
            field += rise * mask(tapered(smooth(bend), [2, soft * 1.6, 2]), soft * 0.5)
    return field


def _grain(person: Character, x: Floats, y: Floats) -> Floats:
    noise = np.random.default_rng(person.seed + 5).standard_normal(x.shape).astype(np.float32)
    if person.name == "tian":
        return WEAVE_PX * cv2.GaussianBlur(noise, (0, 0), 0.9)
    wave = np.sin((x + 0.02 * (x - MIDDLE_PX) * (y - 400) / 60) * 2 * np.pi / 3.2)
    return KNIT_RIB_PX * wave * (0.8 + 0.2 * np.sin(y * 2 * np.pi / 2.8)) + 0.12 * cv2.GaussianBlur(noise, (0, 0), 1.0)
