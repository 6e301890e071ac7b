"""python -m scripts.train_head_motion: train the head's autoencoder and write the weights that Tiangong ships.

A minute on one core. Real motion comes from the six GRID clips (CC BY 4.0); without their folder it trains on
synthesized motion alone.
"""

import argparse
from pathlib import Path

import torch
from safetensors.numpy import save_file

from scripts.train_head_motion.figures import report
from scripts.train_head_motion.tracks import measured, synthesized
from scripts.train_head_motion.training import Training, scale_of, windows_of
from tiangong.rendering.head_motion import WEIGHTS

ROOT = Path(__file__).parents[2]
CLIPS = ROOT.parent / "shared" / "media" / "talking_video" / "rizkiarm_LipNet"
SAVE_EVERY = 1_000


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--clips", type=Path, default=CLIPS, help="folder of talking clips whose rights are clear")
    options.add_argument("--out", type=Path, default=WEIGHTS)
    options.add_argument("--state", type=Path, help="file to keep the training's state in; resumed where it exists")
    options.add_argument("--steps", type=int, default=12_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--figures", action="store_true", help="train nothing, measure the weights that are there")
    given = options.parse_args()
    if given.figures:
        print(report(given.clips, given.out))
        return
    torch.set_num_threads(1)
    train(given.clips, given.out, given.state, given.steps, given.seed)
    print(report(given.clips, given.out))


def train(clips: Path, out: Path, state: Path | None, steps: int, seed: int, sentences: int | None = None) -> None:
    """Write the decoder to `out`. `sentences`: only so many, for a short trial."""
    real = measured(clips, seed, variants=40)
    if not real:
        print(f"no clips in {clips}: training on synthesized motion alone")
    made = synthesized(seed, variants=6, sentences=sentences)
    scale = scale_of(made)
    source = windows_of(made, scale)
    assert source is not None
    training = Training(source, windows_of(real, scale), steps, seed)
    if state and state.exists():
        training.resume(state)
        print(f"resumed at step {training.step}")
    while training.step < steps:
        losses = training.run(min(training.step + SAVE_EVERY, steps))
        print(training.step, {name: round(loss, 2) for name, loss in losses.items()})
        if state:
            training.save(state)
    out.parent.mkdir(parents=True, exist_ok=True)
    save_file(training.decoder_tensors(scale), out)
    out.chmod(0o644)  # safetensors writes for the owner alone


if __name__ == "__main__":
    main()
