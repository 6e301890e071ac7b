"""The starter knowledge, asked as people ask: 297 questions that it answers, 155 that it must not answer.

`starter_questions.csv` holds the question and the heading that answers it (none: out of domain). They were written in five
batches; each was asked for the first time after words and numbers had been tuned on those before it. First asked, the
second batch gave hit@1 0.85 and correct rejects 0.82, the last 0.86 and 0.94: expect that of questions not in the file.
"""

import csv
import re
import time
from functools import cache
from pathlib import Path

import pytest

from tiangong.agent.clarifying import label
from tiangong.agent.knowledge import CONFIDENT, Knowledge
from tiangong.agent.persona import read_persona
from tiangong.agent.spoken_text import sentences
from tiangong.core.language import language_of
from tiangong.studio.bundle import STARTER

PACKS = ("tiangong", "shop")


@cache
def starter() -> Knowledge:
    return Knowledge.load([STARTER / "knowledge" / pack for pack in PACKS])


def questions() -> list[tuple[str, str]]:
    with (Path(__file__).parent / "starter_questions.csv").open(encoding="utf-8", newline="") as file:
        return [(row["question"], row["expected"]) for row in csv.DictReader(file)]


def heading(title: str) -> str:
    return title.split(" › ")[-1]


def test_every_file_of_the_starter_knowledge_can_be_read() -> None:
    assert starter().warnings == ()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_language_has_over_forty_passages(language: str) -> None:
    assert sum(passage.language == language for passage in starter().passages) >= 40


def test_every_expected_heading_exists() -> None:
    headings = {heading(passage.title) for passage in starter().passages}
    assert {expected for _, expected in questions() if expected} <= headings


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_right_passage_comes_first_and_confident(language: str) -> None:
    asked = [(q, expected) for q, expected in questions() if expected and language_of(q) == language]
    missed: list[str] = []
    unsure: list[str] = []
    for question, expected in asked:
        found = starter().search(question, language)
        if not found or heading(found[0].title) != expected:
            missed.append(question)
        elif found[0].score < CONFIDENT:
            unsure.append(question)
    assert len(asked) > 100
    assert 1 - len(missed) / len(asked) >= 0.93, missed
    assert 1 - (len(missed) + len(unsure)) / len(asked) >= 0.9, missed + unsure


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_out_of_domain_is_rejected(language: str) -> None:
    asked = [q for q, expected in questions() if not expected and language_of(q) == language]
    answered = [q for q in asked if (found := starter().search(q, language)) and found[0].score >= CONFIDENT]
    assert len(asked) > 50
    assert 1 - len(answered) / len(asked) >= 0.9, answered


@pytest.mark.parametrize(
    "question", ["what is the capital of Mongolia", "今天股市怎么样", "who won the world cup", "明天会下雨吗", ""]
)
def test_a_question_out_of_domain_finds_nothing_it_could_answer(question: str) -> None:
    found = starter().search(question, language_of(question))
    assert not found or found[0].score < CONFIDENT


def test_a_search_takes_under_five_milliseconds() -> None:
    asked = [question for question, _ in questions()]
    starter().search("warm up", "en")
    started_s = time.perf_counter()
    for question in asked:
        starter().search(question, language_of(question))
    assert (time.perf_counter() - started_s) / len(asked) < 0.005


def test_the_two_languages_cover_the_same_ground() -> None:
    count = {language: sum(p.language == language for p in starter().passages) for language in ("en", "zh")}
    assert count["en"] == count["zh"]


@pytest.mark.parametrize("passage", starter().passages, ids=lambda p: f"{p.source}-{label(p)}")
def test_every_passage_can_be_spoken(passage) -> None:  # type: ignore[no-untyped-def]
    spoken = sentences(passage.text)
    assert 1 <= len(spoken) <= 4
    assert max(map(len, spoken)) <= (60 if passage.language == "zh" else 160)
    assert not re.search(r"[*#`_|<>]|https?:", passage.text)
    assert passage.text[-1] in ".!?。！？"
    assert passage.score == 0
    assert language_of(passage.text) == passage.language


@pytest.mark.parametrize(("name", "packs", "voice"), [("tian", PACKS, "female"), ("gong", ("tiangong",), "male")])
def test_the_starter_personas_can_be_read(name: str, packs: tuple[str, ...], voice: str) -> None:
    sheet = read_persona(STARTER / "avatars" / name / "persona.yaml")
    assert set(sheet.knowledge) == set(packs)
    assert sheet.voice == voice
    assert all((STARTER / "knowledge" / pack).is_dir() for pack in sheet.knowledge)
    for texts in (sheet.persona.name, sheet.persona.greeting, sheet.persona.about, sheet.persona.topics):
        assert set(texts) == {"en", "zh"}
    assert "AI" in sheet.persona.about["en"]
    assert "人工智能" in sheet.persona.about["zh"]
