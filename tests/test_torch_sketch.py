"""The batched torch sketch draws what the numpy sketch draws, and what GanFace lays over it."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from tests.made_faces import busy_generator
from tests.test_warp_renderer import avatar, drawn_portrait, shapes
from tiangong.core.media import FaceMotion
from tiangong.rendering import region
from tiangong.rendering.face_frame import SIZE_PX
from tiangong.rendering.gan import GanFace
from tiangong.rendering.generator import Generator
from tiangong.rendering.painting import Painter
from tiangong.rendering.slits import LOWER_LIP
from tiangong.rendering.torch_avatar import Cast, TorchAvatar
from tiangong.rendering.torch_bench import bench_batched
from tiangong.rendering.torch_fields import skin, turn
from tiangong.rendering.torch_openings import EYES, MOUTH, opening
from tiangong.rendering.torch_region import compose, masks, place
from tiangong.rendering.torch_sketch import draw_batch, paint, regions, sketch
from tiangong.rendering.warp import WarpFace, WarpRenderer

STARTERS = Path(__file__).parents[1] / "tiangong" / "starter" / "avatars"
NAMES = ("drawn", "smiling", "gong", "tian")  # "smiling" shows teeth of its own


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> dict[str, WarpFace]:
    smiling = drawn_portrait()
    cv2.ellipse(smiling, (256, 331), (32, 8), 0, 0, 360, (240, 236, 228), -1, cv2.LINE_AA)
    drawn = {"drawn": drawn_portrait(), "smiling": smiling}
    folders = {name: avatar(tmp_path_factory.mktemp(name), picture) for name, picture in drawn.items()}
    return {name: WarpRenderer().open(folders.get(name, STARTERS / name)) for name in NAMES}


@pytest.fixture(scope="module")
def avatars(faces: dict[str, WarpFace]) -> dict[str, TorchAvatar]:
    return {name: TorchAvatar.of(face) for name, face in faces.items()}


def moving(frames: int, seed: int, beyond: bool = False, turn_rad: float = 0.25) -> FaceMotion:
    """Random faces; the first one rests."""
    random = np.random.default_rng(seed)
    expression = random.random((frames, 52)) * (random.random((frames, 52)) < 0.25)
    head = (random.random((frames, 3)) * 2 - 1) * turn_rad
    further = random.normal(size=(frames, 1, 2)) * 0.01 + random.normal(size=(frames, 478, 2)) * 0.004
    expression[0], head[0] = 0, 0
    return FaceMotion(
        expression.astype(np.float32), head.astype(np.float32), 25, further.astype(np.float32) if beyond else None
    )


def tensors(motion: FaceMotion) -> tuple[Tensor, Tensor, Tensor | None]:
    beyond = None if motion.beyond is None else torch.from_numpy(motion.beyond)
    return torch.from_numpy(motion.expression), torch.from_numpy(motion.head_rad), beyond


def target_marks(face: WarpFace, motion: FaceMotion, i: int) -> NDArray[np.float32]:
    beyond = None if motion.beyond is None else motion.beyond[i] * face.warp.frame.eye_distance_px
    return np.asarray(face.landmarks_for(motion.expression[i], motion.head_rad[i], beyond), np.float32)


@pytest.mark.parametrize("beyond", [False, True], ids=["blend shapes", "landmarks led beyond them"])
@pytest.mark.parametrize("name", NAMES)
def test_torch_draws_what_numpy_draws(
    faces: dict[str, WarpFace], avatars: dict[str, TorchAvatar], name: str, beyond: bool
) -> None:
    motion = moving(6, seed=1, beyond=beyond)
    drawn = draw_batch([avatars[name]] * 6, None, *tensors(motion)).numpy().astype(int)
    off = np.abs(drawn - faces[name].draw(motion))
    # Around the face numpy looks up bilinear, torch bicubic; within it they differ by OpenCV's steps of 1/32 px.
    assert float(off.mean()) < 0.5
    assert float(np.percentile(off, 99)) <= 4
    low, high = (faces[name].warp.frame.landmarks[:, :2].min(0), faces[name].warp.frame.landmarks[:, :2].max(0))
    inner = off[:, int(low[1]) : int(high[1]), int(low[0]) : int(high[0])]
    assert float(inner.mean()) < 0.15
    assert float(np.percentile(inner, 99.9)) <= 4
    assert int(inner.max()) < 48


@pytest.mark.parametrize("name", NAMES)
def test_landmarks_go_where_numpy_sends_them(
    faces: dict[str, WarpFace], avatars: dict[str, TorchAvatar], name: str
) -> None:
    motion = moving(6, seed=2, beyond=True)
    found = sketch([avatars[name]] * 6, *tensors(motion))[1].numpy()
    wanted = np.stack([target_marks(faces[name], motion, i) for i in range(6)])
    assert float(np.abs(found - wanted).max()) < 0.3  # px
    assert float(np.abs(found - wanted).mean()) < 0.02


def test_a_batch_of_different_avatars_equals_one_by_one(avatars: dict[str, TorchAvatar]) -> None:
    cast = [avatars[name] for name in ("gong", "drawn", "tian", "gong", "smiling")]
    motion = moving(len(cast), seed=3, beyond=True)
    motion.expression[0] = shapes(jawOpen=0.7, eyeLookOut=1.0)
    parts = tensors(motion)
    generator = busy_generator(0)
    together = draw_batch(cast, generator, *parts).int()
    alone = [
        draw_batch([one], generator, *(part[i : i + 1] for part in parts if part is not None)).int()
        for i, one in enumerate(cast)
    ]
    off = (together - torch.cat(alone)).abs()
    assert int(off.max()) <= 2
    assert float(off.float().mean()) < 0.01


@pytest.mark.parametrize("name", NAMES)
def test_patches_hold_mouths_and_eyes_at_their_widest(avatars: dict[str, TorchAvatar], name: str) -> None:
    motion = moving(40, seed=4, turn_rad=0.5)
    motion.expression[::2] = (motion.expression[::2] > 0.4).astype(np.float32)
    motion.expression[::3] = np.maximum(motion.expression[::3], shapes(jawOpen=1.0, mouthStretch=1.0, mouthSmile=1.0))
    expression, head_rad, _ = tensors(motion)
    cast = Cast.of([avatars[name]] * len(motion))
    moved, (turned, unturned) = skin(cast, expression, None), turn(cast, head_rad)
    for which, size_px in ((MOUTH, cast.mouth_px), (EYES, cast.eye_px)):
        larger_px = (min(size_px[0] + 64, SIZE_PX), min(size_px[1] + 64, SIZE_PX))
        held, whole = (opening(cast, moved, which, px, turned, unturned) for px in (size_px, larger_px))
        assert torch.equal(held.drawn.sum((2, 3)), whole.drawn.sum((2, 3)))


@pytest.mark.parametrize("name", NAMES)
def test_the_generator_is_given_the_same_region_and_masks(
    faces: dict[str, WarpFace], avatars: dict[str, TorchAvatar], name: str
) -> None:
    face, motion = faces[name], moving(6, seed=5)
    motion.expression[1] = shapes(jawOpen=0.8, eyeBlink=1.0)
    pictures, marks = sketch([avatars[name]] * 6, *tensors(motion))
    given = regions([avatars[name]] * 6, pictures, marks)
    assert given.sketch.shape == (6, region.CHANNELS, region.ROWS, region.COLUMNS)
    rest = region.rest_marks(face.warp.frame.landmarks)
    for i, canvas in enumerate(face.draw(motion)):
        wanted = target_marks(face, motion, i)
        placed = region.place(rest, wanted)
        assert np.abs(given.placed.turn[i].numpy() - placed.to_picture[:, :2]).max() < 1e-3
        assert np.abs(given.placed.shift[i].numpy() - placed.to_picture[:, 2]).max() < 0.1  # px
        cut = given.colours[i].permute(1, 2, 0).numpy()
        assert float(np.abs(cut - placed.cut(canvas)).mean()) < 1.0
        covered = given.masks[i].permute(1, 2, 0).numpy() * 255
        off = np.abs(covered - region.masks(placed.marks(wanted)))
        assert float(off.mean(axis=(0, 1)).max()) < 1.0


def test_masks_of_closed_lips_keep_a_line_as_opencv_draws_it() -> None:
    marks = np.zeros((478, 2), np.float32)
    marks[list(region.INNER_LIPS)] = [(x, 140.3) for x in np.linspace(60, 116, len(region.INNER_LIPS))]
    marks[list(LOWER_LIP)] = marks[list(region.INNER_LIPS[: len(LOWER_LIP)])]
    wanted = region.masks(marks)[..., 0].astype(int)
    found = masks(torch.from_numpy(marks)[None])[0, 0].numpy() * 255
    # OpenCV's own lines lie up to a third of a pixel off: as strong a line, hardly beside it.
    assert float(found.sum()) == pytest.approx(float(wanted.sum()), rel=0.15)
    assert float((found * np.arange(region.ROWS)[:, None]).sum() / found.sum()) == pytest.approx(140.3, abs=0.1)
    assert float(np.abs(found - wanted).mean()) < 2


def test_a_placement_is_undone_by_its_inverse() -> None:
    rest = torch.rand(2, 9, 2) * 100
    marks = torch.zeros(2, 478, 2)
    turned = torch.tensor([[0.9, -0.3], [0.3, 0.9]])
    marks[:, region.PLACED_BY] = rest @ turned.T + torch.tensor([40.0, 70.0])
    placed = place(rest, marks)
    assert torch.allclose(placed.turn, turned.expand(2, 2, 2), atol=1e-4)
    assert torch.allclose(placed.to_region(marks)[:, region.PLACED_BY], rest, atol=1e-2)


def test_what_the_generator_changed_is_laid_over_the_picture_as_gan_face_does(
    faces: dict[str, WarpFace], avatars: dict[str, TorchAvatar]
) -> None:
    face, motion = faces["tian"], moving(4, seed=6)
    pictures, marks = sketch([avatars["tian"]] * 4, *tensors(motion))
    given = regions([avatars["tian"]] * 4, pictures, marks)
    painted = (given.colours + 60 * torch.rand(4, 3, 14, 11).repeat_interleave(16, 2).repeat_interleave(16, 3)).clamp(
        0, 255
    )
    found = compose(pictures, given.placed, given.colours, painted).permute(0, 2, 3, 1).numpy()
    rest = region.rest_marks(face.warp.frame.landmarks)
    for i in range(4):
        to_picture = region.place(rest, target_marks(face, motion, i)).to_picture
        change = (painted - given.colours)[i].permute(1, 2, 0).numpy() * region.seam()
        laid = cv2.warpAffine(change, to_picture, (SIZE_PX, SIZE_PX), flags=cv2.INTER_LINEAR)
        wanted = np.clip(pictures[i].permute(1, 2, 0).numpy() + laid, 0, 255)
        assert float(np.abs(found[i] - wanted).max()) < 4
        assert float(np.abs(found[i] - wanted).mean()) < 0.1


def test_the_whole_picture_is_the_one_that_gan_face_draws(
    faces: dict[str, WarpFace], avatars: dict[str, TorchAvatar]
) -> None:
    generator, motion = busy_generator(0), moving(4, seed=9, beyond=True)

    class Session:
        """As an onnxruntime session, with PyTorch behind it."""

        def run(self, _names: None, given: dict[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
            return [generator(torch.from_numpy(given["sketch"])).numpy()]

    for name in ("gong", "smiling"):
        wanted = GanFace(faces[name], Painter(Session())).draw(motion)
        found = draw_batch([avatars[name]] * 4, generator, *tensors(motion)).numpy()
        changed = np.abs(wanted.astype(int) - faces[name].draw(motion))
        assert float(changed.max()) > 20  # the generator does something
        off = np.abs(found.astype(int) - wanted)
        assert float(off.mean()) < 0.5
        assert float(np.percentile(off, 99)) <= 5


def test_every_frame_is_painted_by_its_own_generator(avatars: dict[str, TorchAvatar]) -> None:
    one, other = busy_generator(0), Generator().eval().requires_grad_(False)
    sketches = torch.rand(3, region.CHANNELS, region.ROWS, region.COLUMNS) * 0.5
    mixed = paint([one, other, one], sketches)
    for i, generator in enumerate((one, other, one)):
        assert torch.allclose(mixed[i], paint(generator, sketches[i : i + 1])[0], atol=1e-2)
    assert torch.equal(paint([one, one, one], sketches), paint(one, sketches))


def test_an_untrained_generator_leaves_the_sketch(avatars: dict[str, TorchAvatar]) -> None:
    parts = tensors(moving(2, seed=7))
    plain = draw_batch([avatars["gong"]] * 2, None, *parts)
    assert plain.shape == (2, SIZE_PX, SIZE_PX, 3)
    assert plain.dtype == torch.uint8
    off = (draw_batch([avatars["gong"]] * 2, Generator().eval(), *parts).int() - plain.int()).abs()
    assert int(off.max()) <= 1


def test_nothing_is_read_back_from_the_device_while_drawing(faces: dict[str, WarpFace]) -> None:
    """Tensors on "meta" have shapes and no values: whatever waited for a value would fail here."""
    cast = [TorchAvatar.of(faces[name], "meta") for name in ("smiling", "gong", "tian", "drawn")]
    generator = Generator().to("meta").eval()
    expression, head_rad, beyond = (torch.empty(4, *shape, device="meta") for shape in ((52,), (3,), (478, 2)))
    drawn = draw_batch(cast, [generator, generator, Generator().to("meta"), generator], expression, head_rad, beyond)
    assert drawn.shape == (4, SIZE_PX, SIZE_PX, 3)
    assert drawn.device.type == "meta"


def test_the_benchmark_counts_frames(avatars: dict[str, TorchAvatar]) -> None:
    assert bench_batched("cpu", [avatars["gong"], avatars["tian"]], 2, Generator().eval(), measured_s=0.01) > 0


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_draws_the_same(faces: dict[str, WarpFace]) -> None:
    motion = moving(8, seed=8, beyond=True)
    cast = [TorchAvatar.of(faces[name], "cuda") for name in ("gong", "tian")] * 4
    parts = [part.cuda() for part in tensors(motion) if part is not None]
    drawn = draw_batch(cast, None, *parts).cpu().numpy().astype(int)
    for i, name in enumerate(("gong", "tian") * 4):
        assert motion.beyond is not None
        one = FaceMotion(motion.expression[i : i + 1], motion.head_rad[i : i + 1], 25, motion.beyond[i : i + 1])
        assert float(np.abs(drawn[i] - faces[name].draw(one)[0]).mean()) < 0.5
