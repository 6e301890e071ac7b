"""Whisper while somebody still speaks, with names told before, and on many utterances at once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.test_hearing import chunk, noise, spoken
from tests.tiny_whisper import save_whisper
from tiangong.core.errors import ConfigError
from tiangong.core.media import AudioChunk, Transcript
from tiangong.core.sound import write_wav
from tiangong.perception.hear_file import hear_file
from tiangong.perception.hot_words import MOST_TOKENS
from tiangong.perception.live_reading import Pace
from tiangong.perception.protocol import HEARING_RATE_HZ
from tiangong.perception.silero import SileroVoiceActivity
from tiangong.perception.whisper import FasterWhisper
from tiangong.perception.whisper_guards import compression_of
from tiangong.perception.whisper_reading import AT_ONCE, read_at_once, read_quickly, read_whole, told


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


def test_an_english_model_in_a_folder_of_any_name_does_not_pretend_to_know_chinese(tmp_path: Path) -> None:
    engine = FasterWhisper(str(save_whisper(tmp_path, always="a", english_only=True)))
    session = engine.session("zh")  # nothing is loaded yet
    session.accept(chunk(noise(1.0)))
    with pytest.raises(ConfigError, match="hears en, not 'zh'"):
        session.finish()
    with pytest.raises(ConfigError, match="hears en, not 'zh'"):
        engine.session("zh")
    assert engine.transcribe(noise(1.0), "auto").language == "en"


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
    assert hints == ["Tiangong, Ann."] * 2
    session.finish()
    assert set(hints[2:]) == {"Tiangong, Ann."}
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
    heard = loop.transcribe_many(spans, "en")
    assert sizes == [AT_ONCE]
    assert [said.text for said in heard] == ["" if i in (3, 5) else "a" for i in range(len(spans))]
    assert [said.audio_s for said in heard] == pytest.approx([span.duration_s for span in spans])
    assert loop.transcribe_many([], "auto") == []
    assert {said.language for said in loop.transcribe_many(spans[:3], "auto")} <= {"en", "zh"}
    with pytest.raises(ConfigError, match="not 'fr'"):
        loop.transcribe_many(spans, "fr")


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


@pytest.mark.parametrize("on_gpu", [True, False])
def test_whisper_hears_a_file_of_several_stretches(
    loop: FasterWhisper, tmp_path: Path, on_gpu: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tiangong.perception.whisper._on_gpu", lambda: on_gpu)
    assert (loop.read_many is not None) == on_gpu
    pause = np.zeros(3 * HEARING_RATE_HZ, np.float32)
    path = tmp_path / "three.wav"
    write_wav(
        chunk(np.concatenate([spoken("good morning"), pause, spoken("where is it"), pause, spoken("thanks")])), path
    )
    heard = hear_file(path, loop, SileroVoiceActivity(), "en")
    assert [segment.text for segment in heard.segments] == ["a", "a", "a"]
    assert heard.text == "a a a"
