"""Teeth and tongue as small textures, and the colours that a portrait's light gives them.

Textures are (height, width, 4) float32, colour 0-255 times cover, and cover 0-1, in face coordinates from the middle of
the mouth. Sizes are those of average adults (Wheeler's dental anatomy; an eye distance is about 90 mm), the sides of
the dental arch foreshortened as seen from the front.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from tiangong.rendering.face_frame import FaceFrame, Floats, step

TEXELS = 256.0  # per eye distance
X_RANGE, Y_RANGE = (-0.40, 0.40), (-0.20, 0.45)  # that a texture covers
FINER = 3  # painted this much larger, then shrunk: smooth edges

USUAL_HALF_WIDTH = 0.265  # of a mouth at rest; teeth scale a little with the mouth they are in
UPPER_WIDTHS = (0.094, 0.066, 0.056, 0.040, 0.030, 0.022)  # from the middle outwards
UPPER_RISES = (0.0, 0.006, 0.003, 0.010, 0.016, 0.022)  # edges climb towards the back
LOWER_WIDTHS = (0.058, 0.060, 0.056, 0.044, 0.034, 0.024)
LOWER_RISES = (0.0, 0.001, 0.0, 0.006, 0.010, 0.016)
CROWN, LOWER_CROWN = 0.105, 0.075  # height of the incisors; gum behind it
UPPER_EDGE = 0.058  # incisors end this far below the closed lips' line
LOWER_EDGE = 0.022  # and the lower ones begin here, behind them
OWN_EDGE_OVERLAP = 0.004
TIP_ROUND, TIP_SOFT = 0.010, 0.005  # how far corners of teeth draw back, and how soft their edges are
GAP_DARK = 0.17  # of the lines between teeth
ARCH_DARK = 0.62  # at the back of the arch
LOWER_DIM = 0.70  # lower teeth stand in the shadow of the upper ones
SOFT_PX = 0.55  # blur of a portrait in its own pixels: lens, demosaicing, compression
TONGUE_TOP = -0.055

EYE_WHITE_CORNERS = ((33, 133), (362, 263))
LIPS = (0, 37, 267, 17, 84, 314, 40, 270)
CHEEKS = (50, 280, 205, 425)
ENAMEL = np.array([1.0, 0.98, 0.935], np.float32)  # warmer than the white of an eye
ENAMEL_OVER_EYE = 1.55  # and brighter: eyes lie in the shadow of the brow
SKIN_REFLECTED = 0.18  # share of the skin's hue in the light around the mouth
FLESH = np.array([176.0, 92.0, 92.0], np.float32)  # a tongue in full light
BRIGHTEST, DARKEST = 242.0, 120.0  # of enamel, whatever the light


@dataclass(frozen=True)
class Palette:
    """Colours 0-255 RGB in the portrait's light, (3,) each."""

    enamel: Floats
    tongue: Floats
    gum: Floats
    throat: Floats


def palette(frame: FaceFrame) -> Palette:
    """The whites of the eyes tell how bright enamel would be here, the lips which hue flesh has."""
    white = _eye_white(frame)
    light = float(np.clip(white.max() * ENAMEL_OVER_EYE, DARKEST, BRIGHTEST))
    cast = np.median(np.array([_colour_at(frame, mark) for mark in CHEEKS]), axis=0)
    cast = white / max(float(white.max()), 1.0) + SKIN_REFLECTED * cast / max(float(cast.max()), 1.0)
    enamel = light * ENAMEL * cast / max(float(cast.max()), 1e-3)
    lips = np.median(np.array([_colour_at(frame, mark) for mark in LIPS]), axis=0)
    flesh = 0.5 * lips * (FLESH.max() / max(float(lips.max()), 60.0)) + 0.5 * FLESH
    tongue_colour = flesh * (light / BRIGHTEST) ** 0.8
    return Palette(
        enamel.astype(np.float32), tongue_colour.astype(np.float32), (0.55 * tongue_colour).astype(np.float32),
        (tongue_colour * np.array([0.20, 0.12, 0.12])).astype(np.float32),
    )  # fmt: skip


def _eye_white(frame: FaceFrame) -> Floats:
    """(3,) bright pixels between the corners of the eyes."""
    found: list[Floats] = []
    for pair in EYE_WHITE_CORNERS:
        first, last = (frame.landmarks[i, :2] for i in pair)
        for share in np.linspace(0.12, 0.88, 15):
            found.append(_colour_at_px(frame, first + (last - first) * share))
    colours = np.array(found)
    bright = colours.mean(1)
    return colours[bright >= np.percentile(bright, 75)].mean(0).astype(np.float32)


def _colour_at(frame: FaceFrame, mark: int) -> Floats:
    return _colour_at_px(frame, frame.landmarks[mark, :2])


def _colour_at_px(frame: FaceFrame, at_px: Floats) -> Floats:
    height, width = frame.picture.shape[:2]
    x, y = int(np.clip(at_px[0], 1, width - 2)), int(np.clip(at_px[1], 1, height - 2))
    return frame.picture[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3).mean(0).astype(np.float32)


def softened(texture: Floats, frame: FaceFrame) -> Floats:
    """As soft as the portrait is: teeth sharper than the lips around them look pasted in."""
    width = SOFT_PX * max(frame.magnified, 1.0) / frame.eye_distance_px * TEXELS
    return np.asarray(cv2.GaussianBlur(texture, (0, 0), width), np.float32)


def _grid() -> tuple[Floats, Floats]:
    scale = TEXELS * FINER
    width, height = (round((high - low) * TEXELS) * FINER for low, high in (X_RANGE, Y_RANGE))
    x = X_RANGE[0] + (np.arange(width, dtype=np.float32) + 0.5) / scale
    y = Y_RANGE[0] + (np.arange(height, dtype=np.float32) + 0.5) / scale
    return tuple(np.meshgrid(x, y))  # pyright: ignore[reportReturnType]


def _texture(colour: Floats, cover: Floats) -> Floats:
    whole = np.concatenate([colour * cover[..., None], cover[..., None]], axis=2).astype(np.float32)
    size = (whole.shape[1] // FINER, whole.shape[0] // FINER)
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.float32)


def _row(
    widths: tuple[float, ...], rises: tuple[float, ...], edge: float, scale: float, up: bool
) -> tuple[Floats, Floats]:
    """(cover, shade) of one row of teeth; `up`: rooted above the edge."""
    x, y = _grid()
    cover, shade = np.zeros_like(x), np.zeros_like(x)
    start = 0.0
    for width, rise in zip(widths, rises, strict=True):
        middle = (start + width / 2) * scale
        start += width
        at_x = np.abs(np.abs(x) - middle) / (width * scale / 2)  # 0 in the middle of a tooth, 1 at its sides
        mine = at_x <= 1
        tip = edge - rise - TIP_ROUND * at_x**4 if up else edge + rise + TIP_ROUND * at_x**4
        from_tip = tip - y if up else y - tip
        cover = np.where(mine, step(from_tip, -TIP_SOFT, TIP_SOFT), cover)
        between = GAP_DARK * step(at_x, 0.72, 1.0) * (0.35 + 0.65 * step(from_tip, 0.07, 0.0))
        shade = np.where(mine, (1 - between) * (0.88 + 0.12 * step(from_tip, 0.0, 0.03)), shade)
    return cover, shade * (1 - ARCH_DARK * (np.abs(x) / (start * scale)) ** 1.8)


def upper_teeth(colours: Palette, half_width: float, own_edge: float) -> Floats:
    """`own_edge`: where the portrait's own teeth end (0: it shows none)."""
    scale = _scale(half_width)
    edge = max(UPPER_EDGE, own_edge + OWN_EDGE_OVERLAP)
    cover, shade = _row(UPPER_WIDTHS, UPPER_RISES, edge, scale, up=True)
    x, y = _grid()
    arches = 0.012 * np.cos(x / (UPPER_WIDTHS[0] * scale) * 2 * np.pi)
    gum = step(edge - CROWN - arches - y, 0, 0.014)[..., None]
    colour = colours.enamel * shade[..., None] * (1 - gum) + colours.gum * 1.15 * gum
    return _texture(colour, cover * (np.abs(x) < sum(UPPER_WIDTHS) * scale))


def lower_teeth(colours: Palette, half_width: float, own_edge: float) -> Floats:
    scale = _scale(half_width)
    edge = LOWER_EDGE + own_edge
    cover, shade = _row(LOWER_WIDTHS, LOWER_RISES, edge, scale, up=False)
    x, y = _grid()
    gum = step(y - edge - LOWER_CROWN, 0, 0.02)[..., None]
    colour = colours.enamel * (LOWER_DIM * shade)[..., None] * (1 - gum) + colours.gum * gum
    return _texture(colour, cover * (np.abs(x) < sum(LOWER_WIDTHS) * scale))


def tongue(colours: Palette, half_width: float, own_edge: float) -> Floats:
    """A soft mound behind the lower teeth, darker towards the throat and along its middle."""
    x, y = _grid()
    wide = 0.9 * half_width
    top = TONGUE_TOP + own_edge + 0.07 * (np.abs(x) / wide) ** 2.2
    body = step(y - top, -0.01, 0.03) * step(wide * 1.1 - np.abs(x), 0, 0.06)
    lit = 0.56 + 0.30 * step(y - top, 0.0, 0.09) - 0.10 * np.exp(-((x / 0.02) ** 2)) - 0.22 * (np.abs(x) / wide) ** 2
    return _texture(colours.tongue * np.maximum(lit, 0.1)[..., None], body)


def _scale(half_width: float) -> float:
    return 0.5 + 0.5 * half_width / USUAL_HALF_WIDTH
