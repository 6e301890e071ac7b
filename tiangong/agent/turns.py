"""Who has the floor: pure functions on the audio clock, no sound and no waiting in here.

`step` takes the state and what one 32 ms chunk brought, and gives the next state and at most one event. The rules follow
conversation analysis: a turn ends by silence, sooner where the words sound complete (Sacks, Schegloff and Jefferson 1974);
short "continuers" (Yngve 1970, back-channels) do not claim the floor.
"""

import re
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final


class TurnEvent(Enum):
    STARTED = auto()  # the user began to speak while the avatar was quiet
    OVERLAPPED = auto()  # the user began while the avatar speaks: soften, but go on
    BARGED_IN = auto()  # the user wants the floor: stop
    PAUSED = auto()  # a short silence inside the user's turn: a listener nods here
    ENDED = auto()  # the user has finished, or fell quiet


@dataclass(frozen=True)
class TurnRules:
    """When to decide what. Longer silences cut in less and answer later."""

    start_probability: float = 0.5  # voice activity that begins speech
    stop_probability: float = 0.35  # and that ends it: lower, so that a soft syllable does not split a word
    start_voiced_s: float = 0.09  # three chunks: a click or a cough's edge is shorter
    pause_s: float = 0.16
    finished_silence_s: float = 0.35  # after words that sound complete
    unsure_silence_s: float = 0.48  # where the words do not tell
    unfinished_silence_s: float = 0.7  # after "and", "because", "然后", a number being dictated
    barge_in_voiced_s: float = (
        0.45  # so much voice over the avatar is no back-channel any more: those last 0.2 to 0.4 s
    )
    barge_in_word_s: float = 0.25  # with words that ask for the floor
    longest_turn_s: float = 60.0


@dataclass(frozen=True)
class Heard:
    """What one chunk of the microphone brought."""

    start_s: float
    end_s: float
    voice_probability: float
    text: str = ""  # the recogniser's words so far, "" where it has none yet
    avatar_speaking: bool = False


@dataclass(frozen=True)
class TurnState:
    speaking: bool = False  # the user's utterance has begun and not ended
    over_avatar: bool = False  # it began while the avatar spoke
    barged_in: bool = False
    paused: bool = False
    onset_s: float = 0.0  # first voiced chunk
    last_voiced_s: float = 0.0  # end of the last voiced chunk
    voiced_s: float = 0.0  # voice so far, pauses left out


def step(state: TurnState, heard: Heard, rules: TurnRules) -> tuple[TurnState, TurnEvent | None]:
    """Advance by one chunk."""
    threshold = rules.stop_probability if state.voiced_s else rules.start_probability
    if heard.voice_probability >= threshold:
        return _voiced(state, heard, rules)
    return _quiet(state, heard, rules)


def _voiced(state: TurnState, heard: Heard, rules: TurnRules) -> tuple[TurnState, TurnEvent | None]:
    state = replace(
        state,
        onset_s=state.onset_s if state.voiced_s else heard.start_s,
        voiced_s=state.voiced_s + heard.end_s - heard.start_s,
        last_voiced_s=heard.end_s,
        paused=False,
    )
    if not state.speaking:
        if state.voiced_s < rules.start_voiced_s:
            return state, None
        began = replace(state, speaking=True, over_avatar=heard.avatar_speaking)
        return began, TurnEvent.OVERLAPPED if heard.avatar_speaking else TurnEvent.STARTED
    if _claims_floor(state, heard, rules):
        return replace(state, barged_in=True), TurnEvent.BARGED_IN
    if heard.end_s - state.onset_s >= rules.longest_turn_s:
        return TurnState(), TurnEvent.ENDED
    return state, None


def _quiet(state: TurnState, heard: Heard, rules: TurnRules) -> tuple[TurnState, TurnEvent | None]:
    if not state.speaking:
        # Too short to have been speech; one quiet chunk between two voiced ones is allowed.
        gone = state.voiced_s and heard.end_s - state.last_voiced_s > rules.start_voiced_s
        return (TurnState() if gone else state), None
    silence_s = heard.end_s - state.last_voiced_s + 1e-6
    if silence_s >= end_silence_s(heard.text, rules):
        return TurnState(), TurnEvent.ENDED
    if silence_s >= rules.pause_s and not state.paused:
        return replace(state, paused=True), TurnEvent.PAUSED
    return state, None


def _claims_floor(state: TurnState, heard: Heard, rules: TurnRules) -> bool:
    if not state.over_avatar or state.barged_in:
        return False
    if state.voiced_s >= rules.barge_in_voiced_s:
        return True
    return state.voiced_s >= rules.barge_in_word_s and asks_for_floor(heard.text)


# --- what words tell -------------------------------------------------------------------------------------------------

_CONTINUERS: Final = frozenset(
    "mm mhm mm-hm mmhm mmhmm mm-hmm hm hmm hmmm uh-huh uhuh uh huh ah oh yeah yep yes ok okay right sure i see "
    "got it cool wow really 嗯 嗯嗯 嗯哼 哦 噢 喔 啊 呃 唔 对 对对 对的 是 是的 好 好的 行 可以 明白 知道了 这样啊 原来如此".split()
    + ["uh huh", "i see", "got it", "all right", "mm hm", "oh i see", "oh okay", "yeah yeah"]
)
_FLOOR: Final = frozenset("stop wait hold pause sorry excuse no but actually quiet enough".split())
_FLOOR_ZH: Final = (
    "停",
    "等等",
    "等一下",
    "等会",
    "不是",
    "不对",
    "别说",
    "打断",
    "闭嘴",
    "暂停",
    "先别",
    "我想问",
    "请问",
)
_OPEN_ENDS: Final = frozenset(
    "and or but because so if when while that which who the a an my your his her their our its of to in on at for from "
    "with by about as is are was were will would can could should um uh er erm like very i'm it's i the".split()
)
_OPEN_ENDS_ZH: Final = (
    *(
        "然后",
        "但是",
        "因为",
        "所以",
        "如果",
        "而且",
        "或者",
        "还有",
        "就是",
        "比如",
        "虽然",
        "和",
        "跟",
        "把",
        "被",
        "在",
        "给",
        "的话",
        "那个",
    ),
    *("这个", "嗯", "呃", "关于", "我想", "我要", "是", "想", "要"),
)
_NUMBER_WORDS: Final = frozenset(
    "zero oh one two three four five six seven eight nine double triple dash point".split()
)
_DIGITS_ZH: Final = frozenset("零一二三四五六七八九幺")
_FINAL_MARK: Final = re.compile(r"[.!?。\uff01\uff1f…]['\"”’)]*$")
_FINAL_ZH: Final = ("吗", "呢", "吧", "了", "啊", "呀", "谢谢", "再见", "你好", "多少", "什么", "怎么办", "哪里")


def end_silence_s(text: str, rules: TurnRules) -> float:
    """How long a silence ends the turn after these words."""
    words = text.strip()
    if not words:
        return rules.unsure_silence_s
    if _sounds_open(words):
        return rules.unfinished_silence_s
    if _FINAL_MARK.search(words) or words.endswith(_FINAL_ZH) or len(words.split()) >= 3:
        return rules.finished_silence_s
    return rules.unsure_silence_s


def _sounds_open(words: str) -> bool:
    if _FINAL_MARK.search(words):
        return False
    last = words.split()[-1].lower().strip(",，、")
    dictating = [w.lower() for w in words.split()[-2:]]
    if all(w in _NUMBER_WORDS or w.isdigit() for w in dictating):
        return True
    if len(words) >= 2 and all(c in _DIGITS_ZH or c.isdigit() for c in words[-2:]):
        return True
    return last in _OPEN_ENDS or words.endswith((",", "，", "、", *_OPEN_ENDS_ZH))


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s'-]", " ", text.lower()).split())


def is_back_channel(text: str) -> bool:
    """Whether this is a listener's noise ("mm-hm", "嗯") or nothing at all, and not a claim to the floor."""
    plain = _plain(text)
    return not plain or plain in _CONTINUERS or all(word in _CONTINUERS for word in plain.split())


def asks_for_floor(text: str) -> bool:
    """Whether these first words ("wait", "等一下") ask the speaker to stop."""
    words = _plain(text).split()
    return any(word in _FLOOR for word in words[:3]) or text.strip().startswith(_FLOOR_ZH)
