"""Draws the starter avatars: `python -m scripts.draw_avatars` from the project's root, with the extra `draw` installed."""

import argparse
from pathlib import Path

import cv2

from scripts.draw_avatars.character import CHARACTERS
from scripts.draw_avatars.portrait import draw

AVATARS = Path(__file__).parents[2] / "tiangong" / "starter" / "avatars"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.draw_avatars", description=__doc__)
    parser.add_argument("--into", type=Path, default=AVATARS, help="folder that gets NAME/portrait.png")
    into: Path = parser.parse_args().into
    for person in CHARACTERS:
        path = into / person.name / "portrait.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), draw(person)[..., ::-1])
        print(path)


if __name__ == "__main__":
    main()
