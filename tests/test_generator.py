"""The generator: what it may cost, where it draws, and that its two forms draw the same."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from tests.made_faces import busy_folder, drawn_face, portrait_folder, talking
from tiangong.core.errors import BundleError
from tiangong.core.face import BLEND_SHAPE_INDEX
from tiangong.rendering.gan import GanFace, GanRenderer
from tiangong.rendering.generator import Generator
from tiangong.rendering.painting import GENERATOR, GENERATOR_ONNX, open_painter
from tiangong.rendering.region import COLUMNS, ROWS, masks, place, rest_marks
from tiangong.rendering.warp import WarpFace
from tiangong.rendering.weights_io import load_generator

# What onnxruntime-web's WebGPU and WASM back ends both have.
WEB_OPERATORS = {
    "Add", "Clip", "Concat", "Constant", "Conv", "DepthToSpace", "Div", "Gather", "Identity", "LeakyRelu", "Mul", "Relu", "Reshape",
    "Resize", "Shape", "Slice", "SpaceToDepth", "Sub", "Tanh", "Transpose", "Unsqueeze",
}  # fmt: skip


@pytest.fixture(scope="module")
def face(tmp_path_factory: pytest.TempPathFactory) -> WarpFace:
    return drawn_face(tmp_path_factory.mktemp("face"))


@pytest.fixture(scope="module")
def lively(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a generator that changes everything it is shown."""
    return busy_folder(tmp_path_factory.mktemp("lively"), seed=5)


def test_weighs_and_costs_what_a_browser_can_bear(lively: Path) -> None:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        Generator()(torch.zeros(1, 6, ROWS, COLUMNS))
    assert counter.get_total_flops() <= 1e9
    assert (lively / GENERATOR_ONNX).stat().st_size <= 4 * 2**20
    used = {node.op_type for node in onnx.load(str(lively / GENERATOR_ONNX)).graph.node}
    assert used <= WEB_OPERATORS


def test_untrained_it_shows_the_sketch() -> None:
    sketch = torch.rand(1, 6, ROWS, COLUMNS) * 2 - 1
    assert torch.equal(Generator()(sketch), sketch[:, :3])


def test_both_files_draw_the_same(lively: Path) -> None:
    sketches = np.random.default_rng(0).integers(0, 256, (3, ROWS, COLUMNS, 6), np.uint8)
    painter = open_painter(lively)
    changed = np.stack([painter.change(sketch[..., :3], sketch[..., 3:]) for sketch in sketches])
    generator = load_generator(lively / GENERATOR)
    raw = torch.from_numpy(sketches).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        expected = generator(torch.cat([raw[:, :3] * 2 - 1, raw[:, 3:]], 1))
    painted = ((expected + 1) * 127.5).permute(0, 2, 3, 1).numpy()
    assert np.abs(changed - (painted - sketches[..., :3])).max() < 0.05


def test_only_the_region_is_drawn_and_its_edge_is_not_seen(lively: Path) -> None:
    drawn = GanRenderer().open(lively)
    assert isinstance(drawn, GanFace)
    motion = talking(4)
    sketched, marks = drawn.warp_face.draw_and_mark(motion)
    pictures = drawn.draw(motion)
    rest = rest_marks(drawn.warp_face.warp.frame.landmarks)
    for sketch, picture, points in zip(sketched, pictures, marks, strict=True):
        change = np.abs(picture.astype(int) - sketch).max(-1)
        assert change.max() > 20
        rows, columns = np.nonzero(change)
        at = place(rest, points).marks(np.stack([columns, rows], axis=1).astype(np.float32))
        assert (at > -1.5).all()
        assert (at < np.array([COLUMNS, ROWS]) + 0.5).all()
        beside = (at < 3).any(1) | (at > np.array([COLUMNS, ROWS]) - 4).any(1)
        assert change[rows, columns][beside].max(initial=0) < 0.35 * change.max()


def test_frames_drawn_together_are_those_drawn_one_by_one(lively: Path) -> None:
    drawn, motion = GanRenderer().open(lively), talking(5)
    one_by_one = [drawn.draw(motion.at(slice(i, i + 1)))[0] for i in range(len(motion))]
    assert np.abs(drawn.draw(motion).astype(int) - np.stack(one_by_one)).max() <= 1


def test_without_a_generator_of_its_own_a_photo_is_drawn_by_the_base(tmp_path: Path) -> None:
    face = GanRenderer().open(portrait_folder(tmp_path))
    assert isinstance(face, GanFace)
    assert face.draw(talking(2)).shape == (2, 512, 512, 3)


@pytest.mark.parametrize("damage", [b"", b"not a network", b"\x08\x07" * 40])
def test_a_damaged_generator_is_one_clear_line(tmp_path: Path, damage: bytes) -> None:
    folder = portrait_folder(tmp_path)
    (folder / GENERATOR_ONNX).write_bytes(damage)
    with pytest.raises(BundleError, match="generator.onnx: (damaged|belongs)"):
        GanRenderer().open(folder)
    (folder / GENERATOR).write_bytes(damage)
    with pytest.raises(BundleError, match="generator.safetensors: damaged"):
        load_generator(folder / GENERATOR)


def test_the_region_lies_upright_whatever_the_head_does(face: WarpFace) -> None:
    rest = rest_marks(face.warp.frame.landmarks)
    motion = talking(1)
    still = face.landmarks_for(motion.expression[0] * 0, np.zeros(3, np.float32))
    rolled = face.landmarks_for(motion.expression[0] * 0, np.array([0, 0, 0.2], np.float32))
    for marks in (still, rolled):
        found = place(rest, marks).marks(marks)
        assert np.abs(found[[33, 263, 168]] - rest[[33, 263, 168]]).max() < 2.5


def test_masks_tell_an_open_mouth_from_a_shut_one(face: WarpFace) -> None:
    rest = rest_marks(face.warp.frame.landmarks)
    seen: list[int] = []
    for jaw in (0.0, 0.5):
        expression = np.zeros(52, np.float32)
        expression[BLEND_SHAPE_INDEX["jawOpen"]] = jaw
        marks = face.landmarks_for(expression, np.zeros(3, np.float32))
        seen.append(int((masks(place(rest, marks).marks(marks))[..., 0] > 128).sum()))
    assert seen[1] > seen[0] + 200


def test_the_contact_sheet_shows_every_starter_by_the_base_and_by_its_own_generator() -> None:
    from scripts.contact_sheet import starters

    drawn = list(starters())  # once stumbled over the model card that lies beside the starters' folders
    assert len(drawn) == 4
    assert drawn[0].painter is drawn[2].painter
    assert drawn[1].painter is not drawn[3].painter
