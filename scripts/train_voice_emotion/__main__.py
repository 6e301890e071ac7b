"""python -m scripts.train_voice_emotion: train the model of feelings in the voice.

There is no emotional speech whose rights are clear, so feelings are made: the prosody of calm recordings is moved by what
the literature reports of each (SHIFTS). A minute on one core.
"""

import argparse
import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file

from tiangong.bench.emotion_figures import balanced_accuracy, calibration_error, confusion_table
from tiangong.core.errors import MediaError
from tiangong.core.face import EMOTIONS, EmotionLabel
from tiangong.core.sound import read_audio
from tiangong.perception.protocol import HEARING_RATE_HZ
from tiangong.perception.voice_emotion import FARTHEST, NAMED_FROM, WEIGHTS, VoiceEmotionModel
from tiangong.perception.voice_prosody import MEASURES, prosody

Floats = NDArray[np.float32]
ROOT = Path(__file__).parents[2]
MEDIA = ROOT.parent / "shared" / "media"
# What a feeling adds to calm speech: directions of Juslin and Laukka (2003, table 7) and Banse and Scherer (1996, table 5),
# sizes by hand in the units of MEASURES. Disgust has no clear picture in either and is left out.
SHIFTS: Final[Mapping[EmotionLabel, Mapping[str, float]]] = {
    "neutral": {},
    "happy": {"pitch": 3.5, "pitch_range": 3.5, "level": 4, "level_range": 3, "rate": 0.5, "tilt": -3, "darkness": -2},
    "sad": {"pitch": -1.5, "pitch_range": -2.5, "level": -5, "level_range": -2, "rate": -0.9, "pauses": 0.12,
            "jitter": 0.2, "tilt": 5, "darkness": 4},
    "angry": {"pitch": 3, "pitch_range": 3, "level": 6, "level_range": 4, "rate": 0.8, "pauses": -0.05,
              "jitter": 0.3, "tilt": -6, "darkness": -5},
    "fearful": {"pitch": 4, "pitch_range": -1, "level": -1, "rate": 0.8, "pauses": -0.03, "jitter": 0.5, "tilt": 1, "darkness": 0.5},
    "surprised": {"pitch": 5, "pitch_range": 4.5, "level": 2, "rate": -0.1, "tilt": -1},
}  # fmt: skip
MADE_EACH, NEUTRAL_TIMES = 40, 4  # of each recording and feeling; neutral ones are commoner in life
STRENGTH: Final = (0.4, 1.4)
TAKES_PART: Final = 0.7  # of the measures: nobody shows all signs


def recordings(media: Path) -> tuple[Floats, list[str]]:
    """Prosody of every recording of class A whose speaker is known, and the speakers."""
    with (media / "SOURCES.tsv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    found: list[tuple[Floats, str]] = []
    for row in rows:
        if row["kind"] != "speech" or row["rights_class"] != "A" or not row["group"]:
            continue
        try:
            measured = prosody(read_audio(media / row["file"], HEARING_RATE_HZ))
        except MediaError:
            continue
        if measured is not None:
            found.append((measured, row["group"]))
    people = {who for _, who in found if sum(other == who for _, other in found) >= 4}
    kept = [(measured, who) for measured, who in found if who in people]
    return np.stack([m for m, _ in kept]), [who for _, who in kept]


def made(moved: Floats, spread: Floats, rng: np.random.Generator) -> tuple[Floats, NDArray[np.int64]]:
    """(n, 9) of calm speech in spreads -> the same felt, and what is felt."""
    rows: list[Floats] = []
    labels: list[int] = []
    for k, label in enumerate(EMOTIONS):
        if label not in SHIFTS:
            continue
        shift = np.array([SHIFTS[label].get(name, 0.0) for name in MEASURES], np.float32) / spread
        for _ in range(MADE_EACH * (NEUTRAL_TIMES if label == "neutral" else 1)):
            strength = rng.uniform(*STRENGTH, (len(moved), 1)) * rng.lognormal(0, 0.4, (len(moved), len(MEASURES)))
            strength *= rng.random(strength.shape) < TAKES_PART
            rows.append((moved + strength * shift).astype(np.float32))
            labels += [k] * len(moved)
    return np.clip(np.concatenate(rows), -FARTHEST, FARTHEST), np.array(labels)


def train(measured: Floats, people: list[str], seed: int) -> VoiceEmotionModel:
    torch.manual_seed(seed)
    means = {who: measured[[p == who for p in people]].mean(axis=0) for who in dict.fromkeys(people)}
    own = np.stack([means[who] for who in people])
    spread = (measured - own).std(axis=0) + 1e-3
    rows, labels = made((measured - own) / spread, spread, np.random.default_rng(seed))
    net = torch.nn.Linear(len(MEASURES), len(EMOTIONS))
    optimizer = torch.optim.LBFGS(net.parameters(), max_iter=100)
    x, y = torch.from_numpy(rows), torch.from_numpy(labels)

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        value = torch.nn.functional.cross_entropy(net(x), y) + 1e-3 * net.weight.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    persons = np.stack(list(means.values()))
    return VoiceEmotionModel(
        persons.mean(axis=0).astype(np.float32), spread.astype(np.float32), net.weight.detach().numpy().T.copy(),
        net.bias.detach().numpy().copy(), persons.std(axis=0).astype(np.float32),
    )  # fmt: skip


def report(measured: Floats, people: list[str], seed: int) -> str:
    """Speakers apart: four groups, each read by a model of the others."""
    names = sorted(set(people))
    rows, labels, calm = [], [], []
    for fold in range(4):
        apart = np.array([names.index(who) % 4 == fold for who in people])
        model = train(measured[~apart], [w for w, a in zip(people, apart, strict=True) if not a], seed)
        theirs = [w for w, a in zip(people, apart, strict=True) if a]
        own = np.stack([measured[[p == who for p in people]].mean(axis=0) for who in theirs])
        moved = (measured[apart] - own) / model.spread
        made_rows, made_labels = made(moved, model.spread, np.random.default_rng(seed + 9))
        rows.append(model.probabilities(made_rows))
        labels.append(made_labels)
        calm.append(model.probabilities(moved))
    probabilities, truth, quiet = np.concatenate(rows), np.concatenate(labels), np.concatenate(calm)
    alarms = ((quiet.argmax(1) > 0) & (quiet.max(1) >= NAMED_FROM)).mean()
    return (
        f"speakers not seen, made feelings: balanced accuracy {balanced_accuracy(truth, probabilities):.3f}, calibration error "
        f"{calibration_error(truth, probabilities):.3f}\ncalm recordings called something else: {alarms:.3f} of {len(quiet)}\n"
        + confusion_table(truth, probabilities)
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--media", type=Path, default=MEDIA, help="folder with the recordings (class A alone is used)")
    options.add_argument("--out", type=Path, default=WEIGHTS)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    torch.set_num_threads(1)
    measured, people = recordings(given.media)
    print(f"{len(measured)} recordings of {len(set(people))} people")
    print(report(measured, people, given.seed))
    model = train(measured, people, given.seed)
    save_file({name: getattr(model, name) for name in ("mean", "spread", "weight", "bias", "between")}, given.out)
    given.out.chmod(0o644)  # safetensors writes for the owner alone


if __name__ == "__main__":
    main()
