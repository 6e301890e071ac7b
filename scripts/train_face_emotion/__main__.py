"""python -m scripts.train_face_emotion: draw faces, look at them, train the network of face emotion.

Drawing and looking take five minutes for 140 faces a person, training two, on one core.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file

from scripts.train_face_emotion.pictures import Looked, collect
from scripts.train_face_emotion.training import Material, calibrated, train
from tiangong.bench.emotion_figures import balanced_accuracy, confusion_table
from tiangong.core.face import EMOTIONS
from tiangong.perception.face_emotion import WEIGHTS, inputs
from tiangong.perception.face_measures import POPULATION_REST

Floats = NDArray[np.float32]
ROOT = Path(__file__).parents[2]
MEDIA = ROOT.parent / "shared" / "media"
FOLDS = 5


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument(
        "--media", type=Path, default=MEDIA, help="folder with the photographs (class A alone is used)"
    )
    options.add_argument("--each", type=int, default=140, help="drawn faces of each person")
    options.add_argument("--looked", type=Path, help="file that keeps what was seen; read where it exists")
    options.add_argument("--out", type=Path, default=WEIGHTS)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    torch.set_num_threads(1)
    if given.looked and given.looked.exists():
        looked = Looked.load(given.looked)
    else:
        looked = collect(given.media, given.each, given.seed)
        if given.looked:
            looked.save(given.looked)
    rows, labels, temperature = _cross_validate(looked, given.seed)
    net = train(Material.of(looked), given.seed)
    tensors = {name: getattr(net, name) for name in ("hidden", "hidden_bias", "out", "out_bias")}
    given.out.parent.mkdir(parents=True, exist_ok=True)
    save_file(
        {**{k: np.ascontiguousarray(v.astype(np.float16)) for k, v in tensors.items()},
         "temperature": np.array([temperature], np.float32)}, given.out)  # fmt: skip
    given.out.chmod(0o644)  # safetensors writes for the owner alone
    print(f"people not seen, {FOLDS} folds, drawn: balanced accuracy {balanced_accuracy(labels, rows):.3f}")
    print(confusion_table(labels, rows))


def _cross_validate(looked: Looked, seed: int) -> tuple[Floats, NDArray[np.int64], float]:
    """Probabilities and labels of drawn faces of people who were not trained on, and the temperature that fits them."""
    rows, labels, temperatures = [], [], []
    for fold in range(FOLDS):
        apart = looked.person % FOLDS == fold
        net = train(Material.of(_of(looked, ~apart)), seed + 100)
        held = Material.of(_of(looked, apart & looked.drawn))
        net = calibrated(net, held.against_mean, held.label)
        temperatures.append(float(net.temperature[0]))
        rows.append(net.probabilities(held.against_mean))
        labels.append(held.label)
    _tell_smiles(looked, seed)
    return np.concatenate(rows), np.concatenate(labels), float(np.mean(temperatures))


def _tell_smiles(looked: Looked, seed: int) -> None:
    """Print how well photographs of people who were not trained on are told apart: neutral from smiling."""
    right: list[bool] = []
    smiles: list[bool] = []
    for fold in range(FOLDS):
        apart = looked.person % FOLDS == fold
        net = train(Material.of(_of(looked, ~apart)), seed + 200)
        photos = _of(looked, apart & ~looked.drawn)
        rows = net.probabilities(inputs(photos.measures, POPULATION_REST, photos.head_rad))
        right += (rows.argmax(1) == photos.label).tolist()
        happier = rows[:, EMOTIONS.index("happy")] > rows[:, EMOTIONS.index("neutral")]
        smiles += (happier == (photos.label == EMOTIONS.index("happy"))).tolist()
    print(
        f"London Set, people not seen, {len(right)} photographs: {np.mean(right):.3f} right of {len(EMOTIONS)} classes,"
    )
    print(f"{np.mean(smiles):.3f} right of the two that are there")


def _of(looked: Looked, which: NDArray[np.bool_]) -> Looked:
    return Looked(
        looked.measures[which], looked.head_rad[which], looked.label[which], looked.person[which], looked.drawn[which]
    )


if __name__ == "__main__":
    main()
