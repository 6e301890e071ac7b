"""Trains the shipped base generator: `python -m scripts.train_base --media MEDIA_FOLDER` from the project's root, with the
extra `draw` installed. A stopped run goes on where it was. The same material and options give the same weights."""

import argparse
import time
from pathlib import Path

import torch

from scripts.train_base.material import gathered
from tiangong.rendering.painting import BASE
from tiangong.rendering.training.pairs import joined
from tiangong.rendering.training.trainer import Recipe, Trainer
from tiangong.rendering.weights_io import save_generator

SAVED_EVERY = 100  # steps


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.train_base", description=__doc__)
    parser.add_argument("--media", type=Path, help="folder with SOURCES.tsv; only files of class A are used")
    parser.add_argument("--drawn", type=int, default=60, help="poses of each drawn character")
    parser.add_argument("--steps", type=int, default=1300)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--out", type=Path, default=BASE)
    parser.add_argument("--checkpoint", type=Path, default=Path("base_checkpoint"))
    given = parser.parse_args()
    recipe = Recipe(
        steps=given.steps, batch=given.batch, mirror=True, recolour=0.35, learning_rate=1.5e-3, adversarial=0.03, features=1.0,
        opponent_from=0.3, seed=3,
    )  # fmt: skip
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    pairs = joined(gathered(given.media, given.drawn, recipe.seed))
    print(f"{len(pairs)} pairs on {device}", flush=True)
    trainer = Trainer(pairs, recipe, device)
    trainer.resume(given.checkpoint)
    began = time.monotonic()
    while trainer.steps_done < recipe.steps:
        losses = trainer.step()
        if trainer.steps_done % SAVED_EVERY == 0:
            trainer.save(given.checkpoint)
            told = ", ".join(f"{name} {value:.4f}" for name, value in losses.items())
            print(f"{trainer.steps_done}/{recipe.steps} {time.monotonic() - began:.0f} s: {told}", flush=True)
    given.out.mkdir(parents=True, exist_ok=True)
    save_generator(trainer.average, given.out)
    print(given.out)


if __name__ == "__main__":
    main()
