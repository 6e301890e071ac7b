"""Shoulder-length hair, parted in the middle: sheets of strands between two guide curves."""

import numpy as np
import skia

from scripts.draw_avatars.canvas import MIDDLE_PX, Colour, Points, fill, gradient, path_of, smooth, tapered
from scripts.draw_avatars.character import Character, strand_colour

PART_X_PX = 263.0
# From the part to the tips, as distance from the part and y: the edge along the face, and the silhouette.
INNER = (
    (0.5, 129),
    (11, 133),
    (32, 145),
    (54, 165),
    (72, 194),
    (83, 238),
    (83, 290),
    (79, 332),
    (77, 372),
    (69, 408),
    (50, 436),
)
OUTER = (
    (0, 76),
    (22, 79),
    (57, 92),
    (86, 122),
    (101, 168),
    (108, 222),
    (114, 280),
    (121, 336),
    (124, 384),
    (113, 426),
    (84, 452),
)
STRANDS, GLINTS, STRAYS = 1000, 1000, 110
TIPS = 90
BASE_SHARE = 0.95  # of the sheets' length; below it single tips show


def draw_back(canvas: skia.Canvas, person: Character) -> None:
    """What hangs behind neck and face."""
    shape = np.vstack([_guide(1.0, 1), _guide(1.0, -1)[::-1]])
    dark: Colour = (24, 17, 16)
    canvas.drawPath(path_of(shape), fill(dark))
    random = np.random.default_rng(person.seed + 60)
    for _ in range(500):
        x = random.uniform(166, 350)
        line = np.array([[x, 250], [x + random.normal(0, 3), 340], [x + (x - 258) * 0.02, random.uniform(395, 440)]])
        tone = random.uniform(0.0, 0.16)
        canvas.drawPath(tapered(smooth(line, steps=6), [0.5, 1.2, 0.2]), fill(strand_colour(person, tone), 0.5))


def draw_front(canvas: skia.Canvas, person: Character) -> None:
    random = np.random.default_rng(person.seed + 61)
    for side in (-1, 1):
        sheet = np.vstack([_base(0.0, side), _tips(random, side), _base(1.0, side)[::-1]])
        canvas.drawPath(path_of(sheet), fill(person.hair, 1.0, 0.5))
        lit = 1.0 if side < 0 else 0.72  # the key stands at the left
        for _ in range(STRANDS):
            _strand(canvas, person, random, side, lit)
        for _ in range(GLINTS):
            _glint(canvas, person, random, side, lit)
        for _ in range(STRAYS):
            _stray(canvas, person, random, side)
    _part(canvas, person, random)


def _part(canvas: skia.Canvas, person: Character, random: np.random.Generator) -> None:
    """The scalp shows where hair parts; short hairs soften its edge on the forehead."""
    line = smooth([(PART_X_PX - 1.0, 134), (PART_X_PX, 118), (PART_X_PX - 0.5, 100), (PART_X_PX, 90)])
    canvas.drawPath(tapered(line, [3.4, 1.8, 1.2, 0.4]), fill((14, 10, 9), 0.55, 1.6))
    canvas.drawPath(tapered(line, [2.4, 1.1, 0.7, 0.1]), fill(person.skin, 0.22, 0.6))
    for _ in range(240):
        side = random.choice([-1, 1])
        edge = _guide(0.0, int(side), 10)
        k = int(random.integers(0, int(len(edge) * 0.32)))
        root = edge[k] + random.normal(0, 0.8, 2)
        tip = root + (edge[k + 8] - edge[k]) * random.uniform(0.5, 1.2) + (side * 1.0, -2.2)
        bend = (root + tip) / 2 + (0, 0.9)
        canvas.drawPath(tapered(smooth([root, bend, tip], steps=4), [0.15, 0.6, 0.2]), fill(person.hair, 0.5))


def shade_path() -> skia.Path:
    """The sheets' outline, for the shadow that they cast on the face."""
    path = skia.Path()
    for side in (-1, 1):
        path.addPath(path_of(np.vstack([_guide(0.0, side), _guide(1.0, side)[::-1]])))
    return path


def _guide(q: float, side: int, steps: int = 10) -> Points:
    """The strand at share `q` from the face's edge (0) to the silhouette (1)."""
    inner, outer = np.asarray(INNER, np.float64), np.asarray(OUTER, np.float64)
    mixed = inner + (outer - inner) * q
    settled = np.clip(np.linspace(0, 3.2, len(mixed)), 0, 1)
    x = (PART_X_PX + side * mixed[:, 0]) * (1 - settled) + (MIDDLE_PX + side * mixed[:, 0]) * settled
    # A slow wave, so that no edge is drawn with a ruler; locks swing out by turns.
    along = np.linspace(0, 1, len(mixed))
    x = x + side * along * (1.6 * np.sin(9.0 * along + 1.4 * side) + 1.3 * np.sin(5.0 * q + 13.0 * along))
    return smooth(np.stack([x, mixed[:, 1]], axis=1), steps=steps)


def _base(q: float, side: int) -> Points:
    line = _guide(q, side)
    return line[: int(len(line) * BASE_SHARE)]


def _tips(random: np.random.Generator, side: int) -> Points:
    """Locks end at different lengths."""
    shares = np.linspace(0.02, 0.98, TIPS)
    lengths = 0.965 + 0.03 * np.sin(shares * 21 + side) * np.sin(shares * 9) + random.uniform(-0.02, 0.02, TIPS)
    return np.array(
        [_guide(q, side)[int((len(INNER) - 1) * 10 * min(r, 1.0))] for q, r in zip(shares, lengths, strict=True)]
    )


def _lock(q: float) -> float:
    """Hair gathers in locks: -1 in the gap between two, 1 on the crest."""
    return float(np.sin(19 * q + 2.2 * np.sin(7 * q)) * 0.6 + 0.4 * np.sin(47 * q + 1.3))


def _wander(random: np.random.Generator, line: Points, side: int) -> Points:
    along = np.linspace(0, 1, len(line))
    sway = random.normal(0, 1.5) * along**1.5 + random.normal(0, 0.7) * np.sin(along * np.pi * random.uniform(1, 2.2))
    return line + np.stack([side * sway, random.normal(0, 1.5) * along**2 * 4], axis=1)


def _strand(canvas: skia.Canvas, person: Character, random: np.random.Generator, side: int, lit: float) -> None:
    q = random.uniform(0.0, 1.0)
    line = _wander(random, _guide(q, side, 6), side)
    end = int(len(line) * random.uniform(0.86, 1.0))
    start = int(len(line) * random.choice([0, 0, 0, random.uniform(0, 0.5)]))
    line = line[start : max(end, start + 4)]
    tone = 0.10 + 0.10 * _lock(q) + random.normal(0, 0.05)
    wide = random.uniform(0.5, 1.5)
    canvas.drawPath(
        tapered(line, [wide * 0.5, wide, wide, wide * 0.8, 0.1]),
        fill(strand_colour(person, tone * lit), random.uniform(0.35, 0.8)),
    )


def _glint(canvas: skia.Canvas, person: Character, random: np.random.Generator, side: int, lit: float) -> None:
    """Light catches where a strand bends over the skull, and again where it swings out below."""
    q = random.uniform(0.02, 0.98)
    crest = max(0.0, _lock(q))
    upper = random.random() < 0.62
    centre = random.normal(0.24 + 0.03 * (1 - q), 0.035) if upper else random.normal(0.66, 0.07)
    span = random.uniform(0.05, 0.13) if upper else random.uniform(0.06, 0.16)
    line = _wander(random, _guide(q, side, 8), side)
    a, b = (int(np.clip(v, 0, 1) * (len(line) - 1)) for v in (centre - span, centre + span))
    if b - a < 4:
        return
    line = line[a:b]
    strength = (0.20 + 0.46 * crest) * (1.0 if upper else 0.55) * lit * random.uniform(0.4, 1.0)
    colour = strand_colour(person, random.uniform(0.55, 1.0))
    paint = gradient(line[0], line[-1], [colour, colour, colour], [0.0, strength, 0.0])
    canvas.drawPath(tapered(line, [0.2, random.uniform(0.5, 1.3), 0.2]), paint)


def _stray(canvas: skia.Canvas, person: Character, random: np.random.Generator, side: int) -> None:
    q = random.choice([random.normal(0.0, 0.015), random.normal(1.0, 0.012)])
    line = _wander(random, _guide(q, side, 8), side)
    start = random.integers(0, len(line) // 2)
    line = line[start : start + random.integers(20, 50)]
    canvas.drawPath(tapered(line, [0.1, 0.45, 0.1]), fill(strand_colour(person, random.uniform(0, 0.3)), 0.55))
