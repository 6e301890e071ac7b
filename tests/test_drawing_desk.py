"""The desk at which a GPU would draw for all conversations, on the CPU: the same pictures, together."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.made_faces import busy_folder, busy_generator, talking
from tiangong.core.media import FaceMotion
from tiangong.rendering.gan import GanRenderer
from tiangong.rendering.torch_desk import DeskFace, desk_face
from tiangong.rendering.warp import WarpRenderer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return busy_folder(tmp_path_factory.mktemp("desk"), seed=1)


def at_the_desk(folder: Path) -> DeskFace:
    return desk_face(WarpRenderer().open(folder), busy_generator(seed=1), "cpu")


def test_the_desk_draws_what_a_processor_draws(folder: Path) -> None:
    motion = talking(3)
    found = at_the_desk(folder).draw(motion)
    off = np.abs(found.astype(int) - GanRenderer().open(folder).draw(motion))
    assert float(off.mean()) < 0.5
    assert float(np.percentile(off, 99)) <= 6


def test_conversations_that_wait_together_are_drawn_together_and_get_their_own_frames(folder: Path) -> None:
    face = at_the_desk(folder)
    face.desk.largest_batch = 0
    motions = [talking(2, seed) for seed in range(6)]
    alone = [face.draw(motion) for motion in motions]
    assert face.desk.largest_batch == 2
    with ThreadPoolExecutor(len(motions)) as callers:
        together = list(callers.map(face.draw, motions))
    assert face.desk.largest_batch > 2
    for one, other in zip(alone, together, strict=True):
        assert np.abs(one.astype(int) - other).max() <= 1


def test_a_failed_drawing_fails_its_callers_and_not_the_desk(folder: Path) -> None:
    face = at_the_desk(folder)
    broken = DeskFace(face.warp_face, face.avatar, torch.nn.Conv2d(1, 1, 1), face.desk)  # pyright: ignore[reportArgumentType]
    with pytest.raises(RuntimeError):
        broken.draw(talking(1))
    assert face.draw(talking(1)).shape == (1, 512, 512, 3)


def test_motion_with_and_without_landmarks_of_its_own_is_drawn_in_one_batch(folder: Path) -> None:
    face, motion = at_the_desk(folder), talking(1)
    beyond = np.zeros((1, 478, 2), np.float32)
    beyond[:, [0, 17], 1] = 0.03
    led = FaceMotion(motion.expression, motion.head_rad, 25, beyond)
    with ThreadPoolExecutor(2) as callers:
        plain, moved = callers.map(face.draw, [motion, led])
    assert np.abs(plain.astype(int) - moved).max() > 20
