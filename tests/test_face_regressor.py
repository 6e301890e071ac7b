"""The network that reads some blend shapes: in place of geometry, rest taken off, never needed."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tiangong.core.errors import BundleError
from tiangong.core.face import ARKIT_BLEND_SHAPES, BLEND_SHAPE_INDEX
from tiangong.core.face_mesh import only_face
from tiangong.core.pictures import read_picture
from tiangong.perception import face_regressor as module
from tiangong.perception.blend_shapes import expression
from tiangong.perception.face_measures import measure
from tiangong.perception.face_regressor import LEARNED, WEIGHTS, LearnedShapes, face_regressor
from tiangong.perception.head_pose import take_pose
from tiangong.studio.bundle import STARTER

Floats = NDArray[np.float32]
ROWS = [BLEND_SHAPE_INDEX[name] for name in LEARNED]
OTHERS = [i for i in range(len(ARKIT_BLEND_SHAPES)) if i not in ROWS]


@pytest.fixture(scope="module")
def face() -> Floats:
    """A starter's face, turned to the front."""
    portrait = STARTER / "avatars" / "tian" / "portrait.png"
    return take_pose(only_face(read_picture(portrait).image, portrait.name)).points


def test_only_the_learned_shapes_are_put_in_place_of_geometry(face: Floats) -> None:
    geometric = expression(measure(face))
    read = LearnedShapes().stranger(geometric, face)
    assert np.array_equal(read[OTHERS], geometric[OTHERS])
    assert not np.array_equal(read[ROWS], geometric[ROWS])
    assert 0 <= float(read.min()) <= float(read.max()) <= 1


def test_without_weights_geometry_reads_all(face: Floats, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "face_regressor", lambda: None)
    geometric, shapes = expression(measure(face)), LearnedShapes()
    assert shapes.stranger(geometric, face) is geometric
    assert shapes.follow(geometric, face, 0.04) is geometric


def test_what_a_face_does_all_the_time_becomes_its_rest(face: Floats) -> None:
    geometric, shapes = expression(measure(face)), LearnedShapes()
    first = shapes.follow(geometric, face, 0.0)
    for _ in range(1_000):
        last = shapes.follow(geometric, face, 0.04)
    assert last[ROWS].sum() <= first[ROWS].sum() + 1e-6
    assert last[ROWS].mean() < 0.1


def test_a_smile_between_two_faces_is_read(face: Floats) -> None:
    net = face_regressor()
    assert net is not None
    smiling = face.copy()
    # Corners of the mouth and what lies around them, outwards and up.
    for marks, out in (((61, 291), 0.08), ((185, 409), 0.05), ((146, 375), 0.05), ((40, 270), 0.03), ((91, 321), 0.03)):
        smiling[list(marks), 0] += [-out, out]
        smiling[list(marks), 1] -= 0.8 * out
    smile = LEARNED.index("mouthSmileLeft")
    assert net.read(smiling)[smile] > net.read(face)[smile] + 0.05


def test_weights_are_small_and_damaged_ones_are_refused(tmp_path: Path) -> None:
    assert WEIGHTS.stat().st_size < 300_000
    assert WEIGHTS.with_suffix(".md").exists()
    assert face_regressor(tmp_path / "absent.safetensors") is None
    (tmp_path / "damaged.safetensors").write_bytes(b"nonsense")
    with pytest.raises(BundleError, match="train_face_regressor"):
        face_regressor(tmp_path / "damaged.safetensors")


def test_a_short_training_gives_a_reader_and_the_same_one_again(face: Floats) -> None:
    from scripts.train_face_regressor.comparison import held_out, table, tremor
    from scripts.train_face_regressor.samples import Samples
    from scripts.train_face_regressor.training import train

    rng = np.random.default_rng(0)
    n = 64
    samples = Samples(
        (face + rng.normal(0, 0.01, (n, 478, 3))).astype(np.float32),
        rng.uniform(0, 1, (n, 52)).astype(np.float32),
        np.array([f"p{i // 4}" for i in range(n)]),
        np.array([("neutral", "photo", "clip", "drawn")[i // 4 % 4] for i in range(n)]),
    )
    one, again = (train(samples, steps=2, seed=3) for _ in range(2))
    assert one.read(face).shape == (len(LEARNED),)
    assert all(np.array_equal(a, b) for a, b in zip(vars(one).values(), vars(again).values(), strict=True))
    geometric, learned = held_out(samples, steps=1, seed=0)
    assert "| jawOpen |" in table(samples, geometric, learned)
    assert tremor(samples, learned) > 0
