"""`tiangong bench loop`: a caller speaks to a real server over WebRTC on this machine.

Every time is taken on the caller's side, network, codecs and jitter buffer included; the split by stage is what the server
reports of the same turns.
"""

import asyncio
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np
import psutil
from numpy.typing import NDArray

from tiangong.bench.caller import MICROPHONE_RATE_HZ, Caller, Picture
from tiangong.bench.report import Figure, Report, machine, versions
from tiangong.core.errors import ConfigError, MediaError
from tiangong.core.face_mesh import FaceMesh
from tiangong.core.media import AudioChunk, SpeechStyle
from tiangong.core.sound import read_audio, resample

_QUESTIONS: Final = (
    "How do I return a jacket?",
    "Where is my order?",
    "How long does delivery take?",
    "Can I get an invoice?",
    "What can you do?",
    "Tell me about your opening hours.",
    "Which payment methods do you accept?",
    "Who are you?",
)
_INTERRUPTION: Final = "Stop, wait a moment please, I have another question."
_LONG_QUESTION: Final = "What is Tiangong?"
_MOVED: Final = 0.03  # of mouth width: wider than the lips' gap ever is at rest
_SEEN_BEFORE_S, _SEEN_AFTER_S = 0.5, 1.0  # around the first sound
_LONGEST_QUESTION_S: Final = 8.0


@dataclass(frozen=True)
class FirstPictures:
    """What was seen around the first sound of an answer, kept to be looked at when the call is over."""

    heard_s: float
    pictures: list[Picture]  # made smaller


@dataclass
class Measured:
    """Everything in seconds."""

    first_sound: list[float] = field(default_factory=list)
    first_pictures: list["FirstPictures"] = field(default_factory=list)
    stages: dict[str, list[float]] = field(default_factory=dict)
    onset_to_silence: list[float] = field(default_factory=list)
    decision_to_silence: list[float] = field(default_factory=list)
    button_to_silence: list[float] = field(default_factory=list)
    unanswered: int = 0


def measure_loop(turns: int, speech: Path | None) -> Report:
    """Raises MediaError where `speech` holds no usable sound."""
    questions = _from_folder(speech) if speech else [_spoken(text) for text in _QUESTIONS]
    with _server() as (address, process):
        measured, memory_mb = Measured(), [0.0]
        asyncio.run(_call(address, process, turns, questions, measured, memory_mb))
        health = httpx.get(f"{address}/api/health").json()
    # Only now: looking for lips takes a core that the call needed.
    with FaceMesh(tracking=False) as mesh:
        moved = [_mouth_after_sound_s(first, mesh) for first in measured.first_pictures]
    return _report(measured, [s for s in moved if s is not None], health, memory_mb[0])


# --- the server ------------------------------------------------------------------------------------------------------


@contextmanager
def _server() -> Generator[tuple[str, psutil.Process]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tiangong.cli", "serve", "--port", str(port), "--profile", "embedded"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                # The idle clip is asked for so that the avatar is open and warm, as after a first visit.
                httpx.get(f"{address}/api/avatars/tian/idle.mp4", timeout=60).raise_for_status()
                break
            except httpx.TransportError as error:
                if server.poll() is not None:
                    raise ConfigError(
                        "the server ended at its start; 'tiangong serve --profile embedded' says why"
                    ) from error
                time.sleep(0.1)
        yield address, psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait(20)


# --- the caller ------------------------------------------------------------------------------------------------------


async def _call(
    address: str,
    process: psutil.Process,
    turns: int,
    questions: list[NDArray[np.float32]],
    measured: Measured,
    memory_mb: list[float],
) -> None:
    async with Caller(address) as caller:
        await caller.told("TurnDone", 0.0, 20)  # the greeting
        for number in range(turns):
            await _ask(caller, questions[number % len(questions)], measured)
            memory_mb[0] = max(memory_mb[0], process.memory_info().rss / 2**20)
        for number in range(max(3, turns // 2)):
            await _interrupt(caller, measured, by_voice=number % 2 == 0)


async def _ask(caller: Caller, question: NDArray[np.float32], measured: Measured) -> None:
    await caller.quiet(0.6, 20)
    began_s = time.monotonic()
    caller.microphone.speak(question)
    await caller.microphone.silent.wait()
    ended_s = caller.microphone.ended_s
    heard_s = await caller.audible(ended_s, 6)
    await asyncio.sleep(_SEEN_AFTER_S)
    near = [p for p in caller.received.pictures if heard_s and p.at_s >= heard_s - _SEEN_BEFORE_S]
    done = await caller.told("TurnDone", began_s, 40)
    if heard_s is None or done is None:
        measured.unanswered += 1
        return
    measured.first_sound.append(heard_s - ended_s)
    for stage, seconds in _split(done.message).items():
        measured.stages.setdefault(stage, []).append(seconds)
    smaller = [Picture(p.at_s, np.ascontiguousarray(p.image[::2, ::2])) for p in near]
    measured.first_pictures.append(FirstPictures(heard_s, smaller))


def _split(turn: dict[str, Any]) -> dict[str, float]:
    """Server's view of one turn: to each stage's first output."""
    found = {"end of turn": turn["waited_s"]}
    for timing in turn["stages"]:
        found.setdefault(timing["stage"], timing["first_output_s"] - timing["started_s"])
    if turn["first_sound_s"] is not None:
        found["first sample leaves the server"] = turn["first_sound_s"]
    return found


def _mouth_after_sound_s(first: FirstPictures, mesh: FaceMesh) -> float | None:
    """How far from the first sound, either way, the lips first parted; None if they did not."""
    for picture in first.pictures:
        faces = mesh.find(picture.image)
        if faces:
            points = faces[0][:, :2]
            gap = np.linalg.norm(points[13] - points[14]) / np.linalg.norm(points[61] - points[291])
            if gap > _MOVED:
                return abs(picture.at_s - first.heard_s)
    return None


async def _interrupt(caller: Caller, measured: Measured, *, by_voice: bool) -> None:
    await caller.quiet(0.6, 30)
    asked_s = time.monotonic()
    caller.send({"kind": "typed", "text": _LONG_QUESTION})
    if await caller.audible(asked_s, 6) is None:
        return
    await asyncio.sleep(0.8)
    spoken_s = time.monotonic()
    if by_voice:
        caller.microphone.speak(_spoken(_INTERRUPTION))
    else:
        caller.send({"kind": "interrupt"})
    stopped = await caller.told("AvatarStopped", spoken_s, 5)
    silent_s = await caller.quiet(0.3, 10)
    if stopped is None or silent_s is None:
        return
    if by_voice:
        measured.onset_to_silence.append(silent_s - caller.microphone.began_s)
        measured.decision_to_silence.append(max(0.0, silent_s - stopped.at_s))
        await caller.told("TurnDone", stopped.at_s, 30)
    else:
        measured.button_to_silence.append(max(0.0, silent_s - spoken_s))


# --- questions and figures -------------------------------------------------------------------------------------------


def _spoken(text: str) -> NDArray[np.float32]:
    from tiangong.voice.espeak import MALE, EspeakVoice

    pieces = [speech.audio.pcm for speech in EspeakVoice(MALE).synthesize(text, SpeechStyle("en"))]
    sound = AudioChunk(np.concatenate(pieces), 24_000)
    return resample(sound, MICROPHONE_RATE_HZ).pcm


def _from_folder(folder: Path) -> list[NDArray[np.float32]]:
    files = sorted(p for p in folder.rglob("*") if p.suffix in {".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a"})
    sounds = [read_audio(path, MICROPHONE_RATE_HZ) for path in files]
    usable = [sound.pcm for sound in sounds if sound.duration_s <= _LONGEST_QUESTION_S]
    if not usable:
        raise MediaError(f"{folder}: no sound file of at most {_LONGEST_QUESTION_S:g} s")
    return usable


def _report(measured: Measured, moved: list[float], health: dict[str, Any], memory_mb: float) -> Report:
    def ms(seconds: list[float]) -> list[float]:
        return [1000 * s for s in seconds]

    figures = [
        Figure.of("end of speech to first audible sample", "ms", ms(measured.first_sound)),
        Figure.of("first sound to first moved mouth, either way", "ms", ms(moved)),
        *(Figure.of(f"  of it: {stage}", "ms", ms(values)) for stage, values in measured.stages.items()),
        Figure.of("barge-in: user's first sample to silence", "ms", ms(measured.onset_to_silence)),
        Figure.of("barge-in: decision to silence", "ms", ms(measured.decision_to_silence)),
        Figure.of("stop button to silence", "ms", ms(measured.button_to_silence)),
        Figure.of("turns without an answer", "turns", [float(measured.unanswered)]),
        Figure.of("pictures late by more than 40 ms", "%", [health["pictures_late_percent"]]),
        Figure.of("sound that had to wait for pictures", "s", [health["starved_s"]]),
        Figure.of("memory of the server with one call", "MB", [memory_mb]),
    ]
    return Report("loop", machine(), platform.python_version(), versions(), health["engines"], figures)
