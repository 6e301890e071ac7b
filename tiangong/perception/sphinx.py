"""English speech to text by PocketSphinx 5, whose model rides in its own wheel: nothing to download.

Huggins-Daines et al., "PocketSphinx: a free, real-time continuous speech recognition system for hand-held devices"
(ICASSP 2006). It is an old recogniser: on recordings kept away from the tuning (1,478 words) it gets 48 % of the words of
all kinds wrong, 53 % in LibriSpeech's harder half, 28 % of one clear voice. Where weights of Whisper are on disk the
registry prefers those.

The model subtracts the mean of the cepstrum (CMN), which hangs on the microphone and the speaker, and its live mode
starts from a fixed guess that is wrong for almost everybody. So the first 0.6 s are measured before they are decoded, and
the mean is measured again twice a second: without that, 53 % and 42 % of the clear voice.
"""

import contextlib
import math
import re
import threading
import time
import weakref
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.config import Settings
from tiangong.core.errors import ConfigError, MediaError
from tiangong.core.media import AudioChunk, Transcript
from tiangong.perception.protocol import HEARING_RATE_HZ

if TYPE_CHECKING:
    from pocketsphinx import Decoder

IDLE_DECODERS: Final = 2  # kept for the next utterances; one takes some 40 MB and 0.25 s to load
_FRAME_SAMPLES: Final = 160  # 10 ms, the recogniser's step
_MEASURE_SAMPLES: Final = round(0.6 * HEARING_RATE_HZ)  # 1.2 s was no better and keeps the first words waiting
_WORDS_PER_FRAME: Final = 15  # without a limit the last search, over the word lattice, took up to 150 ms
_STEP_SAMPLES: Final = 320  # 20 ms, decoded in 2 to 20 ms
_PAUSE_S: Final = 0.008  # between such steps, while the backlog of a live voice is decoded
_AGAIN_SAMPLES: Final = round(0.5 * HEARING_RATE_HZ)  # between two measurements of the mean
_MOST_MEASURED: Final = round(2.9 * HEARING_RATE_HZ)  # the library shifts its window by itself 300 frames after a set
_LIVE_WEIGHT: Final = 500  # frames that the library itself gives to a mean that it was told (CMN_WIN in its source)
_PRIOR_WEIGHT: Final = 50  # frames; 200 left it too close to the guess, 0 made the first words unsteady
# Mean cepstrum of twelve recordings of six collections, rounded; the library's own guess (40, 3, -1, 0...) is too quiet.
_PRIOR_MEAN: Final = np.array([50, 5, -3, 5, -5, 0, -5, 0, 0, 0, 0, 0, 0], np.float64)
_ALTERNATIVE: Final = re.compile(r"\(\d+\)")  # "read(2)" is the second way to pronounce "read"


class CepstralMean:
    """The mean cepstrum of what was said so far, kept inside a decoder."""

    def __init__(self, decoder: "Decoder") -> None:
        self._decoder = decoder
        self.restart()

    def restart(self) -> None:
        self._sum = _PRIOR_MEAN * _PRIOR_WEIGHT
        self._frames = _PRIOR_WEIGHT
        self._set(_PRIOR_MEAN)

    def adopt(self, mean: NDArray[np.float64]) -> None:
        """Start from `mean` (13,), without any weight of the past."""
        self._set(mean)

    def measure(self, frames: int) -> NDArray[np.float64]:
        """Take in the `frames` decoded since the last call; returns the mean (13,) now in force."""
        told = np.array([float(part) for part in self._decoder.get_cmn(True).split(",")])
        # The library blends what it heard with what it was told, as if that were 500 frames: undo the blend.
        self._sum = self._sum + told * (_LIVE_WEIGHT + frames) - self._now * _LIVE_WEIGHT
        self._frames += frames
        mean = self._sum / self._frames
        self._set(mean)
        return mean

    def _set(self, mean: NDArray[np.float64]) -> None:
        self._now = mean
        self._decoder.set_cmn(",".join(f"{value:.4f}" for value in mean))


class _Pool:
    """Decoders that nobody uses. Any thread may borrow and give back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Decoder] = []

    def borrow(self) -> "Decoder":
        with self._lock:
            decoder = self._idle.pop() if self._idle else None
        if decoder is None:
            return _new_decoder()
        # Only a session that was dropped in the middle of a word has left an utterance open.
        with contextlib.suppress(RuntimeError):
            decoder.end_utt()
        return decoder

    def give_back(self, decoder: "Decoder") -> None:
        with self._lock:
            if len(self._idle) < IDLE_DECODERS:
                self._idle.append(decoder)


def _new_decoder() -> "Decoder":
    from pocketsphinx import Decoder, set_loglevel

    set_loglevel("FATAL")  # it prints to stderr by itself otherwise
    return Decoder(
        samprate=float(HEARING_RATE_HZ),
        loglevel="FATAL",
        fwdflat=False,  # a second pass over the whole utterance would take 0.2 s after the last word
        maxwpf=_WORDS_PER_FRAME,
    )


class SphinxSession:
    """One utterance, decoded while it is spoken."""

    def __init__(self, pool: _Pool) -> None:
        self._decoder = pool.borrow()
        self._return = weakref.finalize(self, pool.give_back, self._decoder)
        self._mean = CepstralMean(self._decoder)
        self._waiting: list[NDArray[np.int16]] = []  # sound from before the first measurement
        self._begun = False
        self._samples = 0
        self._unmeasured = 0  # samples decoded since the last measurement
        self._text = ""

    def accept(self, chunk: AudioChunk) -> str:
        """Take 16 kHz sound of any length; the words so far, lower case. Raises MediaError for another rate."""
        if chunk.rate_hz != HEARING_RATE_HZ:
            raise MediaError(f"hearing takes {HEARING_RATE_HZ} Hz, not {chunk.rate_hz} Hz; resample the sound first")
        if not self._return.alive:
            raise MediaError("this utterance is finished; open a new session for the next one")
        self._samples += len(chunk.pcm)
        pcm = (chunk.pcm * 32767).astype(np.int16)
        if self._begun:
            self._decode(pcm)
        else:
            self._waiting.append(pcm)
            if self._samples >= _MEASURE_SAMPLES:
                self._begin()
        return self._text

    def finish(self) -> Transcript:
        """The whole utterance; "" where nothing was understood."""
        if not self._return.alive:
            raise MediaError("this utterance is finished; open a new session for the next one")
        confidence = None
        if self._samples >= _FRAME_SAMPLES:
            if not self._begun:
                self._begin()
            self._decoder.end_utt()
            self._text, confidence = self._hypothesis()
        self._return()
        return Transcript(self._text, "en", confidence, self._samples / HEARING_RATE_HZ)

    def _begin(self) -> None:
        """Measure the mean on what was heard so far, then decode that."""
        heard = np.concatenate(self._waiting)
        pause_s = _PAUSE_S if len(self._waiting) > 1 else 0.0  # a file comes in one piece, and nobody draws meanwhile
        self._waiting.clear()
        self._decoder.start_utt()
        measured = heard[:_MOST_MEASURED]
        self._decoder.process_raw(measured.tobytes(), True)
        mean = self._mean.measure(max(1, len(measured) // _FRAME_SAMPLES - 2))  # the last window is not full yet
        self._decoder.end_utt()
        self._mean.restart()
        self._mean.adopt(mean)
        self._decoder.start_utt()
        self._begun = True
        self._decode(heard, pause_s)

    def _decode(self, pcm: NDArray[np.int16], pause_s: float = 0.0) -> None:
        # In small steps, a backlog with pauses: the library holds the interpreter lock while it decodes, and those who send
        # sound and draw pictures get it only in between. Without pauses 0.6 s of backlog froze a live picture for 0.5 s.
        for start in range(0, len(pcm), _STEP_SAMPLES):
            piece = pcm[start : start + _STEP_SAMPLES]
            self._decoder.process_raw(piece.tobytes())
            if pause_s:
                time.sleep(pause_s)
            self._unmeasured += len(piece)
            if self._unmeasured >= _AGAIN_SAMPLES:
                self._mean.measure(self._unmeasured // _FRAME_SAMPLES)
                self._unmeasured = 0
        self._text, _ = self._hypothesis()

    def _hypothesis(self) -> tuple[str, float | None]:
        found = self._decoder.hyp()
        if found is None or not found.hypstr:
            return "", None
        text = _ALTERNATIVE.sub("", found.hypstr)
        # The posterior of a whole sentence shrinks with each word; its geometric mean does not.
        return text, math.exp(math.log(max(found.prob, 1e-300)) / (text.count(" ") + 1))


class PocketSphinx:
    """The engine: a pool of decoders that its sessions borrow from."""

    name = "pocketsphinx"
    embedded = True
    languages = frozenset({"en"})
    read_many = None

    def __init__(self) -> None:
        self._pool = _Pool()

    @classmethod
    def unavailable(cls, settings: Settings) -> str | None:
        return None if find_spec("pocketsphinx") else "the package 'pocketsphinx' is not installed"

    def warm_up(self) -> None:
        """Load the decoders that are kept (0.25 s each): loading holds the interpreter lock, and would freeze a live picture."""
        for decoder in [self._pool.borrow() for _ in range(IDLE_DECODERS)]:
            self._pool.give_back(decoder)

    def session(self, language: str, hot_words: Sequence[str] = ()) -> SphinxSession:
        """`language` is "en" or "auto" (which is English here). Raises ConfigError for any other."""
        if language not in ("en", "auto"):
            raise ConfigError(
                f"pocketsphinx hears English only, not '{language}'; for Chinese get a Whisper model: "
                "set hearing.model in tiangong.toml to a folder or a size such as 'small'"
            )
        return SphinxSession(self._pool)
