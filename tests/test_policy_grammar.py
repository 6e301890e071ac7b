"""Corpora written as grammars."""

from pathlib import Path

import pytest

from scripts.train_policy.grammar import Row, expand

HEAD = """
label: hand_off
direction: input
language: en
slots: {person: [a person, "a real {agent}"], agent: [agent, human]}
"""


def rows(folder: Path, flag: str, most: int = 100, seed: int = 0) -> list[Row]:
    path = folder / "hand_off_en.yaml"
    path.write_text(f"{HEAD}flag: ['{flag}']\nallow: ['my travel agent']\n", encoding="utf-8")
    return expand(path, most, seed)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("hello", {"hello"}),
        ("(please |)wait", {"please wait", "wait"}),
        ("get {person}", {"get a person", "get a real agent", "get a real human"}),
        ("(a(b|c)|d)e", {"abe", "ace", "de"}),
        ("well  then", {"well then"}),
        ("人(工|)", {"人工", "人"}),
    ],
)
def test_a_template_gives_every_one_of_its_sentences_once(tmp_path: Path, template: str, said: set[str]) -> None:
    flagged = [row.text for row in rows(tmp_path, template) if row.flag]
    assert set(flagged) == said
    assert len(flagged) == len(said)


def test_a_large_template_gives_as_many_as_asked_for_and_the_same_ones_for_the_same_seed(tmp_path: Path) -> None:
    template = "(a|b|c|d)(a|b|c|d)(a|b|c|d) {person}"
    drawn = rows(tmp_path, template, 20, 7)
    assert len({row.text for row in drawn if row.flag}) == 20
    assert drawn == rows(tmp_path, template, 20, 7) != rows(tmp_path, template, 20, 8)


def test_a_row_tells_whether_it_carries_the_label(tmp_path: Path) -> None:
    assert rows(tmp_path, "get me a human") == [
        Row("get me a human", "en", "input", "hand_off", True),
        Row("my travel agent", "en", "input", "hand_off", False),
    ]


def test_an_unknown_slot_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nobody"):
        rows(tmp_path, "{nobody}")
