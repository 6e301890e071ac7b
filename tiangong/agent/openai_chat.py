"""Any server that speaks OpenAI's chat completions: vLLM, Ollama, llama.cpp, a cloud.

The answer comes as server-sent events (WHATWG HTML, section 9.2), one JSON object an event, ended by `data: [DONE]`.
"""

from collections.abc import Generator, Iterator
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from tiangong.agent.answer_stream import spoken_pieces, without_thinking
from tiangong.agent.chat_prompt import chat_messages
from tiangong.agent.protocol import Prompt
from tiangong.core.config import Settings
from tiangong.core.errors import ConfigError, EngineError
from tiangong.core.openai_server import OpenAIServer, in_one_line

READ_TIMEOUT_S: Final = 18.0  # between any two pieces; below the loop's own deadline, whose message knows less
LONGEST_EVENT_BYTES: Final = 1_000_000


class _Delta(BaseModel):
    content: str | None = None  # `reasoning_content` and whatever else a server adds is not for the user


class _Choice(BaseModel):
    delta: _Delta = _Delta()
    finish_reason: str | None = None


class _Chunk(BaseModel):
    choices: list[_Choice] = []
    error: Any = None


class OpenAIChat:
    """Keeps one pool of connections; sessions and threads may share it."""

    name = "openai"
    embedded = False

    def __init__(
        self,
        base_url: str,
        model: str,
        *,
        max_tokens: int = 220,
        temperature: float = 0.6,
        read_timeout_s: float = READ_TIMEOUT_S,
    ) -> None:
        """`base_url` ends before "/chat/completions" ("http://127.0.0.1:11434/v1"). Raises ConfigError if it is no URL."""
        self._server = OpenAIServer("brain.base_url", base_url, "/chat/completions", read_timeout_s)
        self._model, self._max_tokens, self._temperature = model, max_tokens, temperature

    @classmethod
    def unavailable(cls, settings: Settings) -> str | None:
        if not settings.brain.base_url:
            return "no server is set (brain.base_url)"
        return None if settings.brain.model else "brain.model must name the model at brain.base_url"

    @classmethod
    def from_settings(cls, settings: Settings) -> "OpenAIChat":
        brain = settings.brain
        if not brain.base_url or not brain.model:
            raise ConfigError("the 'openai' brain needs brain.base_url and brain.model")
        return cls(brain.base_url, brain.model, max_tokens=brain.max_tokens, temperature=brain.temperature)

    def reply(self, prompt: Prompt) -> Iterator[str]:
        """Stream the answer; closing the iterator closes the connection, upon which servers stop generating.

        Raises EngineError where the server can't be reached, refuses, falls silent, or breaks off.
        """
        return spoken_pieces(without_thinking(self._stream(prompt)))

    def close(self) -> None:
        self._server.close()

    def _stream(self, prompt: Prompt) -> Generator[str]:
        import httpx

        body = {
            "model": self._model,
            "messages": [{"role": message.role, "content": message.text} for message in chat_messages(prompt)],
            "stream": True,
            "max_tokens": self._max_tokens,
            "temperature": self._temperature,
        }
        try:
            with self._server.client.stream("POST", self._server.url, json=body) as response:
                if response.status_code != 200:
                    response.read()
                    raise _failed(self._server.refusal(response.status_code, response.text, f"model '{self._model}'"))
                yield from _contents(response.iter_bytes())
        except httpx.HTTPError as error:
            raise _failed(self._server.trouble(error)) from error


def _failed(reason: str) -> EngineError:
    return EngineError("brain", 0, reason)


def _contents(parts: Iterator[bytes]) -> Iterator[str]:
    """The texts in a stream of events. Bytes are cut into lines before they are decoded, so no character is cut in two."""
    ended = False
    for line in _lines(parts):
        # Comments (":"), which keep a connection alive, and fields other than "data" are passed over.
        if not line.startswith(b"data:"):
            continue
        data = line.removeprefix(b"data:").strip()
        if data == b"[DONE]":
            return
        try:
            chunk = _Chunk.model_validate_json(data)
        except ValidationError as error:
            raise _failed(f"the server sent what is no chat completion: {data[:80]!r}") from error
        if chunk.error is not None:
            raise _failed(f"the server reports: {in_one_line(str(chunk.error))}")
        for choice in chunk.choices[:1]:
            if choice.delta.content:
                yield choice.delta.content
            ended = ended or choice.finish_reason is not None
    if not ended:
        raise _failed("the server broke off in the middle of the answer")


def _lines(parts: Iterator[bytes]) -> Iterator[bytes]:
    held = b""
    for part in parts:
        *lines, held = (held + part).replace(b"\r\n", b"\n").split(b"\n")
        yield from lines
        if len(held) > LONGEST_EVENT_BYTES:
            raise _failed("the server sent a line without end")
    if held:
        yield held
