"""`tiangong voice` and who speaks with what it makes: say, avatars, the settings."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.made_faces import drawn_portrait
from tests.made_files import write_film
from tests.made_voices import MAN, recorded
from tiangong.cli import main
from tiangong.core.config import load_settings
from tiangong.core.media import AudioChunk
from tiangong.core.pictures import write_picture
from tiangong.core.sound import read_audio, write_wav
from tiangong.service.assembly import with_voice
from tiangong.studio.bundle import CONSENT, open_bundle
from tiangong.studio.voices import voice_of
from tiangong.voice.clone.spectrum import analysed
from tiangong.voice.protocol import PROFILE, REFERENCE

Answer = tuple[int, str, str]
Tiangong = Callable[..., Answer]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def recording(home: Path) -> Path:
    write_wav(recorded(MAN), home / "man.wav")
    return home / "man.wav"


@pytest.fixture
def tiangong(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tiangong:
    monkeypatch.setenv("TIANGONG_VOICE__VOICES", str(home / "voices"))
    monkeypatch.setenv("TIANGONG_AVATARS", str(home / "avatars"))
    monkeypatch.setenv("TIANGONG_PROFILE", "embedded")

    def call(*arguments: str | Path) -> Answer:
        code = 0
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = int(end.code or 0)
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


@pytest.fixture
def cloned(home: Path, recording: Path, tiangong: Tiangong) -> Path:
    """The voice "me", made once for all tests of this file."""
    if not (home / "voices" / "me").exists():
        code, told, error = tiangong("voice", "clone", "me", "--audio", recording)
        assert code == 0, error
        assert "learnt from" in told
        assert "your own voice, or that you have this person's permission" in told
    return home / "voices" / "me"


def middle_hz(path: Path) -> float:
    f0_hz = analysed(read_audio(path, 24_000).pcm).f0_hz
    return float(np.median(f0_hz[f0_hz > 0]))


def test_a_cloned_voice_is_a_folder_with_its_consent(cloned: Path) -> None:
    assert {p.name for p in cloned.iterdir()} == {REFERENCE, PROFILE, CONSENT}
    assert "my own voice" in json.loads((cloned / CONSENT).read_text())["statement"]


def test_it_is_listed(cloned: Path, tiangong: Tiangong) -> None:
    code, told, _ = tiangong("voice", "list")
    assert code == 0
    assert told.startswith("me ")
    assert "consent valid" in told
    (found,) = json.loads(tiangong("voice", "list", "--json")[1])
    assert found["name"] == "me"
    assert found["learnt"] == [PROFILE]
    assert found["reference_s"] > 10


def test_say_speaks_with_it(cloned: Path, tiangong: Tiangong, tmp_path: Path) -> None:
    text = "Good morning. This is a much longer sentence, which is heard in several pieces of sound."
    out, times = tmp_path / "me.wav", tmp_path / "t.json"
    code, _, error = tiangong("say", text, "--voice", "me", "-o", out, "--timings", times)
    assert code == 0, error
    sentences = json.loads(times.read_text())["sentences"]
    assert [s["text"] for s in sentences] == ["Good morning.", text.removeprefix("Good morning. ")]
    assert sentences[0]["end_s"] == pytest.approx(sentences[1]["start_s"], abs=0.01)
    assert tiangong("say", text, "--voice", "espeak", "-o", tmp_path / "plain.wav")[0] == 0
    assert middle_hz(out) < 0.8 * middle_hz(tmp_path / "plain.wav")


def test_an_avatar_of_ones_own_speaks_with_its_own_voice(
    cloned: Path, recording: Path, tiangong: Tiangong, home: Path, tmp_path: Path
) -> None:
    write_picture(drawn_portrait(), tmp_path / "me.png")
    code, told, error = tiangong("avatar", "create", "max", "--photo", tmp_path / "me.png", "--voice", recording)
    assert code == 0, error
    assert "Voice: learnt from" in told
    avatar = open_bundle(home / "avatars" / "max").folder  # its seal covers the voice
    assert voice_of(avatar) == avatar / "voice"
    assert tiangong("say", "Good morning to all of you.", "--avatar", "max", "-o", tmp_path / "a.wav")[0] == 0
    assert tiangong("say", "Good morning to all of you.", "-o", tmp_path / "b.wav")[0] == 0
    assert middle_hz(tmp_path / "a.wav") < 0.8 * middle_hz(tmp_path / "b.wav")


def test_a_voice_is_given_to_an_avatar(recording: Path, tiangong: Tiangong, home: Path, tmp_path: Path) -> None:
    write_picture(drawn_portrait(), tmp_path / "me.png")
    assert tiangong("avatar", "create", "ann", "--photo", tmp_path / "me.png")[0] == 0
    assert voice_of(home / "avatars" / "ann") is None
    code, told, error = tiangong("voice", "clone", "hers", "--audio", recording, "--avatar", "ann")
    assert code == 0, error
    assert "ann now speaks with it" in told
    assert voice_of(open_bundle(home / "avatars" / "ann").folder) is not None


def test_a_revoked_voice_is_not_spoken_with(cloned: Path, tiangong: Tiangong, tmp_path: Path) -> None:
    consent = json.loads((cloned / CONSENT).read_text())
    try:
        (cloned / CONSENT).write_text(json.dumps({**consent, "revoked": "2026-01-02T00:00:00Z"}))
        code, _, error = tiangong("say", "Hello", "--voice", "me", "-o", tmp_path / "a.wav")
        assert code == 2
        assert "consent was revoked on 2026-01-02" in error
        assert "consent me: consent was revoked" in tiangong("voice", "list")[1]
    finally:
        (cloned / CONSENT).write_text(json.dumps(consent))


def bad_files(folder: Path) -> None:
    write_wav(AudioChunk(np.zeros(24_000 * 12, np.float32), 24_000), folder / "silence.wav")
    write_wav(AudioChunk(recorded(MAN, 1).pcm[:24_000], 24_000), folder / "short.wav")
    (folder / "text.wav").write_text("this is no sound at all")
    (folder / "empty.wav").write_bytes(b"")
    write_film(folder / "mute.mp4", [np.zeros((64, 64, 3), np.uint8)] * 30)


REFUSED = [
    (["x", "--audio", "silence.wav"], "silent"),
    (["x", "--audio", "short.wav"], "too short"),
    (["x", "--audio", "text.wav"], "text.wav: not a sound or video file"),
    (["x", "--audio", "empty.wav"], "empty.wav"),
    (["x", "--audio", "absent.wav"], "no such file"),
    (["x", "--audio", "mute.mp4"], "no sound track"),
    (["espeak", "--audio", "short.wav"], "name of a voice engine"),
    (["../x", "--audio", "short.wav"], "cannot be a voice's name"),
    (["me", "--audio", "short.wav"], "already a voice 'me'"),
    (["x", "--audio", "short.wav", "--avatar", "nobody"], "nobody"),
    (["x", "--audio", "short.wav", "--avatar", "tian"], "starter avatar"),
]


@pytest.mark.parametrize(("arguments", "complaint"), REFUSED)
def test_bad_input_is_one_line_and_leaves_nothing(
    cloned: Path,
    tiangong: Tiangong,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    complaint: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    bad_files(tmp_path)
    before = sorted((home / "voices").rglob("*"))
    code, told, error = tiangong("voice", "clone", *arguments)
    assert code == 2
    assert complaint in error
    assert error.count("\n") == 1
    assert told == ""
    assert sorted((home / "voices").rglob("*")) == before


def test_a_bad_recording_leaves_no_avatar(tiangong: Tiangong, home: Path, tmp_path: Path) -> None:
    bad_files(tmp_path)
    write_picture(drawn_portrait(), tmp_path / "me.png")
    answer = tiangong("avatar", "create", "eve", "--photo", tmp_path / "me.png", "--voice", tmp_path / "short.wav")
    assert answer[0] == 2
    assert "too short" in answer[2]
    assert not (home / "avatars" / "eve").exists()


def test_no_voices_yet_is_a_friendly_line(tiangong: Tiangong, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIANGONG_VOICE__VOICES", str(tmp_path / "none"))
    assert "tiangong voice clone me --audio me.wav" in tiangong("voice", "list")[1]


def test_a_wish_for_a_voice_is_an_engine_or_a_clone(cloned: Path, tiangong: Tiangong) -> None:
    settings = load_settings()
    assert with_voice(settings, "piper").engines.voice == "piper"
    assert with_voice(settings, "me").voice.speaker == "me"
