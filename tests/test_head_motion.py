"""Head and brows by the trained autoencoder: a function of seed and time that follows loudness and feeling."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.made_speech import session, speech, words
from tiangong.core.errors import BundleError
from tiangong.core.face import EMOTIONS
from tiangong.core.media import AudioChunk, Speech, SpeechStyle
from tiangong.rendering import head_motion
from tiangong.rendering.gestures import speaking_gestures
from tiangong.rendering.head_motion import (
    LARGEST,
    WEIGHTS,
    WINDOW,
    HeadPart,
    head_decoder,
    heard_in,
    resting_head,
    speaking_head,
    waves,
)
from tiangong.rendering.protocol import FPS, Attention

IDLE = Attention()


def times(made: Speech, start_s: float = 0.0) -> np.ndarray:
    return start_s + np.arange(int(made.audio.duration_s * FPS)) / FPS


def spoken(made: Speech, seed: int = 3, start_s: float = 0.0) -> HeadPart:
    return speaking_head(made, times(made, start_s), start_s, seed)


def said(style: SpeechStyle, gain: float = 1.0) -> Speech:
    made = speech([("", 100), *[("ˈa", 150), ("t", 80), ("ə", 90), ("n", 80)] * 25, ("", 200)], style)
    return replace(made, audio=AudioChunk(made.audio.pcm * np.float32(gain), made.audio.rate_hz))


def over_seeds(style: SpeechStyle, gain: float = 1.0) -> tuple[float, float, float]:
    """Mean pitch, spread, and mean speed in spreads a picture; of 8 seeds."""
    made = said(style, gain)
    heads = [spoken(made, seed).head_rad for seed in range(8)]
    spread = float(np.mean([head.std(axis=0).mean() for head in heads]))
    speed = float(np.mean([np.abs(np.diff(head, axis=0)).mean() for head in heads]))
    return float(np.mean([head[:, 1].mean() for head in heads])), spread, speed / spread


def test_one_seed_and_time_give_one_motion_and_others_another():
    made = words(1)
    first, same, other, later = (spoken(made, seed, at) for seed, at in ((1, 5.0), (1, 5.0), (2, 5.0), (1, 6.7)))
    assert np.array_equal(first.head_rad, same.head_rad)
    assert np.array_equal(first.brows, same.brows)
    assert np.abs(first.head_rad - other.head_rad).max() > 0.005
    assert np.abs(first.head_rad - later.head_rad).max() > 0.005


def test_any_part_of_a_stretch_is_that_part_of_the_whole():
    made, whole = words(1), spoken(words(1), 4, 7.3)
    part = speaking_head(made, times(made, 7.3)[31:60], 7.3, 4)
    assert np.allclose(part.head_rad, whole.head_rad[31:60], atol=1e-6)
    at = np.arange(200) / FPS
    assert np.allclose(resting_head(at, 4).head_rad[50:90], resting_head(at[50:90], 4).head_rad, atol=1e-6)


def test_a_speech_begins_and_ends_in_the_motion_of_rest():
    made = speech([("", 400), *[("ˈa", 150), ("t", 80)] * 8, ("", 400)], SpeechStyle(intensity=0.0))
    at = times(made, 2.0)
    moved = np.abs(spoken(made, 3, 2.0).head_rad - resting_head(at, 3).head_rad).max(axis=1)
    assert moved[0] < 1e-6
    assert moved[-1] < 1e-6
    assert moved.max() > 0.005


@pytest.mark.parametrize("seed", range(6))
def test_nothing_jumps_between_pieces_of_speech_and_rest(seed):
    body, at_s, heads = session(seed), 3.0, []
    for i, emotion in enumerate(EMOTIONS):
        made = said(SpeechStyle(emotion=emotion, intensity=1.0), gain=(0.3, 1.0, 2.0)[i % 3])
        for draw in (lambda at_s, made=made: body.speak(made, at_s), lambda at_s: body.rest(7, at_s, IDLE)):
            motion = draw(at_s)
            heads.append(motion.head_rad)
            at_s += len(motion) / FPS
    head = np.concatenate(heads)
    assert np.abs(np.diff(head, axis=0)).max() < 0.03
    assert np.abs(head).max() < 0.2
    assert np.percentile(np.abs(head), 95) < 0.1


def test_an_interrupted_speech_goes_on_into_rest():
    made = said(SpeechStyle(emotion="angry", intensity=1.0))
    for cut in (10, 33, 47, 80):
        body = session(1)
        spoken_head = body.speak(made, 4.0).head_rad
        rest = body.rest(10, 4.0 + cut / FPS, IDLE).head_rad
        assert np.abs(spoken_head[cut - 1] - rest[0]).max() < 0.03


def test_louder_is_livelier():
    spreads = [over_seeds(SpeechStyle(), gain)[1] for gain in (0.05, 0.3, 1.0, 2.5)]
    assert spreads == sorted(spreads)
    assert spreads[-1] > 1.5 * spreads[0]


def test_feelings_move_the_head_in_their_own_manner():
    neutral, happy, sad, angry, fearful = (
        over_seeds(SpeechStyle(emotion=label, intensity=1.0))
        for label in ("neutral", "happy", "sad", "angry", "fearful")
    )
    assert sad[0] > neutral[0] + 0.02  # lower
    assert sad[1] < 0.8 * neutral[1]  # smaller
    assert sad[2] < neutral[2]  # slower
    assert happy[1] > 1.1 * neutral[1]
    assert angry[1] > 1.05 * neutral[1]
    assert fearful[0] < neutral[0] - 0.015  # drawn back
    assert fearful[2] > neutral[2]  # quicker
    half = over_seeds(SpeechStyle(emotion="sad", intensity=0.5))
    assert neutral[0] < half[0] < sad[0]


def test_angles_and_brows_keep_their_bounds():
    made = said(SpeechStyle(emotion="happy", intensity=1.0), gain=50.0)
    for seed in range(20):
        part = spoken(made, seed)
        assert (np.abs(part.head_rad).max(axis=0) <= LARGEST[:3]).all()
        assert np.abs(part.brows).max() <= LARGEST[3]
        assert np.abs(np.diff(part.brows)).max() < 0.12
        assert np.abs(np.diff(part.head_rad, axis=0)).max() < 0.03


def test_without_weights_the_accents_of_the_simple_statistics_move_the_head(monkeypatch):
    monkeypatch.setattr(head_motion, "head_decoder", lambda: None)
    made, at = words(1), times(words(1), 5.0)
    part = spoken(made, 3, 5.0)
    accents = speaking_gestures(made, at - 5.0, 5.0, 3)
    assert np.allclose(part.head_rad[:, 1], accents.pitch_rad)
    assert not part.head_rad[:, ::2].any()
    assert not resting_head(at, 3).head_rad.any()
    motion = session().speak(made, 5.0)
    assert len(motion) == int(np.ceil(made.audio.duration_s * FPS - 1e-6))


def test_weights_are_small_and_damaged_ones_are_refused(tmp_path: Path):
    assert WEIGHTS.stat().st_size < 300_000
    assert WEIGHTS.with_suffix(".md").exists()
    assert head_decoder(tmp_path / "absent.safetensors") is None
    (tmp_path / "damaged.safetensors").write_bytes(b"nonsense")
    with pytest.raises(BundleError, match="train_head_motion"):
        head_decoder(tmp_path / "damaged.safetensors")


def test_silence_and_no_sound_at_all_are_bearable():
    for pcm in (np.zeros(0, np.float32), np.zeros(24_000, np.float32)):
        made = Speech(AudioChunk(pcm, 24_000), None, "", SpeechStyle(intensity=0.0))
        assert heard_in(made).loudness.max(initial=0) == 0
        assert np.allclose(spoken(made).head_rad, resting_head(times(made), 3).head_rad)


def test_cosines_of_a_window_are_orthonormal():
    basis = waves(np.arange(WINDOW, dtype=np.float64))
    assert np.allclose(basis.T @ basis, np.eye(basis.shape[1]), atol=1e-5)


def test_two_steps_train_and_a_resumed_run_equals_an_unbroken_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    from scripts.train_head_motion.__main__ import train
    from scripts.train_head_motion.tracks import synthesized
    from scripts.train_head_motion.training import HeadAutoencoder, Training, windows_of

    train(tmp_path / "no clips", tmp_path / "w" / "head.safetensors", None, steps=2, seed=5, sentences=1)
    assert "synthesized motion alone" in capsys.readouterr().out
    assert head_decoder(tmp_path / "w" / "head.safetensors") is not None
    source = windows_of(synthesized(5, 1, sentences=1), np.ones(4, np.float32))
    assert source is not None

    def begun() -> Training:
        return Training(source, None, steps=2, seed=5)

    def weights(net: HeadAutoencoder) -> list[np.ndarray]:
        return [p.detach().numpy().copy() for p in net.parameters()]

    unbroken, first, resumed = begun(), begun(), begun()
    before = weights(unbroken.net)
    losses = unbroken.run(2)
    assert set(losses) == {"motion", "divergence"}
    assert all(not np.array_equal(a, b) for a, b in zip(before, weights(unbroken.net), strict=True))
    first.run(1)
    first.save(tmp_path / "state")
    resumed.resume(tmp_path / "state")
    resumed.run(2)
    assert all(np.array_equal(a, b) for a, b in zip(weights(resumed.net), weights(unbroken.net), strict=True))
