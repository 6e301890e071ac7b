"""The command line, as a person or a program calls it."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tiangong.core.media import AudioChunk
from tiangong.core.pictures import read_picture, write_picture
from tiangong.core.sound import read_audio, write_wav
from tiangong.studio.bundle import STARTER, seal_bundle

TIAN = STARTER / "avatars" / "tian" / "portrait.png"


def tiangong(*arguments: str | Path, at: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tiangong.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=110,
        cwd=at,
        env={**os.environ, **variables},
        check=False,
    )


def test_help_answers_at_once() -> None:
    times = []
    for _ in range(3):
        began_s = time.monotonic()
        answer = tiangong("--help")
        times.append(time.monotonic() - began_s)
        assert answer.returncode == 0
    assert min(times) < 0.5
    for command in ("serve", "chat", "say", "hear", "look", "doctor", "bench"):
        assert command in answer.stdout


def test_doctor_names_an_engine_for_every_stage() -> None:
    answer = tiangong("doctor", "--json", "--profile", "embedded")
    assert answer.returncode == 0
    report = json.loads(answer.stdout)
    assert all(stage["taken"] for stage in report["stages"].values())
    assert {"tian", "gong"} <= set(report["avatars"])


def test_say_writes_a_talking_video_and_when_each_phone_is_spoken(tmp_path: Path) -> None:
    answer = tiangong("say", "Hello Bob. 你好！", "-o", tmp_path / "a.mp4", "--timings", tmp_path / "t.json")
    assert answer.returncode == 0, answer.stderr
    timings = json.loads((tmp_path / "t.json").read_text())
    assert (timings["sample_rate_hz"], timings["fps"]) == (24_000, 25)
    assert [s["text"] for s in timings["sentences"]] == ["Hello Bob.", "你好！"]
    assert {"b", "h"} <= {p["symbol"] for p in timings["phones"]}
    sound = read_audio(tmp_path / "a.mp4")
    assert sound.duration_s == pytest.approx(timings["sentences"][-1]["end_s"] + 0.32, abs=0.15)
    spoken = sound.pcm[int(timings["phones"][0]["start_s"] * 16_000) :]
    assert np.abs(spoken).max() > 0.1


def test_say_hear_and_look_fit_together(tmp_path: Path) -> None:
    assert tiangong("say", "Hello, how are you today?", "-o", tmp_path / "a.wav").returncode == 0
    heard = json.loads(tiangong("hear", tmp_path / "a.wav", "--json", "--profile", "embedded").stdout)[0]
    assert heard["segments"]
    assert heard["real_time_factor"] < 1
    seen = json.loads(tiangong("look", TIAN, "--json").stdout)[0]
    (face,) = seen["faces"]
    assert len(face["expression"]) == 52
    assert len(face["head_rad"]) == 3
    assert abs(sum(face["emotion"]["probabilities"]) - 1) < 0.01


def test_a_chat_in_the_terminal() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "tiangong.cli", "chat", "--profile", "embedded"],
        input="how do I return something?\n运费多少？\n" + "x" * 5000 + "\n/quit\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 0
    assert "30 days" in answer.stdout
    assert "元" in answer.stdout
    assert "4,000 characters" in answer.stderr


def silent(tmp_path: Path) -> Path:
    write_wav(AudioChunk(np.zeros(32_000, np.float32), 16_000), tmp_path / "silent.wav")
    return tmp_path / "silent.wav"


def test_a_silent_file_is_a_no_not_an_error(tmp_path: Path) -> None:
    answer = tiangong("hear", silent(tmp_path), "--profile", "embedded")
    assert answer.returncode == 1
    assert answer.stderr == ""


def broken(tmp_path: Path) -> Path:
    (tmp_path / "broken.mp4").write_bytes(b"\x00" * 100)
    return tmp_path / "broken.mp4"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["say", "Hi", "-o", "a.avi"], ".mp4 or .wav"),
        (["say", "Hi", "-o", "no/such/folder/a.mp4"], "no folder"),
        (["say", "🙂", "-o", "a.mp4"], "nothing to say"),
        (["say", "", "-o", "a.mp4"], "nothing to say"),
        (["say", "Hi", "-o", "a.mp4", "--emotion", "jolly"], "no emotion 'jolly'"),
        (["say", "Hi", "-o", "a.mp4", "--avatar", "nobody"], "no avatar 'nobody'"),
        (["say", "Hi", "-o", "a.mp4", "--voice", "espaek"], "did you mean 'espeak'"),
        (["hear", "absent.wav"], "no such file"),
        (["hear", "broken.mp4"], "broken.mp4"),
        (["look", "absent.png"], "no such file"),
        (["look", "broken.mp4"], "broken.mp4"),
        (["doctor", "--profile", "fast"], "profile"),
    ],
)
def test_bad_input_is_one_line_and_code_2(tmp_path: Path, arguments: list[str], complaint: str) -> None:
    broken(tmp_path)
    answer = tiangong(*arguments, at=tmp_path)
    assert answer.returncode == 2
    assert complaint in answer.stderr
    assert len(answer.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "a.mp4").exists()


def test_an_unknown_key_of_the_settings_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "tiangong.toml").write_text("[serve]\nprot = 1\n")
    answer = tiangong("doctor", at=tmp_path)
    assert answer.returncode == 2
    assert "serve.port" in answer.stderr


@pytest.mark.parametrize(("picture", "complaint"), [(0, "no face found"), (2, "2 faces found")])
def test_a_portrait_without_exactly_one_face_is_one_line(tmp_path: Path, picture: int, complaint: str) -> None:
    face = read_picture(TIAN).image
    folder = tmp_path / "avatars" / "mine"
    shutil.copytree(TIAN.parent, folder)
    write_picture(
        np.hstack([face] * picture) if picture else np.full((512, 512, 3), 90, np.uint8), folder / "portrait.png"
    )
    seal_bundle(folder, "mine")
    variables = {"TIANGONG_AVATARS": str(tmp_path / "avatars"), "TIANGONG_AVATAR": "mine"}
    answer = tiangong("say", "Hi", "-o", tmp_path / "a.mp4", **variables)
    assert answer.returncode == 2
    assert complaint in answer.stderr
    assert len(answer.stderr.strip().splitlines()) == 1
