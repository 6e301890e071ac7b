"""The warp renderer: what a portrait must do when it is told to move, on a drawn face and on real ones."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tiangong.core.errors import BundleError, MediaError
from tiangong.core.face import ARKIT_BLEND_SHAPES, BLEND_SHAPE_INDEX
from tiangong.core.face_mesh import FaceMesh
from tiangong.core.media import FaceMotion
from tiangong.core.pictures import read_picture, write_picture
from tiangong.rendering.backdrop import backdrop_of
from tiangong.rendering.warp import WarpFace, WarpRenderer

PORTRAITS = Path(__file__).parents[2] / "shared" / "media" / "portraits"
REAL = ("debruine_webmorphR.stim/030_03.jpg", "debruine_webmorphR.stim/119_03.jpg", "KwaiVGI_LivePortrait/s3.jpg")
GAPS = ((13, 14), (82, 87), (312, 317))
STILL = (0.0, 0.0, 0.0)


def drawn_portrait(size_px: int = 512) -> NDArray[np.uint8]:
    """A face of ellipses that MediaPipe takes for one."""
    picture = np.full((512, 512, 3), (196, 205, 214), np.uint8)

    def oval(
        x: int,
        y: int,
        wide: int,
        high: int,
        colour: tuple[int, int, int],
        arc: tuple[int, int] = (0, 360),
        pen: int = -1,
    ) -> None:
        cv2.ellipse(picture, (x, y), (wide, high), 0, *arc, colour, pen, cv2.LINE_AA)

    oval(256, 520, 200, 120, (60, 80, 130))
    oval(256, 400, 52, 80, (205, 160, 135))
    oval(256, 215, 128, 150, (50, 35, 30))
    oval(256, 250, 105, 140, (226, 184, 158))
    oval(256, 115, 110, 50, (50, 35, 30))
    for side in (-1, 1):
        eye = 256 + side * 45
        oval(eye, 222, 24, 11, (245, 242, 238))
        oval(eye, 222, 10, 10, (70, 50, 40))
        oval(eye, 222, 4, 4, (10, 10, 10))
        oval(eye, 222, 25, 12, (60, 40, 35), (180, 360), 3)
        oval(eye, 198, 30, 10, (60, 42, 35), (190, 350), 6)
        oval(256 + side * 12, 292, 7, 4, (150, 100, 85))
    oval(256, 285, 20, 14, (214, 166, 140), (20, 160), 3)
    oval(256, 330, 38, 9, (188, 96, 92))
    oval(256, 334, 36, 13, (200, 108, 102), (0, 180))
    cv2.line(picture, (219, 332), (293, 332), (110, 50, 50), 2, cv2.LINE_AA)
    soft = cv2.GaussianBlur(picture, (0, 0), 1.2)
    return np.asarray(cv2.resize(soft, (size_px, size_px), interpolation=cv2.INTER_AREA), np.uint8)


def shapes(**weights: float) -> NDArray[np.float32]:
    """(52,) from names; a name without its side means both."""
    expression = np.zeros(52, np.float32)
    for name, weight in weights.items():
        for full in [name] if name in BLEND_SHAPE_INDEX else [name + "Left", name + "Right"]:
            expression[BLEND_SHAPE_INDEX[full]] = weight
    return expression


def motion(*expressions: NDArray[np.float32], head: tuple[float, float, float] = STILL) -> FaceMotion:
    return FaceMotion(np.stack(expressions), np.tile(np.array(head, np.float32), (len(expressions), 1)), 25)


def avatar(folder: Path, picture: NDArray[np.uint8]) -> Path:
    write_picture(picture, folder / "portrait.png")
    return folder


def landmarks(face: WarpFace, head: tuple[float, float, float] = STILL, **weights: float) -> NDArray[np.float32]:
    return np.asarray(face.landmarks_for(shapes(**weights), np.array(head, np.float32)), np.float32)


def lip_gap(points: NDArray[np.float32]) -> float:
    """Over the mouth's width, as shared/tools/measure_face.py has it."""
    width = np.linalg.norm(points[61, :2] - points[291, :2])
    return float(np.mean([np.linalg.norm(points[a, :2] - points[b, :2]) for a, b in GAPS]) / width)


@pytest.fixture(scope="module")
def face(tmp_path_factory: pytest.TempPathFactory) -> WarpFace:
    return WarpRenderer().open(avatar(tmp_path_factory.mktemp("drawn"), drawn_portrait()))


@pytest.fixture(scope="module", params=REAL)
def real_face(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> WarpFace:
    path = PORTRAITS / request.param
    if not path.exists():
        pytest.skip(f"no {path}: real portraits are not part of the repository")
    return WarpRenderer().open(avatar(tmp_path_factory.mktemp("real"), read_picture(path).image))


def test_a_face_at_rest_is_the_portrait_itself(face: WarpFace) -> None:
    frame = face.draw(motion(shapes()))[0]
    assert frame.shape == (face.height_px, face.width_px, 3)
    assert int(np.abs(frame.astype(int) - face.warp.frame.picture).max()) <= 2


def test_the_lips_part_further_the_wider_the_jaw_opens(face: WarpFace) -> None:
    gaps = [lip_gap(landmarks(face, jawOpen=weight)) for weight in np.linspace(0, 1, 11)]
    assert gaps[0] < 0.02
    assert all(wider > narrower for narrower, wider in zip(gaps, gaps[1:], strict=False))
    assert gaps[-1] > 0.3


@pytest.mark.parametrize("weight", [0.1, 0.3, 0.6, 1.0])
def test_a_jaw_open_and_a_mouth_closed_by_the_same_weight_leave_closed_lips(face: WarpFace, weight: float) -> None:
    edges = face.warp.skin(shapes(jawOpen=weight, mouthClose=weight)).mouth
    assert float(np.abs(edges.lower - edges.upper)[3:-3].max()) < 0.25  # px


def test_a_smile_with_teeth_is_shut_by_pressed_lips(tmp_path: Path) -> None:
    picture = drawn_portrait()
    cv2.ellipse(picture, (256, 331), (32, 8), 0, 0, 360, (240, 236, 228), -1, cv2.LINE_AA)
    parted = WarpRenderer().open(avatar(tmp_path, picture))
    assert parted.mouth.slit.parted
    gaps = [
        float((mouth.lower - mouth.upper)[12:-12, 1].max())
        for mouth in (parted.warp.skin(shapes(mouthPress=weight)).mouth for weight in (0.0, 0.25, 0.6))
    ]
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 0.5  # px
    rest = parted.draw(motion(shapes()))[0].astype(int)
    assert int(np.abs(rest - parted.warp.frame.picture).max()) <= 8


@pytest.mark.parametrize("more", [{}, {"eyeSquint": 1.0}, {"eyeLookDown": 1.0}, {"eyeWide": 0.3}])
def test_a_full_blink_shuts_the_eyes_and_no_more(face: WarpFace, more: dict[str, float]) -> None:
    for eye in face.warp.skin(shapes(eyeBlink=1.0, **more)).eyes:
        gap = (eye.lower - eye.upper)[4:-4, 1]
        assert float(gap.min()) > -0.5
        assert float(gap.max()) < 4.0 if "eyeWide" in more else float(gap.max()) < 1.0


@pytest.mark.parametrize("name", ARKIT_BLEND_SHAPES)
def test_every_blend_shape_is_seen(face: WarpFace, name: str) -> None:
    # A mouth that is shut hides its tongue, and has nothing to close.
    around = {"jawOpen": 0.4} if name in ("tongueOut", "mouthClose") else {}
    before, after = face.draw(motion(shapes(**around), shapes(**around, **{name: 1.0}))).astype(int)
    assert int((np.abs(after - before).max(axis=2) > 12).sum()) > 10


@pytest.mark.parametrize(
    "name", [n for n in ARKIT_BLEND_SHAPES if n.endswith("Left") and n not in ("jawLeft", "mouthLeft")]
)
def test_left_means_the_persons_left_which_is_right_in_the_picture(face: WarpFace, name: str) -> None:
    before, after = face.draw(motion(shapes(), shapes(**{name: 1.0}))).astype(int)
    changed = np.abs(after - before).sum(axis=(0, 2))
    middle = int(face.warp.frame.landmarks[168, 0])
    assert changed[middle:].sum() > 2 * changed[:middle].sum()


@pytest.mark.parametrize(
    ("head", "axis"), [((0.2, 0.0, 0.0), 0), ((0.0, 0.15, 0.0), 1)], ids=["yaw to the person's left", "pitch down"]
)
def test_a_turned_head_takes_its_nose_along(face: WarpFace, head: tuple[float, float, float], axis: int) -> None:
    moved = landmarks(face, head) - landmarks(face)
    assert moved[4, axis] > 8  # px
    against = landmarks(face, (-head[0], -head[1], 0.0)) - landmarks(face)
    assert against[4, axis] < -8


def test_a_tilted_head_leans_its_crown_to_the_persons_left(face: WarpFace) -> None:
    moved = landmarks(face, (0.0, 0.0, 0.2)) - landmarks(face)
    assert moved[10, 0] > moved[152, 0] + 10


@pytest.mark.parametrize(
    "head", [(0.25, 0.0, 0.0), (0.0, 0.15, 0.0), (0.0, -0.15, 0.0), (0.0, 0.0, 0.2), (-0.25, 0.15, -0.2)]
)
def test_the_frame_stands_still_around_a_moving_head(face: WarpFace, head: tuple[float, float, float]) -> None:
    moved = np.abs(face.warp.turn.field_px(np.array(head, np.float32)))
    for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        assert float(moved[edge].max()) < 0.5  # px: no hole, no smear
    assert float(moved.max()) > 12


def test_the_skin_never_folds_over_itself(face: WarpFace) -> None:
    random = np.random.default_rng(7)
    for _ in range(20):
        expression = (random.random(52) * (random.random(52) < 0.3)).astype(np.float32)
        for field in face.warp.skin(expression).forward:
            assert float(np.diff(field[..., 1], axis=0).min()) > -4 * 1.5  # px a cell of 4 px


def test_frames_do_not_depend_on_each_other_nor_on_the_thread(face: WarpFace) -> None:
    random = np.random.default_rng(3)
    moves = [motion((random.random(52) * 0.5).astype(np.float32), head=(0.1, -0.05, 0.05)) for _ in range(6)]
    together = face.draw(
        FaceMotion(np.concatenate([m.expression for m in moves]), np.concatenate([m.head_rad for m in moves]), 25)
    )
    with ThreadPoolExecutor(4) as pool:
        alone = list(pool.map(face.draw, moves))
    assert np.array_equal(together, np.concatenate(alone))


def test_no_motion_gives_no_frames(face: WarpFace) -> None:
    assert face.draw(FaceMotion(np.zeros((0, 52), np.float32), np.zeros((0, 3), np.float32), 25)).shape == (
        0,
        512,
        512,
        3,
    )


@pytest.mark.parametrize(
    ("picture", "complaint"),
    [
        (np.full((300, 300, 3), 128, np.uint8), "no face"),
        (np.concatenate([drawn_portrait(256)] * 2, axis=1), "faces found"),
        (drawn_portrait(100), "too small"),
    ],
    ids=["no face", "two faces", "tiny"],
)
def test_a_portrait_that_cannot_be_used_says_why(tmp_path: Path, picture: NDArray[np.uint8], complaint: str) -> None:
    with pytest.raises(MediaError, match=complaint):
        WarpRenderer().open(avatar(tmp_path, picture))


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P"])
def test_a_grey_or_transparent_portrait_is_drawn_too(tmp_path: Path, mode: str) -> None:
    from PIL import Image

    Image.fromarray(drawn_portrait(300)).convert(mode).save(tmp_path / "portrait.png")
    assert WarpRenderer().open(tmp_path).draw(motion(shapes(jawOpen=0.5))).shape == (1, 512, 512, 3)


def test_landmarks_kept_beside_the_portrait_are_used(tmp_path: Path, face: WarpFace) -> None:
    avatar(tmp_path, np.full((512, 512, 3), 90, np.uint8))
    np.savez(tmp_path / "motion.npz", landmarks=face.warp.frame.landmarks)
    opened = WarpRenderer().open(tmp_path)
    assert np.allclose(opened.warp.frame.landmarks, face.warp.frame.landmarks, atol=0.5)


@pytest.mark.parametrize("damage", ["bytes", "shape", "pickle"])
def test_a_damaged_motion_file_is_refused(tmp_path: Path, damage: str) -> None:
    avatar(tmp_path, drawn_portrait())
    path = tmp_path / "motion.npz"
    if damage == "bytes":
        path.write_bytes(b"PK\x03\x04 not an archive")
    else:
        kept = np.zeros((5, 3), np.float32) if damage == "shape" else np.array([{"a": 1}], dtype=object)
        np.savez(path, landmarks=kept)
    with pytest.raises(BundleError):
        WarpRenderer().open(tmp_path)


def test_a_drawn_mouth_is_seen_to_open_by_the_face_mesh(face: WarpFace) -> None:
    assert_mouth_is_seen(face)


def test_a_real_mouth_is_seen_to_open_and_real_eyes_to_close(real_face: WarpFace) -> None:
    assert_mouth_is_seen(real_face)
    with FaceMesh(tracking=False) as mesh:
        opened, shut = (mesh.find(f)[0] for f in real_face.draw(motion(shapes(), shapes(eyeBlink=1.0))))
    gap = [float(np.linalg.norm(p[386, :2] - p[374, :2])) for p in (opened, shut)]
    assert gap[1] < 0.6 * gap[0]


def assert_mouth_is_seen(face: WarpFace) -> None:
    wanted = [
        shapes(),
        shapes(jawOpen=0.3, mouthClose=0.3),
        shapes(jawOpen=0.2),
        shapes(jawOpen=0.45),
        shapes(jawOpen=0.8),
    ]
    with FaceMesh(tracking=False) as mesh:
        gaps = [lip_gap(mesh.find(frame)[0]) for frame in face.draw(motion(*wanted))]
    assert gaps[0] < 0.04
    assert gaps[1] < 0.04
    assert 0.04 < gaps[2] < gaps[3] < gaps[4]


def test_the_wall_behind_a_turning_head_stands_still() -> None:
    face = WarpRenderer().open(Path(__file__).parents[1] / "tiangong" / "starter" / "avatars" / "tian")
    assert face.backdrop is not None
    wall = face.backdrop.person == 0
    motion = FaceMotion(np.zeros((1, 52), np.float32), np.array([[0.35, 0.1, 0.2]], np.float32), 25)
    drawn = face.draw(motion)[0].astype(int)
    beside = wall & (np.abs(drawn - face.warp.frame.picture).max(-1) > 12)
    # Only where the head went is anything new to be seen.
    distance = cv2.distanceTransform(wall.astype(np.uint8), cv2.DIST_L2, 5)
    assert distance[beside].max(initial=0) < 60
    assert np.abs(drawn - face.warp.frame.picture)[distance > 60].max() <= 1


def test_a_face_that_cannot_be_told_from_its_wall_is_bent_with_it() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (512, 512, 3), np.uint8)
    marks = np.full((478, 3), 40.0, np.float32)
    assert backdrop_of(noise, marks) is None
