"""What a language model engine ("brain") is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tiangong.core.media import Emotion, Message


@dataclass(frozen=True)
class Passage:
    """A piece of the avatar's knowledge."""

    text: str  # the answer, as it may be spoken
    title: str  # the question or heading that it stands under
    source: str  # where it came from, "returns.md"
    language: str  # BCP-47
    score: float = 0.0  # 0 to 1, how well it fits the question


@dataclass(frozen=True)
class Persona:
    """Who the avatar is. Texts by language ("en", "zh")."""

    name: dict[str, str]
    greeting: dict[str, str]
    about: dict[str, str]  # one or two sentences: who it is, that it is an AI, what it helps with
    topics: dict[str, list[str]] = field(
        default_factory=dict[str, list[str]]
    )  # what it can help with, a few words each


@dataclass(frozen=True)
class Prompt:
    """All that a brain may know when it answers."""

    messages: Sequence[Message]  # the conversation so far, ending with what the user just said
    language: str  # to answer in
    persona: Persona
    emotion: Emotion | None = None  # how the user seems to feel; None: not known
    passages: Sequence[Passage] = ()  # retrieved for the last message, best first


class Brain(Protocol):
    """Shared between sessions; `reply` may be called from one worker thread at a time."""

    name: str

    def reply(self, prompt: Prompt) -> Iterator[str]:
        """Stream the answer in pieces of text. Closing the iterator stops the work."""
        ...


class Retriever(Protocol):
    def search(self, text: str, language: str, messages: Sequence[Message] = ()) -> list[Passage]:
        """What the avatar knows about `text`, best first; empty where it knows nothing."""
        ...
