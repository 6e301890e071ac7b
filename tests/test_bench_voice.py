"""`tiangong bench voice`: its definitions on sounds and embeddings whose answer is known."""

from pathlib import Path

import numpy as np
import pytest

from tiangong.bench.voice import VoiceWishes, measure_voice
from tiangong.bench.voice_likeness import likeness_of, likeness_of_real, speakers_in
from tiangong.bench.voice_sound import loudness_lufs, silence_at_end_s
from tiangong.bench.voice_words import sentences, word_errors, words_of
from tiangong.core.errors import ConfigError, MediaError

RATE_HZ = 24_000


def tone(seconds: float, amplitude: float, hz: float = 997.0) -> np.ndarray:
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (amplitude * np.sin(2 * np.pi * hz * t)).astype(np.float32)


def test_a_full_tone_near_1_khz_has_the_loudness_that_the_standard_gives() -> None:
    assert loudness_lufs(tone(3, 1.0), RATE_HZ) == pytest.approx(-3.01, abs=0.1)
    assert loudness_lufs(tone(3, 0.1), RATE_HZ) == pytest.approx(-23.01, abs=0.1)


def test_silence_does_not_count_for_loudness() -> None:
    padded = np.concatenate([tone(3, 0.1), np.zeros(3 * RATE_HZ, np.float32)])
    assert loudness_lufs(padded, RATE_HZ) == pytest.approx(-23.01, abs=0.4)
    assert loudness_lufs(np.zeros(RATE_HZ, np.float32), RATE_HZ) is None


def test_silence_at_the_end_is_measured() -> None:
    assert silence_at_end_s(np.concatenate([tone(1, 0.1), np.zeros(6_000, np.float32)]), RATE_HZ) == pytest.approx(0.25)


@pytest.mark.parametrize(("heard", "errors"), [("a b c", 0), ("a c", 1), ("a x c", 1), ("a b b c", 1), ("", 3)])
def test_word_errors(heard: str, errors: int) -> None:
    assert word_errors(["a", "b", "c"], heard.split()) == errors


def test_sentences_are_fifty_and_differ() -> None:
    assert len(set(sentences())) == 50
    assert words_of("Good night, I'll go.") == ["good", "night", "i'll", "go"]


def test_a_speaker_who_is_their_own_clone_is_wholly_alike() -> None:
    real = [np.eye(4)[[0, 0, 0]], np.eye(4)[[1, 1, 1]]]
    assert likeness_of(real, real).similarity == pytest.approx(1)
    assert likeness_of(real, real).nearest_own == 1
    assert likeness_of(real[::-1], real).nearest_own == 0
    assert likeness_of_real(real).similarity == pytest.approx(1)


def test_bad_wishes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no part 'colour'"):
        VoiceWishes(parts=("colour",))
    with pytest.raises(MediaError, match="no such folder"):
        VoiceWishes(speakers=tmp_path / "none")
    with pytest.raises(ConfigError, match="no such interpreter"):
        VoiceWishes(resemblyzer=tmp_path / "python")
    with pytest.raises(MediaError, match="fewer than two speakers"):
        speakers_in(tmp_path)
    (tmp_path / "s.json").write_text("[1]")
    with pytest.raises(ConfigError, match="not a JSON object of speakers"):
        speakers_in(tmp_path / "s.json")


def test_plain_voices_are_measured() -> None:
    report = measure_voice(VoiceWishes(sentences=1, voices=0, parts=("likeness", "words", "sound")))
    found = {figure.name: figure for figure in report.figures}
    assert found["loudness, plain female, en, neutral"].n == 1
    assert found["word error rate, plain male"].p50 is not None
    assert any("--resemblyzer-python" in note for note in report.notes)
