"""`tiangong bench` of what a voice makes of written text: the share of hand-written rows that are read right."""

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tiangong.bench.report import Figure
from tiangong.bench.stock import Outcome
from tiangong.voice.spoken_text import speakable

TABLE: Final = Path(__file__).with_name("spoken_forms.tsv")


@dataclass(frozen=True)
class SpokenForm:
    """One row: how something is written, and how a careful native reader says it."""

    kind: str
    language: str  # of the sentence: "en" or "zh"
    written: str
    spoken: str


def spoken_forms() -> list[SpokenForm]:
    """The whole table."""
    with TABLE.open(encoding="utf-8", newline="") as table:
        rows = csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [SpokenForm(row["kind"], row["language"], row["written"], row["spoken"]) for row in rows]


def measure_spoken_forms() -> Outcome:
    """The share read right, word for word and mark for mark, of each language and kind; a note for each that is not."""
    outcome = Outcome()
    asked: Counter[tuple[str, str]] = Counter()
    right: Counter[tuple[str, str]] = Counter()
    for form in spoken_forms():
        said = speakable(form.written, form.language)
        for kind in ("all", form.kind):
            asked[form.language, kind] += 1
            right[form.language, kind] += said == form.spoken
        if said != form.spoken:
            outcome.notes.append(f"{form.kind} ({form.language}): {form.written!r} -> {said!r}, not {form.spoken!r}")
    for (language, kind), n in sorted(asked.items()):
        share = right[language, kind] / n
        outcome.figures.append(Figure.single(f"read right, {language}, {kind}", "share", share, n))
    return outcome
