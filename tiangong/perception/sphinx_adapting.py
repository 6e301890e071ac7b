"""The language model of PocketSphinx, adapted to sentences that a person may say.

Both models are mixed: of each context the sentences' share hangs on how often they hold it (Witten and Bell, "The
zero-frequency problem", IEEE Transactions on Information Theory 1991; the mixing after Stolcke, "SRILM", ICSLP 2002).
Contexts that the sentences do not hold stay as they are, so that all else is heard as before.
"""

import hashlib
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from math import log
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.perception.sphinx_trie import Floats, Numbers, TrieModel, read_trie, write_trie
from tiangong.perception.sphinx_vocabulary import Vocabulary, Words

# What may stand before a phrase such as "return an item" or "delivery costs" when somebody asks for it.
FRAMES: Final = (
    "what is", "what about", "how do i", "can i", "i want to", "do you", "tell me about", "how", "where is",
)  # fmt: skip
NAMED: Final = 5.0  # how often a hot word counts as said
FRAMED: Final = 1.0  # how much all frames of a phrase count together
LONGEST_PHRASE: Final = 5  # words
SHARE: Final = 0.5  # of the sentences, in a context that they hold very often
WORD_SHARE: Final = 0.35  # of the single words of endless sentences
HALF_SHARE_WORDS: Final = 1_000.0  # so many words of them weigh half of that: a handful must not be heard everywhere
_BASE: Final = log(1.0001)
_BEGIN, _END = "<s>", "</s>"
_LEAST: Final = 1e-12

Doubles = NDArray[np.float64]
_Row = tuple[int, ...]  # numbers of words


@dataclass(frozen=True)
class _Counted:
    """N-grams of one length, sorted by their key, with how often the sentences hold them."""

    keys: Numbers
    counts: Doubles


def model_name(vocabulary: Vocabulary) -> str:
    """Of the file that holds the adapted model: another one after any change of what it is made from."""
    made_from = (
        vocabulary,
        version("pocketsphinx"),
        FRAMES,
        FRAMED,
        LONGEST_PHRASE,
        SHARE,
        WORD_SHARE,
        HALF_SHARE_WORDS,
    )
    return f"{hashlib.sha256(repr(made_from).encode()).hexdigest()[:16]}.lm.bin"


def build_model(vocabulary: Vocabulary, path: Path) -> None:
    """Write the library's own model, adapted to `vocabulary` (2 s, 400 MB). Raises MediaError, OSError."""
    from pocketsphinx import get_model_path

    general = read_trie(Path(get_model_path()) / "en-us" / "en-us.lm.bin")
    path.parent.mkdir(parents=True, exist_ok=True)
    partly = path.with_name(f"{path.name}.{os.getpid()}")
    write_trie(adapted(general, weighted(vocabulary)), partly)
    partly.replace(path)  # whoever looks for it finds all of it or nothing


def weighted(vocabulary: Vocabulary) -> dict[Words, float]:
    """What is counted, and how often: whole sentences with their ends marked, names, and questions framed from short ones."""
    weights = defaultdict[Words, float](float)
    for name in vocabulary.names:
        weights[name] += NAMED
    for phrase in vocabulary.sentences:
        weights[_BEGIN, *phrase, _END] += 1
    for phrase in vocabulary.sentences + vocabulary.names:
        if len(phrase) <= LONGEST_PHRASE:
            for before in FRAMES:
                weights[_BEGIN, *before.split(), *phrase, _END] += FRAMED / len(FRAMES)
    return weights


def adapted(model: TrieModel, rows: Mapping[Words, float]) -> TrieModel:
    """`rows` are lower-case words, "<s>" and "</s>" where a sentence ends, with weights; words that the model lacks are added."""
    words = [*model.words, *sorted({word for row in rows for word in row} - set(model.words))]
    number = {word: i for i, word in enumerate(words)}
    counted = [defaultdict[_Row, float](float) for _ in range(3)]
    for row, weight in rows.items():
        numbers = tuple(number[word] for word in row)
        for end in range(1, len(row) + 1):
            for length in range(1, min(3, end) + 1):
                counted[length - 1][numbers[end - length : end]] += weight
    counted[0].pop((number[_BEGIN],), None)  # nobody says it
    wide = _widened(model, words)
    wide = _with_words(wide, counted[0])
    wide = _with_pairs(wide, counted[1])
    return _with_triples(wide, counted[2])


def _p(values: Floats) -> Doubles:
    return np.exp(values.astype(np.float64) * _BASE)


def _log(values: Doubles) -> Floats:
    return (np.log(np.maximum(values, _LEAST)) / _BASE).astype(np.float32)


def _widened(model: TrieModel, words: Sequence[str]) -> TrieModel:
    """Room for new words at the end of the list."""
    new = len(words) - len(model.words)
    last, before = np.divmod(model.pairs, len(model.words))
    return replace(
        model,
        words=tuple(words),
        word_prob=np.append(model.word_prob, np.full(new, _log(np.array([_LEAST]))[0], np.float32)),
        word_backoff=np.append(model.word_backoff, np.zeros(new, np.float32)),
        pairs=last * len(words) + before,
    )


def _with_words(model: TrieModel, counted: Mapping[_Row, float]) -> TrieModel:
    mine = np.zeros(len(model.words))
    for (word,), count in counted.items():
        mine[word] = count
    share = WORD_SHARE / (mine.sum() + HALF_SHARE_WORDS)  # of one occurrence
    mixed = (1 - share * mine.sum()) * _p(model.word_prob) + share * mine
    begin = model.words.index(_BEGIN)
    prob = _log(mixed)
    prob[begin] = model.word_prob[begin]
    return replace(model, word_prob=prob)


def _with_pairs(model: TrieModel, counted: Mapping[_Row, float]) -> TrieModel:
    size = len(model.words)
    mine = _sorted({last * size + before: count for (before, last), count in counted.items()})
    added = np.setdiff1d(mine.keys, model.pairs)
    pairs = np.concatenate([model.pairs, added])
    order = np.argsort(pairs, kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    last, before = np.divmod(pairs, size)
    backed_off = model.word_backoff[before[len(model.pairs) :]] + model.word_prob[last[len(model.pairs) :]]
    prob = _p(np.append(model.pair_prob, backed_off))[order]
    pairs, last, before = pairs[order], last[order], before[order]
    prob, backoff = _mixed(prob, _p(model.word_prob)[last], before, _counts_at(pairs, mine), _p(model.word_backoff))
    return replace(
        model,
        word_backoff=_log(backoff),
        pairs=pairs,
        pair_prob=_log(prob),
        pair_backoff=np.append(model.pair_backoff, np.zeros(len(added), np.float32))[order],
        triple_pair=place[model.triple_pair],
    )


def _with_triples(model: TrieModel, counted: Mapping[_Row, float]) -> TrieModel:
    size = len(model.words)
    found = {
        int(np.searchsorted(model.pairs, last * size + middle)) * size + first: count
        for (first, middle, last), count in counted.items()
    }
    mine = _sorted(found)
    keys = model.triple_pair * size + model.triple_first
    added = np.setdiff1d(mine.keys, keys)
    all_keys = np.concatenate([keys, added])
    order = np.argsort(all_keys, kind="stable")
    pair, first = np.divmod(all_keys, size)
    context_key = (model.pairs[pair] % size) * size + first  # the bigram of the first two words
    context = np.searchsorted(model.pairs, context_key)
    context = np.where(model.pairs[np.minimum(context, len(model.pairs) - 1)] == context_key, context, len(model.pairs))
    backoffs = np.append(model.pair_backoff, np.float32(0))
    backed_off = backoffs[context[len(keys) :]] + model.pair_prob[pair[len(keys) :]]
    prob = _p(np.append(model.triple_prob, backed_off))[order]
    pair, first, context = pair[order], first[order], context[order]
    prob, backoff = _mixed(prob, _p(model.pair_prob)[pair], context, _counts_at(all_keys[order], mine), _p(backoffs))
    return replace(model, pair_backoff=_log(backoff[:-1]), triple_pair=pair, triple_first=first, triple_prob=_log(prob))


def _mixed(
    prob: Doubles, lower: Doubles, context: Numbers, counts: Doubles, backoff: Doubles
) -> tuple[Doubles, Doubles]:
    """Of n-grams: `prob` by the general model, `lower` by the mixed model of one word less, the number of the context and
    how often the sentences hold them; `backoff` of all contexts. -> mixed probabilities, and backoffs that fit them."""
    contexts = len(backoff)
    total = np.bincount(context, counts, contexts)
    kinds = np.bincount(context, counts > 0, contexts)
    held = total > 0
    seen = np.where(held, SHARE / np.maximum(total + kinds, _LEAST), 0.0)  # of one occurrence
    unseen = seen * kinds
    general = np.where(held, 1 - SHARE, 1.0)
    mixed = general[context] * prob + seen[context] * counts + unseen[context] * lower
    left = 1 - np.bincount(context, mixed, contexts)
    lower_left = 1 - np.bincount(context, lower, contexts)
    fitting = np.maximum(left, _LEAST) / np.maximum(lower_left, _LEAST)
    return mixed, np.where(held & (left > 1e-6) & (lower_left > 1e-6), fitting, backoff)


def _sorted(counted: Mapping[int, float]) -> _Counted:
    keys = np.array(sorted(counted), np.int64)
    return _Counted(keys, np.array([counted[int(key)] for key in keys], np.float64))


def _counts_at(keys: Numbers, counted: _Counted) -> Doubles:
    counts = np.zeros(len(keys))
    counts[np.searchsorted(keys, counted.keys)] = counted.counts
    return counts
