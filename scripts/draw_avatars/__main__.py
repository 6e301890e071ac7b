"""Draws the starter avatars: `python -m scripts.draw_avatars` from the project's root, with the extra `draw` installed."""

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.draw_avatars.character import CHARACTERS
from scripts.draw_avatars.portrait import draw
from scripts.draw_avatars.pose import NEUTRAL, Pose

AVATARS = Path(__file__).parents[2] / "tiangong" / "starter" / "avatars"


SHEET_CROP = slice(150, 385), slice(150, 362)  # rows, columns: the face
SHEET_COLUMNS = 6
SHEET_POSES = (
    NEUTRAL, Pose(blink_left=1, blink_right=1), Pose(blink_left=0.5, blink_right=0.5), Pose(look_left=1),
    Pose(look_right=0.7, look_up=1), Pose(look_down=1), Pose(jaw_open=0.25), Pose(jaw_open=0.6), Pose(jaw_open=1),
    Pose(smile=1), Pose(smile=0.8, jaw_open=0.35, wide=0.5), Pose(pucker=1), Pose(pucker=0.8, jaw_open=0.4),
    Pose(wide=1, jaw_open=0.2), Pose(brow_up=1, jaw_open=0.1), Pose(brow_down=1), Pose(blink_left=1),
    Pose(jaw_open=0.08),
)  # fmt: skip


def sheet() -> NDArray[np.uint8]:
    """Rows of faces, all poses of one person after the other; RGB."""
    faces = [[draw(person, pose)[SHEET_CROP] for pose in SHEET_POSES] for person in CHARACTERS]
    rows = [np.hstack(of_one[k : k + SHEET_COLUMNS]) for of_one in faces for k in range(0, len(of_one), SHEET_COLUMNS)]
    return np.vstack(rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.draw_avatars", description=__doc__)
    parser.add_argument("--into", type=Path, default=AVATARS, help="folder that gets NAME/portrait.png")
    parser.add_argument("--sheet", type=Path, help="also draw both with a dozen poses into this PNG, to look at")
    given = parser.parse_args()
    into: Path = given.into
    for person in CHARACTERS:
        path = into / person.name / "portrait.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), draw(person)[..., ::-1])
        print(path)
    if given.sheet:
        cv2.imwrite(str(given.sheet), sheet()[..., ::-1])


if __name__ == "__main__":
    main()
