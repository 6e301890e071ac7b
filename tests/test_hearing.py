"""Hearing: voice activity, PocketSphinx and Whisper on real weights, and whole files."""

import csv
import gc
import re
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.shared_media import shared
from tests.tiny_whisper import save_whisper
from tiangong.core.config import HearingSettings, Settings
from tiangong.core.errors import ConfigError, EngineError, MediaError, MissingExtra
from tiangong.core.media import AudioChunk, SpeechStyle
from tiangong.core.sound import read_audio, resample, write_wav
from tiangong.perception.hear_file import hear_file, speech_spans
from tiangong.perception.protocol import HEARING_RATE_HZ, VAD_SAMPLES
from tiangong.perception.silero import SileroVoiceActivity
from tiangong.perception.sphinx import PocketSphinx
from tiangong.perception.sphinx_decoding import IDLE_DECODERS
from tiangong.perception.sphinx_process import Begin, Ear, SphinxProcess, WarmUp
from tiangong.perception.whisper import FasterWhisper
from tiangong.perception.whisper_guards import Piece, once, trusted_text
from tiangong.voice.espeak import EspeakVoice

Floats = NDArray[np.float32]


def spoken(text: str, language: str = "en") -> Floats:
    """Speech that the test makes itself, with half a second of silence on both sides."""
    pieces = [s.audio.pcm for s in EspeakVoice().synthesize(text, SpeechStyle(language=language))]
    pcm = resample(AudioChunk(np.concatenate(pieces), 24_000), HEARING_RATE_HZ).pcm
    return np.pad(pcm, HEARING_RATE_HZ // 2).astype(np.float32)


def noise(duration_s: float, level: float = 0.1) -> Floats:
    samples = round(duration_s * HEARING_RATE_HZ)
    return np.random.default_rng(0).normal(0, level, samples).astype(np.float32)


def chunk(pcm: Floats) -> AudioChunk:
    return AudioChunk(pcm, HEARING_RATE_HZ)


def probabilities(pcm: Floats) -> list[float]:
    session = SileroVoiceActivity().session()
    return [session.probability(chunk(pcm[i : i + VAD_SAMPLES])) for i in range(0, len(pcm) - VAD_SAMPLES, VAD_SAMPLES)]


def words(text: str) -> list[str]:
    return re.sub(r"[^a-z ]", " ", text.lower().replace("'", "").replace("-", " ")).split()


def word_errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Levenshtein's distance."""
    row = list(range(len(heard) + 1))
    for i, a in enumerate(said, 1):
        before, row = row, [i]
        for j, b in enumerate(heard, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
    return row[-1]


def test_voice_activity_tells_speech_from_silence_and_noise() -> None:
    speech = spoken("good morning, how are you today")
    assert max(probabilities(np.zeros(HEARING_RATE_HZ, np.float32))) < 0.2
    assert max(probabilities(noise(1.0, 0.01))) < 0.5
    assert np.mean(np.array(probabilities(speech)) > 0.5) > 0.3


def test_voice_activity_starts_afresh_after_a_reset() -> None:
    session = SileroVoiceActivity().session()
    first = chunk(spoken("hello")[8_000 : 8_000 + VAD_SAMPLES])
    fresh = session.probability(first)
    for _ in range(5):
        session.probability(first)
    session.reset()
    assert session.probability(first) == pytest.approx(fresh, abs=1e-6)


@pytest.mark.parametrize(("samples", "rate_hz"), [(511, 16_000), (0, 16_000), (512, 8_000)])
def test_voice_activity_refuses_other_chunks(samples: int, rate_hz: int) -> None:
    with pytest.raises(MediaError, match="512 samples"):
        SileroVoiceActivity().session().probability(AudioChunk(np.zeros(samples, np.float32), rate_hz))


@pytest.fixture(scope="module")
def sphinx() -> PocketSphinx:
    engine = PocketSphinx()
    engine.warm_up()
    return engine


def test_sphinx_gives_words_while_they_are_spoken(sphinx: PocketSphinx) -> None:
    pcm = spoken("please open the window and tell me the time")
    session = sphinx.session("auto")
    texts = [session.accept(chunk(pcm[i : i + VAD_SAMPLES])) for i in range(0, len(pcm), VAD_SAMPLES)]
    final = session.finish()
    assert len({text for text in texts if text}) > 2
    said = words("please open the window and tell me the time")
    assert word_errors(said, words(final.text)) < len(said)  # a robot's voice is hard to read; recorded ones: see below
    assert final.language == "en"
    assert final.audio_s == pytest.approx(len(pcm) / HEARING_RATE_HZ)
    assert final.confidence is not None
    assert 0 <= final.confidence <= 1


@pytest.mark.parametrize(
    "pcm", [np.zeros(0, np.float32), np.zeros(90, np.float32), np.zeros(40_000, np.float32), noise(2)]
)
def test_sphinx_hears_nothing_where_nothing_is_said(sphinx: PocketSphinx, pcm: Floats) -> None:
    session = sphinx.session("en")
    session.accept(chunk(pcm))
    assert len(session.finish().text) < 12


def test_sphinx_hears_the_same_however_the_sound_is_cut(sphinx: PocketSphinx) -> None:
    pcm = spoken("the weather is nice in the morning")
    texts: list[str] = []
    for size in (160, 512, 4_000):
        session = sphinx.session("en")
        for start in range(0, len(pcm), size):
            session.accept(chunk(pcm[start : start + size]))
        texts.append(session.finish().text)
    assert all(word_errors(words(texts[0]), words(text)) <= 4 for text in texts)


def test_a_session_of_sphinx_dropped_in_the_middle_gives_its_decoder_back(sphinx: PocketSphinx) -> None:
    pcm = spoken("one two three four five")
    alone = sphinx.session("en")
    alone.accept(chunk(pcm))
    expected = alone.finish().text
    dropped = [sphinx.session("en") for _ in range(IDLE_DECODERS)]
    for session in dropped:
        session.accept(chunk(noise(1.5)))
    del session, dropped
    gc.collect()
    again = sphinx.session("en")
    again.accept(chunk(pcm))
    assert again.finish().text == expected


def test_sphinx_says_what_it_cannot_do(sphinx: PocketSphinx) -> None:
    with pytest.raises(ConfigError, match="Whisper"):
        sphinx.session("zh")
    session = sphinx.session("en")
    with pytest.raises(MediaError, match="16000 Hz"):
        session.accept(AudioChunk(np.zeros(100, np.float32), 48_000))
    session.finish()
    with pytest.raises(MediaError, match="finished"):
        session.accept(chunk(noise(0.1)))


def test_sphinx_reads_recorded_speech_and_is_ready_soon_after(sphinx: PocketSphinx) -> None:
    table = shared("media/transcripts.tsv")
    with table.open(encoding="utf-8") as lines:
        rows = [
            r for r in csv.DictReader(lines, delimiter="\t") if r["speaker"] == "LJ" and float(r["duration_s"]) < 8
        ][:4]
    errors, said, late_s = 0, 0, []
    for row in rows:
        sound = read_audio(table.parent / row["file"])
        session = sphinx.session("en")
        for start in range(0, len(sound.pcm), VAD_SAMPLES):
            session.accept(chunk(sound.pcm[start : start + VAD_SAMPLES]))
        began_s = time.perf_counter()
        heard = session.finish()
        late_s.append(time.perf_counter() - began_s)
        errors += word_errors(words(row["text"]), words(heard.text))
        said += len(words(row["text"]))
    assert errors / said < 0.4
    assert float(np.median(late_s)) < 0.08


@dataclass(frozen=True)
class SpanCase:
    name: str
    voiced: tuple[tuple[int, int], ...]  # steps of 32 ms
    expected: tuple[tuple[int, int], ...]
    steps: int = 2_000


@pytest.mark.parametrize(
    "case",
    [
        SpanCase("silence has none", (), ()),
        SpanCase("a click is none", ((100, 102),), ()),
        SpanCase("a word is padded", ((100, 120),), ((95, 125),)),
        SpanCase("a short pause joins", ((100, 150), (190, 230)), ((95, 235),)),
        SpanCase("a long pause parts", ((100, 150), (210, 230)), ((95, 155), (205, 235))),
        SpanCase("padding stays in the file", ((0, 50), (1_950, 2_000)), ((0, 55), (1_945, 2_000))),
    ],
    ids=lambda case: case.name,
)
def test_speech_is_cut_at_its_pauses(case: SpanCase) -> None:
    likely = np.zeros(case.steps, np.float32)
    for start, end in case.voiced:
        likely[start:end] = 1.0
    assert tuple(speech_spans(likely)) == case.expected


def test_speech_without_a_pause_is_cut_at_its_softest_place() -> None:
    likely = np.ones(2_000, np.float32)
    likely[700] = 0.4
    spans = speech_spans(likely)
    assert spans[0][1] == 700
    assert all(end - start <= 25 / 0.032 for start, end in spans)
    assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]]


def test_a_file_is_heard_with_times(sphinx: PocketSphinx, tmp_path: Path) -> None:
    pause = np.zeros(3 * HEARING_RATE_HZ, np.float32)
    first, second = spoken("good morning my friend"), spoken("where is the station")
    path = tmp_path / "two.wav"
    write_wav(resample(chunk(np.concatenate([first, pause, second])), 8_000), path)
    heard = hear_file(path, sphinx, SileroVoiceActivity(), "auto")
    assert len(heard.segments) == 2
    assert heard.segments[0].start_s < 0.8
    assert heard.segments[1].start_s == pytest.approx((len(first) + len(pause)) / HEARING_RATE_HZ + 0.5, abs=0.5)
    assert heard.text == " ".join(segment.text for segment in heard.segments)
    answer = heard.as_json()
    assert set(answer) == {"file", "text", "language", "engine", "segments", "real_time_factor"}
    assert answer["language"] == "en"
    assert answer["engine"] == "pocketsphinx"


def test_a_silent_file_has_no_segments(sphinx: PocketSphinx, tmp_path: Path) -> None:
    path = tmp_path / "silent.wav"
    write_wav(chunk(np.zeros(5 * HEARING_RATE_HZ, np.float32)), path)
    heard = hear_file(path, sphinx, SileroVoiceActivity(), "en")
    assert (heard.text, heard.segments, heard.language) == ("", (), "en")


def test_a_damaged_or_missing_file_is_refused(sphinx: PocketSphinx, tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF and then nothing")
    for path in (broken, tmp_path / "missing.wav"):
        with pytest.raises(MediaError, match=path.name):
            hear_file(path, sphinx, SileroVoiceActivity(), "en")


@pytest.fixture(scope="module")
def whisper_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_whisper(tmp_path_factory.mktemp("whisper"), always="a")


@pytest.mark.parametrize("language", ["en", "zh", "auto"])
def test_whisper_loads_from_a_folder_and_a_loop_is_said_once(whisper_folder: Path, language: str) -> None:
    engine = FasterWhisper(str(whisper_folder))
    session = engine.session(language)
    assert session.accept(chunk(noise(0.6))) == ""
    session.accept(chunk(noise(0.6)))
    heard = session.finish()
    assert heard.text == "a"
    assert heard.audio_s == pytest.approx(1.2)
    assert heard.language in (("en", "zh") if language == "auto" else (language,))
    assert heard.confidence is not None
    assert heard.confidence > 0.9


def test_whisper_reads_nothing_out_of_silence_and_drops_nonsense(tmp_path: Path) -> None:
    engine = FasterWhisper(str(save_whisper(tmp_path)))
    for pcm in (np.zeros(0, np.float32), np.zeros(20_000, np.float32), noise(0.05), noise(1.0)):
        session = engine.session("en")
        session.accept(chunk(pcm))
        assert session.finish().text == ""


def test_whisper_says_what_is_missing(whisper_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"model\.bin"):
        FasterWhisper(str(tmp_path))
    with pytest.raises(ConfigError, match="one of tiny"):
        FasterWhisper("smal")
    with pytest.raises(MissingExtra, match="hf download nobody/no-such-whisper"):
        FasterWhisper("nobody/no-such-whisper")
    with pytest.raises(ConfigError, match="not 'fr'"):
        FasterWhisper(str(whisper_folder)).session("fr")
    broken = tmp_path / "broken"
    broken.mkdir()
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (broken / name).write_bytes(b"{}")
    with pytest.raises(ConfigError, match="can be loaded"):
        FasterWhisper(str(broken)).warm_up()


@pytest.mark.parametrize(
    ("model", "reason"),
    [("smal", "one of tiny"), ("nobody/no-such-whisper", "hf download"), ("FOLDER", None), ("EMPTY", "no model.bin")],
)
def test_whisper_knows_without_loading_whether_it_can_run(
    whisper_folder: Path, tmp_path: Path, model: str, reason: str | None
) -> None:
    model = {"FOLDER": str(whisper_folder), "EMPTY": str(tmp_path)}.get(model, model)
    found = FasterWhisper.unavailable(Settings(hearing=HearingSettings(model=model)))
    assert found is None if reason is None else found is not None and reason in found


PROMPT = "以下是普通话的句子，用简体中文书写。"


@pytest.mark.parametrize(
    ("text", "log_probability", "no_speech", "compression", "expected"),
    [
        (" Thank you.", -0.7, 0.1, 0.6, ""),
        (" Thank you.", -0.2, 0.01, 0.6, "Thank you."),
        ("谢谢观看！", -0.3, 0.5, 0.6, ""),
        ("谢谢", -0.2, 0.02, 0.6, "谢谢"),
        ("今天天气很好。", -0.4, 0.1, 1.0, "今天天气很好。"),
        ("何かの話", -1.2, 0.8, 1.0, ""),
        ("以下是普通话的句子", -0.2, 0.1, 1.0, ""),
        ("the the the the the the", -0.9, 0.1, 3.5, ""),
        ("...", -0.1, 0.0, 1.0, ""),
        ("unlikely", -2.0, 0.0, 1.0, ""),
    ],
)
def test_what_whisper_makes_up_is_dropped(
    text: str, log_probability: float, no_speech: float, compression: float, expected: str
) -> None:
    kept, _ = trusted_text([Piece(text, log_probability, no_speech, compression)], "zh", PROMPT)
    assert kept == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("haha", "haha"),
        ("好好好好好好", "好"),
        ("go on. go on. go on. go on. ", "go on. "),
        ("100000 euros", "100000 euros"),
    ],
)
def test_a_loop_is_said_once(text: str, expected: str) -> None:
    assert once(text) == expected


def longest_wait_s(work: Callable[[], object]) -> float:
    """How long another thread, which wants to run every 2 ms, was kept from running while `work` went on."""
    waits: list[float] = []
    done = threading.Event()

    def draw() -> None:
        before_s = time.perf_counter()
        while not done.is_set():
            time.sleep(0.002)
            waits.append(time.perf_counter() - before_s)
            before_s = time.perf_counter()

    drawing = threading.Thread(target=draw)
    drawing.start()
    work()
    done.set()
    drawing.join()
    return max(waits)


def test_threads_that_draw_go_on_while_sphinx_decodes(sphinx: PocketSphinx) -> None:
    # In one process with the server it held the interpreter lock: pictures froze for up to 0.5 s at each "hello".
    pcm = spoken("please open the window and tell me the time")

    def hear() -> str:
        session = sphinx.session("en")
        session.accept(chunk(pcm))
        return session.finish().text

    assert min(longest_wait_s(hear) for _ in range(3)) < 0.1


def test_a_process_of_sphinx_that_ended_costs_its_utterance_and_no_other() -> None:
    engine = PocketSphinx()
    session = engine.session("en")
    session.accept(chunk(noise(1.0)))
    session._process._child.kill()
    with pytest.raises(EngineError, match="next utterance starts another"):
        session.accept(chunk(noise(1.0)))
    with pytest.raises(EngineError, match="has ended"):
        session.finish()
    pcm = spoken("one two three four five")
    again = engine.session("en")
    again.accept(chunk(pcm))
    assert again.finish().text


def test_a_process_of_sphinx_that_is_stuck_is_given_up() -> None:
    process = SphinxProcess()
    process._child.send_signal(signal.SIGSTOP)
    with pytest.raises(EngineError, match="has ended"):
        process.ask(WarmUp(Ear()), within_s=0.2)
    assert not process.usable


def test_sphinx_says_why_its_process_cannot_do_something(tmp_path: Path) -> None:
    process = SphinxProcess()
    with pytest.raises(EngineError, match="pocketsphinx"):
        process.ask(Begin(1, Ear(tmp_path / "missing.lm.bin")))
    assert process.usable


def test_the_process_of_sphinx_ends_with_its_engine() -> None:
    engine = PocketSphinx()
    engine.session("en").finish()
    child = engine._processes.running()._child
    del engine
    gc.collect()
    assert child.wait(5) == 0


def test_sessions_of_sphinx_do_not_mix() -> None:
    sphinx = PocketSphinx()  # of its own: no decoder that another test left behind
    said = [spoken("one two three four five"), spoken("good morning my friend")]

    def heard(voices: Sequence[Floats]) -> list[str]:
        sessions = [sphinx.session("en") for _ in voices]
        for start in range(0, max(map(len, voices)), 4_000):
            for session, pcm in zip(sessions, voices, strict=True):
                session.accept(chunk(pcm[start : start + 4_000]))
        return [session.finish().text for session in sessions]

    assert heard(said) == heard(said[:1]) + heard(said[1:])
