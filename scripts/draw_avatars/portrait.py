"""One picture, put together: backdrop, hair behind, lit skin and cloth, features, hair before."""

from functools import cache

import cv2
import numpy as np
import skia
from numpy.typing import NDArray

from scripts.draw_avatars import hair_long, hair_short
from scripts.draw_avatars.canvas import (
    DETAIL_SCALE,
    FORM_SCALE,
    SIZE_PX,
    Floats,
    grid,
    image_of,
    mask,
    pixels,
    soften,
    surface,
)
from scripts.draw_avatars.character import Character
from scripts.draw_avatars.clothes import draw_seams, garment
from scripts.draw_avatars.eyes import draw_brow, draw_eye
from scripts.draw_avatars.head import draw_ears, relief
from scripts.draw_avatars.mouth import draw_mouth, draw_nostrils
from scripts.draw_avatars.pose import NEUTRAL, Pose
from scripts.draw_avatars.shade import Material, lit
from scripts.draw_avatars.skin import skin_colour

GRAIN = 1.1  # standard deviation, sRGB steps: enough to hide banding, too little to be seen
BACKDROP_LIGHT, BACKDROP_DARK = (176, 190, 188), (92, 112, 116)
HAIR_SHADOW = (0.42, 5.0, (2.5, 5.0))  # darkness, softness in px, shift in px
SKIN_GLOSS, NECK_GLOSS, LIP_GLOSS, CLOTH_GLOSS = 1.0, 0.35, 2.4, 0.08


def draw(person: Character, pose: Pose = NEUTRAL) -> NDArray[np.uint8]:
    """(512, 512, 3) RGB. The same person and pose give the same picture, bit for bit, on the same machine."""
    made = skia.Surface(SIZE_PX * DETAIL_SCALE, SIZE_PX * DETAIL_SCALE)
    canvas = made.getCanvas()
    canvas.drawImage(_behind(person), 0, 0)
    canvas.scale(DETAIL_SCALE, DETAIL_SCALE)
    body, cover = _body(person, pose)
    _put(canvas, image_of(body, cover, person.seed + 2))
    draw_seams(canvas, person)
    if not person.long_hair:
        draw_ears(canvas)
    for left in (False, True):
        draw_eye(canvas, person, pose, left)
        draw_brow(canvas, person, pose, left)
    draw_nostrils(canvas, person)
    draw_mouth(canvas, person, pose)
    canvas.resetMatrix()
    canvas.drawImage(_before(person), 0, 0)
    fine = pixels(made)[..., :3].astype(np.float32)
    small = cv2.resize(fine, (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_AREA)
    grain = np.random.default_rng(person.seed).normal(0, GRAIN, (SIZE_PX, SIZE_PX, 1))
    return np.clip(small + grain + 0.5, 0, 255).astype(np.uint8)


@cache
def _behind(person: Character) -> skia.Image:
    """All that no pose changes, behind the body."""
    made = surface(DETAIL_SCALE)
    _put(made.getCanvas(), image_of(_backdrop(), None, person.seed + 1))
    if person.long_hair:
        hair_long.draw_back(made.getCanvas(), person)
    return made.makeImageSnapshot()


@cache
def _before(person: Character) -> skia.Image:
    """All that no pose changes, in front of the face."""
    made = surface(DETAIL_SCALE)
    (hair_long if person.long_hair else hair_short).draw_front(made.getCanvas(), person)
    return made.makeImageSnapshot()


def _put(canvas: skia.Canvas, image: skia.Image) -> None:
    whole = skia.Rect.MakeWH(SIZE_PX, SIZE_PX)
    canvas.drawImageRect(image, whole, skia.SamplingOptions(skia.CubicResampler.Mitchell()))


def _backdrop() -> Floats:
    x, y = grid()
    glow = np.exp(-(((x - 214) / 300) ** 2) - ((y - 190) / 290) ** 2)[..., None]
    dark, light = np.asarray(BACKDROP_DARK, np.float32), np.asarray(BACKDROP_LIGHT, np.float32)
    return dark + (light - dark) * glow


def _body(person: Character, pose: Pose) -> tuple[Floats, Floats]:
    """Lit skin and cloth, and their cover."""
    form = relief(person, pose)
    cloth = garment(person)
    skin = np.maximum(form.head, form.neck)
    above = cloth.cover * (1 - form.head)
    height = np.where(above > 0.5, np.maximum(cloth.height, -60), form.height)
    colour = skin_colour(person, pose)
    colour = colour + (cloth.colour - colour) * above[..., None]
    lips = np.clip((colour[..., 0] - colour[..., 1] - 62) / 30, 0, 1) * form.head
    gloss = SKIN_GLOSS + (LIP_GLOSS * person.lips.shine - SKIN_GLOSS) * lips
    gloss = np.where(form.head > 0.5, gloss, NECK_GLOSS)
    gloss = gloss * (1 - above) + CLOTH_GLOSS * above
    lit_scene = lit(colour, height.astype(np.float32), Material(gloss.astype(np.float32), skin * (1 - above)))
    tinted = _hair_shadow(person)[..., None] ** np.array([0.86, 1.05, 1.1], np.float32)
    return lit_scene * tinted, np.clip(skin + above, 0, 1)


@cache
def _hair_shadow(person: Character) -> Floats:
    darkness, softness, (right, down) = HAIR_SHADOW
    path = hair_long.shade_path() if person.long_hair else hair_short.scalp()
    shape = mask(path)
    shift = np.array([[1, 0, right * FORM_SCALE], [0, 1, down * FORM_SCALE]], np.float32)
    thrown = np.asarray(cv2.warpAffine(shape, shift, shape.shape[::-1]), np.float32)
    return 1 - darkness * soften(thrown, softness) - 0.25 * soften(shape, 1.6)
