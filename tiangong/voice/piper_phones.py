"""Text -> the phoneme ids that a Piper voice was trained on, and their durations -> phones.

Piper's alphabet is single characters: espeak-ng's IPA taken apart (Unicode NFD), marks kept. Ids of one character are followed
by that of a pad. What espeak-ng wrote as one phone is remembered, so that its characters and pads get one time.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.voice.espeak_library import Clause, RawSpeech
from tiangong.voice.language_runs import Tongue
from tiangong.voice.piper_config import BEGIN, END, PAD, PiperConfig

Phonemes = Callable[[str, str], tuple[Clause, ...]]  # (text, voice of espeak-ng); `EspeakLibrary.phonemes`
_SENTENCE_MARKS: Final = frozenset(".?!")
_CLAUSE_MARKS: Final = frozenset(",:;")
# Piper's espeak-ng reports these with a flag that Piper does not know, so no voice has learnt them as phonemes: the utterance
# ends, and the pause is put in afterwards.
_SILENT_SENTENCE_MARKS: Final = frozenset("。？！…")
_TONE: Final = "0123456789ɜ"  # espeak-ng's Mandarin writes a figure behind the vowel, "ɜ" for the second tone
_SENTENCE_PAUSE_S: Final = 0.25
_CLAUSE_PAUSE_S: Final = 0.16
_JOIN_S: Final = 0.04  # between languages
_SHORTEST_PAUSE_S: Final = 0.06  # a shorter one is not heard as a pause
_QUIET: Final = 0.01  # of the loudest: an "f" or "h" is above, the net's silence below


@dataclass
class Utterance:
    """What the net speaks in one run."""

    ids: list[int] = field(default_factory=list[int])
    phones: list[str] = field(default_factory=list[str])  # as espeak-ng writes them; empty for a pause, a space, a mark
    counts: list[int] = field(default_factory=list[int])  # ids of each phone, one at least
    pause_s: float = _SENTENCE_PAUSE_S  # of silence behind it

    def add(self, phone: str, ids: list[int]) -> None:
        """A phone of whose characters the voice knows none is left out."""
        if ids:
            self.phones.append(phone)
            self.counts.append(len(ids))
            self.ids += ids

    @property
    def speaks(self) -> bool:
        return any(self.phones)


def utterances(text: str, tongue: Tongue, config: PiperConfig, phonemes: Phonemes, *, last: bool) -> list[Utterance]:
    """`text`, in `tongue`, sentence by sentence; `last`: nothing in another language follows it.

    Characters that the voice does not know are left out. Raises MediaError where espeak-ng cannot read for the voice.
    """
    letters = config.phoneme_type == "text"
    spoken = [_begun(config)]
    for clause in [Clause(tuple(text.casefold()), "")] if letters else phonemes(text, config.reader(tongue)):
        for phone in clause.phones:
            bare = (phone.rstrip(_TONE) or phone) if tongue == "zh" else phone
            # The figure of a tone is a phoneme too, but only voices of Mandarin know what it sounds like.
            spoken[-1].add(bare.strip(), _ids(phone if config.tongue == "zh" else bare, config))
        if clause.mark in _SENTENCE_MARKS | _CLAUSE_MARKS:
            spoken[-1].add("", _ids(clause.mark + (" " if clause.mark in _CLAUSE_MARKS else ""), config))
        spoken[-1].pause_s = _pause_s(clause.mark, last)
        if clause.mark and clause.mark not in _CLAUSE_MARKS:
            spoken.append(_begun(config))
    for utterance in spoken:
        utterance.add("", config.phoneme_id_map.get(END, []))
    return [utterance for utterance in spoken if utterance.speaks]


def raw_speech(spoken: Utterance, pcm: NDArray[np.float32], rate_hz: int, lengths: NDArray[np.float64]) -> RawSpeech:
    """Sound with the start of each phone; `lengths` (ids,) are samples.

    What is heard in the net's own pauses at both ends belongs to the first and the last phone, a short space to the phone
    before it.
    """
    edges = np.concatenate([[0.0], np.cumsum(lengths)[np.cumsum(spoken.counts) - 1]])
    sounding = [i for i, phone in enumerate(spoken.phones) if phone]
    first, last = sounding[0], sounding[-1]
    begin, end = audible(pcm)
    edges[first] = min(edges[first], begin)
    edges[last + 1] = max(edges[last + 1], end)
    kept = [
        i for i in range(first, last + 1) if spoken.phones[i] or edges[i + 1] - edges[i] >= _SHORTEST_PAUSE_S * rate_hz
    ]
    starts = np.clip(np.round(edges[[*kept, last + 1]] - edges[first]), 0, len(pcm))
    names = (*(spoken.phones[i] for i in kept), "")
    return RawSpeech(pcm[round(edges[first]) :], rate_hz, names, tuple(int(start) for start in starts))


def audible(pcm: NDArray[np.float32]) -> tuple[int, int]:
    """From which sample to which something is heard."""
    size = np.abs(pcm)
    heard = np.flatnonzero(size > _QUIET * size.max(initial=0.0))
    return (int(heard[0]), int(heard[-1]) + 1) if len(heard) else (0, 0)


def _pause_s(mark: str, last: bool) -> float:
    if mark:
        return _SENTENCE_PAUSE_S if mark in _SENTENCE_MARKS | _SILENT_SENTENCE_MARKS else _CLAUSE_PAUSE_S
    return _SENTENCE_PAUSE_S if last else _JOIN_S


def _begun(config: PiperConfig) -> Utterance:
    utterance = Utterance()
    utterance.add("", config.phoneme_id_map.get(BEGIN, []) + config.phoneme_id_map.get(PAD, []))
    return utterance


def _ids(characters: str, config: PiperConfig) -> list[int]:
    pad = config.phoneme_id_map.get(PAD, [])
    known = (config.phoneme_id_map.get(character) for character in unicodedata.normalize("NFD", characters))
    return [number for ids in known if ids for number in [*ids, *pad]]
