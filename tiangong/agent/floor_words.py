"""What words tell about the floor: a listener's noise, a wish to speak, a sentence that must go on."""

import re
from typing import Final

_CONTINUERS: Final = frozenset(
    "mm mhm mm-hm mmhm mmhmm mm-hmm hm hmm hmmm uh-huh uhuh uh huh ah oh yeah yep yes ok okay right sure i see "
    "got it cool wow really 嗯 嗯嗯 嗯哼 哦 噢 喔 啊 呃 唔 对 对对 对的 是 是的 好 好的 行 可以 明白 知道了 这样啊 原来如此".split()
    + ["uh huh", "i see", "got it", "all right", "mm hm", "oh i see", "oh okay", "yeah yeah"]
)
_FLOOR: Final = frozenset("stop wait hold pause sorry excuse no but actually quiet enough".split())
_FLOOR_ZH: Final = tuple("停 等等 等一下 等会 不是 不对 别说 打断 闭嘴 暂停 先别 我想问 请问".split())
_OPEN_ENDS: Final = frozenset(
    "and or but because so if when while that which who whose the a an my an your his her their our its of to in on at for "
    "from with by about as is are was were will would can could should um uh er erm like very i'm it's i "
    "into than after before until since without whether every be being i've we've you're they're let's".split()
)
_OPEN_ENDS_ZH: Final = tuple(
    "然后 但是 因为 所以 如果 而且 或者 还有 就是 比如 虽然 和 跟 把 被 在 给 的话 那个 这个 嗯 呃 关于 我想 我要 是 想 要 "
    "时候 之后 以后 请问 这个嘛 那个嘛 你们 我们".split()
)
_NUMBER_WORDS: Final = frozenset(
    "zero oh one two three four five six seven eight nine double triple dash point".split()
)
_DIGITS_ZH: Final = frozenset("零一二三四五六七八九幺")
_FINAL_MARK: Final = re.compile(r"[.!?。\uff01\uff1f…]['\"”’)]*$")


def is_back_channel(text: str) -> bool:
    """Whether this is a listener's noise ("mm-hm", "嗯") or nothing at all, and not a claim to the floor."""
    plain = _plain(text)
    return not plain or plain in _CONTINUERS or all(word in _CONTINUERS for word in plain.split())


def asks_for_floor(text: str) -> bool:
    """Whether these first words ("wait", "等一下") ask the speaker to stop."""
    words = _plain(text).split()
    return any(word in _FLOOR for word in words[:3]) or text.strip().startswith(_FLOOR_ZH)


def is_dictating(text: str) -> bool:
    """Whether it ends with digits one by one, of which more may come."""
    words = text.lower().split()[-2:]
    if words and all(word in _NUMBER_WORDS or word.isdigit() for word in words):
        return len(words) == 2
    bare = text.strip()
    return len(bare) >= 2 and all(c in _DIGITS_ZH or c.isdigit() for c in bare[-2:])


def must_go_on(text: str) -> bool:
    """Whether it ends with a word or a comma after which more has to come ("because", "然后")."""
    words = text.strip()
    if not words:
        return False
    # Recognisers put a full stop after anything; only a comma is a sign.
    bare = _FINAL_MARK.sub("", words)
    last = bare.split()[-1].lower().strip(",，、") if bare else ""
    return last in _OPEN_ENDS or bare.lower().endswith("i mean") or bare.endswith((",", "，", "、", *_OPEN_ENDS_ZH))


def is_answer(text: str) -> bool:
    """Whether it is a short answer that stands for itself ("yes", "好的")."""
    return bool(text.strip()) and is_back_channel(text)


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s'-]", " ", text.lower()).split())
