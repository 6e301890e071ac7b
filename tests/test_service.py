"""The doors, without a browser: HTTP, WebRTC signalling, files, messages of the page."""

import asyncio
import json
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest

from tests.server import running_server
from tiangong.agent.events import State, StateChanged, UserHeard
from tiangong.bench.caller import Caller
from tiangong.core.errors import MediaError
from tiangong.core.media import AudioChunk, AvatarClip
from tiangong.policies.record_lines import CheckLine, SaidLine, SessionLine
from tiangong.policies.record_view import read_records
from tiangong.service.film import Film
from tiangong.service.wire import FeelingsSwitched, Interrupted, Typed, read_message, write_event


def clip(seconds: float) -> AvatarClip:
    frames = np.random.default_rng(0).integers(0, 255, (round(25 * seconds), 64, 64, 3), dtype=np.uint8)
    tone = 0.3 * np.sin(np.arange(len(frames) * 960) / 10)
    return AvatarClip(1, frames, 25, AudioChunk(tone.astype(np.float32), 24_000))


# --- files -----------------------------------------------------------------------------------------------------------


def test_a_film_is_h264_and_aac_of_the_right_length(tmp_path: Path) -> None:
    with Film(tmp_path / "a.mp4") as film:
        film.add(clip(0.4))
        film.add(clip(0.6))
    with av.open(str(tmp_path / "a.mp4")) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, sound.codec_context.name) == ("h264", "aac")
        assert (video.frames, float(video.average_rate or 0)) == (25, 25)
        heard = sum(frame.samples for frame in container.decode(audio=0))
        assert heard / sound.codec_context.sample_rate == pytest.approx(1.0, abs=0.05)


def test_a_film_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    def draw_and_fail() -> None:
        with Film(tmp_path / "a.mp4") as film:
            film.add(clip(0.4))
            raise ValueError("drawing failed")

    with pytest.raises(ValueError, match="drawing"):
        draw_and_fail()
    assert list(tmp_path.iterdir()) == []


def test_a_film_into_no_folder_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="cannot be written"), Film(tmp_path / "no" / "a.mp4") as film:
        film.add(clip(0.4))


# --- messages of the page ----------------------------------------------------------------------------------------------


def test_messages_of_the_page_are_read() -> None:
    assert read_message('{"kind": "typed", "text": "hi"}') == Typed(kind="typed", text="hi")
    assert read_message(b'{"kind": "interrupt"}') == Interrupted(kind="interrupt")
    assert read_message('{"kind": "feelings", "on": true}') == FeelingsSwitched(kind="feelings", on=True)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"kind": "nonsense"}', '{"kind": "typed"}', '{"kind": "alive", "x": 1}']
)
def test_anything_else_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(MediaError):
        read_message(text)


def test_events_are_written_with_their_kind() -> None:
    assert json.loads(write_event(UserHeard(3, "嗨", True))) == {
        "kind": "UserHeard",
        "turn_id": 3,
        "text": "嗨",
        "final": True,
    }
    assert json.loads(write_event(StateChanged(State.THINKING)))["state"] == "thinking"


# --- a real server -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("records")


@pytest.fixture(scope="module")
def address(records: Path) -> Generator[str]:
    environment = _with(TIANGONG_SERVE__CAPACITY="1", TIANGONG_POLICY__DECISIONS=str(records))
    with running_server("--profile", "embedded", environment=environment) as address:
        yield address


def _with(**variables: str) -> dict[str, str]:
    import os

    return {**os.environ, **variables}


@pytest.mark.parametrize("sdp", ["", "nonsense", "v=0\r\n", "v=0\r\nm=audio x y\r\n", "a=" * 5000])
def test_a_broken_offer_is_refused_in_one_line_and_holds_no_place(address: str, sdp: str) -> None:
    response = httpx.post(f"{address}/api/calls", json={"sdp": sdp, "avatar": "tian"}, timeout=30)
    assert response.status_code == 422
    assert "\n" not in response.json()["error"]
    assert httpx.get(f"{address}/api/health").json()["open_calls"] == 0


def test_an_unknown_avatar_names_the_known_ones(address: str) -> None:
    response = httpx.post(f"{address}/api/messages", json={"text": "hi", "avatar": "nobody"})
    assert response.status_code == 404
    assert "tian" in response.json()["error"]


@pytest.mark.parametrize("text", ["", "   ", "\u200b\u200e", "x" * 100_000])
def test_text_that_is_no_message_is_refused(address: str, text: str) -> None:
    response = httpx.post(f"{address}/api/messages", json={"text": text, "avatar": "tian"}, timeout=30)
    assert response.status_code == 422
    assert "message" in response.json()["error"]


def test_typed_messages_are_answered_with_clips_and_remembered(address: str) -> None:
    first = httpx.post(f"{address}/api/messages", json={"text": "怎么退货？", "avatar": "tian"}, timeout=120).json()
    assert first["text"]
    film = httpx.get(address + first["clip"])
    assert film.headers["content-type"] == "video/mp4"
    assert len(film.content) > 10_000
    body = {"text": "那要多久？", "avatar": "tian", "chat": first["chat"]}
    second = httpx.post(f"{address}/api/messages", json=body, timeout=120).json()
    assert second["chat"] == first["chat"]
    assert httpx.get(f"{address}/api/clips/unknown.mp4").status_code == 404


def test_typed_talks_are_handed_off_and_ended_by_the_policy(address: str) -> None:
    def typed(text: str, chat: str | None) -> dict[str, Any]:
        body = {"text": text, "avatar": "tian", "chat": chat}
        return httpx.post(f"{address}/api/messages", json=body, timeout=120).json()

    asked = typed("let me talk to a human please", None)
    assert "talk to a human" in asked["hand_off"]
    chat: str | None = None
    ended = []
    for _ in range(3):  # counted over messages: a talk is one session of the policy
        answer = typed("you stupid idiot", chat)
        chat = answer["chat"]
        ended.append(answer["ended"])
    assert ended == [False, False, True]
    assert typed("hello", chat)["chat"] != chat


def test_a_call_that_the_policy_ends_is_over_and_its_place_is_free(address: str) -> None:
    async def scene() -> None:
        async with Caller(address) as caller:
            assert await caller.audible(0.0, 10), "the greeting is not heard"
            for _ in range(3):
                since_s = time.monotonic()
                caller.send({"kind": "typed", "text": "you stupid idiot"})
                assert await caller.told("TurnDone", since_s, 20)
            assert await caller.told("SessionEnded", 0.0, 5)
            assert await caller.told("Decided", 0.0, 0.1) is None, "the record is not for visitors"
            async with httpx.AsyncClient() as client:
                for _ in range(40):
                    if (await client.get(f"{address}/api/health")).json()["open_calls"] == 0:
                        return
                    await asyncio.sleep(0.25)
                pytest.fail("the call is still open")

    asyncio.run(scene())


def test_a_call_speaks_moves_and_stops_and_a_second_one_is_busy(address: str, records: Path) -> None:
    async def scene() -> None:
        async with Caller(address) as caller:
            assert await caller.audible(0.0, 10), "the greeting is not heard"
            await asyncio.sleep(1)
            assert len(caller.received.pictures) > 15
            started_s = time.monotonic()
            async with httpx.AsyncClient() as client:
                busy = await client.post(f"{address}/api/calls", json={"sdp": "v=0", "avatar": "tian"})
            assert busy.status_code == 503
            assert "busy" in busy.json()["error"]
            assert time.monotonic() - started_s < 1
            caller.send({"kind": "typed", "text": "What is Tiangong?"})
            assert await caller.told("AvatarSaid", started_s, 10)
            await asyncio.sleep(1)
            pressed_s = time.monotonic()
            caller.send({"kind": "interrupt"})
            silent_s = await caller.quiet(0.5, 5)
            assert silent_s
            assert silent_s - pressed_s < 0.5
            caller.send({"kind": "typed", "text": "x" * 10_000})
            assert await caller.told("Notice", pressed_s, 5)
            assert not [told for told in caller.received.told if told.message["kind"] == "Decided"]
        await asyncio.sleep(1.5)

    asyncio.run(scene())
    assert httpx.get(f"{address}/api/health").json()["open_calls"] == 0
    lines = list(read_records(records))
    assert isinstance(lines[0], SessionLine)
    checks = [line for line in lines if isinstance(line, CheckLine)]
    assert {"session", "input", "output.sentence"} <= {check.place for check in checks}
    assert "What is Tiangong?" in [check.text for check in checks]
    assert [line.whole for line in lines if isinstance(line, SaidLine)][-1] is False
