"""The mouth moves to any sound: what the network promises, that it streams, and that it can be trained again."""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tests.shared_media import shared
from tiangong.core.errors import BundleError
from tiangong.core.face import BLEND_SHAPE_INDEX
from tiangong.core.media import AudioChunk, Speech, SpeechStyle
from tiangong.core.sound import read_audio
from tiangong.rendering.lip_motion import lip_aperture, speaking_mouth
from tiangong.rendering.mel import MEL_BANDS, MEL_RATE_HZ, MelStream
from tiangong.rendering.protocol import FPS
from tiangong.rendering.sound_level import level
from tiangong.rendering.sound_motion import LOOKAHEAD_S, SOUND_MOTION_WEIGHTS, SoundMotion, sound_motion
from tiangong.rendering.sound_motion_net import STEP_S
from tiangong.voice.espeak import EspeakVoice
from tiangong.voice.protocol import Speaker

SENTENCES = [
    ("en", "Please, my mother bought a big purple boat. We found it by the river, before the storm."),
    ("zh", "妈妈买了八斤苹果，爸爸把报纸放在桌子旁边。我们明天出发。"),
]


def said(text: str, language: str, speaker: str = "female") -> Speech:
    """By the embedded voice, whose timbres the network was never trained on; phones known."""
    voice = EspeakVoice().for_speaker(Speaker(speaker))
    (speech,) = voice.synthesize(text, SpeechStyle(language=language))
    return speech


def apertures(speech: Speech) -> tuple[np.ndarray, np.ndarray]:
    """From the sound alone, and from the known phones."""
    unknown = replace(speech, phones=None)
    return lip_aperture(speaking_mouth(unknown)), lip_aperture(speaking_mouth(speech))


def aperture_of(pcm: np.ndarray, rate_hz: int = MEL_RATE_HZ) -> np.ndarray:
    return lip_aperture(speaking_mouth(Speech(AudioChunk(pcm.astype(np.float32), rate_hz), None, "")))


# --- streaming ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 24_000, 48_000])
@pytest.mark.parametrize("seed", range(3))
def test_a_stream_gives_the_same_rows_however_it_is_cut(rate_hz, seed):
    rng = np.random.default_rng(seed)
    pcm = (rng.standard_normal(round(1.7 * rate_hz)) * np.repeat(rng.uniform(0, 0.3, 17), rate_hz // 10)).astype(
        np.float32
    )
    whole = sound_motion().stream(rate_hz)
    rows = np.concatenate([whole.push(pcm), whole.finish()])
    cuts = np.sort(rng.integers(0, len(pcm), 25))
    stream = sound_motion().stream(rate_hz)
    pieces = [stream.push(piece) for piece in np.split(pcm, cuts)]
    np.testing.assert_allclose(np.concatenate([*pieces, stream.finish()]), rows, atol=1e-5)
    assert len(rows) == pytest.approx(1.7 / STEP_S + 1, abs=1)


def test_a_row_depends_on_no_sound_beyond_the_lookahead():
    speech = said(*reversed(SENTENCES[0]))
    pcm = speech.audio.pcm[: 2 * speech.audio.rate_hz]
    pcm = np.interp(np.arange(0, 2, 1 / MEL_RATE_HZ), np.arange(len(pcm)) / speech.audio.rate_hz, pcm).astype(
        np.float32
    )
    other = pcm.copy()
    other[MEL_RATE_HZ:] = 0
    first, second = (sound_motion().stream(MEL_RATE_HZ).push(sound) for sound in (pcm, other))
    same = round((1.0 - LOOKAHEAD_S) / STEP_S) + 1
    np.testing.assert_allclose(first[:same], second[:same], atol=1e-5)
    assert np.abs(first[same:] - second[same:]).max() > 0.05
    assert LOOKAHEAD_S <= 0.08


def test_spectra_are_the_same_however_the_sound_is_cut():
    pcm = np.random.default_rng(0).uniform(-0.5, 0.5, 5_000).astype(np.float32)
    stream = MelStream()
    pieces = np.concatenate([stream.push(piece) for piece in np.split(pcm, [1, 100, 161, 700, 4_000])])
    np.testing.assert_allclose(pieces, MelStream().push(pcm), atol=1e-4)
    assert pieces.shape == (31, MEL_BANDS)


@pytest.mark.parametrize("samples", [0, 1, 319, 320, 321])
def test_any_length_has_a_mouth(samples):
    track = sound_motion().track(AudioChunk(np.zeros(samples, np.float32), MEL_RATE_HZ), np.array([0.0, 0.5]))
    assert track.curves.shape == (2, 6)
    assert track.lips.min() == 1


# --- what the mouth does ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level_dbfs", [-120, -70, -50])
def test_lips_are_closed_while_nobody_speaks(level_dbfs):
    noise = 10 ** (level_dbfs / 20) * np.random.default_rng(3).standard_normal(3 * MEL_RATE_HZ)
    assert (aperture_of(noise) < 0.02).mean() >= 0.99


@pytest.mark.parametrize("speaker", ["female", "male"])
@pytest.mark.parametrize(("language", "text"), SENTENCES)
def test_sound_alone_opens_on_vowels_and_closes_in_pauses_as_known_phones_do(language, text, speaker):
    speech = said(text, language, speaker)
    heard, known = apertures(speech)
    assert np.corrcoef(heard, known)[0, 1] > 0.75
    at_s = np.arange(len(heard)) / FPS
    for phone in speech.phones or ():
        inside = heard[(at_s >= phone.start_s + 0.1) & (at_s <= phone.end_s - 0.1)]
        if not phone.symbol and len(inside):
            assert inside.max() < 0.02, phone
    wide = [p for p in speech.phones or () if set(p.symbol) & set("aɑæ") and p.end_s - p.start_s > 0.08]
    opened = [heard[(at_s >= p.start_s - 0.04) & (at_s <= p.end_s)].max() > 0.15 for p in wide]
    assert np.mean(opened) > 0.85


def test_most_bilabials_shut_the_lips():
    shut = []
    for language, text in SENTENCES:
        for speaker in ("female", "male"):
            speech = said(text, language, speaker)
            heard, _ = apertures(speech)
            at_s = np.arange(len(heard)) / FPS
            for phone in speech.phones or ():
                if phone.symbol.strip("ʰː") in ("p", "b", "m"):
                    near = (at_s >= phone.start_s - 0.04) & (at_s <= phone.end_s + 0.04)
                    shut.append(heard[near].min() < 0.02)
    assert len(shut) > 20
    assert np.mean(shut) > 0.75


@pytest.mark.parametrize("speaker", ["female", "male"])
def test_rounded_vowels_round_the_lips_and_others_do_not(speaker):
    puckers = [
        speaking_mouth(replace(said(text, "en", speaker), phones=None))[:, BLEND_SHAPE_INDEX["mouthPucker"]].max()
        for text in ("You, too, who?", "Ah, ha, dark.")
    ]
    assert puckers[0] > puckers[1] + 0.2


@pytest.mark.parametrize("gain_db", [-15, 0, 6])
def test_loud_or_soft_it_is_the_same_mouth(gain_db):
    speech = said(SENTENCES[0][1], "en")
    usual = aperture_of(speech.audio.pcm, speech.audio.rate_hz)
    other = aperture_of(np.clip(speech.audio.pcm * 10 ** (gain_db / 20), -1, 1), speech.audio.rate_hz)
    assert np.corrcoef(usual, other)[0, 1] > 0.9


@pytest.mark.parametrize(
    "file",
    [
        "resemble-ai_Resemblyzer/librispeech_test-other/3080/3080-5032-0008.flac",
        "resemble-ai_Resemblyzer/librispeech_test-other/2033/2033-164914-0008.flac",
        "resemble-ai_Resemblyzer/librispeech_train-clean-100/911-128684-0000.flac",
    ],
)
def test_pauses_of_recordings_close_the_lips(file):
    sound = read_audio(shared("media/speech/" + file), MEL_RATE_HZ)
    loud = level(sound)
    quiet = loud < 10 ** (-35 / 20) * np.percentile(loud, 95)
    aperture = aperture_of(sound.pcm)
    inside = [bool(quiet[max(0, 4 * i - 20) : 4 * i + 21].all()) for i in range(len(aperture))]
    assert sum(inside) > 10
    assert (aperture[inside] < 0.02).mean() >= 0.99
    assert np.percentile(aperture, 90) > 0.15


def test_lips_of_a_filmed_speaker_move_as_ours_do_to_the_same_sound():
    pytest.importorskip("scipy")
    film = shared("media/talking_video/rizkiarm_LipNet/lbax4n.mpg")
    from scripts.train_sound_motion.figures import filmed

    assert filmed(film)["correlation"] > 0.3


# --- cost, weights ------------------------------------------------------------------------------------------------


def test_it_takes_a_small_part_of_real_time_even_on_a_busy_machine():
    sound = AudioChunk(np.random.default_rng(0).uniform(-0.1, 0.1, 72_000).astype(np.float32), 24_000)
    took_s = []
    for _ in range(8):
        began_s = time.perf_counter()
        sound_motion().track(sound, np.arange(75) / FPS)
        took_s.append(time.perf_counter() - began_s)
    assert min(took_s) < 0.05 * 3  # 6 ms of 3 s on an idle core; see the model card


def test_moving_the_mouth_imports_no_torch():
    code = (
        "import sys, numpy as np; from tiangong.rendering.sound_motion import sound_motion; "
        "sound_motion().stream(16_000).push(np.zeros(16_000, np.float32)); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_weights_are_small_and_come_with_a_card():
    assert SOUND_MOTION_WEIGHTS.stat().st_size < 2_000_000
    assert "synthesized" in SOUND_MOTION_WEIGHTS.with_suffix(".md").read_text("utf-8")


def _truncated(file: Path) -> None:
    file.write_bytes(SOUND_MOTION_WEIGHTS.read_bytes()[:5_000])


def _of_another_shape(file: Path) -> None:
    save_file(load_file(SOUND_MOTION_WEIGHTS) | {"leave.bias": np.zeros(3, np.float16)}, file)


def _one_missing(file: Path) -> None:
    stored = load_file(SOUND_MOTION_WEIGHTS)
    stored.pop("gain")
    save_file(stored, file)


def _not_finite(file: Path) -> None:
    save_file(load_file(SOUND_MOTION_WEIGHTS) | {"leave.bias": np.full(9, np.nan, np.float16)}, file)


@pytest.mark.parametrize(
    "damage",
    [_truncated, _of_another_shape, _one_missing, _not_finite, lambda file: file.write_bytes(b""), lambda _: None],
)
def test_damaged_weights_are_named_in_one_line(tmp_path, damage):
    file = tmp_path / "sound_motion.safetensors"
    damage(file)
    with pytest.raises(BundleError, match="sound_motion.safetensors") as caught:
        SoundMotion(file)
    assert "\n" not in str(caught.value)


# --- training -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clips():
    pytest.importorskip("scipy")
    from scripts.train_sound_motion.clips import made_clips

    return made_clips(3, 5)


def test_disguises_and_batches_follow_from_their_seed(clips):
    from scripts.train_sound_motion.disguise import disguised

    pcm = np.random.default_rng(0).uniform(-0.1, 0.1, 16_000).astype(np.float32)
    for seed in range(8):  # rooms, telephones and codecs among them
        first, second = (disguised(pcm, np.random.default_rng(seed)) for _ in range(2))
        np.testing.assert_array_equal(first, second)
        assert first.shape == pcm.shape
    first, second = (clips.batch(2, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def test_two_steps_move_every_weight_and_a_resumed_run_equals_an_unbroken_one(clips, tmp_path):
    import torch

    from scripts.train_sound_motion.training import Plan, Training

    plan = Plan(steps=2, batch=2)
    unbroken = Training(plan)
    first = unbroken.net.weights()
    losses = [unbroken.step(clips) for _ in range(2)]
    assert all(np.isfinite(list(named.values())).all() for named in losses)
    for name, moved in unbroken.net.weights().items():
        assert not torch.equal(moved, first[name]), name

    broken = Training(plan)
    broken.step(clips)
    broken.save(tmp_path / "checkpoint.safetensors")
    resumed = Training(plan)
    resumed.load(tmp_path / "checkpoint.safetensors")
    assert resumed.step(clips) == losses[1]
    for name, weight in unbroken.net.weights().items():
        assert torch.equal(weight, resumed.net.weights()[name]), name


def test_what_is_trained_is_what_is_run(clips, tmp_path):
    import torch

    from scripts.train_sound_motion.training import Plan, Training
    from tiangong.rendering.sound_motion_net import NetStream

    training = Training(Plan(steps=1, batch=1))
    inputs, _ = clips.batch(1, np.random.default_rng(0))
    in_torch = training.net(torch.from_numpy(inputs)).detach().numpy()[0]
    weights = {name: weight.numpy() for name, weight in training.net.weights().items()}
    np.testing.assert_allclose(NetStream(weights).push(inputs[0]), in_torch, atol=1e-4)
    training.ship(tmp_path / "shipped.safetensors")
    SoundMotion(tmp_path / "shipped.safetensors")
