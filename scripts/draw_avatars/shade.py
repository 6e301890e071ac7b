"""Light on a relief: a soft key, a fill, sky light, shadows, and light that travels under the skin.

Diffuse light wraps past the terminator, more in red than in blue, and is spread by the skin (after Jensen et al. 2001;
d'Eon, GPU Gems 3, ch. 14, 2007). Heights cast shadows by marching towards the key.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from scripts.draw_avatars.canvas import FORM_SCALE, Floats, ramp, soften

GAMMA = 2.2
KEY = np.array([-0.42, -0.52, 0.74], np.float32)
FILL = np.array([0.80, -0.05, 0.60], np.float32)
BOUNCE = np.array([0.15, 0.78, 0.60], np.float32)  # off a table or a pale shirt
KEY_COLOUR = np.array([1.0, 0.965, 0.92], np.float32) * 0.80
FILL_COLOUR = np.array([1.0, 0.96, 0.93], np.float32) * 0.27
BOUNCE_COLOUR = np.array([1.0, 0.95, 0.92], np.float32) * 0.095
SKY_COLOUR = np.array([1.0, 0.97, 0.96], np.float32) * 0.26
FLESH_WARMTH = np.array([0.09, -0.01, -0.05], np.float32)  # shaded skin is lit by skin
WRAP = np.array([0.42, 0.26, 0.20], np.float32)
SPREAD_PX = (2.6, 1.3, 0.8)
SHADOW_STEPS_PX = tuple(float(v) for v in np.geomspace(1.5, 70, 24))
KNEE = 0.70  # linear light from which highlights roll off
SHADOW_DARK = 0.72
OCCLUSION_PX = ((3.0, 0.20), (9.0, 0.30), (24.0, 0.34))  # reach, strength


@dataclass(frozen=True)
class Material:
    """Per pixel (height, width): how glossy, how broad the gloss, and whether light travels inside."""

    gloss: Floats
    flesh: Floats


def normals(height: Floats) -> Floats:
    """(h, w, 3) unit vectors; x right, y down, z to the viewer."""
    dy, dx = np.gradient(height * FORM_SCALE)
    n = np.dstack([-dx, -dy, np.ones_like(dx)]).astype(np.float32)
    return n / np.linalg.norm(n, axis=2, keepdims=True)


def shadow(height: Floats) -> Floats:
    """Share of the key light that reaches each pixel."""
    flat = KEY[:2] / np.hypot(KEY[0], KEY[1])
    climb = float(KEY[2] / np.hypot(KEY[0], KEY[1]))
    most = np.zeros_like(height)
    for reach in SHADOW_STEPS_PX:
        shift = np.array([[1, 0, -flat[0] * reach * FORM_SCALE], [0, 1, -flat[1] * reach * FORM_SCALE]], np.float32)
        there = cv2.warpAffine(height, shift, height.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
        most = np.maximum(most, (there - height - reach * climb) / (0.16 * reach + 1.6))
    return soften(1 - ramp(most, 0.0, 1.0), 1.6)


def occlusion(height: Floats) -> Floats:
    """Share of sky light that reaches each pixel, from how far it lies below its surroundings."""
    near = np.maximum(height, -30)
    light = np.ones_like(height)
    for reach, strength in OCCLUSION_PX:
        light *= 1 - strength * np.clip((soften(near, reach) - near) / reach, 0, 1)
    return light


def lit(albedo: Floats, height: Floats, material: Material) -> Floats:
    """sRGB albedo (h, w, 3) in 0..255 -> sRGB of the lit scene, 0..255."""
    n = normals(soften(height, 0.5))
    key = KEY / np.linalg.norm(KEY)
    fill = FILL / np.linalg.norm(FILL)
    cast = 1 - SHADOW_DARK * (1 - shadow(height))
    open_ = occlusion(height)
    wrap = WRAP * material.flesh[..., None]
    facing = (n @ key)[..., None]
    diffuse = np.clip((facing + wrap) / (1 + wrap), 0, 1) * cast[..., None]
    soft = FILL_COLOUR * np.clip(n @ fill, 0, 1)[..., None] + SKY_COLOUR * (0.75 - 0.35 * n[..., 1:2])
    soft = soft + BOUNCE_COLOUR * np.clip(n @ (BOUNCE / np.linalg.norm(BOUNCE)), 0, 1)[..., None]
    light = KEY_COLOUR * diffuse + soft * (1 + FLESH_WARMTH * material.flesh[..., None])
    dimmed = open_[..., None] ** (1 - 0.35 * material.flesh[..., None] * np.array([1, 0.25, 0], np.float32))
    light = light * dimmed
    for channel, reach in enumerate(SPREAD_PX):
        # Weighted by the flesh, or darkness from outside would bleed in over the edge.
        spread = soften(light[..., channel] * material.flesh, reach) / np.maximum(soften(material.flesh, reach), 1e-3)
        light[..., channel] += (spread - light[..., channel]) * material.flesh
    half = key + np.array([0, 0, 1], np.float32)
    mirror = np.clip(n @ (half / np.linalg.norm(half)), 0, 1)
    gloss = material.gloss * cast * (0.065 * mirror**14 + 0.07 * mirror**60)
    linear = (albedo / 255) ** GAMMA * light + gloss[..., None]
    # Highlights roll off instead of clipping; by their brightest channel, so that they keep their hue.
    peak = np.max(linear, axis=2, keepdims=True)
    over = np.maximum(peak - KNEE, 0)
    linear = linear * (peak - over + (1 - KNEE) * (1 - np.exp(-over / (1 - KNEE)))) / np.maximum(peak, 1e-3)
    return 255 * np.clip(linear, 0, 1) ** (1 / GAMMA)
