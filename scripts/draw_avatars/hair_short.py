"""Short hair: strands that follow a field of directions over the scalp."""

from functools import cache

import numpy as np
import skia

from scripts.draw_avatars.canvas import Points, fill, gradient, path_of, smooth, tapered
from scripts.draw_avatars.character import Character, strand_colour

# Silhouette over the top from the picture's left sideburn to the right one, then back along the hairline.
SILHOUETTE = (
    (174, 218), (168.5, 192), (165, 162), (169, 130), (184, 101), (210, 79), (247, 65), (286, 65), (319, 80), (339, 109),
    (347, 144), (346.5, 176), (341, 218),
)  # fmt: skip
HAIRLINE = (
    (338, 222), (335, 214), (333, 190), (328, 169), (317, 156), (305, 147), (288, 142), (264, 136), (239, 136), (217, 141),
    (203, 149), (191, 166), (182, 189), (178.5, 212), (176, 222),
)  # fmt: skip
PART_X_PX = 202.0
SIDE_Y_PX = 138.0  # below this the sides are cut short
LOOSE_LENGTH = 0.4
LOOSE = 0.012  # share of hairs that may stand out of the shape
TOP_STRANDS, SIDE_STRANDS, GLINTS = 1800, 1700, 800


@cache
def scalp() -> skia.Path:
    return path_of(np.vstack([smooth(SILHOUETTE, steps=10), smooth(HAIRLINE, steps=10)]))


def draw_front(canvas: skia.Canvas, person: Character) -> None:
    random = np.random.default_rng(person.seed + 61)
    shape = scalp()
    base = gradient((0, 150), (0, 222), [person.hair, person.hair, person.hair], [0.96, 0.90, 0.50])
    base.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, 1.1))
    canvas.drawPath(shape, base)
    _edge(canvas, person, random)
    for _ in range(SIDE_STRANDS):
        root = _root(random, shape, top=False)
        if random.random() < 1 - 0.75 * np.clip((root[1] - 170) / 50, 0, 1):  # cut shorter and thinner towards the ear
            _strand(canvas, person, random, root, random.uniform(3, 6), 0.14)
    for _ in range(TOP_STRANDS):
        root = _root(random, shape, top=True)
        _strand(canvas, person, random, root, random.uniform(18, 34), 0.12)
    for _ in range(GLINTS):
        _glint(canvas, person, random, shape)


def _root(random: np.random.Generator, shape: skia.Path, *, top: bool) -> Points:
    while True:
        x, y = random.uniform(162, 350), random.uniform(74, 218)
        if shape.contains(float(x), float(y)) and (y < SIDE_Y_PX + 14 if top else y > SIDE_Y_PX - 18):
            return np.array([x, y])


def _direction(at: Points) -> Points:
    """Unit vector in which hair lies: up from the brow, over to the right, down at the sides."""
    x, y = float(at[0]), float(at[1])
    if y > SIDE_Y_PX + 6 and abs(x - 256) > 58:
        vector = np.array([0.10 * np.sign(256 - x), 1.0])
    elif x < PART_X_PX:
        vector = np.array([-0.75, 0.15 + (y - 90) / 60])
    else:
        over = np.clip((x - 225) / 105, 0, 1)
        back = np.clip((y - 84) / 50, 0, 1)
        vector = np.array([0.35 + 0.75 * over, -1.15 * back * (1 - over) + 0.15 + 1.35 * over**2.2])
    return vector / np.hypot(*vector)


def _flow(random: np.random.Generator, root: Points, length: float, steps: int = 7) -> Points:
    lean = random.normal(0, 0.14)
    shape, loose = scalp(), random.random() < LOOSE
    length = length * LOOSE_LENGTH if loose else length
    points = [root]
    for _ in range(steps):
        d = _direction(points[-1])
        turned = np.array([d[0] - lean * d[1], d[1] + lean * d[0]])
        ahead = points[-1] + turned * length / steps
        if len(points) > 2 and not loose and not shape.contains(float(ahead[0]), float(ahead[1])):
            break
        points.append(ahead)
    return np.array(points)


def _strand(
    canvas: skia.Canvas, person: Character, random: np.random.Generator, root: Points, length: float, tone: float
) -> None:
    line = _flow(random, root, length)
    clump = 0.13 * np.sin(root[0] * 0.35 + 1.5 * np.sin(root[1] * 0.11))
    lit = 1.15 - 0.3 * (root[0] - 165) / 185
    colour = strand_colour(person, (tone + clump + random.normal(0, 0.06)) * lit)
    wide = random.uniform(0.5, 1.3)
    canvas.drawPath(tapered(line, [wide * 0.6, wide, wide * 0.7, 0.1]), fill(colour, random.uniform(0.4, 0.85)))


def _glint(canvas: skia.Canvas, person: Character, random: np.random.Generator, shape: skia.Path) -> None:
    root = np.array([random.normal(248, 36), random.normal(110, 9)])
    if not shape.contains(float(root[0]), float(root[1])):
        return
    line = _flow(random, root, random.uniform(10, 22))
    crest = 0.5 + 0.5 * np.sin(root[0] * 0.35 + 1.5 * np.sin(root[1] * 0.11))
    strength = (0.14 + 0.5 * crest) * random.uniform(0.3, 1.0)
    colour = strand_colour(person, random.uniform(0.6, 1.0))
    paint = gradient(line[0], line[-1], [colour, colour, colour], [0.0, strength, 0.0])
    canvas.drawPath(tapered(line, [0.2, random.uniform(0.5, 1.2), 0.2]), paint)


def _edge(canvas: skia.Canvas, person: Character, random: np.random.Generator) -> None:
    """Single hairs along the hairline, so that it does not end like a cap."""
    line = smooth(HAIRLINE, steps=30)
    for _ in range(700):
        at = line[random.integers(0, len(line))]
        if at[1] > 196:
            continue
        inside = np.array([256.0, 105.0]) - at if at[1] < 152 else np.array([np.sign(at[0] - 256.0), -0.3])
        root = at + inside / np.hypot(*inside) * (random.exponential(2.0) - 0.5)
        drawn = _flow(random, root, random.uniform(4, 10) if at[1] < 152 else random.uniform(2, 5), 5)
        canvas.drawPath(
            tapered(drawn, [0.15, 0.6, 0.1]),
            fill(strand_colour(person, random.uniform(0, 0.2)), random.uniform(0.3, 0.7)),
        )
    silhouette = smooth(SILHOUETTE, steps=30)
    for _ in range(420):
        at = silhouette[random.integers(0, len(silhouette))]
        length = random.uniform(6, 14) if at[1] < 120 else random.uniform(1.5, 4)
        drawn = _flow(random, at + random.normal(0, 0.5, 2), length, 5)
        canvas.drawPath(tapered(drawn, [0.3, 0.6, 0.1]), fill(strand_colour(person, random.uniform(0, 0.12)), 0.7))
