"""The brain behind a server, against a real HTTP server that streams, stalls, refuses and breaks."""

import json
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tiangong.agent.openai_chat import OpenAIChat
from tiangong.agent.protocol import Persona, Prompt
from tiangong.core.config import BrainSettings, Settings
from tiangong.core.errors import ConfigError, EngineError
from tiangong.core.media import Message
from tiangong.core.openai_server import KEY_VARIABLE

PROMPT = Prompt([Message("user", "hi")], "en", Persona({"en": "Ann"}, {"en": "Hello."}, {"en": "I am an AI."}))
DONE = b"data: [DONE]\n\n"


def event(text: str | None = None, finish: str | None = None, **delta: str) -> bytes:
    choice = {"index": 0, "delta": delta | ({"content": text} if text is not None else {}), "finish_reason": finish}
    return b"data: " + json.dumps({"id": "1", "choices": [choice]}, ensure_ascii=False).encode() + b"\n\n"


class Server:
    """Answers each request with `act`; keeps what was asked, and whether the client has gone."""

    def __init__(self, act: Callable[["Server", Any], None]) -> None:
        self.body = b""
        self.asked: dict[str, Any] = {}
        self.headers: dict[str, str] = {}
        self.path = ""
        self.left = threading.Event()  # the client closed the connection while an answer was on its way
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # noqa: N802 - the name that http.server calls
                server.body = self.rfile.read(int(self.headers["Content-Length"]))
                server.asked = json.loads(server.body) if "json" in self.headers["Content-Type"] else {}
                server.headers, server.path = dict(self.headers), self.path
                try:
                    act(server, self)
                except (BrokenPipeError, ConnectionResetError):
                    server.left.set()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}/v1"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@contextmanager
def brain_on(act: Callable[[Server, Any], None], **options: Any) -> Generator[tuple[OpenAIChat, Server]]:
    server = Server(act)
    brain = OpenAIChat(server.url, "tiny", **options)
    try:
        yield brain, server
    finally:
        brain.close()
        server.close()


def streams(*parts: bytes, gap_s: float = 0.0) -> Callable[[Server, Any], None]:
    def act(server: Server, handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        for part in parts:
            handler.wfile.write(part)
            handler.wfile.flush()
            time.sleep(gap_s)

    return act


def answers(status: int, text: str) -> Callable[[Server, Any], None]:
    def act(server: Server, handler: Any) -> None:
        body = text.encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return act


def in_bytes(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]


@pytest.mark.parametrize(
    ("parts", "answer"),
    [
        ([event("Hel"), event("lo!"), event(None, "stop"), DONE], "Hello!"),
        ([event(role="assistant"), event("Hi"), DONE], "Hi"),
        ([b": keep-alive\n\n", event("Hi"), b": PROCESSING\n\n", DONE], "Hi"),
        ([b"event: message\r\nid: 7\r\n" + event("Hi").replace(b"\n", b"\r\n"), DONE], "Hi"),
        (in_bytes(event("您好，我是安安。\u2028好") + DONE), "您好，我是安安。\u2028好"),
        ([event(None, reasoning_content="let me think"), event("Hi"), DONE], "Hi"),
        ([event("<thi"), event("nk>secret</think>"), event("Hi"), DONE], "Hi"),
        ([event("Hi"), event(None, "length")], "Hi"),  # some servers leave [DONE] out
        ([b'data: {"choices": []}\n\n', event("Hi"), DONE], "Hi"),
    ],
)
def test_a_streamed_answer_is_put_together(parts: list[bytes], answer: str) -> None:
    with brain_on(streams(*parts)) as (brain, _):
        assert "".join(brain.reply(PROMPT)) == answer


def test_the_first_words_come_before_the_last_are_made() -> None:
    with brain_on(streams(event("One. "), event("Two."), DONE, gap_s=0.3)) as (brain, _):
        started_s = time.perf_counter()
        assert next(iter(brain.reply(PROMPT))) == "One. "
        assert time.perf_counter() - started_s < 0.25


def test_the_request_names_model_messages_and_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "secret-1")
    with brain_on(streams(event("Hi"), DONE), max_tokens=50, temperature=0.1) as (brain, server):
        list(brain.reply(PROMPT))
        assert server.path == "/v1/chat/completions"
        assert server.headers["Authorization"] == "Bearer secret-1"
        assert (server.asked["model"], server.asked["stream"], server.asked["max_tokens"]) == ("tiny", True, 50)
        assert [message["role"] for message in server.asked["messages"]] == ["system", "user"]


def test_without_a_key_none_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    with brain_on(streams(event("Hi"), DONE)) as (brain, server):
        list(brain.reply(PROMPT))
        assert "Authorization" not in server.headers


@pytest.mark.parametrize(
    ("act", "heard", "reason"),
    [
        (answers(401, "no"), "", KEY_VARIABLE),
        (answers(404, '{"error": "model not found"}'), "", "no model 'tiny'"),
        (answers(429, "slow down"), "", "busy"),
        (answers(500, "boom"), "", "HTTP 500: boom"),
        (answers(302, ""), "", "HTTP 302"),
        (streams(event("Hello ")), "Hello ", "broke off"),
        (streams(event("Hello "), b"data: {not json\n\n", DONE), "Hello ", "no chat completion"),
        (streams(event("Hello "), b'data: {"error": {"message": "out of memory"}}\n\n'), "Hello ", "out of memory"),
        (streams(b"data: " + b"x" * 1_100_000), "", "line without end"),
    ],
)
def test_a_failing_server_is_an_error_and_never_an_answer(
    act: Callable[[Server, Any], None], heard: str, reason: str
) -> None:
    pieces: list[str] = []
    with brain_on(act) as (brain, _), pytest.raises(EngineError, match=reason) as raised:
        pieces.extend(iter_into(pieces, brain.reply(PROMPT)))
    assert "".join(pieces) == heard
    assert raised.value.stage == "brain"
    assert "\n" not in str(raised.value)


def iter_into(pieces: list[str], answer: Iterator[str]) -> list[str]:
    for piece in answer:
        pieces.append(piece)
    return []


def test_a_server_that_falls_silent_is_given_up() -> None:
    with brain_on(streams(event("Hello "), DONE, gap_s=1.0), read_timeout_s=0.2) as (brain, _):
        answer = iter(brain.reply(PROMPT))
        assert next(answer) == "Hello "
        with pytest.raises(EngineError, match="did not answer in time"):
            next(answer)


def test_a_server_that_is_not_there_is_an_error() -> None:
    brain = OpenAIChat("http://127.0.0.1:9/v1", "tiny")
    with pytest.raises(EngineError, match="failed"):
        list(brain.reply(PROMPT))
    brain.close()


def test_closing_the_answer_closes_the_connection() -> None:
    endless = [event("word ")] * 2_000
    with brain_on(streams(*endless, gap_s=0.002)) as (brain, server):
        answer = brain.reply(PROMPT)
        assert next(answer) == "word "
        answer.close()  # type: ignore[attr-defined]
        assert server.left.wait(2)


@pytest.mark.parametrize("url", ["127.0.0.1:8000/v1", "ftp://x", "http://", "http://host:port/v1"])
def test_a_wrong_address_is_refused_at_once(url: str) -> None:
    with pytest.raises(ConfigError, match=r"brain\.base_url"):
        OpenAIChat(url, "tiny")


def test_it_runs_only_where_server_and_model_are_set() -> None:
    url = "http://127.0.0.1:1/v1"
    assert "base_url" in str(OpenAIChat.unavailable(Settings()))
    assert "brain.model" in str(OpenAIChat.unavailable(Settings(brain=BrainSettings(base_url=url))))
    ready = Settings(brain=BrainSettings(base_url=url, model="tiny"))
    assert OpenAIChat.unavailable(ready) is None
    OpenAIChat.from_settings(ready).close()
    with pytest.raises(ConfigError):
        OpenAIChat.from_settings(Settings())
