"""The two portraits that ship with Tiangong: fit for the face mesh, and what the script draws."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tiangong.core.errors import ConfigError
from tiangong.core.face_mesh import FaceMesh, only_face
from tiangong.core.pictures import read_picture

AVATARS = Path(__file__).parents[1] / "tiangong" / "starter" / "avatars"
NAMES = ("tian", "gong")
CHIN, FOREHEAD, LEFT_CORNER, RIGHT_CORNER, UPPER_INNER, LOWER_INNER = 152, 10, 61, 291, 13, 14
LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
LIDS = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
"""Of the eye at the picture's left."""
can_draw = pytest.mark.skipif(importlib.util.find_spec("skia") is None, reason="skia-python (extra 'draw') is not here")

Picture = NDArray[np.uint8]


def portrait(name: str) -> Picture:
    return read_picture(AVATARS / name / "portrait.png").image


def found(picture: Picture) -> list[NDArray[np.float32]]:
    with FaceMesh(tracking=False) as mesh:
        return mesh.find(picture)


@pytest.mark.parametrize("name", NAMES)
def test_a_portrait_is_512_px_square_and_shows_one_face_with_closed_lips(name: str) -> None:
    picture = portrait(name)
    assert picture.shape == (512, 512, 3)
    face = only_face(picture, name)
    width = face[RIGHT_CORNER, 0] - face[LEFT_CORNER, 0]
    assert abs(face[LOWER_INNER, 1] - face[UPPER_INNER, 1]) < 0.04 * width


@pytest.mark.parametrize("name", NAMES)
def test_the_face_is_upright_in_the_middle_and_two_fifths_of_the_picture_high(name: str) -> None:
    face = only_face(portrait(name), name)
    # The mesh ends below the hairline: its height is about five sixths of that from hairline to chin.
    assert 0.34 < (face[CHIN, 1] - face[FOREHEAD, 1]) / 512 < 0.45
    assert abs(face[:468, 0].mean() - 256) < 8
    assert abs(face[CHIN, 0] - face[FOREHEAD, 0]) < 6
    assert abs(face[473, 1] - face[468, 1]) < 2


def half_as_large(picture: Picture) -> Picture:
    return cv2.resize(picture, (256, 256), interpolation=cv2.INTER_AREA).astype(np.uint8)


def darker(picture: Picture) -> Picture:
    return (picture * 0.6).astype(np.uint8)


def shifted(picture: Picture) -> Picture:
    return np.roll(picture, 20, axis=1)


def blurred(picture: Picture) -> Picture:
    return cv2.GaussianBlur(picture, (0, 0), 2.0).astype(np.uint8)


# What is done to the picture, what its points are then multiplied by, and the shift in px to be taken off.
DISTURBED = ((half_as_large, 2.0, 0.0), (darker, 1.0, 0.0), (shifted, 1.0, 20.0), (blurred, 1.0, 0.0))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("disturb", "larger", "shift_px"), DISTURBED)
def test_the_face_is_found_at_the_same_place_in_a_disturbed_picture(
    name: str, disturb: Callable[[Picture], Picture], larger: float, shift_px: float
) -> None:
    faces = found(disturb(portrait(name)))
    assert len(faces) == 1
    points = faces[0][:, :2] * larger - (shift_px, 0)
    assert np.abs(points - only_face(portrait(name), name)[:, :2]).mean() < 2.0


@can_draw
@pytest.mark.parametrize("name", NAMES)
def test_the_script_draws_the_portrait_that_is_shipped_and_the_same_one_twice(name: str) -> None:
    from scripts.draw_avatars.character import CHARACTERS
    from scripts.draw_avatars.portrait import draw

    person = next(p for p in CHARACTERS if p.name == name)
    once = draw(person)
    assert np.array_equal(once, draw(person))
    apart = np.abs(once.astype(int) - portrait(name).astype(int))
    assert apart.mean() < 1.0  # another version of skia may round edges differently


@can_draw
@pytest.mark.parametrize("name", NAMES)
def test_landmarks_lie_on_the_drawn_lips_and_lids(name: str) -> None:
    from scripts.draw_avatars.character import CHARACTERS
    from scripts.draw_avatars.motion import lid_curves, lip_curves
    from scripts.draw_avatars.pose import NEUTRAL

    person = next(p for p in CHARACTERS if p.name == name)
    face = only_face(portrait(name), name)[:, :2]
    lips, lids = lip_curves(person, NEUTRAL), lid_curves(person, NEUTRAL, left=False)
    for points, drawn in (
        (face[list(LIPS)], np.vstack([lips.upper_outer, lips.lower_outer])),
        (face[[78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308]], lips.upper_inner),
        (face[list(LIDS)], np.vstack([lids.upper, lids.lower])),
    ):
        away = np.linalg.norm(points[:, None] - drawn[None], axis=2).min(axis=1)
        assert away.max() < 2.5
        assert away.mean() < 1.2
    assert np.linalg.norm(face[468] - lids.iris) < 2.0


@can_draw
def test_poses_open_the_mouth_close_the_eyes_and_stay_within_their_range() -> None:
    from scripts.draw_avatars.character import TIAN
    from scripts.draw_avatars.portrait import draw
    from scripts.draw_avatars.pose import Pose

    wide_open = found(draw(TIAN, Pose(jaw_open=1.0, blink_right=1.0)))[0]
    at_rest = found(portrait("tian"))[0]
    assert wide_open[LOWER_INNER, 1] - wide_open[UPPER_INNER, 1] > 18
    assert wide_open[145, 1] - wide_open[159, 1] < 0.5 * (at_rest[145, 1] - at_rest[159, 1])
    with pytest.raises(ConfigError, match="jaw_open"):
        Pose(jaw_open=1.2)
