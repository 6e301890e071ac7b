"""Words while somebody still speaks, and names that are told before: what is the same for every recogniser."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from tiangong.perception.hot_words import MOST_TOKENS, hint_of, listed, most_tokens_of
from tiangong.perception.live_reading import LiveReading, Pace
from tiangong.perception.local_agreement import LocalAgreement, joined
from tiangong.perception.protocol import HEARING_RATE_HZ
from tiangong.perception.whisper_guards import Piece, trusted_text

Floats = NDArray[np.float32]
WORD_S = 0.5


# --- local agreement ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("readings", "texts"),
    [
        (["hello wor", "hello world how", "hello world how are"], ["", "hello", "hello world how"]),
        (["今天天汽", "今天天气很", "今天天气很好"], ["", "今天天", "今天天气很"]),
        (["打开 Git", "打开 GitHub 的页面", "打开 GitHub 的页面吧"], ["", "打开", "打开 GitHub 的页面"]),
        (["I want to go.", "I want to go home."], ["", "I want to go"]),
        (["Yes. I", "Yes. I do."], ["", "Yes. I"]),
        (["Yes.", "Yes."], ["", "Yes."]),
        (["well i know", "Well, I know that"], ["", "Well, I know"]),
        (["it is 20", "it is 25 euros", "it is 25.5 euros"], ["", "it is", "it is"]),
        (['he said "', 'he said "hello'], ["", "he said"]),
        (['"Stop" he', '"Stop" he said'], ["", '"Stop" he']),
        (["he don't", "he don't know"], ["", "he don't"]),
        (["", "...", "one", "", "one two"], ["", "", "", "", "one"]),
        (["a b c", "a b c d", "x y", "x y z", "x y z w"], ["", "a b c", "a b c", "a b c", "x y z"]),
        (["I scream", "I scream is", "Ice cream is good", "Ice cream is good."], ["", "I scream", "I scream", "Ice cream is good"]),
        (["你好。", "你好，世界。", "你好，世界。"], ["", "你好", "你好，世界。"]),
    ],
)  # fmt: skip
def test_words_stay_that_two_readings_in_a_row_begin_with(readings: list[str], texts: list[str]) -> None:
    agreement = LocalAgreement()
    assert [agreement.push(reading) for reading in readings] == texts


@pytest.mark.parametrize(
    ("first", "then", "whole"),
    [("", "b", "b"), ("a", "", "a"), ("a.", "B", "a. B"), ("你", "好", "你好"), ("好。", "OK", "好。OK"), ("OK", "好", "OK好")],
)  # fmt: skip
def test_two_stretches_are_one_text(first: str, then: str, whole: str) -> None:
    assert joined(first, then) == whole


# --- the growing utterance ---------------------------------------------------------------------------------------------


@dataclass
class Reader:
    """Reads one word in each half second of sound, and takes `takes_s` of the clock's time for it."""

    takes_s: float
    now_s: float = 0.0
    readings: list[float] = field(default_factory=list)  # clock times of their beginnings

    def clock(self) -> float:
        return self.now_s

    def read(self, pcm: Floats) -> str:
        self.readings.append(self.now_s)
        self.now_s += self.takes_s
        levels = np.round(pcm[HEARING_RATE_HZ // 8 :: HEARING_RATE_HZ // 2] * 1_000).astype(int)
        return " ".join(f"w{level}" for level in levels if level > 100)


def words_in(seconds: float) -> Floats:
    """0.4 s of a level of its own, and 0.1 s without sound, for each word."""
    words = [
        np.full(round(WORD_S * HEARING_RATE_HZ), 0.2 + i / 1_000, np.float32) for i in range(round(seconds / WORD_S))
    ]
    for word in words:
        word[round(0.4 * HEARING_RATE_HZ) :] = 0.0
    return np.concatenate(words)


def heard_live(reader: Reader, pcm: Floats, pace: Pace | None = None) -> list[str]:
    """The text after each 32 ms, which come as they are spoken, or as soon as the reader is done."""
    live = LiveReading(reader.read, pace or Pace(reader.clock))
    texts: list[str] = []
    began_s = reader.now_s
    for start in range(0, len(pcm), 512):
        reader.now_s = max(reader.now_s, began_s + (start + 512) / HEARING_RATE_HZ)
        texts.append(live.push(pcm[start : start + 512]))
    assert np.array_equal(live.sound, pcm)
    return texts


@pytest.mark.parametrize(
    ("takes_s", "fewest", "most"),
    [(0.0, 11, 12), (0.1, 11, 12), (0.3, 10, 12), (0.45, 8, 11), (0.6, 1, 1), (3.0, 1, 1)],
)
def test_sound_is_read_again_as_often_as_there_is_time(takes_s: float, fewest: int, most: int) -> None:
    reader = Reader(takes_s)
    heard_live(reader, np.full(10 * HEARING_RATE_HZ, 0.3, np.float32))
    assert fewest <= len(reader.readings) <= most


def test_the_words_come_a_reading_after_they_were_said() -> None:
    texts = heard_live(Reader(0.05), words_in(6.0))
    counts = [len(text.split()) for text in texts]
    assert counts == sorted(counts)
    assert texts[-1].split() == [f"w{200 + i}" for i in range(counts[-1])]
    for i, count in enumerate(counts):
        said = (i + 1) * 512 / HEARING_RATE_HZ / WORD_S
        assert count >= said - (2 * 0.8 + 0.1) / WORD_S - 1


def test_a_slow_reading_does_not_begin_in_a_pause() -> None:
    speech, pause = np.full(2 * HEARING_RATE_HZ, 0.3, np.float32), np.zeros(2 * HEARING_RATE_HZ, np.float32)
    slow, quick = Reader(0.3), Reader(0.05)
    for reader in (slow, quick):
        heard_live(reader, np.concatenate([speech, pause]))
    assert max(slow.readings) < 2.15
    assert max(quick.readings) > 3.0


def test_a_machine_that_was_too_slow_is_tried_again_after_some_utterances() -> None:
    reader = Reader(1.5)
    pace = Pace(reader.clock)
    speech = np.full(2 * HEARING_RATE_HZ, 0.3, np.float32)
    heard_live(reader, speech, pace)
    reader.takes_s = 0.1
    counts: list[int] = []
    for _ in range(14):
        before = len(reader.readings)
        heard_live(reader, speech, pace)
        counts.append(len(reader.readings) - before)
    assert counts[:8] == [0] * 8
    assert counts[-1] == 2


def test_all_callers_together_leave_half_of_the_time_free() -> None:
    reader = Reader(0.4)
    pace = Pace(reader.clock)
    callers = [LiveReading(reader.read, pace) for _ in range(4)]
    piece = np.full(512, 0.3, np.float32)
    for i in range(round(10 * HEARING_RATE_HZ / 512)):
        reader.now_s = max(reader.now_s, (i + 1) * 512 / HEARING_RATE_HZ)
        for caller in callers:
            caller.push(piece)
    assert len(reader.readings) * 0.4 < 0.55 * 10


def test_a_stretch_that_comes_whole_is_left_to_the_end() -> None:
    reader = Reader(0.0)
    live = LiveReading(reader.read, Pace(reader.clock))
    assert live.push(words_in(10.0)) == ""
    assert reader.readings == []


def test_a_long_utterance_is_cut_where_nobody_speaks() -> None:
    lengths: list[int] = []
    reader = Reader(0.02)

    def noted(pcm: Floats) -> str:
        lengths.append(len(pcm))
        return reader.read(pcm)

    live = LiveReading(noted, Pace(reader.clock))
    pcm = words_in(60.0)
    for start in range(0, len(pcm), 500):
        reader.now_s += 500 / HEARING_RATE_HZ
        live.push(pcm[start : start + 500])
    assert max(lengths) < 25 * HEARING_RATE_HZ
    words = live.text.split()
    assert len(words) >= 115
    assert words == [f"w{200 + i}" for i in range(len(words))]


# --- names and terms ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "language", "told_as"),
    [
        (["Tiangong", "Ann", "Tiangong"], "en", "Tiangong, Ann."),
        (["天工", "Tiangong", " 安  安 "], "zh", "天工、Tiangong、安 安。"),
        (["天工", "Tiangong"], "en", "Tiangong."),
        (["", "  "], "en", ""),
        ([], "zh", ""),
    ],
)
def test_hot_words_are_told_in_the_language_that_is_spoken(words: list[str], language: str, told_as: str) -> None:
    assert listed(hint_of(words, language, most_tokens_of), language) == told_as


def test_no_more_hot_words_are_told_than_fit_and_none_in_half() -> None:
    words = [f"Product{i}" for i in range(500)]
    fitting = hint_of(words, "en", most_tokens_of)
    assert fitting == tuple(words[: len(fitting)])
    assert 20 < len(fitting) < 60
    assert most_tokens_of(listed(fitting, "en")) <= MOST_TOKENS


@pytest.mark.parametrize(
    ("text", "log_probability", "expected"),
    [
        ("Tiangong", -0.4, "Tiangong"),
        ("Tiangong", -0.9, "Tiangong"),
        ("Ann, Bob.", -0.4, "Ann, Bob."),
        ("Ann, Bob.", -0.7, ""),
        ("Bob, Ann.", -0.7, "Bob, Ann."),
        ("Tiangong, Ann, Bob.", -0.1, ""),
        ("I am with Tiangong, Ann, Bob.", -0.7, "I am with Tiangong, Ann, Bob."),
    ],
)
def test_a_recited_list_of_hot_words_is_no_speech(text: str, log_probability: float, expected: str) -> None:
    kept, _ = trusted_text([Piece(text, log_probability, 0.05, 1.0)], "en", None, ("Tiangong", "Ann", "Bob"))
    assert kept == expected
