"""When each phone is spoken in recordings of people whose words are known: measuring only, nothing of it is trained on.

pocketsphinx finds the times (forced alignment); they are right to some 20 ms, in long sentences at times less so.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from pocketsphinx import Decoder

from tiangong.core.media import AudioChunk, Phone, Speech
from tiangong.core.sound import read_audio
from tiangong.rendering.mel import MEL_RATE_HZ

_FRAME_S: Final = 0.01
# The alphabet of CMU's dictionary in IPA; unstressed, since the alignment does not tell of stress.
_IPA: Final = dict(
    pair.split(":")
    for pair in """AA:ɑː AE:æ AH:ʌ AO:ɔː AW:aʊ AY:aɪ B:b CH:tʃ D:d DH:ð EH:ɛ ER:ɜː EY:eɪ F:f G:ɡ HH:h IH:ɪ IY:iː JH:dʒ K:k L:l
    M:m N:n NG:ŋ OW:oʊ OY:ɔɪ P:p R:ɹ S:s SH:ʃ T:t TH:θ UH:ʊ UW:uː V:v W:w Y:j Z:z ZH:ʒ""".split()
)


def aligned(media: Path) -> Iterator[Speech]:
    """English recordings with their phones; those that cannot be aligned (a word the dictionary lacks) are left out."""
    decoder = Decoder(lm=None, loglevel="FATAL", bestpath=False)
    with (media / "transcripts.tsv").open(encoding="utf-8") as table:
        for line in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE):
            file = media / line["file"]
            if line["lang"] != "en" or not file.exists():
                continue
            sound = read_audio(file, MEL_RATE_HZ)
            words = re.sub(r"[^a-z' ]", " ", line["text"].lower()).split()
            if words and all(decoder.lookup_word(word) for word in words):
                phones = _phones(decoder, sound, " ".join(words))
                if phones:
                    yield Speech(sound, phones, line["text"])


def _phones(decoder: Decoder, sound: AudioChunk, words: str) -> tuple[Phone, ...]:
    raw = (np.clip(sound.pcm, -1, 1) * 32_767).astype(np.int16).tobytes()
    try:
        decoder.set_align_text(words)
        _hear(decoder, raw)
        decoder.set_alignment()
        _hear(decoder, raw)
    except RuntimeError:  # what was said is not what is written
        return ()
    found = [phone for word in decoder.get_alignment() or () for phone in word]
    return tuple(
        Phone(_IPA.get(p.name, ""), p.start * _FRAME_S, min((p.start + p.duration) * _FRAME_S, sound.duration_s))
        for p in found
    )


def _hear(decoder: Decoder, raw: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(raw, full_utt=True)
    decoder.end_utt()
