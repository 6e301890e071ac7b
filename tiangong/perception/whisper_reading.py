"""How one loaded Whisper model reads: a whole utterance with care, one that still grows quickly, many of a file at once."""

from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from tiangong.perception.hot_words import PROMPTS, hint_of, listed
from tiangong.perception.protocol import HEARING_RATE_HZ
from tiangong.perception.whisper_guards import COMPRESSION, Piece, compression_of, failed, trusted_text

if TYPE_CHECKING:
    from faster_whisper import WhisperModel
    from faster_whisper.transcribe import Segment

WINDOW_S: Final = 30.0  # what the network sees at once; within it, time stamps only cost time
AT_ONCE: Final = 8  # utterances of a file; more take memory and gain little
_TEMPERATURES: Final = (0.0, 0.2, 0.4)  # the next one where a reading fails
_FRAMES_PER_S: Final = 100  # of the spectrogram
_CHINESE: Final = ("<|zh|>", "<|yue|>")  # Whisper hears strong accents as Cantonese
# A window cut to the sound spares the encoder four fifths; cut at its last word, the decoder finds no end and may run into a loop.
_LEAST_QUICK_FRAMES: Final = 10 * _FRAMES_PER_S
_QUICK_MARGIN_FRAMES: Final = 3 * _FRAMES_PER_S
_TOKENS_PER_S: Final = 10  # faster than anybody speaks, in Chinese too: who writes more is in a loop
_LEAST_TOKENS: Final = 10


@dataclass(frozen=True)
class Told:
    """What Whisper is told before it hears anything."""

    language: str  # "en" or "zh"
    hot_words: tuple[str, ...]  # those that fit

    @property
    def prompt(self) -> str | None:
        return PROMPTS[self.language]

    @property
    def hint(self) -> str | None:
        return listed(self.hot_words, self.language) or None

    def trusted(self, pieces: Iterable[Piece]) -> tuple[str, float]:
        """The text that was really spoken, and its mean log probability."""
        return trusted_text(list(pieces), self.language, self.prompt, self.hot_words)


def told(model: "WhisperModel", language: str, hot_words: Sequence[str]) -> Told:
    def tokens(text: str) -> int:
        return len(model.hf_tokenizer.encode(text, add_special_tokens=False).ids)

    return Told(language, hint_of(hot_words, language, tokens))


def spoken_language(model: "WhisperModel", pcm: NDArray[np.float32]) -> str:
    """(samples,) at 16 kHz -> "en" or "zh"."""
    if not model.model.is_multilingual:
        return "en"
    _, _, guesses = model.detect_language(pcm)
    return _nearer((f"<|{name}|>", likely) for name, likely in guesses)


def read_whole(model: "WhisperModel", pcm: NDArray[np.float32], about: Told) -> list[Piece]:
    """(samples,) at 16 kHz, of any length."""
    found, _ = model.transcribe(
        pcm,
        language=about.language,
        beam_size=_beam(model),
        temperature=list(_TEMPERATURES),
        condition_on_previous_text=False,  # one hallucination would breed the next
        initial_prompt=about.prompt,
        hotwords=about.hint,
        without_timestamps=len(pcm) <= WINDOW_S * HEARING_RATE_HZ,
    )
    return [_piece(segment) for segment in found]


def read_quickly(model: "WhisperModel", pcm: NDArray[np.float32], language: str, hot_words: Sequence[str]) -> str:
    """(samples,) at 16 kHz, less than 30 s, and "en", "zh" or "auto" -> the trusted text of one greedy reading.

    The sound may end in the middle of a word. "" where the reading fails or runs into a loop.
    """
    from faster_whisper.audio import pad_or_trim
    from faster_whisper.tokenizer import Tokenizer

    features = model.feature_extractor(pcm)
    encoded = model.encode(pad_or_trim(features, _window_frames(model, features.shape[-1])))
    if language == "auto":
        language = _nearer(model.model.detect_language(encoded)[0]) if model.model.is_multilingual else "en"
    about = told(model, language, hot_words)
    tokenizer = Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language)
    before = tokenizer.encode(about.prompt) if about.prompt else []
    prompt = model.get_prompt(tokenizer, before, without_timestamps=True, hotwords=about.hint)
    most = _LEAST_TOKENS + _TOKENS_PER_S * len(pcm) // HEARING_RATE_HZ
    result = model.model.generate(
        encoded,
        [prompt],
        beam_size=1,
        # CTranslate2 writes at most half of this, and no more than the prompt leaves of it.
        max_length=min(max(2 * most, len(prompt) + most), model.max_length),
        return_scores=True,
        return_no_speech_prob=True,
        suppress_tokens=[-1],
    )[0]
    text = tokenizer.decode(result.sequences_ids[0])
    piece = Piece(text, result.scores[0], result.no_speech_prob, compression_of(text))
    if piece.compression > COMPRESSION:
        return ""
    return about.trusted([piece])[0]


def read_at_once(model: "WhisperModel", spans: Sequence[NDArray[np.float32]], about: Told) -> Iterator[list[Piece]]:
    """Utterances (samples,) at 16 kHz, each at most 30 s, in one language -> the pieces of each.

    One that fails is read again by itself: batches know no second temperature.
    """
    for first in range(0, len(spans), AT_ONCE):
        batch = spans[first : first + AT_ONCE]
        for pcm, pieces in zip(batch, _batch(model, batch, about), strict=True):
            yield read_whole(model, pcm, about) if any(failed(piece) for piece in pieces) else pieces


def _batch(model: "WhisperModel", spans: Sequence[NDArray[np.float32]], about: Told) -> list[list[Piece]]:
    from faster_whisper import BatchedInferencePipeline

    ends_s = np.cumsum([len(pcm) for pcm in spans]) / HEARING_RATE_HZ
    starts_s = [0.0, *ends_s[:-1].tolist()]
    found, _ = BatchedInferencePipeline(model).transcribe(
        np.concatenate(spans),
        language=about.language,
        beam_size=_beam(model),
        temperature=[0.0],
        initial_prompt=about.prompt,
        hotwords=about.hint,
        without_timestamps=True,
        clip_timestamps=[{"start": start, "end": end} for start, end in zip(starts_s, ends_s.tolist(), strict=True)],
        batch_size=len(spans),
    )
    pieces: list[list[Piece]] = [[] for _ in spans]
    for segment in found:
        # What stands at the border, but for rounding, begins the next one.
        pieces[bisect(starts_s, segment.start + 2e-3) - 1].append(_piece(segment))
    return pieces


def _beam(model: "WhisperModel") -> int:
    # On a processor a beam of 5 takes twice as long for a tenth of the errors.
    return 5 if model.model.device == "cuda" else 1


def _window_frames(model: "WhisperModel", sound_frames: int) -> int:
    whole = round(WINDOW_S * _FRAMES_PER_S)
    if model.model.device == "cuda":  # there the encoder takes no time
        return whole
    return min(whole, max(_LEAST_QUICK_FRAMES, sound_frames + _QUICK_MARGIN_FRAMES))


def _nearer(guesses: Iterable[tuple[str, float]]) -> str:
    # Nothing but Chinese and English is offered, so a stranger language goes to the nearer of the two.
    likely = dict(guesses)
    chinese = sum(likely.get(name, 0.0) for name in _CHINESE)
    return "zh" if chinese > likely.get("<|en|>", 0.0) else "en"


def _piece(segment: "Segment") -> Piece:
    return Piece(segment.text, segment.avg_logprob, segment.no_speech_prob, segment.compression_ratio)
