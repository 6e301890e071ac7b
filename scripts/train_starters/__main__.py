"""Trains the starters' generators on frames that their own drawing script makes: `python -m scripts.train_starters` from the
project's root, with the extra `draw` installed. A stopped run goes on where it was."""

import argparse
import shutil
from pathlib import Path

import numpy as np

from scripts.draw_avatars.__main__ import AVATARS
from scripts.draw_avatars.character import CHARACTERS, Character
from scripts.draw_avatars.frames import frames
from scripts.seal_starters import seal_starters
from tiangong.core.face_mesh import FaceMesh
from tiangong.rendering.painting import GENERATOR, GENERATOR_ONNX
from tiangong.rendering.training.person import TrainingPlan, TrainingProgress, train_person
from tiangong.rendering.training.trainer import Recipe

TOLD_EVERY = 50  # steps


def train(person: Character, count: int, steps: int, cache: Path) -> None:
    """Draw (once) and train one character."""
    drawn = cache / f"{person.name}.npy"
    if not drawn.exists():
        np.save(drawn, np.stack(list(frames(person, count, seed=7))))
    pictures = np.load(drawn)
    with FaceMesh(tracking=False, most_faces=1) as mesh:
        seen = [(picture, mesh.find(picture)) for picture in pictures]
    film = [(picture, found[0]) for picture, found in seen if found]

    def tell(progress: TrainingProgress) -> None:
        if progress.step % TOLD_EVERY == 0:
            told = ", ".join(f"{name} {value:.4f}" for name, value in progress.losses.items())
            print(f"{person.name} {progress.step}/{progress.steps}: {told}", flush=True)

    folder, made = AVATARS / person.name, cache / f"{person.name}_made"
    # Drawn frames are sharp and of one light: the opponent may ask for more.
    recipe = Recipe(steps=0, adversarial=0.02, seed=person.seed)
    plan = TrainingPlan(cache / f"{person.name}_checkpoint", steps=steps, recipe=recipe)
    report = train_person(folder, [p for p, _ in film], [m for _, m in film], made, plan, tell)
    for name in (GENERATOR, GENERATOR_ONNX):
        shutil.copy(made / name, folder / name)
    print(person.name, report.sketch, report.generator, sep="\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.train_starters", description=__doc__)
    parser.add_argument("--frames", type=int, default=220, help="pictures of each character; a second each to draw")
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--cache", type=Path, default=Path("starter_frames"), help="folder for frames and checkpoints")
    parser.add_argument("--only", help="one character by name")
    given = parser.parse_args()
    given.cache.mkdir(parents=True, exist_ok=True)
    for person in CHARACTERS:
        if given.only in (None, person.name):
            train(person, given.frames, given.steps, given.cache)
    seal_starters()


if __name__ == "__main__":
    main()
