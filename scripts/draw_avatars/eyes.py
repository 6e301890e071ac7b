"""Eyes and brows, drawn over the lit skin."""

import numpy as np
import skia

from scripts.draw_avatars.canvas import MIDDLE_PX, Colour, Points, fill, mirror, path_of, smooth, tapered
from scripts.draw_avatars.character import Character
from scripts.draw_avatars.motion import LidCurves, lid_curves, moved
from scripts.draw_avatars.pose import Pose

WHITE: Colour = (226, 221, 217)
WHITE_EDGE: Colour = (176, 148, 142)
LID_SHADE: Colour = (52, 34, 34)
RIM: Colour = (222, 160, 146)  # the wet edge of the lower lid
LASH: Colour = (26, 17, 16)
BROW_TONE: Colour = (46, 32, 27)
CATCH = (-2.9, -3.3)  # of the window that the light comes from, px from the iris's middle


def draw_eye(canvas: skia.Canvas, person: Character, pose: Pose, left: bool) -> None:
    lids = lid_curves(person, pose, left)
    opening = path_of(np.vstack([lids.upper, lids.lower[::-1]]))
    if lids.closed < 0.97:
        canvas.save()
        canvas.clipPath(opening, True)
        _ball(canvas, lids)
        _iris(canvas, person, lids)
        _lid_shadow(canvas, lids)
        canvas.restore()
        _corner(canvas, lids, opening)
    _rims(canvas, person, lids)
    _lashes(canvas, person, lids, left)


def _ball(canvas: skia.Canvas, lids: LidCurves) -> None:
    x, y = lids.centre
    shader = skia.GradientShader.MakeRadial(
        skia.Point(x, y), 21, [skia.Color(*map(int, WHITE)), skia.Color(214, 204, 199), skia.Color(*map(int, WHITE_EDGE))],
        [0.0, 0.62, 1.0],
    )  # fmt: skip
    canvas.drawPaint(skia.Paint(Shader=shader, Dither=True))


def _iris(canvas: skia.Canvas, person: Character, lids: LidCurves) -> None:
    (x, y), r = lids.iris, person.eyes.iris_radius
    base = np.asarray(person.eyes.iris_colour, float)
    canvas.drawCircle(x, y, r + 0.25, fill((70, 55, 50), 0.75, 0.8))
    stops = [tuple(base * 0.35), tuple(base * 0.95), tuple(base * 1.25), tuple(base * 0.75), (22, 15, 13)]
    shader = skia.GradientShader.MakeRadial(
        skia.Point(x, y), r, [skia.Color(*(int(min(255, c)) for c in s)) for s in stops], [0.0, 0.42, 0.66, 0.86, 1.0]
    )
    canvas.drawCircle(x, y, r, skia.Paint(AntiAlias=True, Shader=shader, Dither=True))
    random = np.random.default_rng(person.seed)
    for angle in np.linspace(0, 2 * np.pi, 70, endpoint=False) + random.normal(0, 0.03, 70):
        start, end = r * random.uniform(0.42, 0.55), r * random.uniform(0.7, 0.92)
        ray = np.array([[start, 0.0], [end, 0.0]]) @ _turn(angle) + (x, y)
        light = random.random() < 0.55
        colour: Colour = (150, 104, 66) if light else (30, 18, 12)
        canvas.drawPath(tapered(ray, [0.28, 0.36, 0.1]), fill(colour, random.uniform(0.10, 0.34)))
    glow = skia.Path().addArc(skia.Rect.MakeLTRB(x - r * 0.7, y - r * 0.7, x + r * 0.7, y + r * 0.7), 25, 120)
    paint = fill((160, 104, 62), 0.32, 1.1)
    paint.setStyle(skia.Paint.kStroke_Style)
    paint.setStrokeWidth(r * 0.28)
    canvas.drawPath(glow, paint)
    canvas.drawCircle(x, y, r * 0.40, fill((8, 6, 6), 1.0, 0.25))
    window = skia.RRect.MakeRectXY(skia.Rect.MakeXYWH(x + CATCH[0] - 1.5, y + CATCH[1] - 1.6, 3.1, 3.3), 1.2, 1.2)
    canvas.drawRRect(window, fill((255, 255, 255), 0.25, 1.2))
    canvas.drawRRect(window, fill((255, 253, 250), 0.92, 0.25))
    canvas.drawCircle(x + 2.8, y + 3.0, 0.9, fill((220, 235, 245), 0.42, 0.4))


def _turn(angle: float) -> Points:
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def _lid_shadow(canvas: skia.Canvas, lids: LidCurves) -> None:
    canvas.drawPath(tapered(lids.upper + (0, 1.0), [6, 8, 8, 8, 6]), fill(LID_SHADE, 0.42, 1.7))
    canvas.drawPath(tapered(lids.upper + (0, 0.4), [2, 3, 3, 3, 2]), fill((20, 12, 12), 0.45, 0.7))
    canvas.drawPath(tapered(lids.lower, [3, 3, 2.4, 3, 3]), fill((120, 78, 74), 0.34, 0.9))
    for end in (0, -1):
        at = lids.upper[end]
        canvas.drawCircle(float(at[0]), float(at[1]), 5.0, fill((120, 70, 66), 0.42, 2.2))


def _corner(canvas: skia.Canvas, lids: LidCurves, opening: skia.Path) -> None:
    """The pink flesh at the inner corner."""
    inner, outer = lids.upper[0], lids.upper[-1]
    at = inner + (outer - inner) * 0.065 + (0, 0.2)
    canvas.save()
    canvas.clipPath(opening, True)
    canvas.drawCircle(float(at[0]), float(at[1]), 2.3, fill((205, 128, 118), 0.85, 0.7))
    canvas.drawCircle(float(at[0]), float(at[1] - 0.3), 0.6, fill((255, 232, 224), 0.55, 0.3))
    canvas.restore()


def _rims(canvas: skia.Canvas, person: Character, lids: LidCurves) -> None:
    open_ = 1 - lids.closed
    canvas.drawPath(tapered(lids.lower + (0, 0.15), [0.4, 1.2, 1.3, 1.1, 0.3]), fill(RIM, 0.8 * open_, 0.25))
    canvas.drawPath(tapered(lids.lower + (0, 1.1), [0.3, 0.9, 1.0, 1.2, 0.8]), fill((110, 64, 56), 0.30, 0.5))
    crease_dark = 0.50 + 0.1 * person.eyes.liner - 0.3 * lids.closed
    canvas.drawPath(tapered(lids.crease, [0.2, 0.9, 1.1, 1.0, 0.2]), fill((96, 52, 42), crease_dark, 0.45))
    canvas.drawPath(tapered(lids.crease + (0, 0.8), [0.5, 2.6, 3.0, 2.6, 0.5]), fill((110, 60, 50), 0.18, 1.2))
    dark = 0.62 + 0.33 * person.eyes.liner
    canvas.drawPath(tapered(lids.upper + (0, -0.1), [0.4, 1.4, 1.9, 2.1, 2.0, 1.0]), fill(LASH, dark, 0.28))


def _lashes(canvas: skia.Canvas, person: Character, lids: LidCurves, left: bool) -> None:
    random = np.random.default_rng(person.seed + 3 + left)
    out = 1.0 if lids.upper[-1, 0] > lids.upper[0, 0] else -1.0
    eyes = person.eyes
    for t in np.linspace(0.12, 0.985, 38):
        root = lids.upper[int(t * (len(lids.upper) - 1))]
        length = eyes.lash_px * (0.42 + 0.62 * t**1.3 - 3.4 * max(0.0, t - 0.84)) * random.uniform(0.75, 1.12)
        lean = -0.35 + 1.05 * t + random.normal(0, 0.10)
        up = -1.0 + 1.7 * lids.closed
        tip = root + np.array([out * lean, up * (1.0 - 0.3 * t)]) * length * 0.72
        bend = (root + tip) / 2 + (out * 0.08 * length, 0.12 * length * (1 if up < 0 else 0.6))
        hair = smooth([root, bend, tip], steps=5)
        canvas.drawPath(tapered(hair, [0.7, 0.5, 0.1]), fill(LASH, eyes.lash_opacity * random.uniform(0.55, 1)))
    for t in np.linspace(0.35, 0.98, 22):
        root = lids.lower[int(t * (len(lids.lower) - 1))] + (0, 0.7)
        tip = root + np.array([out * (0.15 + 0.6 * t), 1.0]) * eyes.lash_px * random.uniform(0.25, 0.42)
        canvas.drawPath(tapered(smooth([root, tip], steps=3), [0.34, 0.06]), fill(LASH, 0.34 * eyes.lash_opacity))


def draw_brow(canvas: skia.Canvas, person: Character, pose: Pose, left: bool) -> None:
    spine = np.asarray(person.brow.spine, float)
    line = smooth(spine[:, :2], steps=16)
    thick = np.interp(np.linspace(0, 1, len(line)), np.linspace(0, 1, len(spine)), spine[:, 2])
    random = np.random.default_rng(person.seed + 17 + left)
    body = moved(person, pose, _on_side(line + (MIDDLE_PX, 0), left))
    canvas.drawPath(tapered(body, thick * 0.95), fill(BROW_TONE, 0.36 * person.brow.opacity, 1.5))
    canvas.drawPath(tapered(body, thick * 0.55), fill(BROW_TONE, 0.36 * person.brow.opacity, 1.0))
    slope = np.gradient(line, axis=0)
    slope /= np.hypot(slope[:, 0], slope[:, 1])[:, None]
    for _ in range(340):
        k = int(random.beta(1.05, 1.15) * (len(line) - 1))
        t = k / (len(line) - 1)
        across = random.uniform(-0.42, 0.52)
        root = line[k] + np.array([-slope[k, 1], slope[k, 0]]) * across * thick[k]
        # Hairs stand at the inner end, lie along the middle, and meet from above and below towards the outer end.
        rise = 1.1 * (1 - t) ** 2.2 + 0.8 * across * min(1.0, 2 * t) - 0.08
        direction = slope[k] + np.array([0, -rise])
        direction /= np.hypot(*direction)
        length = (3.6 + 2.6 * np.sin(np.pi * min(1, t + 0.15))) * random.uniform(0.7, 1.15) * (thick[k] / 6) ** 0.35
        hair = np.array([root, root + direction * length * 0.55 + (0.1, -0.15), root + direction * length + (0.5, 0.3)])
        drawn = moved(person, pose, _on_side(smooth(hair, steps=4) + (MIDDLE_PX, 0), left))
        fade = min(1.0, 0.35 + 3.2 * t)
        paint = fill(BROW_TONE, person.brow.opacity * fade * random.uniform(0.22, 0.62))
        canvas.drawPath(tapered(drawn, [0.3, 0.52, 0.08]), paint)


def _on_side(points: Points, left: bool) -> Points:
    return points if left else mirror(points)
