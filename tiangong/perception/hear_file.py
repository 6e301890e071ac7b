"""A whole file of sound -> its words with times (`tiangong hear`)."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.media import AudioChunk, Transcript
from tiangong.core.sound import read_audio
from tiangong.perception.protocol import HEARING_RATE_HZ, VAD_SAMPLES, SpeechToText, VoiceActivity

_STEP_S: Final = VAD_SAMPLES / HEARING_RATE_HZ  # 0.032 s
_SPEAKS: Final = 0.5  # probability that opens a segment: the point that Silero was trained for
_STILL_SPEAKS: Final = 0.35  # and the one below which it may close: a lower one, or segments flicker
_PAUSE_STEPS: Final = round(0.5 / _STEP_S)  # silence that ends a segment: longer than a stop consonant or a breath
_LEAST_STEPS: Final = round(0.12 / _STEP_S)  # shorter than any word: a click
_PAD_STEPS: Final = round(0.16 / _STEP_S)  # kept on both sides: soft consonants lie outside the voiced part
_JOIN_STEPS: Final = round(1.5 / _STEP_S)  # shorter pauses join sentences: engines hear better with context,
_JOINED_STEPS: Final = round(12.0 / _STEP_S)  # up to here: times stay useful as subtitles
_MOST_STEPS: Final = round(25.0 / _STEP_S)  # Whisper takes 30 s at once; PocketSphinx grows slow on long ones
_SEEK_CUT_STEPS: Final = round(8.0 / _STEP_S)  # how far back an over-long segment may be cut, at its softest step


@dataclass(frozen=True)
class HeardSegment:
    """One stretch of speech."""

    start_s: float  # from the start of the file
    end_s: float
    text: str


@dataclass(frozen=True)
class HeardFile:
    """What was said in one file."""

    file: str
    text: str
    language: str  # BCP-47; the one asked for where nothing was heard
    engine: str
    segments: tuple[HeardSegment, ...]
    real_time_factor: float  # seconds of work for a second of sound; < 1 is faster than it was spoken

    def as_json(self) -> dict[str, object]:
        """The object that `hear --json` writes for a file."""
        return {
            "file": self.file,
            "text": self.text,
            "language": self.language,
            "engine": self.engine,
            "segments": [{"start_s": s.start_s, "end_s": s.end_s, "text": s.text} for s in self.segments],
            "real_time_factor": self.real_time_factor,
        }


def hear_file(path: Path, engine: SpeechToText, activity: VoiceActivity, language: str = "auto") -> HeardFile:
    """Transcribe any file that FFmpeg reads, up to an hour; `language` is "en", "zh" or "auto".

    A file without speech has no segments and no text. Raises MediaError for a file that cannot be read, ConfigError for
    a language that the engine does not know.
    """
    engine.session(language)  # a wrong language must not be found out after ten minutes of silence
    sound = read_audio(path, HEARING_RATE_HZ)
    began_s = time.perf_counter()
    spans = [
        AudioChunk(sound.pcm[start * VAD_SAMPLES : end * VAD_SAMPLES], sound.rate_hz, start * _STEP_S)
        for start, end in speech_spans(speech_probabilities(sound, activity))
    ]
    heard = [(span, said) for span, said in zip(spans, _read(spans, engine, language), strict=True) if said.text]
    segments = [HeardSegment(round(span.start_s, 3), round(span.end_s, 3), said.text) for span, said in heard]
    spoken = [said for _, said in heard]
    factor = (time.perf_counter() - began_s) / sound.duration_s
    return HeardFile(
        str(path), _join(spoken), _main_language(spoken, language), engine.name, tuple(segments), round(factor, 4)
    )


def _read(spans: Sequence[AudioChunk], engine: SpeechToText, language: str) -> list[Transcript]:
    if engine.read_many and len(spans) > 1:
        return engine.read_many(spans, language)
    said: list[Transcript] = []
    for span in spans:
        session = engine.session(language)
        session.accept(span)
        said.append(session.finish())
    return said


def speech_probabilities(sound: AudioChunk, activity: VoiceActivity) -> NDArray[np.float32]:
    """(samples,) at 16 kHz -> (steps,) how likely speech is in each 32 ms; the last is filled up with silence."""
    session = activity.session()
    steps = -(-len(sound.pcm) // VAD_SAMPLES)
    pcm = np.zeros(steps * VAD_SAMPLES, np.float32)
    pcm[: len(sound.pcm)] = sound.pcm
    return np.array([session.probability(AudioChunk(c, HEARING_RATE_HZ)) for c in pcm.reshape(steps, -1)], np.float32)


def speech_spans(probabilities: NDArray[np.float32]) -> list[tuple[int, int]]:
    """(steps,) -> the stretches [start, end) of speech, in steps of 32 ms, in order, padded, none longer than 25 s."""
    steps = len(probabilities)
    cuts = [cut for start, end in _joined(_voiced(probabilities)) for cut in _cut_long(probabilities, start, end)]
    spans: list[tuple[int, int]] = []
    for i, (start, end) in enumerate(cuts):
        # Padding ends half way to the neighbour's speech: no sound is heard twice.
        floor = (cuts[i - 1][1] + start) // 2 if i else 0
        ceiling = (end + cuts[i + 1][0]) // 2 if i + 1 < len(cuts) else steps
        spans.append((max(floor, start - _PAD_STEPS), min(ceiling, end + _PAD_STEPS)))
    return spans


def _voiced(probabilities: NDArray[np.float32]) -> Iterator[tuple[int, int]]:
    """Stretches that hold speech, split at pauses, clicks dropped."""
    start, last = -1, -1
    for step, probability in enumerate(probabilities):
        if probability >= (_SPEAKS if start < 0 else _STILL_SPEAKS):
            start, last = (step if start < 0 else start), step
        elif start >= 0 and step - last >= _PAUSE_STEPS:
            if last + 1 - start >= _LEAST_STEPS:
                yield start, last + 1
            start = -1
    if start >= 0 and last + 1 - start >= _LEAST_STEPS:
        yield start, last + 1


def _joined(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    held: tuple[int, int] | None = None
    for start, end in spans:
        if held and start - held[1] < _JOIN_STEPS and end - held[0] <= _JOINED_STEPS:
            held = held[0], end
            continue
        if held:
            yield held
        held = start, end
    if held:
        yield held


def _cut_long(probabilities: NDArray[np.float32], start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut what is longer than an engine takes at the softest step near the limit."""
    while end - start > _MOST_STEPS:
        seek = start + _MOST_STEPS - _SEEK_CUT_STEPS
        cut = seek + int(np.argmin(probabilities[seek : start + _MOST_STEPS]))
        yield start, cut
        start = cut
    yield start, end


def _join(spoken: list[Transcript]) -> str:
    """One text: Chinese sentences stand side by side, all others have a space between."""
    text = ""
    for said in spoken:
        text += said.text if not text or said.language == "zh" else f" {said.text}"
    return text


def _main_language(spoken: list[Transcript], asked: str) -> str:
    """The language of the most seconds."""
    seconds: dict[str, float] = {}
    for said in spoken:
        seconds[said.language] = seconds.get(said.language, 0.0) + said.audio_s
    return max(seconds, key=lambda language: seconds[language]) if seconds else asked
