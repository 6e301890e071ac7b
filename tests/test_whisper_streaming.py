"""Words while somebody still speaks, names that are told before, and many utterances at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.test_hearing import chunk, noise, spoken
from tests.tiny_whisper import save_whisper
from tiangong.core.errors import ConfigError
from tiangong.core.media import AudioChunk, Transcript
from tiangong.core.sound import write_wav
from tiangong.perception.hear_file import hear_file
from tiangong.perception.hot_words import MOST_TOKENS, hint_of, listed, most_tokens_of
from tiangong.perception.live_reading import LiveReading, Pace
from tiangong.perception.local_agreement import LocalAgreement, joined
from tiangong.perception.protocol import HEARING_RATE_HZ
from tiangong.perception.silero import SileroVoiceActivity
from tiangong.perception.whisper import FasterWhisper
from tiangong.perception.whisper_guards import Piece, compression_of, trusted_text
from tiangong.perception.whisper_reading import AT_ONCE, read_at_once, read_quickly, read_whole, told

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
        (["Tiangong", "Ann", "Tiangong"], "en", "Tiangong, Ann"),
        (["天工", "Tiangong", " 安  安 "], "zh", "天工、Tiangong、安 安"),
        (["天工", "Tiangong"], "en", "Tiangong"),
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


# --- on a Whisper of the true architecture -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> FasterWhisper:
    """Writes "aaa" whatever it hears."""
    return FasterWhisper(str(save_whisper(tmp_path_factory.mktemp("loop"), always="a")))


@pytest.fixture(scope="module")
def nonsense(tmp_path_factory: pytest.TempPathFactory) -> FasterWhisper:
    return FasterWhisper(str(save_whisper(tmp_path_factory.mktemp("nonsense"))))


@pytest.fixture
def hints(loop: FasterWhisper, monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The hot words of each reading, as the true library takes them up."""
    given: list[str | None] = []
    model: Any = loop._loaded()
    get_prompt = model.get_prompt

    def noted(*values: Any, **named: Any) -> list[int]:
        given.append(named.get("hotwords"))
        return get_prompt(*values, **named)

    monkeypatch.setattr(model, "get_prompt", noted)
    return given


@pytest.mark.parametrize("language", ["en", "zh", "auto"])
def test_whisper_reads_the_beginning_of_an_utterance_quickly(loop: FasterWhisper, language: str) -> None:
    assert read_quickly(loop._loaded(), noise(0.8), language, ["Ann", "安安"]) == "a"


def test_whisper_gives_words_while_they_are_spoken(loop: FasterWhisper) -> None:
    loop.pace = Pace(lambda: 0.0)
    session = loop.session("en")
    pcm = noise(4.0)
    texts = [session.accept(chunk(pcm[i : i + 512])) for i in range(0, len(pcm), 512)]
    assert texts[round(1.5 * HEARING_RATE_HZ / 512)] == ""
    assert texts[-1] == "a"
    heard = session.finish()
    assert (heard.text, heard.audio_s) == ("a", pytest.approx(4.0))


def test_whisper_has_no_words_for_silence_or_nonsense(loop: FasterWhisper, nonsense: FasterWhisper) -> None:
    for engine, pcm in ((loop, np.zeros(3 * HEARING_RATE_HZ, np.float32)), (nonsense, noise(3.0))):
        engine.pace = Pace(lambda: 0.0)
        session = engine.session("en")
        assert {session.accept(chunk(pcm[i : i + 512])) for i in range(0, len(pcm), 512)} == {""}
        assert session.finish().text == ""


def test_a_reading_in_between_ends_in_time_where_the_network_does_not(loop: FasterWhisper) -> None:
    # One letter for ever: without a limit it would fill up the 448 tokens that the network has.
    assert read_quickly(loop._loaded(), noise(1.0), "en", ()) == "a"
    assert read_quickly(loop._loaded(), noise(12.0), "en", ()) == "", "130 tokens that shrink so much are a loop"
    assert compression_of("a" * 130) > 2.4


def test_hot_words_reach_both_kinds_of_reading(loop: FasterWhisper, hints: list[str | None]) -> None:
    loop.pace = Pace(lambda: 0.0)
    session = loop.session("en", ["Tiangong", "安安", "Ann"])
    for _ in range(8):
        session.accept(chunk(noise(0.2)))
    assert hints == ["Tiangong, Ann"] * 2
    session.finish()
    assert set(hints[2:]) == {"Tiangong, Ann"}
    hints.clear()
    loop.session("zh").accept(chunk(noise(0.5)))
    loop.transcribe(noise(0.5), "zh", [f"天工{i}号" for i in range(400)])
    assert hints[-1] is not None
    assert hints[-1].startswith("天工0号、天工1号、")
    assert len(loop._loaded().hf_tokenizer.encode(hints[-1], add_special_tokens=False).ids) <= MOST_TOKENS


def test_a_batch_reads_what_is_read_one_by_one(nonsense: FasterWhisper, monkeypatch: pytest.MonkeyPatch) -> None:
    # Random weights fail at every temperature: only the first reading of each is compared.
    monkeypatch.setattr("tiangong.perception.whisper_reading._TEMPERATURES", (0.0,))
    monkeypatch.setattr("tiangong.perception.whisper_reading.failed", lambda piece: False)
    model = nonsense._loaded()
    about = told(model, "en", ("Ann",))
    spans = [noise(0.3 + 0.37 * i) for i in range(AT_ONCE + 3)]
    for pcm, pieces in zip(spans, read_at_once(model, spans, about), strict=True):
        (together,), (alone,) = pieces, read_whole(model, pcm, about)
        assert together.text == alone.text
        assert together.log_probability == pytest.approx(alone.log_probability, abs=1e-3)
        assert together.no_speech == pytest.approx(alone.no_speech, abs=1e-3)


def test_a_batch_keeps_the_order_and_the_guards(loop: FasterWhisper, monkeypatch: pytest.MonkeyPatch) -> None:
    from faster_whisper import BatchedInferencePipeline

    sizes: list[int] = []
    forward = BatchedInferencePipeline.forward

    def noted(self: Any, features: Any, *others: Any) -> Any:
        sizes.append(len(features))
        return forward(self, features, *others)

    monkeypatch.setattr(BatchedInferencePipeline, "forward", noted)
    lengths_s = [0.5 + 0.1 * i for i in range(AT_ONCE + 2)]
    spans = [chunk(noise(length_s)) for length_s in lengths_s]
    spans[3] = chunk(np.zeros(HEARING_RATE_HZ, np.float32))
    spans[5] = chunk(noise(0.05))
    heard = loop.read_many(spans, "en")
    assert sizes == [AT_ONCE]
    assert [said.text for said in heard] == ["" if i in (3, 5) else "a" for i in range(len(spans))]
    assert [said.audio_s for said in heard] == pytest.approx([span.duration_s for span in spans])
    assert loop.read_many([], "auto") == []
    assert {said.language for said in loop.read_many(spans[:3], "auto")} <= {"en", "zh"}
    with pytest.raises(ConfigError, match="not 'fr'"):
        loop.read_many(spans, "fr")


class Together:
    """An engine that reads all utterances of a file at once."""

    name = "together"
    languages = frozenset({"en"})

    def __init__(self) -> None:
        self.asked: list[int] = []

    def read_many(self, spans: Sequence[AudioChunk], language: str) -> list[Transcript]:
        self.asked.append(len(spans))
        return [Transcript(f"part {i}", language, 0.9, span.duration_s) for i, span in enumerate(spans)]

    def warm_up(self) -> None: ...

    def session(self, language: str, hot_words: Sequence[str] = ()) -> "Together":
        return self

    def accept(self, chunk: AudioChunk) -> str:
        return ""

    def finish(self) -> Transcript:
        return Transcript("alone", "en", 0.9, 1.0)


def test_a_file_with_several_stretches_is_read_at_once(tmp_path: Path) -> None:
    pause = np.zeros(3 * HEARING_RATE_HZ, np.float32)
    stretches = [spoken("good morning my friend"), pause, spoken("where is the station")]
    one, two = tmp_path / "one.wav", tmp_path / "two.wav"
    write_wav(chunk(stretches[0]), one)
    write_wav(chunk(np.concatenate(stretches)), two)
    engine = Together()
    assert hear_file(one, engine, SileroVoiceActivity(), "en").text == "alone"
    heard = hear_file(two, engine, SileroVoiceActivity(), "en")
    assert engine.asked == [2]
    assert [segment.text for segment in heard.segments] == ["part 0", "part 1"]
    assert heard.segments[1].start_s > heard.segments[0].end_s + 2


def test_whisper_hears_a_file_of_several_stretches(loop: FasterWhisper, tmp_path: Path) -> None:
    pause = np.zeros(3 * HEARING_RATE_HZ, np.float32)
    path = tmp_path / "three.wav"
    write_wav(
        chunk(np.concatenate([spoken("good morning"), pause, spoken("where is it"), pause, spoken("thanks")])), path
    )
    heard = hear_file(path, loop, SileroVoiceActivity(), "en")
    assert [segment.text for segment in heard.segments] == ["a", "a", "a"]
    assert heard.text == "a a a"
