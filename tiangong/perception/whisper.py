"""Chinese and English speech to text by Whisper (Radford et al. 2022, arXiv:2212.04356), run by CTranslate2.

Weights come from a folder or from Hugging Face's cache. Whisper was trained on subtitles: in silence it writes what
subtitles say there ("Thank you for watching"). `whisper_guards` drops that.
"""

import math
import os
import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.config import Settings
from tiangong.core.errors import ConfigError, MediaError, MissingExtra
from tiangong.core.media import AudioChunk, Transcript
from tiangong.perception.protocol import HEARING_RATE_HZ
from tiangong.perception.whisper_guards import Piece, is_silent, trusted_text

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

REPOSITORIES: Final = {
    "tiny": "Systran/faster-whisper-tiny",
    "base": "Systran/faster-whisper-base",
    "small": "Systran/faster-whisper-small",
    "medium": "Systran/faster-whisper-medium",
    "large-v3": "Systran/faster-whisper-large-v3",
    "turbo": "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
    "tiny.en": "Systran/faster-whisper-tiny.en",
    "base.en": "Systran/faster-whisper-base.en",
    "small.en": "Systran/faster-whisper-small.en",
}
# Which of the cached ones to take: on a processor the largest that answers within a second or two.
BEST_ON_CPU: Final = ("small", "base", "tiny", "turbo", "medium", "large-v3", "small.en", "base.en", "tiny.en")
BEST_ON_GPU: Final = ("turbo", "large-v3", "medium", "small", "base", "tiny", "small.en", "base.en", "tiny.en")
_FILES: Final = ("model.bin", "config.json", "tokenizer.json")
_FETCHED: Final = ["*.bin", "*.json", "*.txt"]
_ASKED_S: Final = 4.0  # for the hub's answer
_PROMPTS: Final = {
    "zh": "以下是普通话的句子，用简体中文书写。",
    "en": None,
}  # without it Whisper mixes in traditional characters
_WINDOW_S: Final = 30.0  # what the network sees at once; within it, time stamps only cost time
_MOST_THREADS: Final = 4  # CTranslate2 gains little from more, and the face needs its cores
_SHORTEST_S: Final = 0.1  # no word is shorter
_CHINESE: Final = ("zh", "yue")  # Whisper hears strong accents as Cantonese


class WhisperSession:
    """One utterance, kept until its end: Whisper reads whole sentences."""

    def __init__(self, engine: "FasterWhisper", language: str) -> None:
        self._engine = engine
        self._language = language
        self._heard: list[NDArray[np.float32]] = []

    def accept(self, chunk: AudioChunk) -> str:
        """Take 16 kHz sound of any length; always "". Raises MediaError for another rate."""
        if chunk.rate_hz != HEARING_RATE_HZ:
            raise MediaError(f"hearing takes {HEARING_RATE_HZ} Hz, not {chunk.rate_hz} Hz; resample the sound first")
        self._heard.append(chunk.pcm)
        return ""

    def finish(self) -> Transcript:
        """The whole utterance; "" where nobody spoke."""
        pcm = np.concatenate(self._heard) if self._heard else np.zeros(0, np.float32)
        self._heard.clear()
        return self._engine.transcribe(pcm, self._language)


class FasterWhisper:
    """The engine: one model for all sessions, loaded at its first use."""

    name = "faster-whisper"
    embedded = False

    def __init__(self, model: str | None = None) -> None:
        """`model`: a folder, a size ("small"), a hub name, or None for the best one in the cache.

        Raises ConfigError for a folder without a model or an unknown size, MissingExtra where there is nothing to take.
        """
        self._folder = _find(model)
        english_only = (model or self._folder.name).removesuffix("/").endswith(".en")
        self.languages: frozenset[str] = frozenset({"en"}) if english_only else frozenset({"en", "zh"})
        self._lock = threading.Lock()
        self._model: WhisperModel | None = None

    @classmethod
    def unavailable(cls, settings: Settings) -> str | None:
        """Why it can't run here. Only a model that the settings name, and that is not on this disk, is asked for on the hub."""
        model = settings.hearing.model
        if not find_spec("faster_whisper"):
            return "the package 'faster-whisper' is not installed"
        if model is None:
            found = any(_cached(name) for name in REPOSITORIES)
            return None if found else f"no Whisper model on this disk ({_how_to_get('small')})"
        if Path(model).is_dir():
            return _missing_file(Path(model))
        try:
            return None if _cached(model) else _unreachable(model)
        except ConfigError as error:
            return str(error)

    @classmethod
    def from_settings(cls, settings: Settings) -> "FasterWhisper":
        return cls(settings.hearing.model)

    def warm_up(self) -> None:
        """Load the model now. Raises ConfigError where its files are broken."""
        self._loaded()

    def session(self, language: str, hot_words: Sequence[str] = ()) -> WhisperSession:
        """`language` is "en", "zh" or "auto"; `hot_words` are left aside. Raises ConfigError for an unknown language."""
        if language != "auto" and language not in self.languages:
            known = ", ".join(sorted(self.languages))
            raise ConfigError(f"this Whisper model hears {known}, not '{language}'; choose another hearing.model")
        return WhisperSession(self, language)

    def transcribe(self, pcm: NDArray[np.float32], language: str) -> Transcript:
        """(samples,) at 16 kHz, and "en", "zh" or "auto" -> what was said, hallucinations dropped."""
        audio_s = len(pcm) / HEARING_RATE_HZ
        if audio_s < _SHORTEST_S or is_silent(pcm):
            return Transcript("", "en" if language == "auto" else language, None, audio_s)
        model = self._loaded()
        if language == "auto":
            language = self._spoken_language(model, pcm)
        on_gpu = model.model.device == "cuda"
        found, _ = model.transcribe(
            pcm,
            language=language,
            beam_size=5 if on_gpu else 1,  # on a processor a beam of 5 takes twice as long for a tenth of the errors
            temperature=[0.0, 0.2, 0.4],
            condition_on_previous_text=False,  # one hallucination would breed the next
            initial_prompt=_PROMPTS[language],
            without_timestamps=audio_s <= _WINDOW_S,
        )
        pieces = [Piece(s.text, s.avg_logprob, s.no_speech_prob, s.compression_ratio) for s in found]
        text, mean_log = trusted_text(pieces, language, _PROMPTS[language])
        return Transcript(text, language, math.exp(min(mean_log, 0.0)) if text else None, audio_s)

    def _spoken_language(self, model: "WhisperModel", pcm: NDArray[np.float32]) -> str:
        if "zh" not in self.languages or not model.model.is_multilingual:
            return "en"
        _, _, guesses = model.detect_language(pcm)
        # Nothing but Chinese and English is offered, so a stranger language goes to the nearer of the two.
        likely = dict(guesses)
        chinese = sum(likely.get(name, 0.0) for name in _CHINESE)
        return "zh" if chinese > likely.get("en", 0.0) else "en"

    def _loaded(self) -> "WhisperModel":
        with self._lock:
            if self._model is None:
                self._model = _load(self._folder)
            return self._model


def _load(folder: Path) -> "WhisperModel":
    import ctranslate2
    from faster_whisper import WhisperModel

    on_gpu = ctranslate2.get_cuda_device_count() > 0
    try:
        return WhisperModel(
            str(folder),
            device="cuda" if on_gpu else "cpu",
            compute_type="float16" if on_gpu else "int8",
            cpu_threads=min(_MOST_THREADS, os.cpu_count() or 1),
            local_files_only=True,
        )
    except (RuntimeError, ValueError) as error:
        raise ConfigError(f"{folder}: not a Whisper model of CTranslate2 that can be loaded ({error})") from error


def _find(model: str | None) -> Path:
    """The folder of `model`; one that the settings name is fetched once, at the start, if it is not on this disk.

    Without a name nothing is downloaded: half a gigabyte must not begin to flow by itself.
    """
    if model is None:
        found = [path for name in _preference() if (path := _cached(name))]
        if not found:
            raise MissingExtra(
                "faster-whisper", "a Whisper model", "set hearing.model to a folder or a size such as 'small'"
            )
        return found[0]
    if Path(model).is_dir():
        missing = _missing_file(Path(model))
        if missing:
            raise ConfigError(missing)
        return Path(model)
    return _cached(model) or _fetched(model)


def _fetched(model: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError

    try:
        return Path(snapshot_download(_repository(model), allow_patterns=_FETCHED))
    except (EntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise MissingExtra("faster-whisper", f"the weights of '{model}'", _how_to_get(model)) from error


def _unreachable(model: str) -> str | None:
    """Why the hub does not give this model, or None; takes at most some seconds."""
    import httpx
    from huggingface_hub.constants import ENDPOINT

    # Not huggingface_hub's own client: which library's errors it raises changes from one version to the next.
    try:
        httpx.get(f"{ENDPOINT}/api/models/{_repository(model)}", timeout=_ASKED_S).raise_for_status()
    except httpx.HTTPError:
        return f"'{model}' is not on this disk and the hub does not answer ({_how_to_get(model)})"
    return None


def _preference() -> tuple[str, ...]:
    import ctranslate2

    return BEST_ON_GPU if ctranslate2.get_cuda_device_count() else BEST_ON_CPU


def _missing_file(folder: Path) -> str | None:
    absent = [name for name in _FILES if not (folder / name).is_file()]
    if not absent:
        return None
    return f"{folder}: no {absent[0]}; a Whisper model of CTranslate2 needs {', '.join(_FILES)}"


def _how_to_get(model: str) -> str:
    return f"get it once with 'hf download {_repository(model)}', or set hearing.model to a folder"


def _repository(model: str) -> str:
    if model in REPOSITORIES:
        return REPOSITORIES[model]
    if model.count("/") != 1 or model.startswith((".", "/", "~")):
        raise ConfigError(f"no Whisper model '{model}'; a folder, a hub name, or one of {', '.join(REPOSITORIES)}")
    return model


def _cached(model: str) -> Path | None:
    """The folder of a complete model in Hugging Face's cache."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = [try_to_load_from_cache(_repository(model), name) for name in _FILES]
    except HFValidationError as error:
        raise ConfigError(f"no Whisper model '{model}' ({error})") from error
    return Path(found[0]).parent if all(isinstance(path, str) for path in found) and isinstance(found[0], str) else None
