"""English speech to text by PocketSphinx 5, whose model rides in its own wheel: nothing to download.

Huggins-Daines et al., "PocketSphinx: a free, real-time continuous speech recognition system for hand-held devices"
(ICASSP 2006). It is an old recogniser: on recordings kept away from the tuning (1,478 words) it gets 48 % of the words of
all kinds wrong, 53 % in LibriSpeech's harder half, 28 % of one clear voice. Where weights of Whisper are on disk the
registry prefers those.

It decodes in a process of its own (sphinx_process.py), each utterance as sphinx_decoding.py says, in a third of its time.
It can be adapted to what people will ask one avatar (sphinx_adapting.py): of 105 new questions to the starters' knowledge,
in four synthetic voices, 27 % of the words are then wrong instead of 38 % (46 % with the library's own settings);
of clear read speech about other things 37 % as before (`bench/hearing_words.py`).
"""

import itertools
import os
import tempfile
import threading
import weakref
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np

from tiangong.core.config import Settings
from tiangong.core.errors import ConfigError, MediaError
from tiangong.core.media import AudioChunk, Transcript
from tiangong.perception.protocol import HEARING_RATE_HZ
from tiangong.perception.sphinx_adapting import model_name
from tiangong.perception.sphinx_process import Accept, Begin, Build, Ear, Finish, SphinxProcess, WarmUp
from tiangong.perception.sphinx_vocabulary import Vocabulary

_PIECE_SAMPLES: Final = round(2.9 * HEARING_RATE_HZ)  # of a file: other sessions come in between
_BUILD_S: Final = 120.0  # a model takes 3 s
_KEPT_MODELS: Final = 8  # of 27 MB, in the folder of models


class SphinxSession:
    """One utterance, decoded while it is spoken."""

    def __init__(self, process: SphinxProcess, number: int, ear: Ear) -> None:
        self._process = process
        self._number = number
        self._samples = 0
        self._text = ""
        process.ask(Begin(number, ear))
        self._drop = weakref.finalize(self, process.drop, number)

    def accept(self, chunk: AudioChunk) -> str:
        """Take 16 kHz sound of any length; the words so far, lower case.

        Raises MediaError for another rate, EngineError where the process has ended: the words are lost.
        """
        if chunk.rate_hz != HEARING_RATE_HZ:
            raise MediaError(f"hearing takes {HEARING_RATE_HZ} Hz, not {chunk.rate_hz} Hz; resample the sound first")
        self._ensure_open()
        pcm = (chunk.pcm * 32767).astype(np.int16)
        for start in range(0, len(pcm), _PIECE_SAMPLES):
            piece = pcm[start : start + _PIECE_SAMPLES]
            self._text = self._process.ask(Accept(self._number, piece.tobytes())).text
            self._samples += len(piece)
        return self._text

    def finish(self) -> Transcript:
        """The whole utterance; "" where nothing was understood. Raises EngineError as `accept` does."""
        self._ensure_open()
        answer = self._process.ask(Finish(self._number))
        self._drop.detach()
        return Transcript(answer.text, "en", answer.confidence, self._samples / HEARING_RATE_HZ)

    def _ensure_open(self) -> None:
        if not self._drop.alive:
            raise MediaError("this utterance is finished; open a new session for the next one")


class _Processes:
    """The one process of an engine, started when it is needed and again where it has ended."""

    def __init__(self) -> None:
        self.numbers = itertools.count()
        self._lock = threading.Lock()
        self._process: SphinxProcess | None = None

    def running(self) -> SphinxProcess:
        with self._lock:
            if self._process is None or not self._process.usable:
                if self._process:
                    self._process.close()
                self._process = SphinxProcess()
            return self._process


class PocketSphinx:
    """The engine: sessions of one process, which keeps some decoders ready."""

    name = "pocketsphinx"
    embedded = True
    languages = frozenset({"en"})
    read_many = None

    def __init__(self) -> None:
        self._processes = _Processes()
        self._ear = Ear()

    @classmethod
    def unavailable(cls, settings: Settings) -> str | None:
        return None if find_spec("pocketsphinx") else "the package 'pocketsphinx' is not installed"

    def adapted(self, vocabulary: Vocabulary, models: Path | None = None) -> "PocketSphinx":
        """An engine that expects what `vocabulary` holds, and hears all else as before; both share one process.

        The first time this takes 3 s of another process, and 27 MB in the folder `models` (by default the user's cache),
        where it is found again the next time. An empty vocabulary changes nothing. Raises EngineError where it cannot be built.
        """
        if not vocabulary.sentences + vocabulary.names:
            return self
        model = (models or _cache()) / model_name(vocabulary)
        if not model.is_file():
            builder = SphinxProcess()  # not the one that listens: nobody's words must wait
            builder.ask(Build(vocabulary, model), _BUILD_S)
            builder.close()
            _forget_old(model.parent)
        other = PocketSphinx()
        other._processes = self._processes
        other._ear = Ear(model, vocabulary.pronunciations)
        return other

    def adapt(self, texts: Sequence[str], hot_words: Sequence[str], pronounce: Callable[[str], str]) -> "PocketSphinx":
        """See `Adapt`."""
        return self.adapted(Vocabulary.of(texts, hot_words, pronounce))

    def warm_up(self) -> None:
        """Start the process and load the decoders that it keeps (0.7 s)."""
        self._processes.running().ask(WarmUp(self._ear))

    def session(self, language: str, hot_words: Sequence[str] = ()) -> SphinxSession:
        """`language` is "en" or "auto" (which is English here); `hot_words` are taken by `adapted` only.

        Raises ConfigError for any other language, EngineError where the process cannot be started.
        """
        if language not in ("en", "auto"):
            raise ConfigError(
                f"pocketsphinx hears English only, not '{language}'; for Chinese get a Whisper model: "
                "set hearing.model in tiangong.toml to a folder or a size such as 'small'"
            )
        return SphinxSession(self._processes.running(), next(self._processes.numbers), self._ear)


def _cache() -> Path:
    """A folder that can be written: the user's cache, else a temporary one."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tiangong" / "pocketsphinx"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="tiangong-pocketsphinx-"))
    return folder


def _forget_old(folder: Path) -> None:
    models = sorted(folder.glob("*.lm.bin"), key=lambda path: path.stat().st_mtime)
    for old in models[:-_KEPT_MODELS]:
        old.unlink(missing_ok=True)
