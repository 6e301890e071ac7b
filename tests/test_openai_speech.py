"""The voice behind a server, against a real HTTP server that streams sound in odd parts, stalls, refuses and breaks."""

import io
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import av
import numpy as np
import pytest
import soundfile

from tests.test_openai_chat import Server, answers
from tiangong.core.config import Deadlines, Settings, VoiceSettings
from tiangong.core.errors import ConfigError, EngineError
from tiangong.core.media import Speech, SpeechStyle
from tiangong.core.openai_server import KEY_VARIABLE
from tiangong.core.registry import choose
from tiangong.voice.engines import VOICES
from tiangong.voice.openai_speech import OpenAISpeech
from tiangong.voice.protocol import VOICE_RATE_HZ, Speaker

Act = Callable[[Server, Any], None]
TEXT = "Hello there, how are you today?"


def hum(duration_s: float, rate_hz: int = VOICE_RATE_HZ, amplitude: float = 0.2) -> np.ndarray:
    """A steady tone of 220 Hz."""
    t = np.arange(round(duration_s * rate_hz)) / rate_hz
    return (amplitude * np.sin(2 * np.pi * 220 * t)).astype(np.float32)


def raw(pcm: np.ndarray) -> bytes:
    return (pcm * 32_767).round().astype("<i2").tobytes()


def file_of(pcm: np.ndarray, rate_hz: int, form: str, subtype: str | None = None) -> bytes:
    written = io.BytesIO()
    soundfile.write(written, pcm, rate_hz, format=form, subtype=subtype)
    return written.getvalue()


def mp3(pcm: np.ndarray) -> bytes:
    written = io.BytesIO()
    with av.open(written, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=VOICE_RATE_HZ, layout="mono")
        frame = av.AudioFrame.from_ndarray((pcm * 32_767).astype(np.int16)[None], format="s16p", layout="mono")
        frame.sample_rate = VOICE_RATE_HZ
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return written.getvalue()


def odd_parts(data: bytes) -> list[bytes]:
    cuts = [0, 1, 4, 11, 12, 1_001, *range(2_002, len(data), 2_999), len(data)]
    return [data[a:b] for a, b in pairwise(cuts) if b > a]


def sounds(parts: list[bytes], kind: str = "audio/pcm", gap_s: float = 0.0, status: int = 200) -> Act:
    def act(server: Server, handler: Any) -> None:
        handler.send_response(status)
        if kind:
            handler.send_header("Content-Type", kind)
        handler.end_headers()
        for part in parts:
            handler.wfile.write(part)
            handler.wfile.flush()
            time.sleep(gap_s)

    return act


@contextmanager
def voice_on(act: Act, model: str = "tiny", **options: Any) -> Generator[tuple[OpenAISpeech, Server]]:
    server = Server(act)
    voice = OpenAISpeech(server.url, model, "ann", **options)
    try:
        yield voice, server
    finally:
        voice.close()
        server.close()


def whole(pieces: list[Speech]) -> np.ndarray:
    return np.concatenate([piece.audio.pcm for piece in pieces])


def clicks(pcm: np.ndarray) -> float:
    """The greatest step between two samples over that of a tone of 220 Hz at this loudness."""
    return float(np.abs(np.diff(pcm)).max() / (np.abs(pcm).max() * 2 * np.pi * 220 / VOICE_RATE_HZ))


WAV = file_of(hum(1.5), VOICE_RATE_HZ, "WAV", "PCM_16")


def test_the_first_sound_comes_early_and_later_pieces_grow() -> None:
    parts = odd_parts(raw(hum(6.0)))
    with voice_on(sounds(parts, gap_s=0.01)) as (voice, _):
        started_s = time.perf_counter()
        pieces = voice.synthesize(TEXT, SpeechStyle())
        first = next(pieces)
        assert time.perf_counter() - started_s < 0.3
        lengths = [first.audio.duration_s, *(piece.audio.duration_s for piece in pieces)]
    assert lengths[:5] == pytest.approx([0.12, 0.24, 0.48, 0.96, 1.2])
    assert sum(lengths) == pytest.approx(6.0)


def test_the_words_of_the_sentence_are_spread_over_its_pieces() -> None:
    with voice_on(sounds([raw(hum(3.0))])) as (voice, _):
        pieces = list(voice.synthesize(TEXT, SpeechStyle()))
        assert " ".join(piece.text for piece in pieces if piece.text) == TEXT
        pieces = list(voice.synthesize("您好，很高兴见到您。", SpeechStyle("zh")))
        assert "".join(piece.text for piece in pieces) == "您好，很高兴见到您。"


def test_the_request_is_openais(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "secret-2")
    with voice_on(sounds([raw(hum(0.5))])) as (voice, server):
        list(voice.synthesize("**Hello** 🙂 you", SpeechStyle()))
        assert server.path == "/v1/audio/speech"
        assert server.headers["Authorization"] == "Bearer secret-2"
        assert server.asked == {"model": "tiny", "input": "Hello you", "voice": "ann", "response_format": "pcm"}
        list(voice.synthesize("Hello", SpeechStyle(rate=1.5)))
        assert server.asked["speed"] == 1.5


def test_a_feeling_is_asked_for_in_words_where_the_model_takes_them() -> None:
    glad = SpeechStyle(emotion="happy", intensity=0.9)
    with voice_on(sounds([raw(hum(0.5))])) as (voice, server):
        list(voice.synthesize("Hello", glad))
        assert server.asked["instructions"] == "Sound happy and warm."
        assert "speed" not in server.asked
    with voice_on(sounds([raw(hum(0.5))]), model="tts-1") as (voice, server):
        list(voice.synthesize("Hello", glad))
        assert "instructions" not in server.asked
        assert server.asked["speed"] == pytest.approx(1.06)


def test_a_server_that_refuses_an_option_is_asked_without_it_from_then_on() -> None:
    asked: list[tuple[bool, str]] = []

    def picky(server: Server, handler: Any) -> None:
        asked.append(("instructions" in server.asked, server.asked["response_format"]))
        if asked[-1] != (False, "wav"):
            return answers(422, "unknown field")(server, handler)
        return sounds([WAV], "audio/wav")(server, handler)

    with voice_on(picky) as (voice, _):
        assert list(voice.synthesize("Hello", SpeechStyle(emotion="sad")))
        assert asked == [(True, "pcm"), (False, "pcm"), (False, "wav")]
        assert list(voice.synthesize("Hello", SpeechStyle(emotion="sad")))
        assert asked[3:] == [(False, "wav")]


HTML = "<!DOCTYPE html><html><body>Welcome</body></html>"


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (answers(401, "no"), KEY_VARIABLE),
        (answers(404, '{"detail": "no"}'), "no model 'tiny' or voice 'ann'"),
        (answers(429, "slow down"), "busy"),
        (answers(500, "boom"), "HTTP 500: boom"),
        (answers(400, "bad\nvoice"), "HTTP 400: bad voice"),
        (answers(302, ""), "HTTP 302"),
        (sounds([b'{"error": {"message": "out of memory"}}'], "application/json"), "out of memory"),
        (sounds([b'{"error": {"message": "out of memory"}}'], ""), "out of memory"),
        (sounds([HTML.encode()], "text/html; charset=utf-8"), "text/html.* instead of sound: <!DOCTYPE"),
        (sounds([HTML.encode()], ""), "instead of sound"),
        (sounds([]), "empty answer"),
        (sounds([], "audio/mpeg"), "empty answer"),
        (sounds([b"\x01"]), "no sound"),
        (sounds([WAV[:44]], "audio/wav"), "no sound"),
        (sounds([b"ID3" + b"\x07" * 4_000], "audio/mpeg"), "cannot be decoded"),
        (sounds([b"RIFF" + b"\x07" * 4_000], "audio/wav"), "cannot be decoded"),
        (sounds([raw(hum(0.5))], "audio/pcm; rate=4000"), "4000 Hz"),
    ],
)
def test_a_failing_server_is_an_error_and_never_a_sound(act: Act, reason: str) -> None:
    with voice_on(act) as (voice, _), pytest.raises(EngineError, match=reason) as raised:
        list(voice.synthesize(TEXT, SpeechStyle()))
    assert raised.value.stage == "voice"
    assert "\n" not in str(raised.value)
    assert "127.0.0.1" in str(raised.value)


@pytest.mark.parametrize(("data", "kind"), [(raw(hum(2.0)), "audio/pcm"), (mp3(hum(8.0)), "audio/mpeg")])
def test_a_server_that_falls_silent_or_breaks_off_is_given_up_after_what_was_heard(data: bytes, kind: str) -> None:
    def stalls(server: Server, handler: Any) -> None:
        sounds([data[: len(data) // 2]], kind)(server, handler)
        time.sleep(0.6)

    def breaks(server: Server, handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data[: len(data) // 2])

    for act, reason in ((stalls, "did not answer in time"), (breaks, "failed")):
        with voice_on(act, read_timeout_s=0.2) as (voice, _):
            pieces = voice.synthesize(TEXT, SpeechStyle())
            assert next(pieces).audio.duration_s == pytest.approx(0.12)
            with pytest.raises(EngineError, match=reason):
                list(pieces)


def test_a_server_that_is_not_there_is_an_error() -> None:
    voice = OpenAISpeech("http://127.0.0.1:9/v1", "tiny", "ann")
    with pytest.raises(EngineError, match=r"connection to 127\.0\.0\.1 failed"):
        list(voice.synthesize(TEXT, SpeechStyle()))
    voice.close()


@pytest.mark.parametrize(("data", "kind"), [(raw(hum(60.0)), "audio/pcm"), (mp3(hum(200.0)), "audio/mpeg")])
def test_closing_the_sound_closes_the_connection(data: bytes, kind: str) -> None:
    with voice_on(sounds(odd_parts(data), kind, gap_s=0.002)) as (voice, server):
        pieces = voice.synthesize(TEXT, SpeechStyle())
        assert next(pieces).audio.duration_s > 0.1
        assert isinstance(pieces, Generator)
        pieces.close()
        assert server.left.wait(2)


@pytest.mark.parametrize("text", ["", "  ", "🙂", "***", "\x00"])
def test_nothing_is_asked_where_nothing_can_be_said(text: str) -> None:
    with voice_on(answers(500, "asked")) as (voice, server):
        assert list(voice.synthesize(text, SpeechStyle())) == []
        assert server.path == ""


def test_a_very_long_text_is_several_requests() -> None:
    asked: list[str] = []

    def counted(server: Server, handler: Any) -> None:
        asked.append(server.asked["input"])
        sounds([raw(hum(0.3))])(server, handler)

    text = "The desk opens at nine and closes at six. " * 100
    with voice_on(counted) as (voice, _):
        pieces = list(voice.synthesize(text, SpeechStyle()))
    assert len(asked) > 1
    assert max(len(part) for part in asked) < 1_500
    assert " ".join(asked).split() == text.split()
    assert " ".join(piece.text for piece in pieces if piece.text).split() == text.split()


@pytest.mark.parametrize("url", ["127.0.0.1:8000/v1", "ftp://x", "http://", "http://host:port/v1"])
def test_a_wrong_address_is_refused_at_once(url: str) -> None:
    with pytest.raises(ConfigError, match=r"voice\.base_url"):
        OpenAISpeech(url, "tiny", "ann")


def test_it_runs_only_where_a_server_is_set() -> None:
    assert OpenAISpeech.unavailable(Settings()) == "no server set: TIANGONG_VOICE__BASE_URL=http://127.0.0.1:8880/v1"
    with pytest.raises(ConfigError, match=r"voice\.base_url"):
        OpenAISpeech.from_settings(Settings())
    ready = Settings(voice=VoiceSettings(base_url="http://127.0.0.1:1/v1"), deadlines=Deadlines(voice_s=1.0))
    assert choose("voice", VOICES, "auto", ready).name == "openai"
    voice = OpenAISpeech.from_settings(ready)
    assert voice.for_speaker(Speaker("male")) is voice
    voice.close()


def test_one_voice_serves_many_sentences_over_one_pool() -> None:
    with voice_on(sounds(odd_parts(raw(hum(1.0))))) as (voice, _):
        assert {len(whole(list(voice.synthesize(TEXT, SpeechStyle())))) for _ in range(20)} == {VOICE_RATE_HZ}
