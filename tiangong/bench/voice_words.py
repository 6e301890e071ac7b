"""Whether a voice's words are understood: word error rate of what a recogniser hears."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Final

import numpy as np

from tiangong.bench.report import Figure
from tiangong.bench.stock import Outcome
from tiangong.core.config import Settings
from tiangong.core.media import AudioChunk, SpeechStyle
from tiangong.core.registry import make
from tiangong.core.sound import resample
from tiangong.perception.protocol import HEARING_RATE_HZ, SpeechToText
from tiangong.service.assembly import STAGES
from tiangong.voice.protocol import Voice

SENTENCES: Final = Path(__file__).with_name("voice_sentences.tsv")


def sentences() -> list[str]:
    """Fifty plain English sentences."""
    return SENTENCES.read_text(encoding="utf-8").splitlines()


def words_of(text: str) -> list[str]:
    """Lower case, without marks."""
    return re.findall(r"[a-z']+", text.lower())


def word_errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Words put in, left out or changed: the least number that makes `heard` of `said` (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]


def sphinx() -> SpeechToText:
    """The embedded recogniser."""
    return make("speech_to_text", STAGES["speech_to_text"], "pocketsphinx", Settings())


def word_error_rate(voice: Voice, texts: Sequence[str], ear: SpeechToText) -> float:
    """Errors of all texts by the number of their words; may exceed 1. Nothing said counts every word as an error."""
    errors = words = 0
    for text in texts:
        pieces = [piece.audio for piece in voice.synthesize(text, SpeechStyle("en"))]
        heard: list[str] = []
        if pieces:
            sound = AudioChunk(np.concatenate([p.pcm for p in pieces]), pieces[0].rate_hz)
            session = ear.session("en")
            session.accept(resample(sound, HEARING_RATE_HZ))
            heard = words_of(session.finish().text)
        said = words_of(text)
        errors += word_errors(said, heard)
        words += len(said)
    return errors / words


def measure_words(
    voices: Sequence[tuple[str, Voice]], texts: Sequence[str], made_from: Mapping[str, str] | None = None
) -> Outcome:
    """Word error rate of each voice; of each clone the points over the best plain voice, and over the one that it was
    made from: `made_from` is label of a clone -> label of that voice."""
    ear = sphinx()
    rates = {label: word_error_rate(voice, texts, ear) for label, voice in voices}
    best = min(rate for label, rate in rates.items() if label.startswith("plain"))
    count = len(texts)
    outcome = Outcome([Figure.single(f"word error rate, {label}", "share", r, count) for label, r in rates.items()])
    over_best = [100 * (rate - best) for label, rate in rates.items() if not label.startswith("plain")]
    over_own = [100 * (rates[clone] - rates[base]) for clone, base in (made_from or {}).items()]
    if over_best:
        outcome.figures.append(Figure.single("word error over the best plain voice", "points", mean(over_best), count))
    if over_own:
        outcome.figures.append(
            Figure.single("word error over the voice that a clone is made from", "points", mean(over_own), count)
        )
    return outcome
