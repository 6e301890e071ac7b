"""python -m scripts.train_policy: train the models of intents and risks; --left-out tells how they do on sets left out.

Half a minute on one core. Reads the public sets (--data), and our own sentences and grammars in corpora/; writes
weights/policy_*.safetensors.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from safetensors.numpy import save_file

from scripts.train_policy.fit import Table, fit, table
from scripts.train_policy.left_out import report
from scripts.train_policy.rows import INPUT_LABELS, OUTPUT_LABELS, Sample, own_samples, public_samples, written_samples
from tiangong.policies.detectors.linear import WEIGHTS, LinearModel

DATA: Final = Path(__file__).parents[3] / "shared" / "data" / "policy"
LABELS: Final = {"input": INPUT_LABELS, "output": OUTPUT_LABELS}


def tables(data: Path) -> dict[str, Table]:
    samples = own_samples() + written_samples() + public_samples(data)
    found = {direction: [_for_direction(sample, direction) for sample in samples] for direction in LABELS}
    return {direction: table([s for s in rows if s is not None]) for direction, rows in found.items()}


def _for_direction(sample: Sample, direction: str) -> Sample | None:
    """A sample as the model of a direction may learn from it; None: not at all.

    What is harmless to hear is harmless to say, so plain rows teach both models; but people say of themselves what an avatar
    must not ("I had lunch"), so they are no evidence against a claim to be human.
    """
    if sample.direction == direction:
        return sample
    if sample.flags or sample.own:
        return None
    return replace(sample, unknown=sample.unknown | {"claims_human"})


def save(model: LinearModel, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    tensors = {"weights": model.weights.astype(np.float16), "bias": model.bias}
    save_file(tensors, str(path), metadata={"labels": ",".join(model.labels)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the public sets")
    parser.add_argument(
        "--left-out", type=Path, help="instead: leave sets out, and write here what the policy finds in them"
    )
    arguments = parser.parse_args()
    data = tables(arguments.data)
    if arguments.left_out:
        report(data, LABELS, arguments.data, arguments.left_out)
        return
    for direction, labels in LABELS.items():
        save(fit(data[direction], labels), WEIGHTS / f"policy_{direction}.safetensors")


if __name__ == "__main__":
    main()
