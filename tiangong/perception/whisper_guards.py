"""What Whisper writes where nobody said it, and how to know."""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

SILENT_RMS: Final = 3e-4  # -70 dB: below the noise of any open microphone
NO_SPEECH: Final = 0.6  # the paper's threshold (section 4.5), together with
LOG_PROBABILITY: Final = -1.0  # the paper's threshold for a failed reading
LEAST_LOG_PROBABILITY: Final = -1.6  # a reading so unlikely is none, whatever the other signs
COMPRESSION: Final = 2.4  # the paper's: text that shrinks more repeats itself
DOUBTFUL_NO_SPEECH: Final = 0.25  # enough against a sentence that subtitles are full of
DOUBTFUL_LOG_PROBABILITY: Final = -0.5
# The commonest lines of subtitles where nobody speaks, lower case and without punctuation; some are also said by people,
# so they are dropped only when Whisper itself doubts.
SUBTITLE_LINES: Final = frozenset(
    {
        "thank you", "thank you very much", "thanks for watching", "thank you for watching", "thank you so much",
        "thank you so much for watching", "please subscribe", "subscribe", "see you next time", "bye", "bye bye", "you",
        "the end", "subtitles by the amaraorg community", "ill see you in the next video", "so",
        "谢谢", "谢谢观看", "谢谢大家", "感谢观看", "谢谢收看", "谢谢大家观看", "感谢收看", "多谢观看", "再见", "拜拜", "字幕志愿者",
        "请不吝点赞订阅转发打赏支持明镜与点点栏目", "请订阅我的频道", "下次再见", "我们下期再见", "优优独播剧场",
        "中文字幕志愿者", "字幕由amaraorg社区提供", "嗯",
    }
)  # fmt: skip
_NO_LETTER: Final = re.compile(r"[^\w\s]|_")
_REPEATED: Final = re.compile(r"(\D{1,24}?)\1{3,}")  # the same piece four times or more; numbers may repeat


@dataclass(frozen=True)
class Piece:
    """What Whisper wrote for one stretch, and what it thinks of it."""

    text: str
    log_probability: float  # mean of its tokens
    no_speech: float  # 0 to 1
    compression: float  # length of the text by its length after zlib


def is_silent(pcm: NDArray[np.float32]) -> bool:
    """(samples,) -> whether there is nothing but a microphone's own noise. Needs at least one sample."""
    return bool(np.sqrt(np.mean(np.square(pcm))) < SILENT_RMS)


def trusted_text(
    pieces: Sequence[Piece], language: str, prompt: str | None, hot_words: Sequence[str] = ()
) -> tuple[str, float]:
    """The pieces that were spoken, joined, and the mean log probability of those (0.0 where there are none).

    `prompt` and `hot_words` are what the recogniser was told before.
    """
    kept = [piece for piece in pieces if is_spoken(piece, prompt, hot_words)]
    texts = [text for piece in kept if (text := once(piece.text).strip())]
    joined = ("" if language == "zh" else " ").join(texts)
    letters = [max(1, len(piece.text)) for piece in kept]
    mean = sum(p.log_probability * n for p, n in zip(kept, letters, strict=True)) / sum(letters) if kept else 0.0
    return joined, mean


def is_spoken(piece: Piece, prompt: str | None, hot_words: Sequence[str] = ()) -> bool:
    """False for what was made up: silence, a loop, an echo of the prompt, a line from the end of a subtitle."""
    bare = bare_text(piece.text)
    if not bare or piece.log_probability < LEAST_LOG_PROBABILITY:
        return False
    if piece.no_speech > NO_SPEECH and piece.log_probability < LOG_PROBABILITY:
        return False
    if piece.compression > COMPRESSION and piece.log_probability < DOUBTFUL_LOG_PROBABILITY:
        return False
    if prompt and bare in bare_text(prompt) and len(bare) > 4:
        return False
    doubtful = piece.no_speech > DOUBTFUL_NO_SPEECH or piece.log_probability < DOUBTFUL_LOG_PROBABILITY
    # One of the hot words is an answer, two may be; three in the order of the list are the list.
    if _recited(bare, hot_words) >= (2 if doubtful else 3):
        return False
    return not (doubtful and bare in SUBTITLE_LINES)


def failed(piece: Piece) -> bool:
    """Whether this should be read again, with another temperature (section 4.5 of the paper)."""
    silent = piece.no_speech > NO_SPEECH and piece.log_probability < LOG_PROBABILITY
    return not silent and (piece.log_probability < LOG_PROBABILITY or piece.compression > COMPRESSION)


def compression_of(text: str) -> float:
    """How much shorter `text` becomes by zlib."""
    written = text.encode()
    return len(written) / len(zlib.compress(written))


def _recited(bare: str, hot_words: Sequence[str]) -> int:
    """How many neighbours of the list make up the whole text; 0 where anything else is in it."""
    text = bare.replace(" ", "")
    names = [name for word in hot_words if (name := bare_text(word).replace(" ", ""))]
    for first in range(len(names)):
        run = ""
        for count, name in enumerate(names[first:], 1):
            run += name
            if run == text:
                return count
            if not text.startswith(run):
                break
    return 0


def once(text: str) -> str:
    """A piece said four times or more in a row -> said once."""
    return _REPEATED.sub(lambda found: found.group(1), text)


def bare_text(text: str) -> str:
    """Lower case, no punctuation, single spaces."""
    return " ".join(_NO_LETTER.sub("", text.lower()).split())
