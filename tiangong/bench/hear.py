"""`tiangong bench hear`: words of the embedded recogniser, ends of turns, and the avatar's own voice coming back."""

import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tiangong.bench.echo_starts import measure_echo
from tiangong.bench.hearing_engine import measure_engine
from tiangong.bench.hearing_words import measure_questions, measure_recordings
from tiangong.bench.report import Report, machine, versions
from tiangong.bench.stock import Outcome
from tiangong.bench.turn_ends import measure_turn_ends
from tiangong.core.config import Settings, load_settings
from tiangong.core.registry import choose, make
from tiangong.perception.engines import SPEECH_TO_TEXT
from tiangong.perception.silero import SileroVoiceActivity
from tiangong.perception.sphinx import PocketSphinx
from tiangong.studio.voices import find_voice
from tiangong.voice.espeak import CLONE_BASES, EspeakVoice
from tiangong.voice.protocol import Speaker, Voice

PARTS: Final = ("questions", "recordings", "engine", "turns", "echo")


@dataclass(frozen=True)
class HearWishes:
    """What is to be measured, and with what."""

    transcripts: Path | None = None  # a table of recordings and what is said in them
    cloned: tuple[str, ...] = ()  # voices that also ask the questions
    questions: int | None = None  # how many; None: all
    echo_minutes: float = 10.0
    parts: tuple[str, ...] = PARTS


def _asking(wishes: HearWishes) -> list[tuple[str, Voice]]:
    espeak = EspeakVoice()
    plain = [(f"plain {base}", espeak.for_speaker(Speaker(base))) for base in CLONE_BASES]
    folder = Settings().voice.voices
    return plain + [(f"clone {n}", espeak.for_speaker(Speaker(folder=find_voice(n, folder)))) for n in wishes.cloned]


def measure_hear(wishes: HearWishes) -> Report:
    """Raises MediaError for a table or recordings that cannot be read, ConfigError for an unknown voice."""

    def recordings() -> Outcome:
        if wishes.transcripts is None:
            return Outcome(notes=["recordings are not measured: they need --transcripts"])
        return measure_recordings(wishes.transcripts)

    def engine() -> Outcome:
        settings = load_settings()
        taken = choose("speech_to_text", SPEECH_TO_TEXT, settings.engines.speech_to_text, settings).name
        if wishes.transcripts is None or taken == PocketSphinx.name:
            return Outcome(notes=["no other recogniser is measured: name one (hearing.model) and --transcripts"])
        return measure_engine(wishes.transcripts, make("speech_to_text", SPEECH_TO_TEXT, taken, settings))

    measures: dict[str, Callable[[], Outcome]] = {
        "questions": lambda: measure_questions(_asking(wishes), wishes.questions),
        "recordings": recordings,
        "engine": engine,
        "turns": measure_turn_ends,
        "echo": lambda: measure_echo(SileroVoiceActivity(), EspeakVoice(), wishes.echo_minutes),
    }
    outcome = Outcome()
    for part in PARTS:
        if part in wishes.parts:
            found = measures[part]()
            outcome.figures += found.figures
            outcome.notes += found.notes
    names = {"speech_to_text": PocketSphinx.name, "voice_activity": SileroVoiceActivity.name}
    return Report("hear", machine(), platform.python_version(), versions(), names, outcome.figures, outcome.notes)
