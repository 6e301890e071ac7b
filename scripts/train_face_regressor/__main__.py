"""python -m scripts.train_face_regressor: teach the reader of blend shapes and write the weights that Tiangong ships.

Needs the shared material: pictures whose rights are clear, and the teacher's file. Looking at all takes four minutes, a training
one.
"""

import argparse
from pathlib import Path

import torch
from safetensors.numpy import save_file

from scripts.train_face_regressor.comparison import held_out, table, tremor
from scripts.train_face_regressor.samples import Samples, collect
from scripts.train_face_regressor.training import train
from tiangong.perception.face_regressor import WEIGHTS

SHARED = Path(__file__).parents[3] / "shared"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--media", type=Path, default=SHARED / "media")
    options.add_argument("--teacher", type=Path, default=SHARED / "models/face_landmarker_v2_with_blendshapes.task")
    options.add_argument("--samples", type=Path, help=".npz to keep what was looked at in; read where it exists")
    options.add_argument("--out", type=Path, default=WEIGHTS)
    options.add_argument("--steps", type=int, default=2_000)
    options.add_argument("--drawn", type=int, default=40, help="faces drawn for each of the London people")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument(
        "--compare", action="store_true", help="write nothing; judge it on people held out, in five folds"
    )
    given = options.parse_args()
    torch.set_num_threads(1)
    if given.samples and given.samples.exists():
        samples = Samples.load(given.samples)
    else:
        samples = collect(given.media, given.teacher, given.drawn, given.seed)
        if given.samples:
            samples.save(given.samples)
    if given.compare:
        geometric, learned = held_out(samples, given.steps, given.seed)
        print(table(samples, geometric, learned))
        print("tremor:", *(f"{tremor(samples, read):.4f}" for read in (geometric, learned, samples.teacher)))
        return
    net = train(samples, given.steps, given.seed)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    save_file(vars(net), given.out)
    given.out.chmod(0o644)  # safetensors writes for the owner alone
    print(f"{len(samples.points)} faces of {len(set(samples.person))} people -> {given.out}")


if __name__ == "__main__":
    main()
