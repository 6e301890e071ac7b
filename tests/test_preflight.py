"""What is wrong with a photo or a film is told in one sentence, before anything is made of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.made_faces import drawn_face, drawn_portrait, talking
from tests.made_files import huge_png, write_film
from tests.shared_media import shared
from tiangong.core.errors import MediaError
from tiangong.core.pictures import write_picture
from tiangong.studio.finding_faces import find_faces, look_at
from tiangong.studio.preflight import check_photo, judge_photo
from tiangong.studio.preflight_video import check_video

Picture = NDArray[np.uint8]
FRAMES: Final = 54


def changed(change: Callable[[Picture], object]) -> Picture:
    return np.asarray(change(drawn_portrait()), np.uint8)


def hidden(picture: Picture) -> Picture:
    """A flat hand's colour over the mouth."""
    return np.asarray(cv2.ellipse(picture, (256, 338), (66, 46), 0, 0, 360, (170, 178, 190), -1), np.uint8)


def blurred(picture: Picture) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 8), np.uint8)


def zoomed(picture: Picture) -> Picture:
    """As another camera angle shows it."""
    return np.asarray(cv2.resize(picture[45:345, 22:322], picture.shape[:2]), np.uint8)


PHOTOS: Final[dict[str, tuple[Callable[[Picture], object], str]]] = {
    "no face": (lambda p: np.full_like(p, 120), "no face found"),
    "nothing but dark": (lambda p: np.zeros_like(p), "too dark"),
    "two faces": (lambda p: np.hstack([p, p]), "2 faces found; crop"),
    "mouth covered": (hidden, "covers the mouth"),
    "60 x 60": (lambda p: cv2.resize(p, (60, 60)), "60 x 60 pixels is too small"),
    "dark": (lambda p: p * 0.1, "the face is too dark; light it"),
    "blurred": (blurred, "the face is blurred"),
    "on its side": (lambda p: np.rot90(p), "lies on its side; turn it upright"),
}


@pytest.mark.parametrize("name", PHOTOS)
def test_a_bad_photo_is_refused_with_its_reason(name: str, tmp_path: Path) -> None:
    change, said = PHOTOS[name]
    write_picture(changed(change), tmp_path / "me.png")
    with pytest.raises(MediaError, match="me.png: ") as refused:
        check_photo(tmp_path / "me.png")
    assert said in str(refused.value)


def test_a_good_drawing_passes_without_a_word(tmp_path: Path) -> None:
    write_picture(drawn_portrait(), tmp_path / "me.png")
    material = check_photo(tmp_path / "me.png")
    assert material.findings == ()
    assert material.landmarks.shape == (478, 3)


@pytest.mark.parametrize(("yaw_deg", "severity"), [(0, None), (30, "warn"), (55, "stop"), (-55, "stop")])
def test_a_profile_is_refused_and_a_turned_head_warned_of(yaw_deg: float, severity: str | None) -> None:
    picture = drawn_portrait()
    face = find_faces(picture)[0]
    angle, centre = np.radians(yaw_deg), face.mean(axis=0)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    turned = ((face - centre) @ turn.T + centre).astype(np.float32)
    assert abs(look_at(picture, turned).yaw_deg) == pytest.approx(abs(yaw_deg), abs=2)
    about_turning = [f.severity for f in judge_photo(picture, [turned]) if "turned aside" in f.sentence]
    assert about_turning == ([severity] if severity else [])


def test_a_picture_of_60000_x_60000_is_refused_by_its_header(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="60000 x 60000 pixels is too large"):
        check_photo(huge_png(tmp_path / "huge.png"))


def test_a_truncated_photo_is_said_to_be_cut_off(tmp_path: Path) -> None:
    whole = tmp_path / "whole.png"
    write_picture(drawn_portrait(), whole)
    (tmp_path / "half.png").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(MediaError, match="cut off, copy it again"):
        check_photo(tmp_path / "half.png")


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> list[Picture]:
    drawn = drawn_face(tmp_path_factory.mktemp("face")).draw(talking(FRAMES))
    return [np.asarray(cv2.resize(frame, (384, 384), interpolation=cv2.INTER_AREA), np.uint8) for frame in drawn]


FILMS: Final[dict[str, tuple[Callable[[list[Picture]], list[Picture]], str]]] = {
    "no face": (lambda film: [np.full_like(frame, 120) for frame in film], "no face found"),
    "still": (lambda film: [film[0]] * len(film), "nothing moves in the face"),
    "dark": (lambda film: [np.asarray(frame * 0.12, np.uint8) for frame in film], "too dark"),
    "blurred": (lambda film: [blurred(frame) for frame in film], "blurred"),
    "two faces": (lambda film: [np.hstack([frame, frame]) for frame in film], "two faces"),
    "cut": (lambda film: film[:30] + [zoomed(frame) for frame in film[30:]], "cut at 1.2"),
    "one second": (lambda film: film[:25], "1.0 s are too short; film yourself talking for 20 s"),
    "mouth covered": (
        lambda film: [
            np.asarray(cv2.ellipse(frame.copy(), (192, 254), (50, 38), 0, 0, 360, (170, 178, 190), -1), np.uint8)
            for frame in film
        ],
        "covers the mouth",
    ),
}


@pytest.mark.parametrize("name", FILMS)
def test_a_bad_film_is_refused_with_its_reason(name: str, frames: list[Picture], tmp_path: Path) -> None:
    change, said = FILMS[name]
    with pytest.raises(MediaError, match="me.mp4: ") as refused:
        check_video(write_film(tmp_path / "me.mp4", change(frames)))
    assert said in str(refused.value)


def test_a_short_film_of_talking_passes_with_a_warning(frames: list[Picture], tmp_path: Path) -> None:
    track, findings = check_video(write_film(tmp_path / "me.mp4", frames))
    assert [f.severity for f in findings] == ["warn"]
    assert "20 s to 5 minutes" in findings[0].sentence
    assert len(track.frames) == len(track.landmarks) == FRAMES


def test_ten_minutes_are_refused_without_being_read(frames: list[Picture], tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="10.0 minutes are too long; cut it to the best 5 minutes"):
        check_video(write_film(tmp_path / "long.mp4", frames[:2], last_at_s=600))


@pytest.mark.parametrize("ahead", [True, False], ids=["index ahead", "index at the end"])
def test_a_truncated_film_is_refused(ahead: bool, frames: list[Picture], tmp_path: Path) -> None:
    whole = write_film(tmp_path / "whole.mp4", frames, index_ahead=ahead)
    (tmp_path / "half.mp4").write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    with pytest.raises(MediaError, match="copy it again"):
        check_video(tmp_path / "half.mp4")


def test_a_picture_is_no_video_and_a_video_no_picture(frames: list[Picture], tmp_path: Path) -> None:
    write_picture(frames[0], tmp_path / "me.png")
    with pytest.raises(MediaError, match="--photo"):
        check_video(tmp_path / "me.png")
    with pytest.raises(MediaError, match="--video"):
        check_photo(write_film(tmp_path / "me.mp4", frames[:3]))


@pytest.mark.parametrize(
    "name",
    ["ageitgey_face_recognition/obama.jpg", "debruine_webmorphR.stim/099_03.jpg", "debruine_webmorphR.stim/lisa1.jpg"],
)
def test_real_portraits_pass(name: str) -> None:
    photo = shared(f"media/portraits/{name}")
    assert check_photo(photo).landmarks.shape == (478, 3)
