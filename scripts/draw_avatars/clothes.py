"""What the two wear: relief and colour of cloth, lit together with the skin."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import skia

from scripts.draw_avatars.canvas import (
    FORM_SCALE,
    MIDDLE_PX,
    SIZE_PX,
    Colour,
    Floats,
    Points,
    both_sides,
    fill,
    grid,
    mask,
    mirror,
    path_of,
    smooth,
    tapered,
    toned,
)  # fmt: skip
from scripts.draw_avatars.character import Character, Half


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
# Edges, distance from the axis and y.
NECKLINE = ((0, 459), (12, 458.2), (24, 455), (36, 449), (46, 440), (54, 428))
BLAZER_OPENING = ((45, 394), (50, 416), (45, 450), (34, 490), (20, BOTTOM))
LAPEL_NOTCH = ((76, 443), (97, 452))
LAPEL_EDGE = ((97, 452), (88, 474), (70, 500), (44, BOTTOM))
KNIT_OPENING = ((56, 399), (55, 420), (44, 446), (23, 477), (0, 504))
KNIT_BAND = ((68, 404), (66, 424), (54, 452), (32, 485), (6, 516), (0, 524))
# Lines of one half, distance from the axis and y, and how dark they are.
BLAZER_SEAMS: tuple[tuple[Half, float], ...] = (
    (((58, 400), (73, 412), (87, 434)), 1.0),
    (((87, 434), (76, 443)), 1.0),
    (NECKLINE, 0.6),
    (LAPEL_NOTCH, 1.0),
    (LAPEL_EDGE, 1.0),
    (((50, 416), (60, 430), (76, 443)), 0.5),
    (BLAZER_OPENING, 0.8),
    (((150, 430), (154, 462), (150, 500), (152, 530)), 0.35),
)
KNIT_SEAMS: tuple[tuple[Half, float], ...] = (
    (KNIT_BAND, 0.5),
    (((52, 384), (46, 406), (30, 431), (12, 449)), 0.5),
    (((12, 449), (38, 466)), 0.8),
    (((38, 466), (46, 463), (65, 430), (70, 404)), 0.8),
    (((166, 429), (160, 462), (166, 500), (164, 530)), 0.5),
)
WEAVE_PX, KNIT_RIB_PX = 0.10, 0.26  # depth of the cloth's grain


@cache
def garment(person: Character) -> Garment:
    pieces = _blazer() if person.blazer else _knit()
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
    knit = np.clip((colour[..., 2] - colour[..., 0]) / 20, 0, 1) if not person.blazer else cover
    height = height + _grain(person, x, y) * knit
    return Garment(height.astype(np.float32), colour, cover)


def _two(half: Sequence[tuple[float, float] | Points], stands: float, edge: float, colour: Colour) -> list[Piece]:
    """The same piece on both sides."""
    right = np.asarray(half, np.float64) + (MIDDLE_PX, 0)
    return [Piece(mirror(right), stands, edge, colour), Piece(right, stands, edge, colour)]


def _blazer() -> list[Piece]:
    neckline = both_sides([*NECKLINE, (62, 420), (90, 450), (80, BOTTOM), (40, BOTTOM)])
    shoulder = smooth([(45, 394), (74, 406), (110, 418), (150, 429), (184, 446), (203, 474), (212, BOTTOM)])
    opening = smooth(BLAZER_OPENING)
    lapel = [*LAPEL_NOTCH, *smooth(LAPEL_EDGE)[1:], *opening[::-1][: -len(opening) // 5], (60, 430)]
    collar = [*opening[: len(opening) // 4], (60, 430), (76, 443), (87, 434), (72, 411), (56, 398)]
    return [
        Piece(neckline, 1.5, 0.6, SHELL),
        *_two([*shoulder, *opening[::-1]], 4.0, 0.9, BLAZER),
        *_two(lapel, 2.4, 0.5, BLAZER),
        *_two(collar, 2.4, 0.5, BLAZER),
    ]


def _knit() -> list[Piece]:
    shirt = both_sides([(0, 453), (12, 450), (38, 428), (52, 402), (58, 410), (80, 450), (60, BOTTOM)])
    shoulder = smooth([(56, 399), (72, 403), (112, 414), (166, 428), (208, 446), (232, 478), (244, BOTTOM)])
    opening = smooth(KNIT_OPENING)
    band = [*opening, (0, 524), *smooth(KNIT_BAND)[::-1]]
    collar = [
        *smooth([(52, 384), (46, 406), (30, 431), (12, 449)]),
        (38, 466),
        *smooth([(46, 463), (65, 430), (70, 404), (61, 389)]),
    ]
    return [
        Piece(shirt, 1.0, 0.6, SHIRT),
        *_two([*shoulder, (0, BOTTOM), *opening[::-1]], 4.5, 1.0, KNIT),
        *_two(band, 1.6, 0.6, toned(KNIT, 0.93)),
        *_two(collar, 3.4, 0.7, SHIRT),
    ]


def draw_seams(canvas: skia.Canvas, person: Character) -> None:
    """Edges and seams finer than the relief: a dark line where cloth ends, a light one on its turned edge."""
    for line, dark in BLAZER_SEAMS if person.blazer else KNIT_SEAMS:
        right = smooth(np.asarray(line, np.float64) + (MIDDLE_PX, 0), steps=8)
        for seam in (right, mirror(right)):
            canvas.drawPath(tapered(seam + (0.3, 0.9), [1.4, 2.6, 1.4]), fill((30, 24, 26), 0.20 * dark, 1.3))
            canvas.drawPath(tapered(seam, [0.5, 0.8, 0.5]), fill((40, 32, 32), 0.42 * dark, 0.25))
            canvas.drawPath(tapered(seam - (0.4, 0.9), [0.5, 0.9, 0.5]), fill((255, 250, 244), 0.16 * dark, 0.4))


def _folds(person: Character) -> Floats:
    """Broad folds that hang from the shoulders and run into the armpits."""
    lines = (
        ([(150, 436), (146, 470), (150, 520)], 3.0, 9.0),
        ([(182, 452), (160, 486), (128, 520)], -3.2, 7.0),
        ([(112, 426), (104, 460), (108, 500)], 1.8, 10.0),
        ([(196, 474), (178, 500), (160, 520)], 3.0, 7.0),
    )
    field = np.zeros((SIZE_PX * FORM_SCALE,) * 2, np.float32)
    wider = 1.0 if person.blazer else 1.12
    for line, rise, soft in lines:
        for side in (-1, 1):
            bend = np.array([(MIDDLE_PX + side * wider * a, y + 3 * side) for a, y in line])
            field += rise * mask(tapered(smooth(bend), [2, soft * 1.6, 2]), soft * 0.5)
    return field


def _grain(person: Character, x: Floats, y: Floats) -> Floats:
    noise = np.random.default_rng(person.seed + 5).standard_normal(x.shape).astype(np.float32)
    if person.blazer:
        return WEAVE_PX * cv2.GaussianBlur(noise, (0, 0), 0.9)
    wave = np.sin((x + 0.02 * (x - MIDDLE_PX) * (y - 400) / 60) * 2 * np.pi / 3.2)
    return KNIT_RIB_PX * wave * (0.8 + 0.2 * np.sin(y * 2 * np.pi / 2.8)) + 0.12 * cv2.GaussianBlur(noise, (0, 0), 1.0)
