"""Any server with OpenAI's transcription endpoint: a cloud, Speaches, vLLM, LocalAI.

One utterance is one request, sent when it ends. Reference: OpenAI API, POST /v1/audio/transcriptions.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from tiangong.core.config import Settings
from tiangong.core.errors import ConfigError, EngineError, MediaError
from tiangong.core.language import language_of
from tiangong.core.media import AudioChunk, Transcript
from tiangong.core.openai_server import OpenAIServer, in_one_line
from tiangong.core.sound import wav_bytes
from tiangong.perception.hot_words import PROMPTS, hint_of, listed, most_tokens_of
from tiangong.perception.protocol import HEARING_RATE_HZ
from tiangong.perception.whisper_guards import Piece, is_silent, once, trusted_text

if TYPE_CHECKING:
    import httpx

READ_TIMEOUT_S: Final = 7.2
_SHARE_OF_DEADLINE: Final = 0.9  # the loop's own deadline comes later: its message knows less
_SHORTEST_S: Final = 0.1  # no word is shorter, and OpenAI refuses less
_REFUSES_AN_OPTION: Final = (400, 422)
_NAMES: Final = {  # servers write the language's name or its code
    **dict.fromkeys(("en", "english"), "en"),
    **dict.fromkeys(("zh", "chinese", "mandarin", "yue", "cantonese"), "zh"),
}


class _Segment(BaseModel):
    """What is not told raises no doubt."""

    model_config = ConfigDict(allow_inf_nan=False)
    text: str
    avg_logprob: float | None = None
    no_speech_prob: float | None = None
    compression_ratio: float | None = None


class _Answer(BaseModel):
    text: str
    language: str | None = None
    segments: list[_Segment] | None = None


@dataclass(frozen=True)
class _Manner:
    """How the server is asked."""

    verbose: bool  # with the language and its doubts; newer models of OpenAI's own give the text alone
    prompt: bool


class OpenAISession:
    """One utterance, kept until its end."""

    def __init__(self, engine: "OpenAIHearing", language: str, hot_words: tuple[str, ...]) -> None:
        self._engine = engine
        self._language = language
        self._hot_words = hot_words
        self._heard: list[NDArray[np.float32]] = []

    def accept(self, chunk: AudioChunk) -> str:
        """Take 16 kHz sound of any length; always "". Raises MediaError for another rate."""
        if chunk.rate_hz != HEARING_RATE_HZ:
            raise MediaError(f"hearing takes {HEARING_RATE_HZ} Hz, not {chunk.rate_hz} Hz; resample the sound first")
        self._heard.append(chunk.pcm)
        return ""

    def finish(self) -> Transcript:
        """The whole utterance; "" where nobody spoke, and silence is not sent. Raises EngineError as the engine does."""
        pcm = np.concatenate(self._heard) if self._heard else np.zeros(0, np.float32)
        self._heard.clear()
        return self._engine.transcribe(pcm, self._language, self._hot_words)


class OpenAIHearing:
    """Keeps one pool of connections; sessions and threads may share it.

    The key is that of `core.openai_server.KEY_VARIABLE`.
    """

    name = "openai"
    embedded = False
    languages = frozenset({"en", "zh"})
    read_many = None
    adapt = None

    def __init__(self, base_url: str, model: str, *, read_timeout_s: float = READ_TIMEOUT_S) -> None:
        """`base_url` ends before "/audio/transcriptions" ("http://127.0.0.1:8000/v1"). Raises ConfigError if it is no URL."""
        self._server = OpenAIServer("hearing.base_url", base_url, "/audio/transcriptions", read_timeout_s)
        self._model = model
        self._manner = _Manner(verbose=True, prompt=True)

    @classmethod
    def unavailable(cls, settings: Settings) -> str | None:
        """Why no server can be asked, or None; asks none."""
        if settings.hearing.base_url:
            return None
        return "no server set: TIANGONG_HEARING__BASE_URL=http://127.0.0.1:8000/v1"

    @classmethod
    def from_settings(cls, settings: Settings) -> "OpenAIHearing":
        hearing = settings.hearing
        if not hearing.base_url:
            raise ConfigError("the 'openai' hearing needs hearing.base_url")
        timeout_s = _SHARE_OF_DEADLINE * settings.deadlines.hearing_s
        return cls(hearing.base_url, hearing.server_model, read_timeout_s=timeout_s)

    def warm_up(self) -> None:
        """Nothing is loaded here, and the server is not asked."""

    def close(self) -> None:
        self._server.close()

    def session(self, language: str, hot_words: Sequence[str] = ()) -> OpenAISession:
        """`language` is "en", "zh" or "auto". Raises ConfigError for any other."""
        if language != "auto" and language not in self.languages:
            raise ConfigError(f"Tiangong hears {', '.join(sorted(self.languages))}, not '{language}'")
        return OpenAISession(self, language, tuple(hot_words))

    def transcribe(self, pcm: NDArray[np.float32], language: str, hot_words: Sequence[str] = ()) -> Transcript:
        """(samples,) at 16 kHz, and "en", "zh" or "auto" -> what was said, hallucinations dropped as far as they are told.

        Raises EngineError where the server can't be reached, refuses, breaks off, takes too long, or sends no transcription.
        """
        audio_s = len(pcm) / HEARING_RATE_HZ
        if audio_s < _SHORTEST_S or is_silent(pcm):
            return Transcript("", "en" if language == "auto" else language, None, audio_s)
        # Where the language is not known the names may be of either.
        told = hint_of(hot_words, "zh" if language == "auto" else language, most_tokens_of)
        prompt = PROMPTS.get(language)
        written = " ".join(part for part in (listed(told, language), prompt) if part)
        answer = self._asked(wav_bytes(AudioChunk(pcm, HEARING_RATE_HZ)), language, written)
        return _transcript(answer, language, audio_s, prompt, told)

    def _asked(self, wav: bytes, language: str, prompt: str) -> _Answer:
        """The server's answer; one that refuses an option is asked again without it, and so from then on."""
        import httpx

        manner = self._manner
        while True:
            fields = self._fields(language, prompt, manner)
            sent = {"file": ("speech.wav", wav, "audio/wav")}
            try:
                response = self._server.client.post(self._server.url, data=fields, files=sent)
            except httpx.HTTPError as error:
                raise _failed(self._server.trouble(error)) from error
            if response.status_code == 200:
                self._manner = manner
                return self._understood(response)
            if response.status_code in _REFUSES_AN_OPTION and manner.verbose:
                manner = _Manner(False, manner.prompt)
            elif response.status_code in _REFUSES_AN_OPTION and "prompt" in fields:
                manner = _Manner(False, False)
            else:
                raise _failed(self._server.refusal(response.status_code, response.text, f"model '{self._model}'"))

    def _fields(self, language: str, prompt: str, manner: _Manner) -> dict[str, str]:
        fields = {"model": self._model, "response_format": "verbose_json" if manner.verbose else "json"}
        if language != "auto":
            fields["language"] = language
        if prompt and manner.prompt:
            fields["prompt"] = prompt
        return fields

    def _understood(self, response: "httpx.Response") -> _Answer:
        try:
            return _Answer.model_validate_json(response.content)
        except ValidationError as error:
            said = in_one_line(response.text) or "nothing"
            raise _failed(f"the server at {self._server.url.host} sent what is no transcription: {said}") from error


def _transcript(
    answer: _Answer, language: str, audio_s: float, prompt: str | None, told: tuple[str, ...]
) -> Transcript:
    if language == "auto":
        # A third language, or none told: the script decides.
        language = _NAMES.get((answer.language or "").lower()) or language_of(answer.text)
    segments = answer.segments or []
    if all(segment.avg_logprob is None for segment in segments):
        return Transcript(once(answer.text).strip(), language, None, audio_s)
    pieces = [
        Piece(s.text, s.avg_logprob or 0.0, s.no_speech_prob or 0.0, s.compression_ratio or 0.0) for s in segments
    ]
    text, mean_log = trusted_text(pieces, language, prompt, told)
    return Transcript(text, language, math.exp(min(mean_log, 0.0)) if text else None, audio_s)


def _failed(reason: str) -> EngineError:
    return EngineError("hearing", 0, reason)
