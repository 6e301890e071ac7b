"""Sentences from grammars: templates with {slots} and (this|that|) alternatives, in YAML.

label: hand_off
direction: input
language: en
slots: {person: [a person, "a real {agent}"], agent: [agent, operator]}
flag: ["(please |)connect me (with|to) {person}"]
allow: ["can i hand in my form at (the|your) desk"]
"""

import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

_SLOT: Final = re.compile(r"\{([a-z_0-9]+)\}")
_CHOICE: Final = re.compile(r"\(([^()]*)\)")
_TRIES: Final = 8  # drawings for each sentence that is wanted; a template that says little gives fewer


@dataclass(frozen=True)
class Row:
    text: str
    language: str
    direction: str  # "input" or "output"
    label: str
    flag: bool  # whether the text carries the label, or only looks like it


def expand(path: Path, most_per_template: int, seed: int) -> list[Row]:
    """The sentences of one grammar; the same seed gives the same ones. Raises ValueError for an unknown slot."""
    grammar = yaml.safe_load(path.read_text(encoding="utf-8"))
    slots: dict[str, list[str]] = {
        name: [str(text) for text in texts] for name, texts in grammar.get("slots", {}).items()
    }
    rng = random.Random(f"{seed} {path.stem}")
    rows: list[Row] = []
    for flag, key in ((True, "flag"), (False, "allow")):
        for template in grammar.get(key, []):
            for text in _sentences(str(template), slots, most_per_template, rng):
                rows.append(Row(text, grammar["language"], grammar["direction"], grammar["label"], flag))
    return rows


def _sentences(template: str, slots: dict[str, list[str]], most: int, rng: random.Random) -> list[str]:
    found: dict[str, None] = {}
    for _ in range(most * _TRIES):
        if len(found) == most:
            break
        found[_drawn(template, slots, rng)] = None
    return list(found)


def _drawn(template: str, slots: dict[str, list[str]], rng: random.Random) -> str:
    text = template
    while match := _SLOT.search(text):
        name = match.group(1)
        if name not in slots:
            raise ValueError(f"unknown slot {{{name}}} in {template!r}")
        text = text[: match.start()] + rng.choice(slots[name]) + text[match.end() :]
    # Innermost groups first, so that alternatives may hold groups of their own.
    while match := _CHOICE.search(text):
        text = text[: match.start()] + rng.choice(match.group(1).split("|")) + text[match.end() :]
    return " ".join(text.split())
