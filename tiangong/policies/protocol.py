"""What a policy engine is."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from tiangong.core.media import Emotion, Verdict
from tiangong.policies.decision import Decision


@dataclass(frozen=True)
class Caller:
    """Who is served in one session, and how the avatar may be used."""

    asker: str = "visitor"  # "visitor", "operator" or "owner"
    consent: str = "valid"  # of the person shown: "valid", "missing", "expired", "revoked"


VISITOR: Final = Caller()


class PolicySession(Protocol):
    """The policy in one conversation: remembers what was said. Answers within milliseconds; from one thread at a time."""

    def open(self, language: str) -> Verdict:
        """Before the first word: "allow" lets the greeting pass, "disclose" is said before it, "end" closes the session."""
        ...

    def check_input(self, text: str, language: str, emotion: Emotion | None) -> Verdict:
        """Judge what the user said. "allow" hands it to the language model, "redact" and "rewrite" hand on `Verdict.text`;
        any other action answers by itself with `Verdict.text`, in `language`. Begins a new answer."""
        ...

    def check_output(self, sentence: str, language: str) -> Verdict:
        """Judge one whole sentence before a sample of it is synthesized. "allow" lets it pass as it is; otherwise
        `Verdict.text` replaces it, and None drops it. `Verdict.style` binds voice and face."""
        ...

    def check_answer(self, language: str) -> Verdict:
        """Judge the answer as a whole when its last sentence has passed; `Verdict.text` is said after it."""
        ...


class Policy(Protocol):
    """Shared between sessions."""

    name: str

    def of_avatar(self, folder: Path, names: dict[str, str]) -> "Policy":
        """The policy of an avatar: its `policy.yaml` in `folder`, or the engine's own. `names` is what it is called, by
        language. Raises ConfigError for a file that cannot be used."""
        ...

    def session(self, caller: Caller, record: Callable[[Decision], None]) -> PolicySession:
        """For one conversation; `record` receives a decision for each check."""
        ...
