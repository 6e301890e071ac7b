"""A judge behind any server that speaks OpenAI's chat completions: vLLM, SGLang, Ollama, llama.cpp, a cloud."""

import time
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from tiangong.core.openai_server import OpenAIServer, in_one_line
from tiangong.policies.judges.protocol import JudgeTimeout, Question, failed
from tiangong.policies.judges.readings import Answer, Calibration, Reading, Token

_LARGEST_BYTES: Final = 1_000_000
_REFUSES_AN_OPTION: Final = (400, 422)
_ALTERNATIVES: Final = 20  # the most that OpenAI tells
# Asked for from the first on; a server that refuses an option is asked without it, and so from then on.
_MANNERS: Final[tuple[dict[str, Any], ...]] = (
    {"logprobs": True, "top_logprobs": _ALTERNATIVES, "chat_template_kwargs": {"enable_thinking": False}},
    {"logprobs": True, "top_logprobs": _ALTERNATIVES},
    {"logprobs": True, "top_logprobs": 5},
    {},
)


class _Alternative(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)
    token: str
    logprob: float


class _Token(_Alternative):
    top_logprobs: list[_Alternative] = []


class _Logprobs(BaseModel):
    content: list[_Token] | None = None


class _Message(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Message = _Message()
    logprobs: _Logprobs | None = None


class _Completion(BaseModel):
    choices: list[_Choice] = []


class OpenAIJudge:
    """Keeps one pool of connections; threads may share it. The key is that of `core.openai_server.KEY_VARIABLE`."""

    name = "openai"

    def __init__(
        self,
        base_url: str,
        model: str,
        reading: Reading,
        calibration: Calibration = Calibration(),  # noqa: B008 - frozen
        *,
        timeout_s: float = 2.0,
    ) -> None:
        """`base_url` ends before "/chat/completions". Raises ConfigError if it is no URL."""
        self._server = OpenAIServer("policy.judge.base_url", base_url, "/chat/completions", timeout_s)
        self._model, self._reading, self._calibration, self._timeout_s = model, reading, calibration, timeout_s
        self._manner = 0

    def judge(self, question: Question) -> float:
        """Raises EngineError where the server can't be reached, refuses, or answers in another form; JudgeTimeout."""
        return self._calibration(self._reading.probability(question, self._asked(question)))

    def close(self) -> None:
        self._server.close()

    def _asked(self, question: Question) -> Answer:
        # Servers take no words into the model's mouth: what the reading begins with has to be written as well.
        tokens = self._reading.most_tokens(question) + 8
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": m.role, "content": m.text} for m in self._reading.messages(question)],
            "max_tokens": tokens,
            "temperature": 0,
        }
        while True:
            manner = self._manner
            status, content = self._posted(body | _MANNERS[manner])
            if status == 200:
                return _understood(content)
            if status not in _REFUSES_AN_OPTION or manner + 1 == len(_MANNERS):
                said = content.decode("utf-8", "replace")
                raise failed(self._server.refusal(status, said, f"model '{self._model}'"))
            self._manner = max(self._manner, manner + 1)

    def _posted(self, body: dict[str, Any]) -> tuple[int, bytes]:
        """Status and body. The server's time is counted as a whole: one that sends a byte now and then is late too."""
        import httpx

        until_s = time.monotonic() + self._timeout_s
        content = bytearray()
        try:
            with self._server.client.stream("POST", self._server.url, json=body) as response:
                for part in response.iter_bytes():
                    content += part
                    if len(content) > _LARGEST_BYTES:
                        raise failed("the server sent an answer without end")
                    if time.monotonic() > until_s:
                        raise JudgeTimeout("judge", 0, f"no whole answer within {self._timeout_s:g} s")
                return response.status_code, bytes(content)
        except httpx.TimeoutException as error:
            raise JudgeTimeout("judge", 0, self._server.trouble(error)) from error
        except httpx.HTTPError as error:
            raise failed(self._server.trouble(error)) from error


def _understood(content: bytes) -> Answer:
    try:
        completion = _Completion.model_validate_json(content)
        choice = completion.choices[0]
    except (ValidationError, IndexError) as error:
        said = in_one_line(content[:200].decode("utf-8", "replace"))
        raise failed(f"the server sent what is no chat completion: {said}") from error
    told = (choice.logprobs.content if choice.logprobs else None) or []
    tokens = [Token(each.token, _likely(each)) for each in told]
    return Answer(choice.message.content or "", tokens)


def _likely(token: _Token) -> dict[str, float]:
    """What stood to choose at this step; empty where only the chosen one is told, which is no distribution."""
    if not token.top_logprobs:
        return {}
    return {each.token: each.logprob for each in (*token.top_logprobs, token)}
