"""One utterance through PocketSphinx, in the process that decodes (sphinx_worker.py).

The model subtracts the mean of the cepstrum (CMN), which hangs on the microphone and the speaker, and its live mode
starts from a fixed guess that is wrong for almost everybody. So the first 0.6 s are measured before they are decoded, and
the mean is measured again twice a second: without that, 53 % of all words were wrong instead of 48 %, and 42 % of one
clear voice's instead of 28 %.
"""

import contextlib
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from tiangong.perception.protocol import HEARING_RATE_HZ

if TYPE_CHECKING:
    from pocketsphinx import Decoder, NGramModel

IDLE_DECODERS: Final = 2  # kept for the next utterances; one takes some 40 MB and 0.25 s to load
_FRAME_SAMPLES: Final = 160  # 10 ms, the recogniser's step
_MEASURE_SAMPLES: Final = round(0.6 * HEARING_RATE_HZ)  # 1.2 s was no better and keeps the first words waiting
_WORDS_PER_FRAME: Final = 15  # without a limit the last search, over the word lattice, took up to 150 ms
_AGAIN_SAMPLES: Final = round(0.5 * HEARING_RATE_HZ)  # between two measurements of the mean
_MOST_MEASURED: Final = round(2.9 * HEARING_RATE_HZ)  # the library shifts its window by itself 300 frames after a set
_LIVE_WEIGHT: Final = 500  # frames that the library itself gives to a mean that it was told (CMN_WIN in its source)
_PRIOR_WEIGHT: Final = 50  # frames; 200 left it too close to the guess, 0 made the first words unsteady
# Mean cepstrum of twelve recordings of six collections, rounded; the library's own guess (40, 3, -1, 0...) is too quiet.
_PRIOR_MEAN: Final = np.array([50, 5, -3, 5, -5, 0, -5, 0, 0, 0, 0, 0, 0], np.float64)
_ALTERNATIVE: Final = re.compile(r"\(\d+\)")  # "read(2)" is the second way to pronounce "read"
_ADAPTED: Final = "adapted"  # the name of the search with another language model


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


class DecoderPool:
    """Decoders that nobody uses, all with one language model."""

    def __init__(self, model: Path | None = None, words: tuple[tuple[str, str], ...] = ()) -> None:
        """`model` None is the library's own; `words` and their phones are added to its dictionary."""
        self._model = model
        self._words = words
        self._idle: list[Decoder] = []
        self._shared: NGramModel | None = None

    def borrow(self) -> "Decoder":
        """Raises RuntimeError where the model cannot be loaded."""
        if not self._idle:
            return self._new()
        decoder = self._idle.pop()
        # Only a session that was dropped in the middle of a word has left an utterance open.
        with contextlib.suppress(RuntimeError):
            decoder.end_utt()
        return decoder

    def give_back(self, decoder: "Decoder") -> None:
        if len(self._idle) < IDLE_DECODERS:
            self._idle.append(decoder)

    def warm_up(self) -> None:
        """Load the decoders that are kept."""
        for decoder in [self.borrow() for _ in range(IDLE_DECODERS)]:
            self.give_back(decoder)

    def _new(self) -> "Decoder":
        from pocketsphinx import Decoder, NGramModel, set_loglevel

        set_loglevel("FATAL")  # it prints to stderr by itself otherwise
        decoder = Decoder(
            samprate=float(HEARING_RATE_HZ),
            loglevel="FATAL",
            fwdflat=False,  # a second pass over the whole utterance would take 0.2 s after the last word
            maxwpf=_WORDS_PER_FRAME,
            **({"lm": None} if self._model else {}),
        )
        if self._model:
            for word, phones in self._words:
                decoder.add_word(word, phones, False)
            self._shared = self._shared or NGramModel(decoder.config, decoder.logmath, str(self._model))
            decoder.add_lm(_ADAPTED, self._shared)
            decoder.activate_search(_ADAPTED)
        return decoder


class Utterance:
    """Decoded while it is spoken."""

    def __init__(self, pool: DecoderPool) -> None:
        self._pool = pool
        self._decoder = pool.borrow()
        self._mean = CepstralMean(self._decoder)
        self._waiting: list[NDArray[np.int16]] = []  # sound from before the first measurement
        self._begun = False
        self._samples = 0
        self._unmeasured = 0  # samples decoded since the last measurement
        self._text = ""

    def accept(self, pcm: NDArray[np.int16]) -> str:
        """(samples,) at 16 kHz; the words so far, lower case."""
        self._samples += len(pcm)
        if self._begun:
            self._decode(pcm)
        else:
            self._waiting.append(pcm)
            if self._samples >= _MEASURE_SAMPLES:
                self._begin()
        return self._text

    def finish(self) -> tuple[str, float | None]:
        """All words, "" where nothing was understood; and how sure they are, 0 to 1. Afterwards only `drop` is left."""
        if self._samples < _FRAME_SAMPLES:
            return "", None
        if not self._begun:
            self._begin()
        self._decoder.end_utt()
        return self._hypothesis()

    def drop(self) -> None:
        """Give the decoder back."""
        self._pool.give_back(self._decoder)

    def _begin(self) -> None:
        """Measure the mean on what was heard so far, then decode that."""
        heard = np.concatenate(self._waiting)
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
        self._decode(heard)

    def _decode(self, pcm: NDArray[np.int16]) -> None:
        at = 0
        while at < len(pcm):
            piece = pcm[at : at + _AGAIN_SAMPLES - self._unmeasured]
            self._decoder.process_raw(piece.tobytes())
            at += len(piece)
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
