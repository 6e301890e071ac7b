"""What a voice engine is."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from tiangong.core.media import Speech, SpeechStyle

VOICE_RATE_HZ = 24_000  # every voice hands out 24 kHz mono
REFERENCE: Final = "reference.wav"  # in the folder of a cloned voice: the person's recording, 24 kHz mono
PROFILE: Final = "profile.safetensors"  # beside it: what the embedded engine learnt from it


@dataclass(frozen=True)
class Speaker:
    """Who is to be heard: one of an engine's own speakers, or a person whose voice was cloned."""

    variant: str = "female"  # "female", "male": as whom an engine speaks that has no clone of the person
    folder: Path | None = None  # of a cloned voice: `REFERENCE`, and what engines keep beside it


class Voice(Protocol):
    """Shared between sessions; `synthesize` may be called from one worker thread at a time."""

    name: str
    languages: frozenset[str]  # BCP-47

    def for_speaker(self, speaker: Speaker) -> "Voice":
        """The same engine as `speaker`; cheap where `learn` was called on the folder before. Itself for an unknown variant.

        Raises MediaError where the folder holds a damaged clone.
        """
        ...

    def synthesize(self, sentence: str, style: SpeechStyle) -> Iterator[Speech]:
        """Speak one sentence, first sound first; pieces follow one another without a gap.

        Phone times count from the start of their own piece. Text that cannot be spoken (emoji alone, say) yields nothing.
        """
        ...

    def learn(self, folder: Path) -> str | None:
        """Keep in the folder of a cloned voice, beside its `REFERENCE`, what this engine needs to speak as that person.

        Returns a sentence for the maker about what was learnt, or None where this engine learns nothing from a recording.
        Raises MediaError where the recording cannot be used, saying why and how to mend it.
        """
        ...
