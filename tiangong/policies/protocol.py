"""What a policy engine is."""

from typing import Protocol

from tiangong.core.media import Emotion, Verdict


class Policy(Protocol):
    """Shared between sessions; both checks are pure and answer within milliseconds."""

    name: str

    def check_input(self, text: str, language: str, emotion: Emotion | None) -> Verdict:
        """Judge what the user said. `action="allow"` hands it to the language model; any other action answers by itself
        with `Verdict.text`, in `language`."""
        ...

    def check_output(self, sentence: str, language: str) -> Verdict:
        """Judge one whole sentence before a sample of it is synthesized. `Verdict.text` replaces it; None drops it."""
        ...
