"""Finding the passage that answers a question, and noticing that none does.

BM25 (Robertson and Zaragoza 2009, in the form of bm25s, Lu 2024) proposes candidates. It can't tell "nothing fits" from
"something fits", as its sums have no top; so each candidate is then judged by two shares that have one: how much of what
was asked the passage holds, and how well the question matches one of the ways in which the passage says it is asked for.
"""

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from tiangong.agent.knowledge_loading import TITLE_PATH, Entry
from tiangong.agent.protocol import Passage
from tiangong.agent.spoken_text import sentences
from tiangong.agent.words import GENERIC, content_words

CANDIDATES: Final = 12  # of BM25; the right passage was among its first 9 for every question of the starter's test
TITLE_REPEATS: Final = 3  # a heading says what a passage is about, its text mentions much besides
# What a word is worth as evidence, by where it was found.
IN_TITLE: Final = 1.0
IN_PARENT: Final = 0.7
IN_BODY: Final = 0.8
SENTENCE_FACTOR: Final = 0.85  # of a match with a sentence of the text, against one with a heading
GENERIC_WEIGHT: Final = 0.35  # "how long", "item": found everywhere, so neither proof nor doubt
UNKNOWN_WEIGHT: Final = 1.0  # of a word that the knowledge never uses, against one that it uses once
STRADDLING_WEIGHT: Final = 0.2  # of an unknown pair of characters that lies across the edge of a known word
SLIP_WEIGHT: Final = 0.8  # a word that only nearly matches
SHORTEST_CORRECTED: Final = 6  # letters of the word in use; shorter ones have too many neighbours ("bread", "break")
SINGLE_CHARACTER_WEIGHT: Final = 0.6  # one Chinese character has many meanings
TOPIC_WEIGHT: Final = 0.7  # of the words of an earlier question
LONE_FACTOR: Final = 0.85  # one word in common, and not in the heading: "lose weight", "I lost the label"
COVERAGE_SHARE: Final = 0.6  # of the score; the rest is the match with a title or another way to ask


@dataclass(frozen=True)
class _Indexed:
    entry: Entry
    heading: frozenset[str]
    phrasings: tuple[frozenset[str], ...]  # the last heading, and each other way to ask
    sentences: tuple[frozenset[str], ...]
    places: dict[str, float]  # word -> its worth in this passage


class Index:
    """The passages of one language."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        """`entries` must not be empty."""
        import bm25s  # late: half a second

        logging.getLogger("bm25s").setLevel(logging.WARNING)  # it tells of every index otherwise
        self._items = [_indexed(entry) for entry in entries]
        used: dict[str, int] = {}
        for item in self._items:
            for word in item.places:
                used[word] = used.get(word, 0) + 1
        self._weights = {word: _rarity(n, len(entries)) * _trust(word) for word, n in used.items()}
        self._spelled = {w for e in entries for w in re.findall("[a-z]+", _whole(e)) if len(w) >= SHORTEST_CORRECTED}
        self._unknown = UNKNOWN_WEIGHT * _rarity(1, len(entries))
        self._neighbours = _deletions(used)
        self._verbatim = {
            _bare(text): i
            for i, e in reversed(list(enumerate(entries)))
            for text in (*e.asked_as, _headings(e.passage.title)[1])
        }
        self._bm25: Any = bm25s.BM25()
        self._bm25.index([_bag(entry) or [""] for entry in entries], show_progress=False)

    def knows(self, word: str) -> bool:
        """Whether a word, in the form of `content_words`, occurs anywhere."""
        return word in self._weights

    def search(self, text: str, most: int, topic: str = "") -> list[Passage]:
        """Up to `most` passages, best first, each with its score in [0, 1]; none if no word of `text` is known.

        `topic` is an earlier question that `text` follows up; its words count, but less.
        """
        if (exact := self._verbatim.get(_bare(text))) is not None and not topic:
            # "What is this?" holds no word that tells anything, yet its author knew what it asks for.
            others = [passage for passage in self._by_words(text, most, "") if passage.text != self._text(exact)]
            return [replace(self._items[exact].entry.passage, score=1.0), *others][:most]
        return self._by_words(text, most, topic)

    def _text(self, at: int) -> str:
        return self._items[at].entry.passage.text

    def _by_words(self, text: str, most: int, topic: str) -> list[Passage]:
        asked = self._asked(text)
        new = set(asked) if topic else set[str]()
        for word, weight in self._asked(topic).items():
            if word not in GENERIC:  # the "how long" of the earlier question has been answered
                asked.setdefault(word, TOPIC_WEIGHT * weight)
        known = [word for word in asked if word in self._weights]
        if not known:
            return []
        ranks = self._bm25.get_scores(known)
        best = np.argsort(-ranks, kind="stable")[:CANDIDATES]
        top = float(ranks[best[0]]) or 1.0
        # What follows a question up must be met itself: an answer to the earlier question alone is none to this one.
        fit = [int(i) for i in best if ranks[i] > 0 and (not new or new & self._items[i].places.keys())]
        scored = [(self._score(asked, self._items[i]), float(ranks[i]) / top, i) for i in fit]
        # BM25 decides only between passages that fit equally well.
        scored.sort(key=lambda s: (-(s[0] + 0.05 * s[1]), s[2]))
        found = [replace(self._items[i].entry.passage, score=round(score, 3)) for score, _, i in scored if score > 0]
        return found[:most]

    def _asked(self, text: str) -> dict[str, float]:
        """Each word of the question, corrected towards the words in use, with its weight."""
        words = content_words(_rejoined(text.lower(), self._spelled))
        asked: dict[str, float] = {}
        for i, word in enumerate(words):
            if word in self._weights:
                asked[word] = self._weights[word]
            elif (near := self._nearest(word)) is not None:
                asked.setdefault(near, SLIP_WEIGHT * self._weights[near])
            else:
                beside = [other for other in words[max(0, i - 1) : i + 2] if other in self._weights]
                straddles = any(_overlap(word, other) for other in beside)
                asked[word] = self._unknown * _trust(word) * (STRADDLING_WEIGHT if straddles else 1)
        return asked

    def _nearest(self, word: str) -> str | None:
        """A word in use that is one letter away, and begins with the same letter."""
        if len(word) < SHORTEST_CORRECTED - 1 or not word.isascii():
            return None
        near = {w for key in _deleted(word) for w in self._neighbours.get(key, ()) if w[0] == word[0]}
        return min(near, key=lambda w: (abs(len(w) - len(word)), w)) if near else None

    def _score(self, asked: dict[str, float], item: _Indexed) -> float:
        whole = sum(asked.values())
        telling = [word for word in asked if word not in GENERIC]
        met = [word for word in telling if word in item.places]
        # "How much is a lamp?" is made of words that tell little, yet all of them together are what somebody asked.
        if not met and not (len(asked) > 1 and asked.keys() in item.phrasings):
            return 0.0
        coverage = sum(weight * item.places.get(word, 0.0) for word, weight in asked.items()) / whole
        match = max((self._match(asked, whole, phrasing) for phrasing in item.phrasings), default=0.0)
        told = max((self._match(asked, whole, sentence) for sentence in item.sentences), default=0.0)
        match = max(match, SENTENCE_FACTOR * told)
        lone = len(met) == 1 < len(telling) and met[0] not in item.heading
        return min(1.0, (COVERAGE_SHARE * coverage + (1 - COVERAGE_SHARE) * match) * (LONE_FACTOR if lone else 1))

    def _match(self, asked: dict[str, float], whole: float, phrasing: frozenset[str]) -> float:
        """Geometric mean of the share of the question and the share of the phrasing that the two have in common."""
        own = sum(self._weights[word] for word in phrasing)
        common = sum(weight for word, weight in asked.items() if word in phrasing)
        return min(1.0, (common / whole * common / own) ** 0.5) if own else 0.0


def _rarity(used_by: int, passages: int) -> float:
    """Inverse document frequency, never below 0."""
    return float(np.log(1 + (passages - used_by + 0.5) / (used_by + 0.5)))


def _trust(word: str) -> float:
    if word in GENERIC:
        return GENERIC_WEIGHT
    return SINGLE_CHARACTER_WEIGHT if len(word) == 1 else 1.0


def _overlap(pair: str, other: str) -> bool:
    """Whether two pairs of characters share one: 天工 and 讲天 from 讲天工, where only the first is a word."""
    return not pair.isascii() and not other.isascii() and (pair[0] == other[-1] or pair[-1] == other[0])


def _whole(entry: Entry) -> str:
    return " ".join((entry.passage.title, *entry.asked_as, entry.passage.text)).lower()


def _bare(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower().replace("'", "")))


def _headings(title: str) -> tuple[list[str], str]:
    *parents, own = title.split(TITLE_PATH)
    return parents, own


def _indexed(entry: Entry) -> _Indexed:
    parents, own = _headings(entry.passage.title)
    phrasings = [frozenset(content_words(text)) for text in (own, *entry.asked_as)]
    places = dict.fromkeys((word for parent in parents for word in content_words(parent)), IN_PARENT)
    places |= dict.fromkeys(content_words(entry.passage.text), IN_BODY)
    places |= dict.fromkeys((word for phrasing in phrasings for word in phrasing), IN_TITLE)
    told = [frozenset(content_words(sentence)) for sentence in sentences(entry.passage.text)]
    return _Indexed(entry, phrasings[0], tuple(p for p in phrasings if p), tuple(t for t in told if t), places)


def _bag(entry: Entry) -> list[str]:
    parents, own = _headings(entry.passage.title)
    bag = content_words(own) * TITLE_REPEATS + content_words(entry.passage.text)
    for text in (*parents, *entry.asked_as):
        bag += content_words(text)
    return bag


def _deleted(word: str) -> set[str]:
    return {word} | {word[:i] + word[i + 1 :] for i in range(len(word))}


def _deletions(words: Iterable[str]) -> dict[str, list[str]]:
    """For spelling mistakes: two words one letter apart share a form with one letter deleted (Garbe 2012, SymSpell)."""
    forms: dict[str, list[str]] = {}
    for word in words:
        if len(word) >= SHORTEST_CORRECTED and word.isascii():
            for form in _deleted(word):
                forms.setdefault(form, []).append(word)
    return forms


def _rejoined(text: str, spelled: set[str]) -> str:
    """Recognisers write "in voice", "pass word": two neighbours that together are a word in use become that word."""

    return re.sub(
        r"\b([a-z]+) (?=([a-z]+)\b)", lambda m: m.group(1) + ("" if m.group(1) + m.group(2) in spelled else " "), text
    )
