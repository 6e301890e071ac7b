"""Chinese and English speech to text by Whisper (Radford et al. 2022, arXiv:2212.04356), run by CTranslate2.

Weights come from a folder or from Hugging Face's cache. Whisper was trained on subtitles: in silence it writes what
subtitles say there ("Thank you for watching"). `whisper_guards` drops that.
"""

import math
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.config import Settings
from tiangong.core.errors import ConfigError, MediaError
from tiangong.core.media import AudioChunk, Transcript
from tiangong.perception.live_reading import LiveReading, Pace
from tiangong.perception.protocol import HEARING_RATE_HZ, ReadMany
from tiangong.perception.whisper_files import find_model, why_unavailable
from tiangong.perception.whisper_guards import is_silent
from tiangong.perception.whisper_reading import read_at_once, read_quickly, read_whole, spoken_language, told

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

_MOST_THREADS: Final = 4  # CTranslate2 gains little from more, and the face needs its cores
_SHORTEST_S: Final = 0.1  # no word is shorter


class WhisperSession:
    """One utterance, kept until its end: Whisper reads whole sentences. Until then it is read in between, if there is time."""

    def __init__(self, engine: "FasterWhisper", language: str, hot_words: tuple[str, ...]) -> None:
        self._engine = engine
        self._language = language
        self._hot_words = hot_words
        self._live = LiveReading(lambda pcm: engine.words_so_far(pcm, language, hot_words), engine.pace)

    def accept(self, chunk: AudioChunk) -> str:
        """Take 16 kHz sound of any length; the words that will probably stay. Raises MediaError for another rate."""
        if chunk.rate_hz != HEARING_RATE_HZ:
            raise MediaError(f"hearing takes {HEARING_RATE_HZ} Hz, not {chunk.rate_hz} Hz; resample the sound first")
        self._engine.warm_up()  # while the user still speaks, and so that `pace` knows what a reading takes
        return self._live.push(chunk.pcm)

    def finish(self) -> Transcript:
        """The whole utterance, read once more with care; "" where nobody spoke."""
        return self._engine.transcribe(self._live.sound, self._language, self._hot_words)


class FasterWhisper:
    """The engine: one model for all sessions, loaded at its first use."""

    name = "faster-whisper"
    embedded = False
    adapt = None

    def __init__(self, model: str | None = None) -> None:
        """`model`: a folder, a size ("small"), a hub name, or None for the best one in the cache.

        Raises ConfigError for a folder without a model or an unknown size, MissingExtra where there is nothing to take.
        """
        self._folder = find_model(model)
        english_only = (model or self._folder.name).removesuffix("/").endswith(".en")
        self.languages: frozenset[str] = frozenset({"en"}) if english_only else frozenset({"en", "zh"})
        self.pace = Pace()
        self._lock = threading.Lock()
        self._model: WhisperModel | None = None

    @classmethod
    def unavailable(cls, settings: Settings) -> str | None:
        """Why it can't run here. Only a model that the settings name, and that is not on this disk, is asked for on the hub."""
        return why_unavailable(settings.hearing.model)

    @classmethod
    def from_settings(cls, settings: Settings) -> "FasterWhisper":
        return cls(settings.hearing.model)

    def warm_up(self) -> None:
        """Load the model now. Raises ConfigError where its files are broken."""
        self._loaded()

    def session(self, language: str, hot_words: Sequence[str] = ()) -> WhisperSession:
        """`language` is "en", "zh" or "auto". Raises ConfigError for one that this model does not know."""
        self._check(language)
        return WhisperSession(self, language, tuple(hot_words))

    def transcribe(self, pcm: NDArray[np.float32], language: str, hot_words: Sequence[str] = ()) -> Transcript:
        """(samples,) at 16 kHz, and "en", "zh" or "auto" -> what was said, hallucinations dropped.

        Raises ConfigError where the model, once loaded, turns out not to know the language.
        """
        if _without_words(pcm):
            return _nothing(pcm, language)
        model = self._loaded()
        self._check(language)
        about = told(model, self._language(model, pcm, language), hot_words)
        return _transcript(pcm, about.language, *about.trusted(read_whole(model, pcm, about)))

    def words_so_far(self, pcm: NDArray[np.float32], language: str, hot_words: Sequence[str]) -> str:
        """The same of an utterance that goes on (less than 30 s), quickly: only the text, its end a guess."""
        if _without_words(pcm):
            return ""
        language = "en" if "zh" not in self.languages else language
        return read_quickly(self._loaded(), pcm, language, hot_words)

    @property
    def read_many(self) -> ReadMany | None:
        """On a GPU. On two cores a batch of eight took as long as one by one ("tiny"), or half as long again ("small")."""
        return self.transcribe_many if _on_gpu() else None

    def transcribe_many(self, spans: Sequence[AudioChunk], language: str) -> list[Transcript]:
        """Utterances (16 kHz, at most 30 s each), eight at once. Raises ConfigError for a language it does not know."""
        model = self._loaded()
        self._check(language)
        answers = [_nothing(span.pcm, language) for span in spans]
        spoken: dict[str, list[int]] = {}
        for i, span in enumerate(spans):
            if not _without_words(span.pcm):
                spoken.setdefault(self._language(model, span.pcm, language), []).append(i)
        for tongue, which in spoken.items():
            about = told(model, tongue, ())
            readings = read_at_once(model, [spans[i].pcm for i in which], about)
            for i, pieces in zip(which, readings, strict=True):
                answers[i] = _transcript(spans[i].pcm, tongue, *about.trusted(pieces))
        return answers

    def _check(self, language: str) -> None:
        if language != "auto" and language not in self.languages:
            known = ", ".join(sorted(self.languages))
            raise ConfigError(f"this Whisper model hears {known}, not '{language}'; choose another hearing.model")

    def _language(self, model: "WhisperModel", pcm: NDArray[np.float32], asked: str) -> str:
        if asked != "auto":
            return asked
        return spoken_language(model, pcm) if "zh" in self.languages else "en"

    def _loaded(self) -> "WhisperModel":
        with self._lock:
            if self._model is None:
                model = _load(self._folder)
                noise = np.random.default_rng(0).normal(0, 0.01, HEARING_RATE_HZ).astype(np.float32)
                read_quickly(model, noise, "en", ())  # the first one also sets things up
                self.pace.measured(lambda: read_quickly(model, noise, "en", ()))
                if not model.model.is_multilingual:  # whatever its folder is called
                    self.languages = frozenset({"en"})
                self._model = model
            return self._model


def _without_words(pcm: NDArray[np.float32]) -> bool:
    return len(pcm) < _SHORTEST_S * HEARING_RATE_HZ or is_silent(pcm)


def _nothing(pcm: NDArray[np.float32], language: str) -> Transcript:
    return Transcript("", "en" if language == "auto" else language, None, len(pcm) / HEARING_RATE_HZ)


def _transcript(pcm: NDArray[np.float32], language: str, text: str, mean_log: float) -> Transcript:
    confidence = math.exp(min(mean_log, 0.0)) if text else None
    return Transcript(text, language, confidence, len(pcm) / HEARING_RATE_HZ)


def _on_gpu() -> bool:
    import ctranslate2

    return ctranslate2.get_cuda_device_count() > 0


def _load(folder: Path) -> "WhisperModel":
    from faster_whisper import WhisperModel

    on_gpu = _on_gpu()
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
