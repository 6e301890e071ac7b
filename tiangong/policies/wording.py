"""What the engine says where a policy brings no words of its own, and how personal data are kept out of what is written down."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from tiangong.core.media import Emotion
from tiangong.policies.detectors.normal_form import normal_form
from tiangong.policies.detectors.personal_data import PersonalDatum, find_personal_data, mask
from tiangong.policies.detectors.personal_kinds import spoken_mask
from tiangong.policies.document import ByLanguage

BROKEN: Final[ByLanguage] = {
    "en": ["Sorry, I can't check that just now. Could you put it another way?"],
    "zh": ["抱歉，我现在没法确认这一点，您能换个说法吗？"],
}
UNVERIFIED: Final[ByLanguage] = {
    "en": ["I'm sorry, I can only talk in English and Chinese."],
    "zh": ["抱歉，我只会说中文和英文。"],
}
LATE: Final[ByLanguage] = {
    "en": ["Sorry, let me stop there and take that back."],
    "zh": ["抱歉，说到这里，刚才的话我收回。"],
}
COVERED: Final[ByLanguage] = {"en": ["something I can't say"], "zh": ["这里不便说的内容"]}
ANSWERS_WITHOUT_TEXT: Final[dict[str, ByLanguage]] = {
    "refuse": {"en": ["I'm sorry, I can't help with that."], "zh": ["抱歉，这件事我帮不了您。"]},
    "clarify": {"en": ["Could you tell me a little more?"], "zh": ["您能再说具体一点吗？"]},
    "hand_off": {"en": ["I'll pass you on to a human colleague."], "zh": ["我帮您转给人工同事。"]},
    "disclose": {"en": ["I am an AI, a digital human, not a person."], "zh": ["我是人工智能数字人，不是真人。"]},
    "care": {
        "en": ["I'm worried about you. Please talk to someone you trust, or call your local emergency number."],
        "zh": ["我很担心您。请找您信任的人聊聊，紧急时请拨打110或120。"],
    },
    "end": {"en": ["I have to end our talk here. Take care."], "zh": ["我们的对话就到这里，请保重。"]},
}
_FEELING: Final = {
    "happy": ("happy", "高兴"), "sad": ("sad", "难过"), "angry": ("angry", "生气"), "fearful": ("afraid", "害怕"),
    "disgusted": ("disgusted", "反感"), "surprised": ("surprised", "惊讶"),
}  # fmt: skip
WRITTEN_CHARS: Final = 2_000  # of one text in a decision record
_LAST: Final = 3  # lines of the user in a summary
_SURE: Final = 0.5


def in_language(texts: ByLanguage, language: str, turn: int = 0) -> str:
    """One of the texts in a language, in turns; English, or whatever is there, where the language is not."""
    chosen = texts.get(language) or texts.get("any") or texts.get("en") or next(iter(texts.values()), [""])
    return chosen[turn % len(chosen)]


def masked(text: str, data: Sequence[PersonalDatum], language: str) -> str:
    """A text as it may be written down."""
    return mask(text, tuple(data), language) if data else text


def covered(
    text: str, spans: Sequence[tuple[int, int]], data: Sequence[PersonalDatum], other: str, language: str
) -> str:
    """The text with its spans covered so that it can still be spoken: `data` by the name of their kind, the rest by `other`."""
    known = sorted(data, key=lambda datum: datum.start)
    starts = [datum.start for datum in known]
    pieces: list[str] = []
    at = 0
    for start, end in spans:
        first = bisect_left(starts, start)
        named = first < len(known) and known[first].end <= end
        pieces += (text[at:start], spoken_mask(known[first].kind, language) if named else other)
        at = end
    return "".join(pieces) + text[at:]


def without_personal_data(text: str, language: str) -> str:
    """The same for a text that nobody has looked at yet."""
    return masked(text, find_personal_data(normal_form(text)), language) if text else ""


def as_texts(names: dict[str, str]) -> ByLanguage:
    """What the avatar is called, by language."""
    return {language: [name] for language, name in names.items()} or {"en": ["your assistant"], "zh": ["您的助手"]}


def excerpt(text: str) -> str:
    """As much of a text as is written down; a number that the end would cut in two is left out, a part of it could pass a mask."""
    if len(text) <= WRITTEN_CHARS:
        return text
    return text[:WRITTEN_CHARS].rstrip("0123456789 -.()") + " …"


def summary_of(heard: Sequence[str], emotion: Emotion | None, slots: dict[str, str], language: str) -> str:
    """For a human colleague; lines of the user are masked already."""
    chinese = language == "zh"
    told = list(dict.fromkeys(heard))[-_LAST:]  # what was said again tells nothing more
    lines = "；".join(told) if chinese else " / ".join(told)
    parts = [f"用户说：{lines}" if chinese else f"The user said: {lines}"]
    if emotion and emotion.confidence >= _SURE and emotion.label in _FEELING:
        feeling = _FEELING[emotion.label][chinese]
        parts.append(f"看起来{feeling}" if chinese else f"They seem {feeling}")
    if slots:
        known = ("，" if chinese else ", ").join(f"{slot}={value}" for slot, value in slots.items())
        parts.append(f"已收集：{known}" if chinese else f"Collected: {known}")
    return "。".join(parts) + "。" if chinese else ". ".join(parts) + "."
