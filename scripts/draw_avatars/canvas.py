"""Curves, masks and canvases shared by all that is drawn. Lengths are px of the 512 x 512 picture throughout."""

from collections.abc import Sequence

import cv2
import numpy as np
import skia
from numpy.typing import ArrayLike, NDArray

SIZE_PX = 512
MIDDLE_PX = 256.0  # the face's axis of symmetry
DETAIL_SCALE = 4  # lines are drawn at 2048 x 2048 and averaged down
FORM_SCALE = 2  # soft forms carry nothing finer than 1 px and are shaded at 1024 x 1024

Floats = NDArray[np.float32]
Points = NDArray[np.float64]  # (n, 2) x, y
Colour = tuple[float, float, float]  # sRGB, 0..255


def smooth(points: ArrayLike, *, closed: bool = False, steps: int = 12) -> Points:
    """Catmull-Rom curve through `points` (n, 2), `steps` samples a span (Catmull and Rom 1974)."""
    p = np.asarray(points, np.float64)
    padded = np.vstack([p[-1], p, p[:2]]) if closed else np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None, None]
    a, b, c, d = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    dense = curve.transpose(1, 0, 2).reshape(-1, 2)
    return dense if closed else np.vstack([dense, p[-1]])


def mirror(points: ArrayLike) -> Points:
    """The same points on the other side of the face, order kept."""
    p = np.asarray(points, np.float64)
    return np.stack([2 * MIDDLE_PX - p[:, 0], p[:, 1]], axis=1)


def both_sides(half: ArrayLike) -> Points:
    """Points (n, 2) as (distance from the axis, y) from the axis outwards -> the whole curve, left to right."""
    h = np.asarray(half, np.float64)
    right = h + (MIDDLE_PX, 0)
    left = mirror(right)[::-1]
    return np.vstack([left[:-1] if h[0, 0] == 0 else left, right])


def path_of(points: Points, *, closed: bool = True) -> skia.Path:
    path = skia.Path()
    path.addPoly([skia.Point(float(x), float(y)) for x, y in points], closed)
    return path


def tapered(points: Points, widths: ArrayLike) -> skia.Path:
    """A stroke whose full width runs through `widths` (any number of values, spread evenly along the curve)."""
    w = np.asarray(widths, np.float64)
    along = np.linspace(0, 1, len(points))
    half = np.interp(along, np.linspace(0, 1, len(w)), w)[:, None] / 2
    tangent = np.gradient(points, axis=0)
    tangent /= np.maximum(np.hypot(tangent[:, 0], tangent[:, 1])[:, None], 1e-6)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    return path_of(np.vstack([points + normal * half, (points - normal * half)[::-1]]))


def toned(colour: Colour, factor: float) -> Colour:
    """Darker or lighter."""
    return colour[0] * factor, colour[1] * factor, colour[2] * factor


def fill(colour: Colour, opacity: float = 1.0, blur_px: float = 0.0) -> skia.Paint:
    r, g, b = (int(round(c)) for c in colour)
    paint = skia.Paint(AntiAlias=True, Color=skia.Color(r, g, b, int(round(255 * opacity))), Dither=True)
    if blur_px > 0:
        paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur_px))
    return paint


def gradient(start: ArrayLike, end: ArrayLike, colours: Sequence[Colour], opacities: Sequence[float]) -> skia.Paint:
    """A paint that runs from `start` to `end` through `colours`, evenly spread."""
    a, b = np.asarray(start, float), np.asarray(end, float)
    stops = [
        skia.Color(*(int(round(v)) for v in c), int(round(255 * o))) for c, o in zip(colours, opacities, strict=True)
    ]
    shader = skia.GradientShader.MakeLinear([skia.Point(*a), skia.Point(*b)], stops)
    return skia.Paint(AntiAlias=True, Shader=shader, Dither=True)


def surface(scale: int) -> skia.Surface:
    made = skia.Surface(SIZE_PX * scale, SIZE_PX * scale)
    made.getCanvas().scale(scale, scale)
    return made


def pixels(made: skia.Surface) -> NDArray[np.uint8]:
    """(height, width, 4) RGBA, not premultiplied."""
    return made.makeImageSnapshot().toarray(colorType=skia.kRGBA_8888_ColorType)


def mask(path: skia.Path, blur_px: float = 0.0, scale: int = FORM_SCALE) -> Floats:
    """Cover of `path`, (512 * scale, 512 * scale) in 0..1, softened by a Gaussian in floats: eight bits would band."""
    drawn = surface(scale)
    drawn.getCanvas().drawPath(path, skia.Paint(AntiAlias=True, Color=skia.ColorWHITE))
    return soften(pixels(drawn)[..., 3].astype(np.float32) / 255, blur_px, scale)


def soften(field: Floats, blur_px: float, scale: int = FORM_SCALE) -> Floats:
    if blur_px <= 0:
        return field
    return np.asarray(cv2.GaussianBlur(field, (0, 0), blur_px * scale), np.float32)


def grid(scale: int = FORM_SCALE) -> tuple[Floats, Floats]:
    """x and y in px at the centre of every pixel of a picture `scale` times as fine."""
    axis = ((np.arange(SIZE_PX * scale) + 0.5) / scale).astype(np.float32)
    return np.broadcast_to(axis, (len(axis), len(axis))), np.broadcast_to(axis[:, None], (len(axis), len(axis)))


def ramp(x: Floats, start: float, end: float) -> Floats:
    """0 before `start`, 1 after `end`, smooth between them."""
    t = np.clip((x - start) / (end - start), 0, 1)
    return t * t * (3 - 2 * t)


def image_of(rgb: Floats, cover: Floats | None, seed: int) -> skia.Image:
    """sRGB floats (height, width, 3) in 0..255 and cover in 0..1 -> an image, dithered against banding."""
    noise = np.random.default_rng(seed).random(rgb.shape[:2], np.float32)[..., None]
    eight = np.clip(np.floor(rgb + noise), 0, 255).astype(np.uint8)
    alpha = np.full(rgb.shape[:2], 255, np.uint8) if cover is None else (cover * 255 + 0.5).astype(np.uint8)
    rgba = np.ascontiguousarray(np.dstack([eight, alpha]))
    return skia.Image.fromarray(rgba, colorType=skia.kRGBA_8888_ColorType, copy=True)
