"""How the user says that they feel: a lexicon of feelings in both languages, and what turns a word round or weakens it.

Counts words, not people: "my order is late" is a complaint though no word of it is on a list, and stays neutral here. A
feeling that is denied ("not happy") turns into its opposite, one of somebody else ("my son is sad") or one that is asked
about counts a quarter.
After the usual rules of lexicon methods (Taboada et al. 2011, "Lexicon-based methods for sentiment analysis").
"""

import csv
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.face import EMOTIONS, EmotionLabel
from tiangong.core.language import language_of
from tiangong.core.media import Emotion
from tiangong.perception.expression_emotion import arousal_of, valence_of

LEXICON: Final = Path(__file__).with_name("feeling_words.tsv")
_WINDOW: Final = 3  # words before a feeling in which it is denied or made stronger; twice as many characters in Chinese
_NEUTRAL: Final = 0.55  # evidence that a feeling must exceed
_SHARPNESS: Final = 3.0  # of the softmax over evidence
_STRONGER, _WEAKER, _NOT_MINE = 1.5, 0.8, 0.25
_EXCLAIMED: Final = 1.2
_MOST_CONFIDENT: Final = 0.9
_OPPOSITE: Final[dict[EmotionLabel, tuple[EmotionLabel, float]]] = {
    "happy": ("sad", 0.7), "sad": ("neutral", 0.0), "angry": ("neutral", 0.0), "fearful": ("neutral", 0.0),
    "disgusted": ("neutral", 0.0), "surprised": ("neutral", 0.0), "neutral": ("neutral", 0.0),
}  # fmt: skip
_TOKEN: Final = re.compile(r"[a-z]+(?:'[a-z]+)?|[!?\uff01\uff1f]")
_DENIED: Final = frozenset(
    "not no never isn't wasn't aren't don't didn't doesn't won't can't cannot hardly without nothing".split()
)
_STRONG: Final = frozenset("very so really extremely too totally absolutely completely deeply such".split())
_WEAK: Final = frozenset("bit little slightly somewhat kinda".split())
_OTHERS: Final = frozenset(
    "he she they his her their him them son daughter husband wife mother father friend customer child".split()
)
_ASKED: Final = frozenset("if whether would".split())
_ARTICLES: Final = frozenset("a an the".split())
_DENIED_ZH: Final = ("不", "没", "别", "并非", "未")
_STRONG_ZH: Final = ("很", "太", "非常", "特别", "真", "好", "极", "超", "十分", "简直")
_WEAK_ZH: Final = ("有点", "有些", "一点", "稍微")
_OTHERS_ZH: Final = (
    "他",
    "她",
    "儿子",
    "女儿",
    "丈夫",
    "妻子",
    "老公",
    "老婆",
    "妈妈",
    "爸爸",
    "朋友",
    "顾客",
    "客户",
    "孩子",
)


@dataclass(frozen=True)
class FeelingWord:
    phrase: str
    label: EmotionLabel
    strength: float  # 0 to 1.5


@lru_cache(maxsize=1)
def feeling_words() -> tuple[FeelingWord, ...]:
    """The lexicon, longest phrase first: "可惜了" before "可惜"."""
    with LEXICON.open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    known: dict[str, EmotionLabel] = {**{label: label for label in EMOTIONS}}
    words = [
        FeelingWord(p, known[row["label"]], float(row["strength"])) for row in rows for p in row["phrases"].split("|")
    ]
    return tuple(sorted(words, key=lambda word: -len(word.phrase)))


def word_feeling(text: str, said_s: float) -> Emotion | None:
    """What the words of one utterance tell; None where they tell nothing."""
    evidence = np.zeros(len(EMOTIONS), np.float32)
    spot = _spot_zh if language_of(text) == "zh" else _spot_en
    for label, strength in spot(text.lower().replace("\u2019", "'")):
        evidence[EMOTIONS.index(label)] += strength
    evidence[0] = 0.0
    if evidence.max() <= 0:
        return None
    evidence = np.minimum(evidence, 2.0)
    evidence[0] = _NEUTRAL
    return _emotion(evidence, said_s)


def _emotion(evidence: NDArray[np.float32], said_s: float) -> Emotion:
    weights = np.exp(_SHARPNESS * (evidence - evidence.max()))
    probabilities = (weights / weights.sum()).astype(np.float32)
    best = int(np.argmax(probabilities))
    confidence = min(float(probabilities[best]), _MOST_CONFIDENT)
    return Emotion(
        EMOTIONS[best], probabilities, valence_of(probabilities), arousal_of(probabilities), confidence, said_s
    )


def _spot_en(text: str) -> list[tuple[EmotionLabel, float]]:
    tokens = _TOKEN.findall(text)
    exclaimed = _EXCLAIMED if "!" in tokens else 1.0
    words = [token for token in tokens if token[0].isalpha()]
    taken = [False] * len(words)
    found: list[tuple[EmotionLabel, float]] = []
    for feeling in feeling_words():
        if not feeling.phrase.isascii():
            continue
        parts = feeling.phrase.split()
        for i in range(len(words) - len(parts) + 1):
            if words[i : i + len(parts)] != parts or any(taken[i : i + len(parts)]):
                continue
            taken[i : i + len(parts)] = [True] * len(parts)
            before = words[max(0, i - _WINDOW) : i]
            strength = feeling.strength * exclaimed
            strength *= _STRONGER if _STRONG & set(before) else _WEAKER if _WEAK & set(before) else 1.0
            if _OTHERS & set(words[max(0, i - 2 * _WINDOW) : i]) or _ASKED & set(before):
                strength *= _NOT_MINE
            if len(parts) == 1 and feeling.label not in ("happy", "surprised") and set(before[-1:]) & _ARTICLES:
                strength *= _NOT_MINE  # "an angry dog", "a scary film"
            found.append(_turned(feeling.label, strength, bool(_DENIED & set(before))))
    return found


def _spot_zh(text: str) -> list[tuple[EmotionLabel, float]]:
    exclaimed = _EXCLAIMED if "!" in text or "\uff01" in text else 1.0
    found: list[tuple[EmotionLabel, float]] = []
    for feeling in feeling_words():
        if feeling.phrase.isascii():
            continue
        while (i := text.find(feeling.phrase)) >= 0:
            before = re.split(r"[，。！？,.!?、]", text[max(0, i - 2 * _WINDOW) : i])[-1]
            strength = feeling.strength * exclaimed
            strength *= _WEAKER if _has(before, _WEAK_ZH) else _STRONGER if _has(before, _STRONG_ZH) else 1.0
            if _has(before, _OTHERS_ZH):
                strength *= _NOT_MINE
            found.append(_turned(feeling.label, strength, _has(before[-3:], _DENIED_ZH)))
            text = text[:i] + "\u25a1" * len(feeling.phrase) + text[i + len(feeling.phrase) :]
    return found


def _has(text: str, signs: tuple[str, ...]) -> bool:
    return any(sign in text for sign in signs)


def _turned(label: EmotionLabel, strength: float, denied: bool) -> tuple[EmotionLabel, float]:
    if not denied:
        return label, strength
    opposite, share = _OPPOSITE[label]
    return opposite, strength * share
