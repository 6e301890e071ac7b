"""python -m scripts.train_turn_end: train the model that tells finished utterances from broken-off ones.

Two minutes on one core. The texts are lines of JSON with "text" and "language", of sets whose licences allow it (TEXTS).
"""

import argparse
import csv
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file

from tiangong.perception.turn_end import BUCKETS, WEIGHTS, features, tokens

ROOT = Path(__file__).parents[2]
QUESTIONS: Final = ROOT / "tests" / "starter_questions.csv"  # the project's own
QUESTIONS_TIMES: Final = 4
FOLDER = ROOT.parent / "shared" / "data" / "policy"
# File -> how often its sentences are seen in a pass: Chinese is scarce.
TEXTS: Final = {
    "clinc150.jsonl": 1, "banking77.jsonl": 1, "r_u_a_robot_en.jsonl": 1,
    "crosswoz_zh.jsonl": 3, "chatterbot_zh_en.jsonl": 3, "cvalues_zh.jsonl": 2, "cold_zh.jsonl": 1,
}  # fmt: skip
MOST_OF_A_FILE: Final = 9_000
CUTS: Final = 4  # broken-off beginnings of each sentence
SHORTEST, LONGEST = 2, 40  # tokens of a sentence
PASSES, BATCH = 6, 512
DECAY: Final = 1e-5
_SENTENCE_END: Final = re.compile(r"(?<=[.!?。！？；;])\s*")


@dataclass(frozen=True)
class Samples:
    """Utterances as buckets, whether each is finished, and how much it weighs."""

    buckets: list[NDArray[np.intp]]
    finished: NDArray[np.float32]
    weight: NDArray[np.float32]


def read_texts(folder: Path) -> list[str]:
    found: list[str] = []
    for name, times in TEXTS.items():
        with (folder / name).open(encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        texts = [row["text"] for row in rows if row["expect"] == "allow" or not row["category"].startswith("toxic")]
        found += texts[:MOST_OF_A_FILE] * times
    with QUESTIONS.open(encoding="utf-8", newline="") as table:
        found += [row["question"] for row in csv.DictReader(table)] * QUESTIONS_TIMES
    return found


def broken_off(texts: Sequence[str], rng: np.random.Generator) -> Samples:
    """Every sentence whole, and up to `CUTS` of its beginnings, which together weigh as much."""
    buckets: list[NDArray[np.intp]] = []
    finished: list[float] = []
    weight: list[float] = []
    for sentence in (part for text in texts for part in _SENTENCE_END.split(text)):
        words = tokens(sentence)
        if not SHORTEST <= len(words) <= LONGEST:
            continue
        cuts = rng.choice(np.arange(1, len(words)), min(CUTS, len(words) - 1), replace=False)
        buckets += [features(words), *(features(words[:cut]) for cut in cuts)]
        finished += [1.0, *(0.0 for _ in cuts)]
        weight += [1.0, *(1 / len(cuts) for _ in cuts)]
    return Samples(buckets, np.array(finished, np.float32), np.array(weight, np.float32))


def train(samples: Samples, seed: int) -> NDArray[np.float32]:
    """Logistic regression by Adam -> (BUCKETS,)."""
    model = torch.nn.EmbeddingBag(BUCKETS, 1, mode="sum")
    torch.nn.init.zeros_(model.weight)
    optimizer = torch.optim.Adam(model.parameters())
    rng = np.random.default_rng(seed)
    for turn in range(PASSES):
        for group in optimizer.param_groups:
            group["lr"] = 0.02 * (1 - turn / PASSES) + 0.001
        order = rng.permutation(len(samples.buckets))
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            logit = model(*_bag([samples.buckets[i] for i in chosen]))[:, 0]
            loss = torch.nn.functional.binary_cross_entropy_with_logits(
                logit, torch.from_numpy(samples.finished[chosen]), torch.from_numpy(samples.weight[chosen])
            )
            loss = loss + DECAY * model.weight.square().sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model.weight.detach().numpy()[:, 0].copy()


def _bag(rows: Sequence[NDArray[np.intp]]) -> tuple[torch.Tensor, torch.Tensor]:
    offsets = np.cumsum([0, *(len(row) for row in rows[:-1])])
    return torch.from_numpy(np.concatenate(rows)), torch.from_numpy(offsets)


def found_at(weights: NDArray[np.float32], samples: Samples, mistaken: float) -> float:
    """Share of finished utterances that are recognised where `mistaken` of the broken-off ones are taken for finished."""
    score = np.array([weights[row].sum() for row in samples.buckets])
    threshold = np.quantile(score[samples.finished == 0], 1 - mistaken)
    return float((score[samples.finished == 1] > threshold).mean())


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--texts", type=Path, default=FOLDER, help=f"folder with {', '.join(TEXTS)}")
    options.add_argument("--out", type=Path, default=WEIGHTS)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(given.seed)
    rng = np.random.default_rng(given.seed)
    texts = list(dict.fromkeys(read_texts(given.texts)))
    held = set(rng.choice(len(texts), len(texts) // 10, replace=False).tolist())
    rest = train(broken_off([t for i, t in enumerate(texts) if i not in held], rng), given.seed)
    apart = broken_off([texts[i] for i in sorted(held)], rng)
    for mistaken in (0.01, 0.03, 0.05, 0.1):
        share = found_at(rest, apart, mistaken)
        print(f"held out: {share:.3f} of finished ones found, {mistaken:.2f} of others mistaken")
    weights = train(broken_off(read_texts(given.texts), rng), given.seed)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    save_file({"weight": weights.astype(np.float16)}, given.out)
    given.out.chmod(0o644)  # safetensors writes for the owner alone


if __name__ == "__main__":
    main()
