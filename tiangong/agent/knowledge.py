"""What an avatar knows: its passages, found by a question and by what was said before it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from tiangong.agent.clarifying import chosen, label, offered_in
from tiangong.agent.knowledge_loading import TITLE_PATH, Entry, askable, load_folders
from tiangong.agent.protocol import Passage
from tiangong.agent.retrieval import Index
from tiangong.agent.words import GENERIC, content_words
from tiangong.core.media import Message

CONFIDENT: Final = 0.45  # a passage that scores less does not answer (measured in tests/test_starter_knowledge.py)
WORTH_SHOWING: Final = 0.25  # a language model may still make something of a passage that scores this
MOST_PASSAGES: Final = 4
OTHER_LANGUAGE_FACTOR: Final = 0.95  # between equals, the language that was asked in wins
JUST_SAID_FACTOR: Final = 0.8  # "and how long?" hardly asks for the answer that was just given
NEARLY: Final = 0.88  # of the best score; what scores this may be meant, if it fits what was spoken of
LONGEST_TERM_CHARS: Final = 24
TOPICS_BACK: Final = 3  # messages of the user; a topic older than this is not meant any more

# "and how long?", "那要多久": words that point back.
_POINTS_BACK: Final = re.compile(
    r"^(?:and|but|so|or|ok(?:ay)? and|what about|how about|what if|why|how|tell me more|go on|more)\b|\b(?:it|that|this|they|them)\b"
    r"|^(?:那|那么|那要|还有|另外|如果|要是|再|详细|具体|为什么|怎么)|它|这个|那个|呢[？?]?$",
    re.IGNORECASE,
)


class Knowledge:
    """Read only once loaded, so it may be searched from several threads."""

    def __init__(self, entries: Sequence[Entry] = (), warnings: Sequence[str] = ()) -> None:
        self.warnings = tuple(warnings)  # one line for each file that could not be used
        languages = dict.fromkeys(entry.passage.language for entry in entries)
        self._by_language = {
            language: Index([entry for entry in entries if entry.passage.language == language])
            for language in languages
        }
        self._by_label: dict[str, Passage] = {}
        for entry in entries:
            self._by_label.setdefault(label(entry.passage).lower(), entry.passage)
        self.passages = tuple(entry.passage for entry in entries)
        self._entries = tuple(entries)

    def written(self, language: str) -> list[str]:
        """All texts in `language`, for an ear that should expect their words."""
        return askable(self._entries, language)

    @property
    def terms(self) -> tuple[str, ...]:
        """Short titles of passages: names and terms that callers may say."""
        titles = dict.fromkeys(part.strip() for p in self.passages for part in p.title.split(TITLE_PATH))
        return tuple(title for title in titles if title and len(title) <= LONGEST_TERM_CHARS)

    @classmethod
    def load(cls, folders: Sequence[Path]) -> "Knowledge":
        """Read all folders, subfolders included; broken files are left out and named in `warnings`.

        Raises MediaError where a folder does not exist.
        """
        return cls(*load_folders(folders))

    def search(self, text: str, language: str, messages: Sequence[Message] = ()) -> list[Passage]:
        """Up to 4 passages, best first; one answers `text` if its score is at least `CONFIDENT`.

        `messages` is the conversation, with or without `text` as its last message. It is what "the second one" and "and
        how long does that take?" need to be understood; without it each question stands alone. Well under 5 ms.
        """
        before = list(messages)
        while before and before[-1].role == "user":
            before.pop()
        if picked := self._picked(text, before):
            return picked
        found = self._ranked(text, language)
        topic = self._topic_before(before)
        if topic is None:
            return found
        sure = bool(found) and found[0].score >= CONFIDENT
        # "How much is it?" may stand in the knowledge word by word, and still means what was spoken of.
        words = content_words(text)
        bare = len(words) < 2 and not any(self._tells(word) for word in words)
        if self._points_back(text) and (bare or not sure):
            together = self._following_up(text, language, topic, before[-1].text)
            if together and together[0].score >= CONFIDENT:
                return together
        return self._nearest_to(topic, found, text, language) if sure else found

    def _following_up(self, text: str, language: str, topic: str, just_said: str) -> list[Passage]:
        """What answers `text` if it is about `topic`; the answer just given only where nothing new was asked."""
        found = self._ranked(text, language, topic)
        if set(content_words(text)) <= set(content_words(topic)):
            return found
        found = [replace(p, score=p.score * (JUST_SAID_FACTOR if p.text in just_said else 1)) for p in found]
        return sorted(found, key=lambda passage: -passage.score)

    def _nearest_to(self, topic: str, found: list[Passage], text: str, language: str) -> list[Passage]:
        """Of passages that fit a question about equally, the one first that also fits what was spoken of."""
        nearly = [passage for passage in found if passage.score >= NEARLY * found[0].score]
        if len(nearly) < 2:
            return found
        order = [passage.text for passage in self._ranked(text, language, topic)]
        place = {passage.text: order.index(passage.text) if passage.text in order else len(order) for passage in nearly}
        first = min(nearly, key=lambda passage: place[passage.text])
        if first is found[0]:
            return found
        return [replace(first, score=found[0].score), *(passage for passage in found if passage is not first)]

    def _picked(self, text: str, before: Sequence[Message]) -> list[Passage]:
        """What the user chose from the two that the avatar has just offered."""
        offer = offered_in(before[-1].text) if before and before[-1].role == "assistant" else None
        choice = chosen(text, offer) if offer else None
        if offer is None or choice is None or choice == "neither":
            return []
        names = {"first": [offer.first], "second": [offer.second], "both": [offer.first, offer.second]}[choice]
        known = [self._by_label[name.lower()] for name in names if name.lower() in self._by_label]
        return [replace(passage, score=1.0) for passage in known]

    def _ranked(self, text: str, language: str, topic: str = "") -> list[Passage]:
        own = language.split("-")[0].lower()
        found = self._by_language[own].search(text, MOST_PASSAGES, topic) if own in self._by_language else []
        if not found or found[0].score < CONFIDENT:
            for other in self._by_language.keys() - {own}:
                foreign = self._by_language[other].search(text, MOST_PASSAGES, topic)
                found += [replace(p, score=round(p.score * OTHER_LANGUAGE_FACTOR, 3)) for p in foreign]
        ranked = sorted(found, key=lambda passage: -passage.score)
        return [passage for passage in ranked if passage.score >= WORTH_SHOWING][:MOST_PASSAGES]

    def _points_back(self, text: str) -> bool:
        """Whether `text` means little by itself, and names nothing that the knowledge has never heard of."""
        words = content_words(text)
        if not all(word in GENERIC or self._tells(word) for word in words):
            return False
        return bool(_POINTS_BACK.search(text.strip())) or (bool(words) and not any(self._tells(word) for word in words))

    def _topic_before(self, before: Sequence[Message]) -> str | None:
        """What the user last asked about."""
        asked = [message.text for message in before if message.role == "user"][-TOPICS_BACK:]
        return next((text for text in reversed(asked) if any(self._tells(word) for word in content_words(text))), None)

    def _tells(self, word: str) -> bool:
        return word not in GENERIC and any(index.knows(word) for index in self._by_language.values())
