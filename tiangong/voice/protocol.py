"""What a voice engine is."""

from collections.abc import Iterator
from typing import Protocol

from tiangong.core.media import Speech, SpeechStyle

VOICE_RATE_HZ = 24_000  # every voice hands out 24 kHz mono


class Voice(Protocol):
    """Shared between sessions; `synthesize` may be called from one worker thread at a time."""

    name: str
    languages: frozenset[str]  # BCP-47

    def for_speaker(self, variant: str) -> "Voice":
        """The same engine speaking as another of its speakers ("female", "male"); cheap. An unknown variant gives its own."""
        ...

    def synthesize(self, sentence: str, style: SpeechStyle) -> Iterator[Speech]:
        """Speak one sentence, first sound first; pieces follow one another without a gap.

        Phone times count from the start of their own piece. Text that cannot be spoken (emoji alone, say) yields nothing.
        """
        ...
