"""Who has the floor, as tables on the audio clock."""

import pytest

from tiangong.agent.floor_words import asks_for_floor, is_back_channel, is_dictating, must_go_on
from tiangong.agent.patience import RULES as ENDS
from tiangong.agent.patience import PauseHabit, end_silence_s
from tiangong.agent.turns import Heard, TurnEvent, TurnRules, TurnState, step
from tiangong.bench.turn_ends import judge, measure_turn_ends, paused_sentences
from tiangong.perception.turn_end import finished

RULES = TurnRules()
STEP_S = 0.032


def events(
    voiced: list[tuple[float, float]],
    *,
    text: str = "",
    speaking: tuple[float, float] = (9e9, 9e9),
    until_s: float = 6.0,
) -> list[tuple[float, TurnEvent]]:
    """Times and events of a user who is voiced in these stretches; `speaking` is when the avatar speaks."""
    state, found = TurnState(), []
    for i in range(int(until_s / STEP_S)):
        start_s = i * STEP_S
        probability = 0.9 if any(a <= start_s + STEP_S / 2 < b for a, b in voiced) else 0.05
        heard = Heard(
            start_s, start_s + STEP_S, probability, text, end_silence_s(text), speaking[0] <= start_s < speaking[1]
        )
        state, event = step(state, heard, RULES)
        if event and event is not TurnEvent.PAUSED:
            found.append((round(start_s + STEP_S, 2), event))
    return found


def names(found: list[tuple[float, TurnEvent]]) -> list[TurnEvent]:
    return [event for _, event in found]


def test_a_turn_starts_within_100_ms_and_ends_after_the_silence() -> None:
    (started_s, started), (ended_s, ended) = events([(1.0, 2.0)], text="where is my order")
    assert (started, ended) == (TurnEvent.STARTED, TurnEvent.ENDED)
    assert 1.0 < started_s <= 1.15
    assert 2.33 <= ended_s <= 2.42


@pytest.mark.parametrize("click_s", [0.03, 0.06])
def test_a_click_is_no_turn(click_s: float) -> None:
    assert events([(1.0, 1.0 + click_s)]) == []


def test_a_short_pause_does_not_end_a_turn() -> None:
    assert names(events([(1.0, 2.0), (2.3, 3.0)], text="so I was")) == [TurnEvent.STARTED, TurnEvent.ENDED]


def test_a_pause_inside_a_turn_is_told_once() -> None:
    state, pauses = TurnState(), 0
    for i in range(100):
        at_s = i * STEP_S
        state, event = step(state, Heard(at_s, at_s + STEP_S, 0.9 if at_s < 1 else 0.0, "and then"), RULES)
        pauses += event is TurnEvent.PAUSED
    assert pauses == 1


@pytest.mark.parametrize(
    ("voiced", "text", "expected"),
    [
        ((2.0, 2.3), "", [TurnEvent.OVERLAPPED, TurnEvent.ENDED]),
        ((2.0, 2.4), "mm-hm", [TurnEvent.OVERLAPPED, TurnEvent.ENDED]),
        ((2.0, 3.0), "", [TurnEvent.OVERLAPPED, TurnEvent.BARGED_IN, TurnEvent.ENDED]),
        ((2.0, 2.4), "wait a moment", [TurnEvent.OVERLAPPED, TurnEvent.BARGED_IN, TurnEvent.ENDED]),
        ((2.0, 2.4), "等一下", [TurnEvent.OVERLAPPED, TurnEvent.BARGED_IN, TurnEvent.ENDED]),
    ],
)
def test_voice_over_the_avatar(voiced: tuple[float, float], text: str, expected: list[TurnEvent]) -> None:
    assert names(events([voiced], text=text, speaking=(1.0, 9.0))) == expected


def test_a_turn_ends_after_a_minute_whatever_happens() -> None:
    found = events([(1.0, 100.0)], until_s=63.0)
    assert found[1] == (pytest.approx(61.0, abs=0.1), TurnEvent.ENDED)


@pytest.mark.parametrize(
    ("text", "silence_s"),
    [
        ("", ENDS.unsure_s),
        ("where can I pick up my order today", ENDS.finished_s),
        ("how do I pay for it", ENDS.finished_s),
        ("Yes.", ENDS.likely_s),
        ("没有摄像头也能用吗", ENDS.finished_s),
        ("我想买一件外套然后", ENDS.unfinished_s),
        ("I want to return it because", ENDS.unfinished_s),
        ("I want to return it because.", ENDS.unfinished_s),
        ("my number is four five", ENDS.dictating_s),
        ("订单号是 八六", ENDS.dictating_s),
        ("well,", ENDS.unfinished_s),
        ("I would like to", ENDS.unfinished_s),
        ("我想", ENDS.unfinished_s),
    ],
)
def test_how_long_a_silence_ends_a_turn(text: str, silence_s: float) -> None:
    assert end_silence_s(text) == silence_s


def test_words_tell_whether_they_are_all() -> None:
    assert finished("...") is None
    for whole, begun in (
        ("how long does the delivery take", "how long does the"),
        ("can I pay with a gift card", "can I pay with a"),
        ("这个价格包括早餐吗", "这个价格包括"),
    ):
        sure, unsure = finished(whole), finished(begun)
        assert sure is not None
        assert unsure is not None
        assert sure > unsure + 0.3


def test_sentences_with_pauses_are_seldom_cut_off_and_soon_answered() -> None:
    figures = {figure.name: figure.p50 for figure in measure_turn_ends().figures}
    assert len(paused_sentences()) >= 60
    assert figures["turns cut off, all"] <= 0.03
    assert figures["delay of the end of a turn, all"] <= 0.55


def test_a_sentence_that_is_broken_off_is_told_from_the_rest() -> None:
    sentence = next(s for s in paused_sentences() if s.pauses_s and s.language == "en")
    assert judge(sentence).cut_off_after is None
    long_pause = type(sentence)(sentence.set, "en", sentence.stretches, (1.6,))
    assert judge(long_pause).cut_off_after == sentence.up_to(0)


def test_who_pauses_long_is_waited_for_and_who_does_not_is_answered_sooner() -> None:
    slow, quick, new = PauseHabit(), PauseHabit(), PauseHabit()
    for _ in range(6):
        slow.paused(0.95)
        quick.paused(0.25)
        new.paused(0.05)  # a stop consonant, not a pause
    assert new.longest_s is None
    assert end_silence_s("the lamp", habit_s=slow.longest_s) > 1.1
    assert end_silence_s("the lamp", habit_s=quick.longest_s) < end_silence_s("the lamp")
    assert end_silence_s("can I pay with a gift card", habit_s=slow.longest_s) <= ENDS.unsure_s


@pytest.mark.parametrize(
    ("text", "dictating"), [("it is seven two", True), ("8 6", True), ("一二三", True), ("two", False)]
)
def test_digits_one_by_one_are_dictated(text: str, dictating: bool) -> None:
    assert is_dictating(text) is dictating


@pytest.mark.parametrize(
    ("text", "open_end"),
    [("and", True), ("no I mean", True), ("因为", True), ("what does that mean", False), ("", False)],
)
def test_some_words_must_go_on(text: str, open_end: bool) -> None:
    assert must_go_on(text) is open_end


@pytest.mark.parametrize(
    "text", ["", "mm-hm", "Mm-hm.", "uh huh", "嗯", "嗯嗯。", "对对", "I see", "yeah yeah", "okay right"]
)
def test_listeners_noises_are_back_channels(text: str) -> None:
    assert is_back_channel(text)


@pytest.mark.parametrize("text", ["no", "stop", "what about shoes", "不对", "等一下", "yes but why", "对不起"])
def test_words_with_content_are_not(text: str) -> None:
    assert not is_back_channel(text)


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("stop", True),
        ("sorry can I", True),
        ("no no", True),
        ("等等我想问", True),
        ("bananas", False),
        ("嗯", False),
        ("", False),
    ],
)
def test_words_that_ask_for_the_floor(text: str, asks: bool) -> None:
    assert asks_for_floor(text) is asks
