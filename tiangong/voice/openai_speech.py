"""Any server with OpenAI's speech endpoint: a cloud, Kokoro-FastAPI, vLLM, LocalAI.

One sentence is one request, and its sound is heard while the rest is still being made.
Reference: OpenAI API, POST /v1/audio/speech.
"""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tiangong.core.config import Settings
from tiangong.core.errors import ConfigError, EngineError, MediaError
from tiangong.core.face import EmotionLabel
from tiangong.core.media import AudioChunk, Speech, SpeechStyle
from tiangong.core.openai_server import OpenAIServer
from tiangong.voice.language_runs import main_tongue, short_pieces, spoken_s
from tiangong.voice.loudness import limited
from tiangong.voice.openai_sound import RunningLevel, growing_pieces, sound_of
from tiangong.voice.pieces import ToldText
from tiangong.voice.prosody import prosody_of
from tiangong.voice.protocol import VOICE_RATE_HZ, Speaker
from tiangong.voice.spoken_text import speakable

if TYPE_CHECKING:
    import httpx

READ_TIMEOUT_S: Final = 4.5  # between any two parts
_SHARE_OF_DEADLINE: Final = 0.9  # the loop's own deadline comes later: its message knows less
LONGEST_REQUEST_S: Final = 60.0  # of speech; servers refuse texts of more than some thousand characters
_REFUSES_AN_OPTION: Final = (400, 422)
_WITHOUT_INSTRUCTIONS: Final = ("tts-1", "tts-1-hd")  # OpenAI's models that take none
_STRONG: Final = 0.66  # from this intensity on a feeling is asked for openly
_FEELING: Final[dict[EmotionLabel, str]] = {
    "happy": "happy and warm",
    "sad": "sad and quiet",
    "angry": "angry but controlled",
    "fearful": "anxious",
    "disgusted": "displeased",
    "surprised": "surprised",
}


@dataclass(frozen=True)
class _Manner:
    """How the server is asked."""

    instructions: bool  # whether feelings are put in words
    format: str  # "pcm", or "wav" for a server that has no raw samples


class OpenAISpeech:
    """Keeps one pool of connections; sessions and threads may share it.

    The key is that of `core.openai_server.KEY_VARIABLE`. Who speaks is the server's `voice`; phones are not told by it.
    """

    name = "openai"
    embedded = False
    languages = frozenset({"en", "zh"})

    def __init__(self, base_url: str, model: str, voice: str, *, read_timeout_s: float = READ_TIMEOUT_S) -> None:
        """`base_url` ends before "/audio/speech" ("http://127.0.0.1:8880/v1"). Raises ConfigError if it is no URL."""
        self._server = OpenAIServer("voice.base_url", base_url, "/audio/speech", read_timeout_s)
        self._model, self._voice = model, voice
        self._manner = _Manner(model not in _WITHOUT_INSTRUCTIONS, "pcm")
        self._gain: float | None = None  # what this speaker needed in the last sentence

    @classmethod
    def unavailable(cls, settings: Settings) -> str | None:
        """Why no server can be asked, or None; asks none."""
        return None if settings.voice.base_url else "no server set: TIANGONG_VOICE__BASE_URL=http://127.0.0.1:8880/v1"

    @classmethod
    def from_settings(cls, settings: Settings) -> "OpenAISpeech":
        voice = settings.voice
        if not voice.base_url:
            raise ConfigError("the 'openai' voice needs voice.base_url")
        timeout_s = _SHARE_OF_DEADLINE * settings.deadlines.voice_s
        return cls(voice.base_url, voice.model, voice.name, read_timeout_s=timeout_s)

    def for_speaker(self, speaker: Speaker) -> "OpenAISpeech":
        """Itself: the setting `voice.name` decides, and nothing of a recording is sent to a server."""
        return self

    def learn(self, folder: Path) -> str | None:
        return None

    def close(self) -> None:
        self._server.close()

    def synthesize(self, sentence: str, style: SpeechStyle) -> Iterator[Speech]:
        """Speech at 24 kHz without phones, the first 0.12 s as soon as they have come; every piece but the last a whole
        number of pictures long. Closing the iterator closes the connection, upon which servers stop speaking.

        Raises EngineError where the server can't be reached, refuses, falls silent, breaks off, or sends no sound.
        """
        text = speakable(sentence, main_tongue(sentence, style.language))
        parts = short_pieces(text, LONGEST_REQUEST_S) if text else []
        for part in parts:
            written = sentence.strip() if len(parts) == 1 else part.strip()
            yield from self._spoken(part.strip(), written, style)

    def _spoken(self, text: str, written: str, style: SpeechStyle) -> Generator[Speech]:
        import httpx

        prosody = prosody_of(style)
        level, told = RunningLevel(self._gain), ToldText(written, spoken_s(text) / prosody.rate)
        heard = False
        try:
            with closing(self._answer(text, style)) as response:
                sound = sound_of(response.iter_bytes(), response.headers.get("content-type", ""))
                for pcm, last in growing_pieces(sound):
                    heard = True
                    audio = AudioChunk(limited(level.push(pcm), prosody.energy), VOICE_RATE_HZ)
                    yield Speech(audio, None, told.next(audio.duration_s, last), style)
        except httpx.HTTPError as error:
            raise _failed(self._server.trouble(error)) from error
        except MediaError as error:
            raise _failed(f"the server at {self._server.url.host} failed: {error}") from error
        if not heard:
            raise _failed(f"the server at {self._server.url.host} sent no sound")
        self._gain = level.gain

    def _answer(self, text: str, style: SpeechStyle) -> "httpx.Response":
        """The response whose body is the sound; a server that refuses an option is asked again without it, and so from then on."""
        manner = self._manner
        while True:
            body = self._request(text, style, manner)
            request = self._server.client.build_request("POST", self._server.url, json=body)
            response = self._server.client.send(request, stream=True)
            if response.status_code == 200:
                self._manner = manner
                return response
            with closing(response):
                response.read()
            if response.status_code in _REFUSES_AN_OPTION and "instructions" in body:
                manner = _Manner(False, manner.format)
            elif response.status_code in _REFUSES_AN_OPTION and manner.format == "pcm":
                manner = _Manner(manner.instructions, "wav")
            else:
                wanted = f"model '{self._model}' or voice '{self._voice}'"
                raise _failed(self._server.refusal(response.status_code, response.text, wanted))

    def _request(self, text: str, style: SpeechStyle, manner: _Manner) -> dict[str, str | float]:
        body: dict[str, str | float] = {
            "model": self._model,
            "input": text,
            "voice": self._voice,
            "response_format": manner.format,
        }
        feels = manner.instructions and style.emotion in _FEELING
        # Who is told to be sad slows down of their own accord.
        speed = round(style.rate if feels else prosody_of(style).rate, 2)
        if speed != 1.0:
            body["speed"] = min(max(speed, 0.25), 4.0)
        if feels:
            strength = "Sound" if style.intensity >= _STRONG else "Sound a little"
            body["instructions"] = f"{strength} {_FEELING[style.emotion]}."
        return body


def _failed(reason: str) -> EngineError:
    return EngineError("voice", 0, reason)
