"""What is seen of the mouth beyond its form: the line between the lips, their texture, and the mouth's inside."""

import numpy as np
import skia

from scripts.draw_avatars.canvas import MIDDLE_PX, Points, fill, gradient, path_of, smooth, tapered, toned
from scripts.draw_avatars.character import Character
from scripts.draw_avatars.motion import JAW_DROP_PX, LipCurves, lip_curves
from scripts.draw_avatars.pose import Pose

TOOTH_WIDTHS_PX = (7.6, 6.0, 6.4, 5.6, 5.0, 4.6)  # upper, from the middle outwards
TOOTH_HEIGHTS_PX = (9.2, 8.2, 8.8, 7.6, 6.8, 6.0)
LOWER_WIDTHS_PX = (4.9, 5.2, 5.8, 5.4, 5.0, 4.6)
TOOTH = (233, 225, 211)
TOOTH_EDGE_Y_PX = 3.4  # of the upper teeth below the lips' line at rest
NOSTRIL = ((-4.2, -0.6), (-2.4, -2.8), (1.2, -3.4), (4.4, -2.0), (3.4, -0.4), (-0.6, 0.1))  # from its middle
WING = ((-1.2, -4.0), (0.9, 1.2), (0.4, 6.6), (-3.0, 10.2))  # the fold behind a wing of the nose
CLOSED_PX = 0.6  # a narrower gap is the line between the lips


def draw_mouth(canvas: skia.Canvas, person: Character, pose: Pose) -> None:
    curves = lip_curves(person, pose)
    gap = float((curves.lower_inner[:, 1] - curves.upper_inner[:, 1]).max())
    if gap > CLOSED_PX:
        canvas.save()
        canvas.clipPath(path_of(np.vstack([curves.upper_inner, curves.lower_inner[::-1]])), True)
        _inside(canvas, person, pose, curves, gap)
        canvas.restore()
    _line(canvas, curves, gap)
    _texture(canvas, person, curves)


def _inside(canvas: skia.Canvas, person: Character, pose: Pose, curves: LipCurves, gap: float) -> None:
    canvas.drawPaint(fill((46, 14, 14)))
    drop = JAW_DROP_PX * pose.jaw_open
    half = person.lips.line[-1][0]
    line_y = person.lips.line[0][1]
    tongue_y = line_y + drop * 0.80 + 6.0
    tongue = skia.Rect.MakeLTRB(MIDDLE_PX - half * 0.56, tongue_y - 6.5, MIDDLE_PX + half * 0.56, tongue_y + 22)
    canvas.drawOval(tongue, fill((150, 62, 60), 1.0, 2.0))
    canvas.drawOval(tongue.makeInset(half * 0.16, 3.5), fill((190, 92, 86), 0.75, 3.0))
    canvas.drawPath(
        tapered(np.array([[MIDDLE_PX, tongue_y - 3], [MIDDLE_PX, tongue_y + 14]]), [0.6, 1.6, 0.6]),
        fill((110, 40, 42), 0.5, 1.2),
    )
    _row(canvas, LOWER_WIDTHS_PX, tuple(7.5 for _ in LOWER_WIDTHS_PX), line_y + drop + 2.4, -1, 0.84)
    edge = line_y + TOOTH_EDGE_Y_PX - 1.0
    _row(canvas, TOOTH_WIDTHS_PX, TOOTH_HEIGHTS_PX, edge, 1, 1.0)
    shade = fill((36, 8, 8), 0.52, 2.2)
    canvas.drawPath(tapered(curves.upper_inner + (0, -0.6), [6, 7, 7, 7, 6]), shade)
    canvas.drawPath(tapered(curves.lower_inner + (0, 0.6), [3, 3, 2, 3, 3]), fill((40, 10, 10), 0.5, 1.4))
    for end in (0, -1):
        at = curves.upper_inner[end]
        canvas.drawCircle(float(at[0]), float(at[1]), half * 0.36, fill((30, 6, 8), 0.72, half * 0.16))
    if gap < 6:  # little light comes through a narrow gap
        canvas.drawPaint(fill((40, 12, 12), 0.55 * (1 - gap / 6)))


def _row(
    canvas: skia.Canvas, widths: tuple[float, ...], heights: tuple[float, ...], edge_y: float, up: int, light: float
) -> None:
    """Teeth of one jaw; `up` = 1 where they hang from above, -1 where they stand."""
    for side in (-1, 1):
        x = 0.0
        for k, (wide, tall) in enumerate(zip(widths, heights, strict=True)):
            seen = wide * np.cos(0.20 * k)  # the arch turns away
            left = MIDDLE_PX + (x if side > 0 else -x - seen)
            rise = 0.5 * (k == 1) + 0.14 * k * k * 0.5
            top = edge_y - rise - tall if up > 0 else edge_y - 0.2 * rise
            box = skia.Rect.MakeXYWH(float(left), float(top), float(seen), float(tall))
            dim = light * (1 - 0.085 * k)
            tone = toned(TOOTH, dim)
            paint = gradient(
                (left, top),
                (left, top + tall),
                [toned(tone, 0.86), tone, toned(tone, 0.93)],
                [1, 1, 1],
            )
            canvas.drawRRect(skia.RRect.MakeRectXY(box.makeInset(0.08, 0), 1.25, 1.25), paint)
            canvas.drawRect(skia.Rect.MakeXYWH(box.left() - 0.25, top, 0.5, tall), fill((130, 92, 78), 0.24, 0.3))
            x += seen


def _line(canvas: skia.Canvas, curves: LipCurves, gap: float) -> None:
    line = (curves.upper_inner + curves.lower_inner) / 2 if gap < CLOSED_PX else curves.upper_inner
    if gap >= CLOSED_PX:  # the wet inside of the lower lip turns away from the light
        canvas.drawPath(
            tapered(curves.lower_inner + (0, 0.6), [0.5, 2.0, 2.6, 2.0, 0.5]), fill((122, 40, 42), 0.62, 0.6)
        )
    fading = 1 if gap < CLOSED_PX else 0.55
    canvas.drawPath(tapered(line + (0, 0.5), [0.4, 2.4, 3.0, 2.4, 0.4]), fill((110, 36, 36), 0.38 * fading, 1.0))
    canvas.drawPath(
        tapered(line, [0.15, 0.9, 1.0, 0.9, 1.2, 0.9, 1.0, 0.9, 0.15]), fill((62, 16, 18), 0.78 * fading, 0.3)
    )
    for end in (0, -1):
        at = (curves.upper_inner[end] + curves.lower_inner[end]) / 2
        canvas.drawCircle(float(at[0]), float(at[1]), 1.5, fill((96, 40, 34), 0.30, 1.0))


def _texture(canvas: skia.Canvas, person: Character, curves: LipCurves) -> None:
    random = np.random.default_rng(person.seed + 41)
    pairs = ((curves.upper_outer, curves.upper_inner), (curves.lower_inner, curves.lower_outer))
    for outer, inner in pairs:
        for t in random.uniform(0.1, 0.9, 46):
            k = int(t * (len(outer) - 1))
            a, b = random.uniform(0.08, 0.35), random.uniform(0.55, 0.92)
            ends = _between(outer[k], _nearest(inner, outer[k]), a, b)
            light = random.random() < 0.5
            paint = fill((240, 170, 160) if light else (120, 44, 44), random.uniform(0.05, 0.16), 0.15)
            canvas.drawPath(tapered(ends, [0.1, 0.5, 0.1]), paint)
    lower = curves.lower_inner * 0.52 + curves.lower_outer[: len(curves.lower_inner)] * 0.48
    middle = lower[int(len(lower) * 0.30) : int(len(lower) * 0.66)]
    canvas.drawPath(tapered(middle, [0.2, 2.0, 2.4, 1.4, 0.2]), fill((255, 226, 214), 0.26 * person.lips.shine, 0.9))
    bow = curves.upper_outer[int(len(lower) * 0.30) : int(len(lower) * 0.70)] + (0, -0.6)
    canvas.drawPath(tapered(bow, [0.1, 0.9, 0.6, 0.9, 0.1]), fill((255, 232, 214), 0.30, 0.5))


def draw_nostrils(canvas: skia.Canvas, person: Character) -> None:
    nose = person.nose
    for side in (-1, 1):
        shape = smooth([(MIDDLE_PX + side * (nose.width * 0.44 + a), nose.base_y + b) for a, b in NOSTRIL], closed=True)
        canvas.drawPath(path_of(shape), fill((92, 40, 32), 0.42, 1.5))
        canvas.drawPath(path_of((shape - shape.mean(0)) * 0.8 + shape.mean(0)), fill((52, 20, 16), 0.62, 0.7))
        wing = smooth([(MIDDLE_PX + side * (nose.width + a), nose.tip_y + b) for a, b in WING])
        canvas.drawPath(tapered(wing, [0.2, 1.4, 1.6, 0.3]), fill((120, 58, 46), 0.34, 0.9))


def _nearest(curve: Points, point: Points) -> Points:
    return curve[int(np.argmin(np.abs(curve[:, 0] - point[0])))]


def _between(start: Points, end: Points, a: float, b: float) -> Points:
    bend = (start + end) / 2 + (0.02 * (start[0] - MIDDLE_PX), 0)
    return smooth([start + (end - start) * a, bend, start + (end - start) * b], steps=4)
