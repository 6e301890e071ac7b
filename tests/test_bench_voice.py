"""`tiangong bench voice`: its definitions on sounds and embeddings whose answer is known."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tiangong.bench.voice import VoiceWishes, measure_voice
from tiangong.bench.voice_edges import edge_errors_ms
from tiangong.bench.voice_likeness import likeness_of, likeness_of_real, speakers_in
from tiangong.bench.voice_sound import loudness_lufs, silence_at_end_s, steps_at_joins
from tiangong.bench.voice_words import sentences, word_errors, words_of
from tiangong.core.errors import ConfigError, MediaError
from tiangong.core.media import Phone

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


def hissing_and_humming(edges_s: list[float]) -> np.ndarray:
    """Hiss, hum, hiss ... that change at these times."""
    rng = np.random.default_rng(2)
    n = round((edges_s[-1] + 0.2) * RATE_HZ)
    hum = tone(n / RATE_HZ, 0.2, 200.0)[:n]
    hiss = np.diff(rng.standard_normal(n + 2), 2)[:n].astype(np.float32) * 0.05
    hissing = np.zeros(n, bool)
    for number, at_s in enumerate([0.0, *edges_s]):
        hissing[round(at_s * RATE_HZ) :] = number % 2 == 0
    return np.where(hissing, hiss, hum).astype(np.float32)


@pytest.mark.parametrize(("late_s", "ms"), [(0.0, 0.0), (0.015, 15.0), (-0.03, 30.0)])
def test_the_distance_of_phones_from_edges_is_what_it_was_made(late_s: float, ms: float) -> None:
    edges_s = [0.2, 0.4, 0.6]
    times = [0.0, *(at + late_s for at in edges_s), 0.8]
    phones = [Phone("s" if i % 2 == 0 else "ɑ", a, b) for i, (a, b) in enumerate(pairwise(times))]
    errors, without = edge_errors_ms(hissing_and_humming(edges_s), phones)
    assert without == 0
    assert errors == pytest.approx([ms] * 3, abs=3)


def test_a_boundary_without_an_edge_is_counted_as_such() -> None:
    errors, without = edge_errors_ms(tone(1, 0.2, 200.0), [Phone("s", 0, 0.5), Phone("ɑ", 0.5, 1)])
    assert (errors, without) == ([], 1)


def test_a_click_at_a_join_is_seen_and_a_smooth_one_is_not() -> None:
    sound = tone(1, 0.3, 200.0)
    assert steps_at_joins([sound[:10_000], sound[10_000:]])[0] < 1.5
    assert steps_at_joins([sound[:10_000], -sound[10_000:]])[0] > 5


def test_plain_voices_are_measured() -> None:
    report = measure_voice(VoiceWishes(sentences=1, voices=0, parts=("likeness", "words", "sound")))
    found = {figure.name: figure for figure in report.figures}
    assert found["loudness, plain female, en, neutral"].n == 1
    assert found["word error rate, plain male"].p50 is not None
    assert any("--resemblyzer-python" in note for note in report.notes)
