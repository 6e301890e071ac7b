"""The small machinery between the stages."""

import asyncio
import random
import threading
import time
from collections.abc import AsyncGenerator
from typing import Final

import numpy as np
import pytest

from tests.fakes import InlineWorkers, Script
from tiangong.agent.ahead import ahead
from tiangong.agent.listening import Ear, Listener
from tiangong.agent.memory import Memory, SpokenPiece, heard_text
from tiangong.agent.playout import DUCKED_GAIN, Playout
from tiangong.agent.sentences import LONGEST_CHARS, split_sentences
from tiangong.agent.turns import TurnRules
from tiangong.agent.workers import ThreadWorkers, iterate
from tiangong.core.clock import now_s, run_virtual
from tiangong.core.config import Deadlines
from tiangong.core.errors import EngineError
from tiangong.core.media import AudioChunk, AvatarClip, Message

RATE_HZ, FPS = 24_000, 25


async def stream(*items: str) -> AsyncGenerator[str]:
    for item in items:
        yield item


# --- sentences -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pieces", "sentences"),
    [
        (["Hello there. How are ", "you? Fine"], ["Hello there.", "How are you?", "Fine"]),
        (["It is 3.5 kg. Yes."], ["It is 3.5 kg.", "Yes."]),
        (["It is 3.", "5 kg."], ["It is 3.5 kg."]),
        (["Dr. Li is here. Mr. Wu too."], ["Dr. Li is here.", "Mr. Wu too."]),
        (["您好。", "请问", "有什么可以帮您？好的！"], ["您好。", "请问有什么可以帮您？", "好的！"]),
        (["打开 tiangong.toml 文件。"], ["打开 tiangong.toml 文件。"]),
        (["What?! No..."], ["What?!", "No..."]),
        (["他说：“好的。”然后走了。"], ["他说：“好的。”", "然后走了。"]),
        (["line one\nline two"], ["line one", "line two"]),
        (['He said "go." Then he left.'], ['He said "go."', "Then he left."]),
        (["one\n", '"two" three'], ["one", '"two" three']),
        (["?" * 9 + " What is that?"], ["?" * 8, "? What is that?"]),
        ([""], []),
        (["   \n "], []),
    ],
)
def test_a_stream_is_cut_into_sentences(pieces: list[str], sentences: list[str]) -> None:
    async def cut() -> list[str]:
        return [s async for s in split_sentences(stream(*pieces))]

    assert run_virtual(cut()) == sentences


def test_a_sentence_without_an_end_is_cut_at_a_comma() -> None:
    async def cut() -> list[str]:
        return [s async for s in split_sentences(stream("word, " * 200))]

    sentences = run_virtual(cut())
    assert all(len(s) <= LONGEST_CHARS for s in sentences)
    assert " ".join(sentences).split() == ("word, " * 200).split()


def test_text_arrives_whole_whatever_the_pieces() -> None:
    text = "First of all. 第二句话！ And a third, longer one? Yes."

    async def cut(size: int) -> list[str]:
        return [s async for s in split_sentences(stream(*(text[i : i + size] for i in range(0, len(text), size))))]

    assert {tuple(run_virtual(cut(size))) for size in (1, 2, 3, 7, 100)} == {
        ("First of all.", "第二句话！", "And a third, longer one?", "Yes.")
    }


_BITS: Final = (*'a.?!"”) \n，字。', "word ", "3.5", "Dr. ", "...", "，好", ", ", "x" * 90)


@pytest.mark.parametrize("seed", range(12))
def test_the_sentences_of_any_text_do_not_depend_on_its_pieces(seed: int) -> None:
    draw = random.Random(seed)
    text = "".join(draw.choices(_BITS, k=draw.choice([10, 60, 200])))

    async def cut(*pieces: str) -> list[str]:
        return [s async for s in split_sentences(stream(*pieces))]

    whole = run_virtual(cut(text))
    assert "".join("".join(whole).split()) == "".join(text.split())
    assert run_virtual(cut(*text)) == whole, "letter by letter"
    for at in range(1, len(text), 1 + len(text) // 150):
        assert run_virtual(cut(text[:at], text[at:])) == whole, f"cut at {at}"


# --- ahead -----------------------------------------------------------------------------------------------------------


def test_a_stage_runs_ahead_but_not_too_far() -> None:
    drawn: list[int] = []

    async def source() -> AsyncGenerator[int]:
        for i in range(10):
            drawn.append(i)
            yield i

    async def scene() -> list[int]:
        items = ahead(source(), 2)
        first = await anext(items)
        await asyncio.sleep(1)
        waiting = list(drawn)
        rest = [item async for item in items]
        assert [first, *rest] == list(range(10))
        return waiting

    assert len(run_virtual(scene())) <= 4


def test_an_error_comes_after_what_was_made_before_it() -> None:
    async def source() -> AsyncGenerator[int]:
        yield 1
        yield 2
        raise ValueError("broken")

    seen: list[int] = []

    async def scene() -> None:
        async for item in ahead(source(), 2):
            seen.append(item)

    with pytest.raises(ValueError, match="broken"):
        run_virtual(scene())
    assert seen == [1, 2]


def test_closing_stops_the_source() -> None:
    stopped: list[bool] = []

    async def source() -> AsyncGenerator[int]:
        try:
            while True:
                await asyncio.sleep(0.1)
                yield 1
        finally:
            stopped.append(True)

    async def scene() -> None:
        items = ahead(source(), 2)
        await anext(items)
        await items.aclose()
        await asyncio.sleep(0)

    run_virtual(scene())
    assert stopped == [True]


# --- workers ---------------------------------------------------------------------------------------------------------


def test_an_engines_error_names_its_stage_and_turn() -> None:
    async def scene() -> None:
        workers = ThreadWorkers(Deadlines())
        with pytest.raises(EngineError, match="voice failed in turn 7: ZeroDivisionError") as caught:
            await workers.run("voice", 7, lambda: 1 // 0)
        assert (caught.value.stage, caught.value.turn_id) == ("voice", 7)
        workers.close()

    asyncio.run(scene())


def test_a_stuck_thread_is_given_up_and_the_next_call_runs() -> None:
    release = threading.Event()

    async def scene() -> None:
        workers = ThreadWorkers(Deadlines(face_s=0.1))
        began_s = time.monotonic()
        with pytest.raises(EngineError, match="no answer within"):
            await workers.run("face", 1, lambda: release.wait(5))
        assert await workers.run("face", 2, lambda: 42) == 42
        assert time.monotonic() - began_s < 2
        release.set()
        workers.close()

    asyncio.run(scene())


def test_two_calls_that_wait_for_one_stuck_thread_both_fail_as_their_stage() -> None:
    release = threading.Event()

    async def scene() -> None:
        workers = ThreadWorkers(Deadlines(face_s=0.1), {"face": 2})
        stuck = [workers.run("face", turn, lambda: release.wait(5)) for turn in (1, 2)]
        errors = await asyncio.gather(*stuck, return_exceptions=True)
        assert [type(error) for error in errors] == [EngineError, EngineError]
        assert await workers.run("face", 3, lambda: 42) == 42
        release.set()
        workers.close()

    asyncio.run(scene())


def test_one_engine_is_called_from_one_thread() -> None:
    async def scene() -> set[int]:
        workers = ThreadWorkers(Deadlines())
        ids = await asyncio.gather(*(workers.run("voice", 1, threading.get_ident) for _ in range(20)))
        workers.close()
        return set(ids)

    assert len(asyncio.run(scene())) == 1


def test_leaving_an_iteration_closes_the_engines_generator() -> None:
    closed = threading.Event()

    def pieces():  # type: ignore[no-untyped-def]
        try:
            yield from range(100)
        finally:
            closed.set()

    async def scene() -> None:
        workers = ThreadWorkers(Deadlines())
        items = iterate(workers, "brain", 1, pieces)
        assert await anext(items) == 0
        await items.aclose()
        await asyncio.to_thread(closed.wait, 2)
        workers.close()

    asyncio.run(scene())
    assert closed.is_set()


# --- playout ---------------------------------------------------------------------------------------------------------


def clip(turn_id: int, level: float, frames: int = 5, grey: int = 0) -> AvatarClip:
    pictures = np.full((frames, 4, 4, 3), grey, np.uint8)
    return AvatarClip(turn_id, pictures, FPS, AudioChunk(np.full(frames * 960, level, np.float32), RATE_HZ))


def play(scene) -> None:  # type: ignore[no-untyped-def]
    async def run() -> None:
        scene(Playout(np.zeros((4, 4, 3), np.uint8), RATE_HZ, FPS))

    run_virtual(run())


def test_the_picture_belongs_to_the_sound_that_went_out() -> None:
    def scene(playout: Playout) -> None:
        for grey in (10, 20, 30):
            playout.play(clip(1, 0.5, frames=1, grey=grey))
        seen = []
        for _ in range(6):
            playout.pull(480)
            seen.append(int(playout.frame[0, 0, 0]))
        assert seen == [10, 10, 20, 20, 30, 30]

    play(scene)


def test_a_cancelled_turn_is_silent_and_its_late_clips_are_dropped() -> None:
    def scene(playout: Playout) -> None:
        playout.play(clip(1, 0.5))
        playout.pull(480)
        playout.cancel(1)
        faded = playout.pull(480)
        assert 0 < faded[0] <= 0.5
        assert faded[300:].max() == 0  # silent after 12 ms
        assert not playout.play(clip(1, 0.5))
        assert playout.pull(480).max() == 0
        assert playout.play(clip(2, 0.25))
        assert playout.pull(480).max() == 0.25

    play(scene)


def test_an_answer_does_not_queue_behind_idle_clips() -> None:
    def scene(playout: Playout) -> None:
        for _ in range(5):
            playout.play(clip(0, 0.0, frames=2))
        playout.pull(480)
        playout.play(clip(1, 0.5), instead_of_rest=True)
        waited = 0
        while playout.pull(480).max() == 0:
            waited += 1
        assert waited <= 3  # the rest of one idle clip of 80 ms

    play(scene)


def test_ducking_ramps_and_comes_back() -> None:
    def scene(playout: Playout) -> None:
        playout.play(clip(1, 0.8, frames=10))
        playout.pull(480)
        playout.duck(True)
        ramp = playout.pull(480)
        assert np.abs(np.diff(ramp)).max() < 0.01
        assert playout.pull(480)[0] == pytest.approx(0.8 * DUCKED_GAIN)
        playout.duck(False)
        playout.pull(480)
        assert playout.pull(480)[0] == pytest.approx(0.8)

    play(scene)


def test_late_clips_hold_the_timeline_instead_of_skipping() -> None:
    def scene(playout: Playout) -> None:
        playout.play(clip(1, 0.5, frames=1, grey=10))
        playout.pull(960)
        assert playout.pull(960).max() == 0
        assert playout.frame[0, 0, 0] == 10
        assert playout.played_s == pytest.approx(0.04)
        assert playout.starved_s == pytest.approx(0.04)

    play(scene)


def test_what_was_heard_of_a_turn_is_counted() -> None:
    def scene(playout: Playout) -> None:
        playout.play(clip(3, 0.5, frames=10))
        playout.pull(4800)
        assert playout.heard_s(3) == pytest.approx(0.2)
        assert playout.holds(3)
        assert playout.first_heard_s[3] == now_s()

    play(scene)


# --- memory ----------------------------------------------------------------------------------------------------------

PIECES = [SpokenPiece("It takes three days.", 2.0), SpokenPiece("Then it is there.", 2.0)]


@pytest.mark.parametrize(
    ("heard_s", "text"),
    [
        (0.0, ""),
        (1.0, "It takes"),
        (2.0, "It takes three days."),
        (3.0, "It takes three days. Then it"),
        (4.0, "It takes three days. Then it is there."),
    ],
)
def test_memory_keeps_what_was_heard(heard_s: float, text: str) -> None:
    assert heard_text(PIECES, heard_s) == text


def test_chinese_is_cut_at_a_character_and_joined_without_spaces() -> None:
    pieces = [SpokenPiece("三天就到。", 1.0), SpokenPiece("请放心等待。", 1.2)]
    assert heard_text(pieces, 1.6) == "三天就到。请放心"


def test_an_interrupted_answer_is_marked() -> None:
    memory = Memory()
    memory.user_said("how long")
    memory.avatar_said(PIECES, 2.0)
    assert memory.messages[-1] == Message("assistant", "It takes three days.", interrupted=True)


def test_words_said_before_any_answer_belong_together() -> None:
    memory = Memory()
    memory.user_said("I have a jacket")
    memory.avatar_said(PIECES, 0.0)
    memory.user_said("can I return it")
    assert [m.text for m in memory.messages] == ["I have a jacket can I return it"]


@pytest.mark.parametrize(
    ("chosen", "text", "language"),
    [
        ("auto", "你好", "zh"),
        ("auto", "hello", "en"),
        ("en", "运费是多少？", "zh"),
        ("en", "123", "en"),
        ("zh", "OK", "zh"),
        ("zh", "怎么退货", "zh"),
        ("zh", "how do I return a jacket", "en"),
    ],
)
def test_an_answer_is_in_the_language_of_the_question(chosen: str, text: str, language: str) -> None:
    script = Script([])
    assert Listener(script, Ear(script), InlineWorkers(), TurnRules(), chosen).answer_language(text) == language
