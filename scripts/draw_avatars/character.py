"""The two people who are drawn: proportions and colours. Both are invented.

Lengths are px of the 512 x 512 picture; points of one half of a face stand as (distance from the axis, y).
Proportions follow Farkas, Anthropometry of the Head and Face (1994): eyes at half the head's height, one eye's width
apart, thirds from hairline to brow, nose base and chin.
"""

from dataclasses import dataclass

from scripts.draw_avatars.canvas import Colour

Half = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Eyes:
    """Lids are given for the eye at the picture's right, from its inner to its outer corner, from its centre."""

    centre: tuple[float, float]
    upper: Half
    lower: Half
    crease: Half  # fold of the upper lid
    iris_radius: float
    iris_y: float
    lash_px: float
    lash_opacity: float
    liner: float  # darkness of the upper rim, 0..1
    iris_colour: Colour


@dataclass(frozen=True)
class Brow:
    """From the inner to the outer end: x from the axis, y, thickness."""

    spine: tuple[tuple[float, float, float], ...]
    opacity: float


@dataclass(frozen=True)
class Nose:
    bridge: float  # height over the face between the eyes
    tip: float  # height at the tip
    width: float  # from the axis to the outside of a wing
    ridge: float  # half width of the ridge
    tip_y: float
    base_y: float


@dataclass(frozen=True)
class Lips:
    """From the middle to the corner."""

    upper: Half
    line: Half
    lower: Half
    colour: Colour
    tint: float  # how much of the colour shows, 0..1
    shine: float


@dataclass(frozen=True)
class Character:
    name: str
    seed: int
    outline: Half  # of the head, from crown to chin
    eyes: Eyes
    brow: Brow
    nose: Nose
    lips: Lips
    long_hair: bool  # which also hides the ears
    blazer: bool  # or a sweater
    neck_half: float
    relief: float  # how strongly bones show: 1 as modelled
    skin: Colour
    blush: float
    hair: Colour
    hair_light: Colour


def strand_colour(person: Character, light: float) -> Colour:
    """Of a hair: 0 in the dark, 1 where it shines; values outside are clipped."""
    share = min(max(light, 0.0), 1.0)
    (r, g, b), (r1, g1, b1) = person.hair, person.hair_light
    return r + (r1 - r) * share, g + (g1 - g) * share, b + (b1 - b) * share


TIAN = Character(
    name="tian", seed=11,
    outline=((0, 92), (40, 99), (68, 125), (80, 165), (83.5, 205), (82.5, 240), (77, 272), (67, 302), (51, 328),
             (33, 346.5), (16, 356.5), (0, 360)),
    eyes=Eyes(
        centre=(39.5, 226.0),
        upper=((-19.5, 3.6), (-16.4, -0.9), (-9.5, -6.6), (-1, -9.2), (7, -8.6), (13.7, -5.4), (18.7, -1.2)),
        lower=((-19.5, 3.6), (-13, 5.1), (-4, 7.0), (5.2, 6.6), (12.7, 3.6), (18.7, -1.2)),
        crease=((-17.5, -3.4), (-10, -10.0), (-1, -12.9), (8.5, -12.4), (16.5, -8.8), (22.5, -4.0)),
        iris_radius=8.9, iris_y=-1.0, lash_px=4.6, lash_opacity=0.9, liner=0.9, iris_colour=(60, 37, 25),
    ),
    brow=Brow(((19.5, 207.2, 4.2), (28.5, 205.0, 6.0), (40, 203.0, 5.6), (51, 203.2, 4.2), (62, 208.2, 1.3)), 0.66),
    nose=Nose(bridge=4.5, tip=25.0, width=18.4, ridge=8.3, tip_y=272.0, base_y=284.0),
    lips=Lips(
        upper=((0, 301.6), (5.6, 299.4), (11, 300.4), (20, 302.6), (29.8, 303.9)),
        line=((0, 309.4), (4.5, 309.1), (11, 308.2), (20, 307.2), (29.8, 303.9)),
        lower=((0, 321.2), (8, 320.6), (16, 317.0), (24.2, 310.3), (29.8, 303.9)),
        colour=(196, 92, 88), tint=0.78, shine=1.0,
    ),
    long_hair=True, blazer=True, neck_half=43.0, relief=0.9, skin=(240, 203, 182), blush=1.0,
    hair=(36, 26, 23), hair_light=(150, 104, 78),
)  # fmt: skip

GONG = Character(
    name="gong", seed=29,
    outline=((0, 92), (42, 98), (71, 123), (83, 162), (86, 203), (85.5, 240), (82, 272), (74, 303), (59, 331),
             (39, 350), (19, 359.5), (0, 362)),
    eyes=Eyes(
        centre=(39.5, 226.0),
        upper=((-18.6, 3.1), (-15, -1.0), (-8.5, -5.3), (0, -7.3), (8.5, -6.8), (14.4, -4.2), (18.4, -0.7)),
        lower=((-18.6, 3.1), (-12.8, 4.6), (-4, 6.0), (5.2, 5.8), (12.5, 3.4), (18.4, -0.7)),
        crease=((-15, -3.4), (-8, -8.0), (0, -9.9), (9, -9.4), (15.5, -6.4), (20.5, -2.2)),
        iris_radius=8.3, iris_y=-0.9, lash_px=2.6, lash_opacity=0.6, liner=0.5, iris_colour=(52, 33, 23),
    ),
    brow=Brow(((17, 207.2, 6.0), (27, 205.3, 8.6), (40, 202.8, 8.0), (53, 202.8, 6.0), (66, 208.0, 1.8)), 0.9),
    nose=Nose(bridge=7.0, tip=29.0, width=22.0, ridge=9.8, tip_y=273.0, base_y=286.0),
    lips=Lips(
        upper=((0, 304.6), (5.6, 302.9), (12, 304.2), (21, 305.5), (30.7, 306.2)),
        line=((0, 311.0), (4.5, 310.8), (12, 310.2), (21, 309.3), (30.7, 306.2)),
        lower=((0, 321.4), (9, 320.8), (17, 318.0), (25.2, 312.0), (30.7, 306.2)),
        colour=(176, 98, 88), tint=0.55, shine=0.5,
    ),
    long_hair=False, blazer=False, neck_half=53.0, relief=1.1, skin=(226, 184, 157), blush=0.55,
    hair=(30, 25, 24), hair_light=(120, 96, 84),
)  # fmt: skip

CHARACTERS = (TIAN, GONG)
