"""The texts that the intents and risks are learned from: public sets by their categories, and our own grammars."""

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.train_policy.grammar import expand

INPUT_LABELS: Final = ("asks_if_human", "hand_off", "self_harm", "injection", "harm", "toxicity", "likeness")
OUTPUT_LABELS: Final = ("claims_human", "promise", "risky_advice", "toxicity_said")
# Labels that overlap in life: a flag of one is no evidence against another.
RISKS: Final = frozenset({"self_harm", "injection", "harm", "toxicity", "likeness"})
RISKS_SAID: Final = frozenset({"promise", "risky_advice", "toxicity_said"})
_OF_CATEGORY: Final = {"jailbreak": "injection", "prompt_leak": "injection"}
_LEFT_OUT: Final = frozenset({"pii", "out_of_scope"})  # other detectors' business
CORPORA: Final = Path(__file__).parent / "corpora"
MOST_PER_TEMPLATE: Final = 12
LONGEST_CHARS: Final = 240  # of a longer text the beginning and the end are two rows


@dataclass(frozen=True)
class Sample:
    """One text of one direction."""

    text: str
    language: str
    direction: str  # "input" or "output"
    source: str  # the set or grammar that it comes from
    flags: frozenset[str]  # labels that it carries; empty: none of any
    unknown: frozenset[str] = frozenset()  # labels that it neither carries nor speaks against

    @property
    def own(self) -> bool:
        return self.source.startswith("own:")

    @property
    def written(self) -> bool:
        return self.source.startswith("own:written")


def public_samples(folder: Path) -> list[Sample]:
    """The rows of the shared sets whose licences allow training."""
    found: list[Sample] = []
    for path in sorted(folder.glob("*.jsonl")):
        if path.stem == "sample_private_style":
            continue  # kept for measuring
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                found += _of_row(json.loads(line), path.stem)
    return found


def _of_row(row: dict[str, str], source: str) -> list[Sample]:
    category = row["category"]
    if category in _LEFT_OUT:
        return []
    label = _OF_CATEGORY.get(category, category)
    if row["direction"] == "output" and label == "toxicity":
        label = "toxicity_said"
    flagged = row["expect"] == "flag"
    flags = frozenset({label}) if flagged else frozenset[str]()
    unknown = _rivals(label) if flagged else frozenset[str]()
    return [Sample(part, row["language"], row["direction"], source, flags, unknown) for part in _parts(row["text"])]


def _rivals(label: str) -> frozenset[str]:
    for group in (RISKS, RISKS_SAID):
        if label in group:
            return group - {label}
    return frozenset()


def _parts(text: str) -> Sequence[str]:
    if len(text) <= LONGEST_CHARS:
        return (text,)
    return (text[:LONGEST_CHARS], text[-LONGEST_CHARS:])


def own_samples(seed: int = 0) -> list[Sample]:
    """What the grammars in `corpora/` say."""
    found: list[Sample] = []
    for path in sorted(CORPORA.glob("*.yaml")):
        for row in expand(path, MOST_PER_TEMPLATE, seed):
            label = "toxicity_said" if (row.label, row.direction) == ("toxicity", "output") else row.label
            flags = frozenset({label}) if row.flag else frozenset[str]()
            unknown = _rivals(label) if row.flag else frozenset[str]()
            found.append(Sample(row.text, row.language, row.direction, f"own:{path.stem}", flags, unknown))
    return found


def written_samples() -> list[Sample]:
    """The sentences in `corpora/*.csv`: each an idea of its own, where the grammars vary one."""
    found: list[Sample] = []
    for path in sorted(CORPORA.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                flagged = row["expect"] == "flag"
                flags = frozenset({row["label"]}) if flagged else frozenset[str]()
                unknown = _rivals(row["label"]) if flagged else frozenset[str]()
                source = f"own:{path.stem}"
                found.append(Sample(row["text"], row["language"], row["direction"], source, flags, unknown))
    return found


def sources(samples: Iterable[Sample]) -> list[str]:
    return sorted({sample.source for sample in samples})
