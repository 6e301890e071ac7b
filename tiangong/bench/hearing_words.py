"""Whether the embedded recogniser understands: word error rates of questions to the starters' knowledge, and of recordings.

Three ears are compared: PocketSphinx with the library's own settings (two passes over the whole utterance), as it listens
here, and adapted to the knowledge. No recordings of people who ask these questions exist, so voices of this project ask
them: what counts is the difference between ears. The questions (hearing_questions.tsv) are not in the knowledge; its
own "asked as" lines are left out. Recordings are read speech about other things, to see that those are heard as before.
"""

import csv
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.agent.knowledge_loading import askable, load_folders
from tiangong.bench.report import Figure
from tiangong.bench.stock import Outcome, tell
from tiangong.bench.voice_words import word_errors, words_of
from tiangong.core.errors import MediaError
from tiangong.core.media import AudioChunk, SpeechStyle, Transcript
from tiangong.core.sound import read_audio, resample
from tiangong.perception.protocol import HEARING_RATE_HZ, SpeechToText, TranscriptionSession
from tiangong.perception.sphinx import PocketSphinx
from tiangong.perception.sphinx_vocabulary import Vocabulary
from tiangong.perception.turn_end import tokens
from tiangong.voice.arpabet import arpabet
from tiangong.voice.protocol import Voice

QUESTIONS: Final = Path(__file__).with_name("hearing_questions.tsv")
KNOWLEDGE: Final = Path(__file__).parents[1] / "starter" / "knowledge"
PLAIN, HERE, ADAPTED = "plain library", "not adapted", "adapted"


class LibraryDefaults:
    """PocketSphinx as it comes: the whole utterance at once."""

    name = "pocketsphinx, plain"
    read_many = None
    adapt = None
    languages = frozenset({"en"})

    def warm_up(self) -> None: ...

    def session(self, language: str, hot_words: Sequence[str] = ()) -> TranscriptionSession:
        return _WholeUtterance()


class _WholeUtterance:
    def __init__(self) -> None:
        from pocketsphinx import Decoder

        self._decoder = Decoder(samprate=float(HEARING_RATE_HZ), loglevel="FATAL")
        self._heard: list[NDArray[np.float32]] = []

    def accept(self, chunk: AudioChunk) -> str:
        self._heard.append(chunk.pcm)
        return ""

    def finish(self) -> Transcript:
        pcm = (np.concatenate(self._heard) * 32767).astype(np.int16)
        self._decoder.start_utt()
        self._decoder.process_raw(pcm.tobytes(), full_utt=True)
        self._decoder.end_utt()
        found = self._decoder.hyp()
        text = re.sub(r"\(\d+\)", "", found.hypstr) if found else ""
        return Transcript(text, "en", None, len(pcm) / HEARING_RATE_HZ)


@dataclass
class Tally:
    """What one ear made of some utterances."""

    errors: int = 0
    words: int = 0
    sound_s: float = 0.0
    work_s: float = 0.0
    rates: list[float] = field(default_factory=list[float])  # of each utterance; may exceed 1

    @property
    def rate(self) -> float | None:
        return self.errors / self.words if self.words else None

    def add(self, said: Sequence[str], heard: "Heard") -> None:
        errors = word_errors(said, heard.words)
        self.errors += errors
        self.words += len(said)
        self.sound_s += heard.sound_s
        self.work_s += heard.work_s
        self.rates.append(errors / len(said))


@dataclass(frozen=True)
class Heard:
    words: list[str]
    sound_s: float
    work_s: float


def hear(ear: SpeechToText, sound: AudioChunk) -> Heard:
    """One utterance of 16 kHz."""
    began_s = time.perf_counter()
    session = ear.session("en")
    session.accept(sound)
    words = words_of(session.finish().text)
    return Heard(words, sound.duration_s, time.perf_counter() - began_s)


Tallies = dict[str, Tally]  # of each ear


def questions(vocabulary: Vocabulary) -> list[str]:
    """Questions that users may ask the starters, none of which stands in their knowledge."""
    known = set(vocabulary.sentences)
    lines = QUESTIONS.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if tuple(words_of(line)) not in known]


def starters_vocabulary() -> Vocabulary:
    """What the knowledge of the starters holds in English."""
    entries, _ = load_folders([KNOWLEDGE])
    return Vocabulary.of(askable(entries, "en"), pronounce=arpabet)


def ears(vocabulary: Vocabulary) -> dict[str, SpeechToText]:
    """The three that are compared, the adapted one last."""
    here = PocketSphinx()
    found: dict[str, SpeechToText] = {PLAIN: LibraryDefaults(), HERE: here, ADAPTED: here.adapted(vocabulary)}
    for ear in found.values():
        ear.warm_up()
    return found


def measure_questions(voices: Sequence[tuple[str, Voice]], most: int | None = None) -> Outcome:
    """Word error rates of each ear for each voice, and for all voices together."""
    vocabulary = starters_vocabulary()
    asked = questions(vocabulary)[:most]
    listening = ears(vocabulary)
    outcome = Outcome()
    overall: Tallies = {ear: Tally() for ear in listening}
    for label, voice in voices:
        tell(f"{label} asks {len(asked)} questions")
        tallies: Tallies = {ear: Tally() for ear in listening}
        for text in asked:
            pieces = [piece.audio for piece in voice.synthesize(text, SpeechStyle("en"))]
            sound = AudioChunk(np.concatenate([piece.pcm for piece in pieces]), pieces[0].rate_hz)
            sound = resample(sound, HEARING_RATE_HZ)
            for ear, engine in listening.items():
                heard = hear(engine, sound)
                tallies[ear].add(words_of(text), heard)
                overall[ear].add(words_of(text), heard)
        outcome.figures += _rates(f"questions, {label}", tallies)
    outcome.figures += _summary("questions, all voices", overall)
    outcome.notes.append("Nobody was recorded asking these questions: they are spoken by voices of this project.")
    return outcome


def measure_recordings(transcripts: Path) -> Outcome:
    """English recordings: a table (tab, columns file, lang, speaker, text), files beside it. Each ear, each speaker, each file.

    Raises MediaError for another kind of table, or a file that cannot be read.
    """
    rows = recordings_in(transcripts, "en")
    listening = ears(starters_vocabulary())
    outcome = Outcome()
    overall: Tallies = {ear: Tally() for ear in listening}
    speakers: dict[str, Tallies] = {}
    for row in rows:
        sound = read_audio(transcripts.parent / row["file"], HEARING_RATE_HZ)
        tallies = speakers.setdefault(row["speaker"], {ear: Tally() for ear in listening})
        for ear, engine in listening.items():
            heard = hear(engine, sound)
            tallies[ear].add(words_of(row["text"]), heard)
            overall[ear].add(words_of(row["text"]), heard)
        rates = ", ".join(f"{ear} {tally.rates[-1]:.2f}" for ear, tally in tallies.items())
        outcome.notes.append(f"{row['file']}: {rates}")
    for speaker, tallies in speakers.items():
        outcome.figures += _rates(f"recordings, {speaker}", tallies)
    outcome.figures += _summary("recordings, all", overall)
    return outcome


def recordings_in(transcripts: Path, language: str) -> list[dict[str, str]]:
    """The rows of a table of recordings in one language, with the columns file, speaker and text. Raises MediaError."""
    try:
        with transcripts.open(encoding="utf-8", newline="") as table:
            rows = list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))
        return [
            row for row in rows if row["lang"] == language and tokens(row["text"]) and row["file"] and row["speaker"]
        ]
    except (OSError, UnicodeDecodeError, KeyError, TypeError) as error:
        needed = "a table with the columns file, lang, speaker and text, parted by tabs"
        raise MediaError(f"{transcripts.name}: not {needed}") from error


def _rates(what: str, tallies: Tallies) -> list[Figure]:
    return [Figure.single(f"{what}: {ear}", "share", tally.rate, len(tally.rates)) for ear, tally in tallies.items()]


def _summary(what: str, tallies: Tallies) -> list[Figure]:
    """Overall rates, their spread over utterances, how many errors fewer than with the library's settings, and the speed."""
    figures = _rates(what, tallies)
    figures += [Figure.of(f"{what}, each: {ear}", "share", tally.rates) for ear, tally in tallies.items()]
    plain = tallies[PLAIN]
    for ear, tally in tallies.items():
        if ear != PLAIN and plain.errors:
            fewer = 100 * (1 - tally.errors / plain.errors)
            figures.append(Figure.single(f"{what}, fewer errors than plain: {ear}", "%", fewer, len(tally.rates)))
        if tally.sound_s:
            factor = tally.work_s / tally.sound_s
            figures.append(Figure.single(f"{what}, real-time factor: {ear}", "", factor, len(tally.rates)))
    return figures
