"""Word lists and pattern sets on the normal form."""

import pytest

from tiangong.core.errors import ConfigError
from tiangong.policies.detectors.normal_form import normal_form
from tiangong.policies.detectors.patterns import PatternSet
from tiangong.policies.detectors.word_lists import WordList

WORDS = WordList(["Ass", "自杀", "杀", "shut up", "轻生"], ["classic ass", "杀毒软件", "自杀式"], pinyin=True)

FOUND = [
    ("kick my ASS!", ["ass"]),
    ("a classic class", []),
    ("ａｓｓ", ["ass"]),
    ("ass1 pass assets", []),
    ("what a classic ass", []),
    ("我要自殺", ["自杀"]),
    ("杀毒软件", []),
    ("杀毒软件杀人", ["杀"]),
    ("用ass打人", ["ass"]),
    ("我*想*轻*生", ["轻生"]),
    ("wo xiang zisha", ["zisha"]),
    ("please shut  up", ["shut up"]),
    ("nothing here", []),
]


@pytest.mark.parametrize(("text", "words"), FOUND)
def test_whole_words_are_found_and_innocent_ones_are_not(text: str, words: list[str]) -> None:
    form = normal_form(text)
    assert [form.text[start:end] for start, end in WORDS.find(form)] == words
    assert WORDS.hits(form) == bool(words)


def test_an_empty_list_finds_nothing() -> None:
    assert WordList([]).find(normal_form("anything")) == ()


def test_a_word_that_cannot_be_seen_is_refused() -> None:
    with pytest.raises(ConfigError, match="no word"):
        WordList(["\u200b"])


def test_one_pass_tells_which_patterns_occur_and_where() -> None:
    patterns = PatternSet([r"Ignore (?:all|your)", "想死", "never"])
    form = normal_form("请 ＩＧＮＯＲＥ all，我想死 想死了")
    assert patterns.matching(form) == (0, 1)
    assert [form.text[slice(*span)] for span in patterns.spans(form, 1)] == ["想死", "想死"]
    assert patterns.matching(normal_form("nothing")) == ()
    assert PatternSet([]).matching(form) == ()


REFUSED = [
    ("(?=a)", "look-around"),
    ("(?<!x)a", "look-around"),
    (r"(a)\1", "references back"),
    ("(?:a{1000}){1000}", "repeat less"),
    ("a*", "empty text"),
    ("(", "missing"),
    ("x" * 5_000, "5,000 characters"),
]


@pytest.mark.parametrize(("pattern", "reason"), REFUSED)
def test_a_pattern_that_cannot_be_used_is_refused_in_one_line(
    pattern: str, reason: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ConfigError, match=reason) as raised:
        PatternSet(["fine", pattern])
    assert "\n" not in str(raised.value)
    assert capfd.readouterr().err == ""
