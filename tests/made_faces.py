"""Faces that tests make themselves: a drawn portrait, and a film of it that moves as it is told."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from tests.test_warp_renderer import drawn_portrait
from tiangong.core.face import BLEND_SHAPE_INDEX
from tiangong.core.face_mesh import FaceMesh
from tiangong.core.media import FaceMotion
from tiangong.core.pictures import write_picture
from tiangong.rendering.generator import Generator
from tiangong.rendering.warp import WarpFace, WarpRenderer
from tiangong.rendering.weights_io import save_generator

Film = tuple[list[NDArray[np.uint8]], list[NDArray[np.float32]]]


def portrait_folder(folder: Path) -> Path:
    """A folder with a portrait and its landmarks, as an avatar's."""
    folder.mkdir(parents=True, exist_ok=True)
    picture = drawn_portrait()
    write_picture(picture, folder / "portrait.png")
    with FaceMesh(tracking=False, most_faces=1) as mesh:
        np.savez(folder / "motion.npz", landmarks=mesh.find(picture)[0])
    return folder


def busy_generator(seed: int) -> Generator:
    """Untrained generators change nothing; this one paints noise over."""
    torch.manual_seed(seed)
    generator = Generator().eval().requires_grad_(False)
    torch.nn.init.normal_(generator.paint.weight, std=0.05)
    return generator


def busy_folder(folder: Path, seed: int) -> Path:
    """A portrait's folder with such a generator of its own."""
    save_generator(busy_generator(seed), portrait_folder(folder))
    return folder


def drawn_face(folder: Path) -> WarpFace:
    return WarpRenderer().open(portrait_folder(folder))


def talking(count: int, seed: int = 0) -> FaceMotion:
    """`count` frames: the jaw goes up and down, lids and head move a little."""
    draw_from = np.random.default_rng(seed)
    at = np.arange(count)
    expression = np.zeros((count, 52), np.float32)
    expression[:, BLEND_SHAPE_INDEX["jawOpen"]] = 0.35 * (0.5 - 0.5 * np.cos(at * 0.9))
    for side in ("Left", "Right"):
        expression[:, BLEND_SHAPE_INDEX["mouthSmile" + side]] = 0.3 * (0.5 + 0.5 * np.sin(at * 0.31))
        expression[:, BLEND_SHAPE_INDEX["eyeBlink" + side]] = at % 9 == 4
    head = 0.06 * np.sin(at[:, None] * np.array([0.23, 0.17, 0.11]) + draw_from.random(3))
    return FaceMotion(expression, head.astype(np.float32), 25)


def film_of(face: WarpFace, motion: FaceMotion) -> Film:
    """The pictures, and what the mesh finds in them."""
    frames = list(face.draw(motion))
    with FaceMesh(tracking=True, most_faces=1) as mesh:
        return frames, [mesh.find(frame)[0] for frame in frames]
