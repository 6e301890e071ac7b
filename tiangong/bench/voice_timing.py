"""How long a voice takes: to the first sound of a sentence, and for all of it. On one core, in a process of its own."""

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

from tiangong.bench.report import Figure
from tiangong.bench.stock import Outcome
from tiangong.core.media import SpeechStyle
from tiangong.voice.espeak import EspeakVoice
from tiangong.voice.protocol import Speaker

_WARMING = 2  # sentences before the clock counts


@dataclass(frozen=True)
class Timed:
    """One sentence."""

    first_ms: float  # from the text to its first piece of sound
    real_time_factor: float  # seconds of work per second of sound: < 1 is faster than speech


def time_sentences(speaker: Speaker, sentences: Sequence[str], language: str) -> list[Timed]:
    """Each sentence said by the embedded voice as `speaker`; such as yield no sound are left out."""
    voice, style = EspeakVoice().for_speaker(speaker), SpeechStyle(language)
    for sentence in sentences[:_WARMING]:
        list(voice.synthesize(sentence, style))
    timed: list[Timed] = []
    for sentence in sentences:
        begin_s = perf_counter()
        first_s, sound_s = None, 0.0
        for piece in voice.synthesize(sentence, style):
            first_s = perf_counter() if first_s is None else first_s
            sound_s += piece.audio.duration_s
        if first_s is not None:
            timed.append(Timed((first_s - begin_s) * 1000, (perf_counter() - begin_s) / sound_s))
    return timed


def _on_one_core() -> None:
    """In a fresh process: one core where the system lets choose, and one thread of PyTorch."""
    import torch

    torch.set_num_threads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def _learn_s(folder: Path) -> float:
    begin_s = perf_counter()
    EspeakVoice().learn(folder)
    return perf_counter() - begin_s


def measure_timing(speaker: Speaker, label: str, sentences: Sequence[str], language: str) -> Outcome:
    """First sound in ms and real-time factor of `sentences`, on one core; other processes may use that core too."""
    with ProcessPoolExecutor(1, get_context("spawn"), _on_one_core) as process:
        timed = process.submit(time_sentences, speaker, list(sentences), language).result()
    name = f"{label}, {language}"
    return Outcome(
        [
            Figure.of(f"first sound, {name}", "ms", [t.first_ms for t in timed]),
            Figure.of(f"real-time factor, {name}", "x", [t.real_time_factor for t in timed]),
        ]
    )


def measure_learning(folders: Sequence[Path]) -> Outcome:
    """Seconds to learn the voice in each folder, on one core; the first one includes loading of libraries."""
    with ProcessPoolExecutor(1, get_context("spawn"), _on_one_core) as process:
        taken = [process.submit(_learn_s, folder).result() for folder in folders]
    return Outcome([Figure.of("learning a voice", "s", taken)])
