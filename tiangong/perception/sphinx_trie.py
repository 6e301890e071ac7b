"""The binary language models of PocketSphinx 5, read and written: a trie of n-grams up to three words, in packed bits.

Its Python interface reads such a file but can change nothing in it but single words, and cannot mix two models. The layout
is that of PocketSphinx' src/lm/lm_trie.c, which follows Heafield, "KenLM: faster and smaller language model queries"
(WMT 2011): n-grams lie under their last word, then the word before it; probabilities are 16-bit codes of a table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.errors import MediaError

_MAGIC: Final = b"Trie Language Model\x03"
_CODES: Final = 1 << 16
_PADDING_BYTES: Final = 8  # after each packed table, so that a read of 64 bits stays inside

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class TrieModel:
    """Up to three words in a row; probabilities and backoffs are logarithms to the base 1.0001.

    Bigrams and trigrams are sorted by their key; the last word of a trigram and the one before it are a bigram too.
    """

    words: tuple[str, ...]
    word_prob: Floats  # (words,)
    word_backoff: Floats
    pairs: Numbers  # (bigrams,) last word * len(words) + the word before it
    pair_prob: Floats
    pair_backoff: Floats  # of the bigram as a context
    triple_pair: Numbers  # (trigrams,) row of the bigram of its last two words, never falling
    triple_first: Numbers  # (trigrams,) the first of its three words; rising within a bigram
    triple_prob: Floats
    tables: tuple[Floats, Floats, Floats]  # (65536,) what codes mean: bigrams' probabilities and backoffs, trigrams'


def read_trie(path: Path) -> TrieModel:
    """Raises MediaError for a file that is no binary model of three words."""
    data = path.read_bytes()
    if not data.startswith(_MAGIC):
        raise MediaError(f"{path.name}: not a binary language model of PocketSphinx with three words")
    reader = _Reader(data, len(_MAGIC))
    counts = [int(n) for n in reader.take("<u4", 3)]
    reader.take("<u4", 1)  # the kind of code table; there is only one
    prob_table, backoff_table, triple_table = reader.take("<f4", 3 * _CODES).reshape(3, _CODES)
    unigrams = reader.take("<f4", 3 * (counts[0] + 1)).reshape(-1, 3)
    below = unigrams[:, 2].copy().view("<u4").astype(np.int64)  # row of a word's first bigram
    pair_bits, triple_bits = _widths(counts)
    before, backoff, prob, begins = _unpacked(reader.take("u1", _size(counts[1], pair_bits)), counts[1] + 1, pair_bits)
    first, triple = _unpacked(reader.take("u1", _size(counts[2], triple_bits)), counts[2], triple_bits)
    letters = reader.take("u1", int(reader.take("<i4", 1)[0])).tobytes()
    rows = int(below[-1])  # the head counts a few more that are not there
    begins = begins[: rows + 1]
    triples = int(begins[-1])
    return TrieModel(
        words=tuple(letters.decode("utf-8").split("\0")[:-1]),
        word_prob=unigrams[:-1, 0],
        word_backoff=unigrams[:-1, 1],
        pairs=np.repeat(np.arange(counts[0]), np.diff(below)) * counts[0] + before[:rows],
        pair_prob=prob_table[prob[:rows]],
        pair_backoff=backoff_table[backoff[:rows]],
        triple_pair=np.repeat(np.arange(rows), np.diff(begins)),
        triple_first=first[:triples],
        triple_prob=triple_table[triple[:triples]],
        tables=(prob_table, backoff_table, triple_table),
    )


class _Reader:
    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._at = at

    def take(self, kind: str, count: int) -> NDArray[Any]:
        """Raises MediaError where the file ends too early."""
        try:
            taken = np.frombuffer(self._data, kind, count, self._at)
        except ValueError as error:
            raise MediaError("a language model of PocketSphinx that is cut off") from error
        self._at += taken.nbytes
        return taken


def write_trie(model: TrieModel, path: Path) -> None:
    """Probabilities become the nearest code of the model's tables."""
    counts = [len(model.words), len(model.pairs), len(model.triple_first)]
    pair_bits, triple_bits = _widths(counts)
    unigrams = np.zeros((counts[0] + 1, 3), "<f4")
    unigrams[:-1, 0], unigrams[:-1, 1] = model.word_prob, model.word_backoff
    below = np.searchsorted(model.pairs, np.arange(counts[0] + 1) * counts[0])
    unigrams[:, 2] = below.astype("<u4").view("<f4")
    begins = np.searchsorted(model.triple_pair, np.arange(counts[1] + 1))
    columns = (
        model.pairs % counts[0],
        _codes(model.tables[1], model.pair_backoff),
        _codes(model.tables[0], model.pair_prob),
    )
    pairs = _packed([*(np.append(column, 0) for column in columns), begins], pair_bits)
    triples = _packed([model.triple_first, _codes(model.tables[2], model.triple_prob)], triple_bits)
    letters = "".join(f"{word}\0" for word in model.words).encode()
    with path.open("wb") as file:
        file.write(_MAGIC + np.array([*counts, 1], "<u4").tobytes())
        for table in model.tables:
            file.write(table.astype("<f4").tobytes())
        file.write(unigrams.tobytes())
        file.write(pairs.tobytes().ljust(_size(counts[1], pair_bits), b"\0"))
        file.write(triples.tobytes().ljust(_size(counts[2], triple_bits), b"\0"))
        file.write(np.array([len(letters)], "<i4").tobytes() + letters)


def _widths(counts: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Bits of a bigram's fields (word before, backoff, probability, row of its first trigram) and of a trigram's."""
    word = counts[0].bit_length()
    return (word, 16, 16, counts[2].bit_length()), (word, 16)


def _size(entries: int, bits: Sequence[int]) -> int:
    return ((1 + entries) * sum(bits) + 7) // 8 + _PADDING_BYTES


def _unpacked(packed: NDArray[np.uint8], entries: int, bits: Sequence[int]) -> list[Numbers]:
    """Rows of fields, packed without a gap -> a column for each field. Eight rows fill whole bytes."""
    total = sum(bits)
    blocks = -(-entries // 8)
    padded = np.zeros(blocks * total + _PADDING_BYTES, np.uint8)
    length = min(len(packed), len(padded))
    padded[:length] = packed[:length]
    columns = [np.zeros((blocks, 8), np.int64) for _ in bits]
    at = 0
    for column, width in zip(columns, bits, strict=True):
        for row in range(8):
            byte, shift = divmod(row * total + at, 8)
            words = np.lib.stride_tricks.as_strided(padded[byte:], (blocks, 8), (total, 1))
            column[:, row] = (np.ascontiguousarray(words).view("<u8")[:, 0] >> np.uint64(shift)) & np.uint64(
                (1 << width) - 1
            )
        at += width
    return [column.reshape(-1)[:entries] for column in columns]


def _packed(columns: Sequence[Numbers], bits: Sequence[int]) -> NDArray[np.uint8]:
    """The opposite of `_unpacked`."""
    total = sum(bits)
    entries = len(columns[0])
    blocks = -(-entries // 8)
    packed = np.zeros((blocks, total + _PADDING_BYTES), np.uint8)
    at = 0
    for column, width in zip(columns, bits, strict=True):
        rows = np.zeros(blocks * 8, "<u8")
        rows[:entries] = column
        for row in range(8):
            byte, shift = divmod(row * total + at, 8)
            shifted = (rows[row::8] << np.uint64(shift)).astype("<u8")
            packed[:, byte : byte + 8] |= shifted.view(np.uint8).reshape(-1, 8)
        at += width
    return packed[:, :total].reshape(-1)[: (entries * total + 7) // 8]


def _codes(table: Floats, values: Floats) -> Numbers:
    """The nearest of a table's values for each of `values`."""
    order = np.argsort(table, kind="stable")  # sorted but for neighbours less than 1 apart
    ranked = table[order]
    above = np.clip(np.searchsorted(ranked, values), 1, len(table) - 1)
    nearer = above - (values - ranked[above - 1] < ranked[above] - values)
    return order[nearer].astype(np.int64)
