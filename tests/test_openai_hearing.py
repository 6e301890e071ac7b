"""Hearing behind a server, against a real HTTP server that takes sound, refuses, stalls and breaks."""

import email
import io
import json
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.test_openai_chat import Server, answers
from tiangong.core.config import Deadlines, HearingSettings, Settings
from tiangong.core.errors import ConfigError, EngineError, MediaError
from tiangong.core.media import AudioChunk, Transcript
from tiangong.core.openai_server import KEY_VARIABLE
from tiangong.core.registry import choose
from tiangong.perception.engines import SPEECH_TO_TEXT
from tiangong.perception.hot_words import PROMPTS
from tiangong.perception.openai_hearing import OpenAIHearing
from tiangong.perception.protocol import HEARING_RATE_HZ

Act = Callable[[Server, Any], None]
TONE = (0.3 * np.sin(np.arange(HEARING_RATE_HZ) / 8)).astype(np.float32)


@dataclass(frozen=True)
class Form:
    """What a request held."""

    fields: dict[str, str]
    kind: str  # of the file
    file: bytes


def form_of(server: Server) -> Form:
    header = f"Content-Type: {server.headers['Content-Type']}\r\n\r\n".encode()
    fields: dict[str, str] = {}
    kind, file = "", b""
    for part in email.message_from_bytes(header + server.body).get_payload():
        name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)  # type: ignore[union-attr]
        if name == "file":
            kind, file = part.get_content_type(), content  # type: ignore[union-attr]
        else:
            fields[name] = content.decode()  # type: ignore[union-attr]
    return Form(fields, kind, file)


def tells(text: str, **others: Any) -> Act:
    return answers(200, json.dumps({"text": text, **others}))


def segment(
    text: str, log_probability: float = -0.2, no_speech: float = 0.01, compression: float = 1.0
) -> dict[str, Any]:
    return {
        "text": text,
        "avg_logprob": log_probability,
        "no_speech_prob": no_speech,
        "compression_ratio": compression,
    }


@contextmanager
def ear_on(act: Act, **options: Any) -> Generator[tuple[OpenAIHearing, Server]]:
    server = Server(act)
    ear = OpenAIHearing(server.url, "tiny", **options)
    try:
        yield ear, server
    finally:
        ear.close()
        server.close()


def heard(ear: OpenAIHearing, language: str = "auto", hot_words: tuple[str, ...] = ()) -> Transcript:
    session = ear.session(language, hot_words)
    for half in np.split(TONE, 2):
        assert session.accept(AudioChunk(half, HEARING_RATE_HZ)) == ""
    return session.finish()


def test_the_request_is_openais(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "secret-3")
    with ear_on(tells("Hello")) as (ear, server):
        heard(ear)
        form = form_of(server)
        assert server.path == "/v1/audio/transcriptions"
        assert server.headers["Authorization"] == "Bearer secret-3"
        assert form.fields == {"model": "tiny", "response_format": "verbose_json"}
        assert form.kind == "audio/wav"
        pcm, rate_hz = soundfile.read(io.BytesIO(form.file), dtype="float32")
        assert rate_hz == HEARING_RATE_HZ
        assert np.allclose(pcm, TONE, atol=1e-4)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", {"language": "en", "prompt": "Tiangong, Ann."}),
        ("zh", {"language": "zh", "prompt": f"Tiangong、安安、Ann。 {PROMPTS['zh']}"}),
        ("auto", {"prompt": "Tiangong, 安安, Ann."}),
    ],
)
def test_language_and_hot_words_are_told(language: str, told: dict[str, str]) -> None:
    with ear_on(tells("Hello")) as (ear, server):
        heard(ear, language, ("Tiangong", "安安", "Ann"))
        fields = form_of(server).fields
        assert {name: fields[name] for name in fields if name in ("language", "prompt")} == told
        heard(ear, "en", tuple(f"Product{i}" for i in range(500)))
        assert 200 < len(form_of(server).fields["prompt"]) <= 360


@pytest.mark.parametrize(
    ("answer", "text", "language"),
    [
        ({"text": " Hello there. "}, "Hello there.", "en"),
        ({"text": "今天天气很好。"}, "今天天气很好。", "zh"),
        ({"text": "OK", "language": "chinese"}, "OK", "zh"),
        ({"text": "OK", "language": "zh"}, "OK", "zh"),
        ({"text": "你好", "language": "english"}, "你好", "en"),
        ({"text": "こんにちは世界", "language": "japanese"}, "こんにちは世界", "zh"),
        ({"text": "Bonjour", "language": None, "segments": None}, "Bonjour", "en"),
        ({"text": "Hi", "segments": [], "usage": {"seconds": 1}}, "Hi", "en"),
        ({"text": "go on. go on. go on. go on. "}, "go on.", "en"),
        ({"text": "Thank you."}, "Thank you.", "en"),
        ({"text": ""}, "", "en"),
    ],
)
def test_what_the_server_says_is_the_transcript(answer: dict[str, Any], text: str, language: str) -> None:
    with ear_on(answers(200, json.dumps(answer))) as (ear, _):
        assert heard(ear) == Transcript(text, language, None, 1.0)
        assert heard(ear, "zh") == Transcript(text, "zh", None, 1.0), "who chose a language is not told another"


@pytest.mark.parametrize(
    ("segments", "text"),
    [
        ([segment(" Good morning."), segment(" How are you?", -0.4)], "Good morning. How are you?"),
        ([segment(" Good morning."), segment(" Thank you for watching.", -0.7)], "Good morning."),
        ([segment(" Thank you.", no_speech=0.5)], ""),
        ([segment(" Thank you.")], "Thank you."),
        ([segment(" la la la la", -0.9, compression=3.0)], ""),
        ([segment(" Ann, Bob, Tiangong", -0.1)], ""),
        ([{"text": " Thank you.", "avg_logprob": -0.8}], ""),
        ([{"text": "Two", "avg_logprob": -0.1, "no_speech_prob": None}], "Two"),
    ],
)
def test_what_the_server_doubts_is_dropped_where_it_tells(segments: list[dict[str, Any]], text: str) -> None:
    with ear_on(tells("".join(s["text"] for s in segments), language="english", segments=segments)) as (ear, _):
        said = heard(ear, "auto", ("Ann", "Bob", "Tiangong"))
    assert said.text == text
    assert (said.confidence is not None and 0.3 < said.confidence < 1) if text else said.confidence is None


def test_silence_is_not_sent() -> None:
    with ear_on(answers(500, "asked")) as (ear, server):
        for pcm in (np.zeros(0, np.float32), np.zeros(HEARING_RATE_HZ, np.float32), TONE[:1_000]):
            session = ear.session("zh")
            session.accept(AudioChunk(pcm, HEARING_RATE_HZ))
            assert session.finish() == Transcript("", "zh", None, len(pcm) / HEARING_RATE_HZ)
        assert ear.session("auto").finish().text == ""
        assert server.path == ""


def test_a_server_that_refuses_an_option_is_asked_without_it_from_then_on() -> None:
    asked: list[tuple[str, bool]] = []

    def picky(server: Server, handler: Any) -> None:
        fields = form_of(server).fields
        asked.append((fields["response_format"], "prompt" in fields))
        act = tells("Hello") if asked[-1] == ("json", False) else answers(400, "unsupported value")
        act(server, handler)

    with ear_on(picky) as (ear, _):
        assert heard(ear, "en", ("Ann",)).text == "Hello"
        assert asked == [("verbose_json", True), ("json", True), ("json", False)]
        assert heard(ear, "en", ("Ann",)).text == "Hello"
        assert asked[3:] == [("json", False)]


def test_a_server_that_refuses_everything_is_asked_as_before_the_next_time() -> None:
    formats: list[str] = []

    def refuses(server: Server, handler: Any) -> None:
        formats.append(form_of(server).fields["response_format"])
        answers(400, "broken sound")(server, handler)

    with ear_on(refuses) as (ear, _):
        for _ in range(2):
            with pytest.raises(EngineError, match="HTTP 400: broken sound"):
                heard(ear)
    assert formats == ["verbose_json", "json"] * 2


def breaks_off(server: Server, handler: Any) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"text": "Hel')


def stalls(server: Server, handler: Any) -> None:
    time.sleep(0.6)


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (answers(401, "no"), KEY_VARIABLE),
        (answers(403, "no"), KEY_VARIABLE),
        (answers(404, '{"detail": "no"}'), "no model 'tiny' there"),
        (answers(429, "slow down"), "busy or the quota"),
        (answers(500, "boom\nboom"), "HTTP 500: boom boom"),
        (answers(413, "too large"), "HTTP 413: too large"),
        (answers(302, ""), "HTTP 302"),
        (answers(200, '{"error": {"message": "out of memory"}}'), "no transcription: .*out of memory"),
        (answers(200, "<!DOCTYPE html>\n<html>"), "no transcription: <!DOCTYPE html> <html>"),
        (answers(200, '{"text": 7}'), "no transcription"),
        (answers(200, '{"text": "a", "segments": [{"text": "a", "avg_logprob": NaN}]}'), "no transcription"),
        (answers(200, "[]"), "no transcription"),
        (answers(200, ""), "no transcription: nothing"),
        (breaks_off, "connection to 127.0.0.1 failed"),
        (stalls, "did not answer in time"),
    ],
)
def test_a_failing_server_is_one_clear_line(act: Act, reason: str) -> None:
    with ear_on(act, read_timeout_s=0.2) as (ear, _), pytest.raises(EngineError, match=reason) as raised:
        heard(ear)
    assert raised.value.stage == "hearing"
    assert "\n" not in str(raised.value)
    assert "127.0.0.1" in str(raised.value)


def test_a_server_that_is_not_there_is_an_error() -> None:
    ear = OpenAIHearing("http://127.0.0.1:9/v1", "tiny")
    with pytest.raises(EngineError, match=r"connection to 127\.0\.0\.1 failed"):
        heard(ear)
    ear.close()


@pytest.mark.parametrize("url", ["127.0.0.1:8000/v1", "ftp://x", "http://", "http://host:port/v1"])
def test_a_wrong_address_is_refused_at_once(url: str) -> None:
    with pytest.raises(ConfigError, match=r"hearing\.base_url"):
        OpenAIHearing(url, "tiny")


def test_other_languages_and_rates_are_refused() -> None:
    with ear_on(tells("Hello")) as (ear, _):
        with pytest.raises(ConfigError, match="not 'fr'"):
            ear.session("fr")
        with pytest.raises(MediaError, match="resample"):
            ear.session("en").accept(AudioChunk(TONE, 48_000))


def test_it_runs_only_where_a_server_is_set() -> None:
    assert OpenAIHearing.unavailable(Settings()) == "no server set: TIANGONG_HEARING__BASE_URL=http://127.0.0.1:8000/v1"
    with pytest.raises(ConfigError, match=r"hearing\.base_url"):
        OpenAIHearing.from_settings(Settings())
    ready = Settings(hearing=HearingSettings(base_url="http://127.0.0.1:1/v1"), deadlines=Deadlines(hearing_s=1.0))
    assert choose("speech_to_text", SPEECH_TO_TEXT, "auto", ready).name == "openai"
    OpenAIHearing.from_settings(ready).close()
