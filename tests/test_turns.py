"""Who has the floor, as tables on the audio clock."""

import pytest

from tiangong.agent.turns import (
    Heard,
    TurnEvent,
    TurnRules,
    TurnState,
    asks_for_floor,
    end_silence_s,
    is_back_channel,
    step,
)

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
        heard = Heard(start_s, start_s + STEP_S, probability, text, speaking[0] <= start_s < speaking[1])
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
        ("", RULES.unsure_silence_s),
        ("jacket", RULES.unsure_silence_s),
        ("where is my order", RULES.finished_silence_s),
        ("Yes.", RULES.finished_silence_s),
        ("可以退货吗", RULES.finished_silence_s),
        ("我想买一件外套然后", RULES.unfinished_silence_s),
        ("I want to return it because", RULES.unfinished_silence_s),
        ("my number is four five", RULES.unfinished_silence_s),
        ("订单号是 八六", RULES.unfinished_silence_s),
        ("well,", RULES.unfinished_silence_s),
    ],
)
def test_how_long_a_silence_ends_a_turn(text: str, silence_s: float) -> None:
    assert end_silence_s(text, RULES) == silence_s


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
