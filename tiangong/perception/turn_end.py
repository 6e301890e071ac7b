"""How finished an utterance sounds by its words so far: "where is my order" does, "I'd like to" does not.

A logistic model on the last words and the first ones, hashed (Weinberger et al. 2009); one for Chinese characters and English
words together. It learned from whole sentences and from the same sentences broken off (scripts/train_turn_end;
weights/turn_end.md). Punctuation is passed over: recognisers end every partial result with a full stop.
"""

import re
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.errors import BundleError

WEIGHTS: Final = Path(__file__).parent / "weights" / "turn_end.safetensors"
BUCKETS: Final = 1 << 14
_MOST_TOKENS: Final = 12  # a longer utterance is no more finished
_TOKEN: Final = re.compile(r"[\u3400-\u9fff]|[a-z0-9']+")
_CHINESE: Final = re.compile(r"[\u3400-\u9fff]")


def tokens(text: str) -> list[str]:
    """English words in lower case, and single Chinese characters."""
    return _TOKEN.findall(text.lower().replace("\u2019", "'"))


def features(words: list[str]) -> NDArray[np.intp]:
    """At least one token -> buckets (n,) of what the utterance ends and begins with."""
    chinese = 2 * sum(bool(_CHINESE.match(word)) for word in words) > len(words)
    last = words[-1]
    names = ["bias", f"last {last}", f"first {words[0]}", f"length {min(len(words), _MOST_TOKENS)}"]
    names += [f"last{n} {' '.join(words[-n:])}" for n in (2, 3) if len(words) >= n]
    if len(words) > 1:
        names += [f"before {words[-2]}", f"first2 {words[0]} {words[1]}", f"frame {words[0]} .. {last}"]
    if len(words) > 2:
        names.append(f"frame2 {words[0]} {words[1]} .. {last}")
    if not chinese:
        names += [f"suffix {last[-3:]}", f"suffix2 {last[-2:]}"]
    elif len(words) > 3:
        names.append(f"last4 {' '.join(words[-4:])}")
    language = "zh" if chinese else "en"
    return np.array([zlib.crc32(f"{language} {name}".encode()) % BUCKETS for name in names], np.intp)


@lru_cache(maxsize=1)
def _weights(path: Path = WEIGHTS) -> NDArray[np.float32]:
    from safetensors import SafetensorError  # late: most commands need no ear
    from safetensors.numpy import load_file

    try:
        return load_file(path)["weight"].astype(np.float32)
    except (OSError, SafetensorError, KeyError) as error:
        mend = "install tiangong again, or train it with `python -m scripts.train_turn_end`"
        raise BundleError(f"{path.name} cannot be read ({error}): {mend}") from error


@lru_cache(maxsize=256)
def finished(text: str) -> float | None:
    """How likely it is, 0 to 1, that somebody who said this has finished; None where there are no words.

    Raises BundleError where the weights are missing or damaged.
    """
    words = tokens(text)
    if not words:
        return None
    return float(1 / (1 + np.exp(-_weights()[features(words)].sum())))
