"""What the voice makes of written text before it speaks."""

import pytest

from tiangong.voice.espeak import LONGEST_PIECE_S
from tiangong.voice.ipa import ipa
from tiangong.voice.language_runs import language_runs, main_tongue, short_pieces, spoken_s
from tiangong.voice.spoken_text import speakable

RUNS = [
    ("请打开 GitHub 的 issue 页面", "zh", ["zh", "en", "zh", "en", "zh"]),
    ("“GitHub”很好。", "zh", ["en", "zh"]),
    ("一共 3 个 GPT-4 模型", "zh", ["zh", "en", "zh"]),
    ("I have 3 dogs in 北京, and you?", "en", ["en", "zh", "en"]),
    ("Just English, 42 of it.", "zh", ["en"]),
    ("全是中文，42个。", "en", ["zh"]),
]


@pytest.mark.parametrize(("text", "language", "tongues"), RUNS)
def test_a_sentence_is_split_where_its_script_changes(text, language, tongues):
    runs = language_runs(text, main_tongue(text, language))
    assert [run.tongue for run in runs] == tongues
    assert "".join(run.text for run in runs) == text


CLEANED = [
    ("**Hello** [there](http://a.b/c), see `code`", "en", "Hello there, see code"),
    ("see https://example.com/a?b=1.", "en", "see example dot com."),
    ("看 www.example.com/x，好吗", "zh", "看 example点com，好吗"),
    ("# Title\n- one\n- two", "en", "Title one two"),
    ("hi\u200b\u202e 😀there", "en", "hi there"),
    ("a\0b\x07c", "en", "a b c"),
    ("涨了3.5%", "zh", "涨了百分之三点五"),
    ("2026年10:30花了¥3,000", "zh", "二零二六年十点三十分花了三千元"),
    ("ＧＰＴ４", "zh", "GPT四"),
    ("5 * 4", "en", "five times four"),
    ("snake_case", "en", "snake case"),
]


@pytest.mark.parametrize(("text", "language", "read"), CLEANED)
def test_what_is_read_aloud_has_no_marks(text, language, read):
    assert speakable(text, language) == read


NAMES = [
    ("ts.h", "zh", [("ʈʂʰ", 1.0)]), ("ˈuo", "zh", [("u", 0.35), ("ˈo", 0.65)]), ("ph", "zh", [("pʰ", 1.0)]),
    ("(en)", "zh", [("", 1.0)]), ("ᵻ", "en", [("ɪ", 1.0)]), ("ˈaɪ", "en", [("ˈaɪ", 1.0)]), ("", "en", [("", 1.0)]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "tongue", "sounds"), NAMES)
def test_espeak_names_become_ipa(name, tongue, sounds):
    assert list(ipa(name, tongue)) == sounds


@pytest.mark.parametrize(
    "text", ["天气很好，" * 60, "没有标点" * 100, "word " * 200, "x" * 2_000, "One. Two, " * 80, "", "好"]
)
def test_pieces_lose_nothing_and_none_is_long(text):
    pieces = short_pieces(text, LONGEST_PIECE_S)
    assert "".join(pieces) == text
    assert all(spoken_s(piece) <= LONGEST_PIECE_S for piece in pieces)
