"""The Face Landmarker task as a face reader: its own blend shapes, and all else as the mesh reader has it."""

from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from tests.shared_media import shared
from tiangong.core.config import SeeingSettings, Settings
from tiangong.core.errors import ConfigError
from tiangong.core.face import ARKIT_BLEND_SHAPES, BLEND_SHAPE_INDEX
from tiangong.core.media import VideoFrame
from tiangong.core.pictures import read_picture
from tiangong.core.registry import choose, make
from tiangong.perception.engines import FACE_READERS
from tiangong.perception.landmarker import LandmarkerReader, in_arkit_order
from tiangong.perception.mesh_reader import MeshReader
from tiangong.studio.bundle import STARTER

PORTRAIT = STARTER / "avatars" / "tian" / "portrait.png"


@dataclass
class Category:
    """As the task hands them out."""

    category_name: str
    score: float


@pytest.fixture(scope="module")
def task() -> Path:
    return shared("models/face_landmarker_v2_with_blendshapes.task")


def settings(file: Path | None) -> Settings:
    return Settings(seeing=SeeingSettings(landmarker=file))


def test_shapes_are_taken_by_name_and_neutral_is_none_of_them() -> None:
    row = in_arkit_order([Category("_neutral", 0.9), Category("jawOpen", 0.5), Category("browDownLeft", 1.2)])
    assert row.shape == (len(ARKIT_BLEND_SHAPES),)
    assert row[BLEND_SHAPE_INDEX["jawOpen"]] == 0.5
    assert row[BLEND_SHAPE_INDEX["browDownLeft"]] == 1.0
    assert row.sum() == 1.5


def test_without_its_file_auto_takes_the_mesh_and_says_why(tmp_path: Path) -> None:
    for file, reason in ((None, "seeing.landmarker"), (tmp_path / "absent.task", "no file")):
        choice = choose("face_reader", FACE_READERS, "auto", settings(file))
        assert choice.name == "mesh"
        assert reason in choice.reason


def test_a_file_that_is_no_task_is_refused(tmp_path: Path) -> None:
    nonsense, old = tmp_path / "nonsense.task", tmp_path / "old.task"
    nonsense.write_bytes(b"nonsense")
    with ZipFile(old, "w") as archive:
        archive.writestr("face_landmarks_detector.tflite", b"")
    for file, complaint in ((nonsense, "no Face Landmarker task"), (old, "reads no blend shapes")):
        assert complaint in str(LandmarkerReader.unavailable(settings(file)))
        with pytest.raises(ConfigError, match=complaint):
            LandmarkerReader(file)


def test_its_file_makes_it_the_first_choice_but_not_of_the_embedded_profile(task: Path) -> None:
    chosen = settings(task)
    assert choose("face_reader", FACE_READERS, "auto", chosen).name == "landmarker"
    embedded = chosen.model_copy(update={"profile": "embedded"})
    assert choose("face_reader", FACE_READERS, "auto", embedded).name == "mesh"


def test_it_sees_what_the_mesh_sees_and_reads_shapes_of_its_own(task: Path) -> None:
    frame = read_picture(PORTRAIT)
    readers = (make("face_reader", FACE_READERS, "landmarker", settings(task)), MeshReader())
    sessions = [reader.session(tracking=False) for reader in readers]
    theirs, ours = (session.observe(frame) for session in sessions)
    nobody = sessions[0].observe(VideoFrame(np.zeros((240, 320, 3), np.uint8)))
    for session in sessions:
        session.close()
    assert nobody is None
    assert theirs is not None
    assert ours is not None
    assert theirs.landmarks.shape == (478, 3)
    assert theirs.box == pytest.approx(ours.box, abs=0.05 * frame.image.shape[1])
    assert theirs.head_rad == pytest.approx(ours.head_rad, abs=0.1)
    assert theirs.expression.shape == (52,)
    assert not np.array_equal(theirs.expression, ours.expression)
    assert 0 <= float(theirs.expression.min()) <= float(theirs.expression.max()) <= 1


def test_a_camera_may_begin_again_at_zero(task: Path) -> None:
    session = LandmarkerReader(task).session(tracking=True)
    frame = read_picture(PORTRAIT)
    seen = [session.observe(replace(frame, captured_s=at_s)) for at_s in (0.0, 0.04, 0.08, 5.0, 0.0, 0.04)]
    session.close()
    assert all(found is not None and found.faces == 1 for found in seen)


def test_of_a_crowd_the_nearest_comes_first(task: Path) -> None:
    image = read_picture(PORTRAIT).image
    small = np.ascontiguousarray(image[::2, ::2])
    beside = np.pad(small, ((image.shape[0] - small.shape[0], 0), (0, 0), (0, 0)), mode="edge")
    session = LandmarkerReader(task).session(tracking=False)
    everybody = session.observe_all(VideoFrame(np.concatenate([beside, image], axis=1)))
    session.close()
    assert len(everybody) == 2
    assert everybody[0].box[0] > beside.shape[1] > everybody[1].box[2]
