"""What flows, configuration, the registry, files."""

from pathlib import Path

import numpy as np
import pytest

from tiangong.core.config import Settings, load_settings
from tiangong.core.errors import ConfigError, MediaError, MissingExtra
from tiangong.core.language import clean_text, language_of
from tiangong.core.media import AudioChunk, AvatarClip, Emotion, FaceMotion, VideoFrame
from tiangong.core.pictures import read_picture, read_video, write_picture
from tiangong.core.registry import choose, load
from tiangong.core.sound import StreamResampler, clean, read_audio, resample, write_wav


def pcm(seconds: float, rate_hz: int = 16_000) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate_hz)) / rate_hz)).astype(np.float32)


@pytest.mark.parametrize(
    "make",
    [
        lambda: AudioChunk(np.zeros((2, 2), np.float32), 16_000),
        lambda: AudioChunk(np.zeros(4, np.float64), 16_000),  # type: ignore[arg-type]
        lambda: AudioChunk(np.array([np.nan], np.float32), 16_000),
        lambda: AudioChunk(np.array([np.inf, -np.inf], np.float32), 16_000),
        lambda: AudioChunk(np.zeros(4, np.float32), 100),
        lambda: VideoFrame(np.zeros((4, 4), np.uint8)),
        lambda: VideoFrame(np.zeros((4, 4, 3), np.float32)),  # type: ignore[arg-type]
        lambda: FaceMotion(np.full((1, 52), 1.5, np.float32), np.zeros((1, 3), np.float32), 25),
        lambda: FaceMotion(np.zeros((1, 51), np.float32), np.zeros((1, 3), np.float32), 25),
        lambda: FaceMotion(np.zeros((2, 52), np.float32), np.zeros((1, 3), np.float32), 25),
        lambda: AvatarClip(1, np.zeros((25, 4, 4, 3), np.uint8), 25, AudioChunk(np.zeros(12_000, np.float32), 24_000)),
        lambda: Emotion("happy", np.ones(7, np.float32), 0, 0, 1, 0),
    ],
)
def test_what_flows_checks_itself(make) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(MediaError):
        make()


# --- sound and pictures ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000])
def test_sound_of_any_rate_is_read_at_16_khz(tmp_path: Path, rate_hz: int) -> None:
    write_wav(AudioChunk(pcm(1.0, rate_hz), rate_hz), tmp_path / "a.wav")
    sound = read_audio(tmp_path / "a.wav")
    assert sound.rate_hz == 16_000
    assert sound.duration_s == pytest.approx(1.0, abs=0.02)
    assert np.abs(sound.pcm).max() == pytest.approx(0.5, abs=0.05)


def test_damaged_samples_become_silence_and_loud_ones_are_clipped() -> None:
    sound = clean(np.array([np.nan, np.inf, -np.inf, 7.0, 0.5], np.float32), 16_000)
    assert sound.pcm.tolist() == [0, 0, 0, 1, 0.5]


@pytest.mark.parametrize("content", [b"", b"not a sound", b"RIFF\x00\x00\x00\x00WAVE"])
def test_a_file_that_is_no_sound_says_so_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(MediaError, match=r"a\.wav") as caught:
        read_audio(tmp_path / "a.wav")
    assert "\n" not in str(caught.value)


def test_a_stream_resampled_in_pieces_is_the_whole_resampled() -> None:
    whole = resample(AudioChunk(pcm(1.0, 48_000), 48_000), 16_000).pcm
    stream = StreamResampler(48_000, 16_000)
    source = pcm(1.0, 48_000)
    pieces = [stream.push(source[i : i + 960], last=i + 960 >= len(source)) for i in range(0, len(source), 960)]
    assert np.abs(np.concatenate(pieces)[: len(whole)] - whole[: sum(map(len, pieces))]).max() < 1e-3


def test_a_picture_survives_writing_and_reading(tmp_path: Path) -> None:
    image = np.arange(20 * 30 * 3, dtype=np.uint8).reshape(20, 30, 3)
    write_picture(image, tmp_path / "p.png")
    assert np.array_equal(read_picture(tmp_path / "p.png").image, image)


@pytest.mark.parametrize("read", [read_picture, lambda path: next(read_video(path))])
def test_a_file_that_is_no_picture_says_so(tmp_path: Path, read) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "p.png").write_bytes(b"nonsense")
    with pytest.raises(MediaError, match=r"p\.png"):
        read(tmp_path / "p.png")
    with pytest.raises(MediaError, match="no such file"):
        read(tmp_path / "absent.png")


# --- text --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("hello there", "en"),
        ("你好", "zh"),
        ("请打开 GitHub 的页面", "zh"),
        ("what does 你好 mean", "en"),
        ("123", "en"),
        ("", "en"),
    ],
)
def test_the_language_of_a_text(text: str, language: str) -> None:
    assert language_of(text) == language


def test_invisible_characters_are_dropped() -> None:
    assert clean_text("\u202ea\u200bb\x00c\ufeff \n") == "abc"


# --- configuration -----------------------------------------------------------------------------------------------------


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_options_win_over_variables_and_variables_over_the_file(at: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (at / "tiangong.toml").write_text('avatar = "a"\nlanguage = "zh"\n[serve]\nport = 1000\ncapacity = 9\n')
    monkeypatch.setenv("TIANGONG_SERVE__PORT", "2000")
    monkeypatch.setenv("TIANGONG_AVATAR", "b")
    settings = load_settings(avatar="c")
    assert (settings.avatar, settings.serve.port, settings.serve.capacity, settings.language) == ("c", 2000, 9, "zh")


@pytest.mark.parametrize(
    ("toml", "complaint"),
    [
        ("[serve]\nprot = 1", "unknown setting 'serve.prot'; did you mean 'serve.port'?"),
        ("avatr = 'x'", "did you mean 'avatar'?"),
        ("[serve]\nport = 99999999", "setting 'serve.port'"),
        ("profile = 'fast'", "setting 'profile'"),
        ("this is = = no toml", "tiangong.toml"),
    ],
)
def test_a_wrong_file_is_one_clear_line(at: Path, toml: str, complaint: str) -> None:
    (at / "tiangong.toml").write_text(toml)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_variable_names_the_nearest(at: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIANGONG_SERVE__CAPACTY", "3")
    with pytest.raises(ConfigError, match=r"did you mean 'serve\.capacity'"):
        load_settings()


# --- registry ----------------------------------------------------------------------------------------------------------


class Large:
    embedded = False


class Small:
    embedded = True


class Absent:
    embedded = False

    @classmethod
    def unavailable(cls, settings: Settings) -> str | None:
        return "no weights"


HERE = "tests.test_core"
ENGINES = {"absent": f"{HERE}:Absent", "large": f"{HERE}:Large", "small": f"{HERE}:Small", "odd": "no_such_package:Odd"}


def test_auto_takes_the_first_that_can_run_and_says_why() -> None:
    choice = choose("voice", ENGINES, "auto", Settings())
    assert choice.name == "large"
    assert "not absent: no weights" in choice.reason


def test_the_embedded_profile_passes_over_larger_ones() -> None:
    assert choose("voice", ENGINES, "auto", Settings(profile="embedded")).name == "small"


def test_an_engine_asked_for_by_name_must_be_able_to_run() -> None:
    with pytest.raises(MissingExtra, match="no weights"):
        choose("voice", ENGINES, "absent", Settings())
    with pytest.raises(MissingExtra, match="pip install no_such_package"):
        load("voice", ENGINES, "odd")


def test_an_unknown_engine_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'small'"):
        choose("voice", ENGINES, "smal", Settings())
