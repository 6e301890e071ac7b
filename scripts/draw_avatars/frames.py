"""Frames of a character that talks, feels, looks about and blinks: what its generator is trained on."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from scripts.draw_avatars.character import Character
from scripts.draw_avatars.portrait import draw
from scripts.draw_avatars.pose import NEUTRAL, Pose

SHUT_SHARE, SMILE_SHARE, ROUND_SHARE = 0.15, 0.4, 0.35  # of the poses
BLINK_SHARE, BROW_SHARE = 0.25, 0.3


def random_pose(draw_from: np.random.Generator) -> Pose:
    """Mouths as speech makes them, with a feeling and a look of their own."""
    shut = draw_from.random() < SHUT_SHARE
    jaw = 0.0 if shut else float(draw_from.beta(1.3, 2.2))
    is_round = draw_from.random() < ROUND_SHARE
    pucker = float(draw_from.random()) if is_round else 0.0
    smile = float(draw_from.random()) * (1 - 0.8 * pucker) if draw_from.random() < SMILE_SHARE else 0.0
    wide = 0.0 if is_round else float(draw_from.random() ** 2)
    blink = float(np.clip(draw_from.normal(0.8, 0.3), 0, 1)) if draw_from.random() < BLINK_SHARE else 0.0
    x, y = draw_from.normal(0, 0.35, 2).clip(-1, 1)
    brow = float(draw_from.normal(0, 0.5)) if draw_from.random() < BROW_SHARE else 0.0
    return Pose(
        blink, blink, max(x, 0), max(-x, 0), max(-y, 0), max(y, 0), min(max(brow, 0), 1), min(max(-brow, 0), 1), jaw, wide,
        pucker, smile,
    )  # fmt: skip


def frames(person: Character, count: int, seed: int) -> Iterator[NDArray[np.uint8]]:
    """`count` pictures (512, 512, 3) RGB, the portrait itself first; about a second each."""
    draw_from = np.random.default_rng(seed)
    yield draw(person, NEUTRAL)
    for _ in range(count - 1):
        yield draw(person, random_pose(draw_from))
