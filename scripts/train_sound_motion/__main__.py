"""Train the network that moves the mouth to any sound, and write its weights where the package ships them.

    python -m scripts.train_sound_motion               20 minutes on one core; run again to go on after a break
    python -m scripts.train_sound_motion --measure     only measure the shipped weights

Needs the project's packages and scipy. Only synthesized speech is trained on; what is made follows from --seed.
"""

import argparse
import json
from pathlib import Path

import torch

from scripts.train_sound_motion.clips import kept_clips
from scripts.train_sound_motion.training import Plan, Training, run
from tiangong.rendering.sound_motion import SOUND_MOTION_WEIGHTS


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--folder", type=Path, default=Path("build/sound_motion"), help="clips and checkpoints")
    words.add_argument("--clips", type=int, default=6_000, help="of 6 s; fewer is quicker and worse")
    words.add_argument("--steps", type=int, default=Plan.steps)
    words.add_argument("--seed", type=int, default=Plan.seed)
    words.add_argument("--output", type=Path, default=SOUND_MOTION_WEIGHTS)
    words.add_argument("--measure", action="store_true")
    asked = words.parse_args()
    if not asked.measure:
        _train(asked)
    from scripts.train_sound_motion.figures import all_figures

    print(json.dumps(all_figures(asked.output), indent=1))


def _train(asked: argparse.Namespace) -> None:
    torch.set_num_threads(1)  # sums in another order would not be the same bit for bit
    asked.folder.mkdir(parents=True, exist_ok=True)

    def made(done: int) -> None:
        if done % 500 == 0:
            print(f"{done} of {asked.clips} clips", flush=True)

    clips = kept_clips(asked.folder / f"clips_{asked.seed}.safetensors", asked.clips, asked.seed, made)
    training = Training(Plan(steps=asked.steps, seed=asked.seed))
    checkpoint = asked.folder / "checkpoint.safetensors"
    if checkpoint.exists():
        training.load(checkpoint)
    run(training, clips, checkpoint, 50, lambda line: print(line, flush=True))
    training.ship(asked.output)


if __name__ == "__main__":
    main()
