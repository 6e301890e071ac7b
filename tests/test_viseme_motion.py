"""The first motion engine: lips that close when they must, and a face that lives."""

import time
from math import ceil
from pathlib import Path

import numpy as np
import pytest

from tests.made_speech import ESPEAK_PHONES, RATE_HZ, row, session, shown_during, speech, words
from tiangong.core.face import EMOTIONS
from tiangong.core.media import AudioChunk, Phone, Speech, SpeechStyle
from tiangong.core.registry import load
from tiangong.core.sound import read_audio
from tiangong.rendering.coarticulation import parts_of
from tiangong.rendering.engines import MOTIONS
from tiangong.rendering.lip_contacts import FASTEST_PER_FRAME, slowed
from tiangong.rendering.lip_motion import lip_aperture
from tiangong.rendering.phone_shapes import mouth_shapes
from tiangong.rendering.protocol import FPS, Attention
from tiangong.rendering.visemes import VisemeMotion

SHARED = Path(__file__).parents[2] / "shared"


def test_the_registry_finds_the_engine_and_it_needs_no_phones():
    engine = load("motion", MOTIONS, "visemes")
    assert engine is VisemeMotion
    assert not engine.needs_phones


@pytest.mark.parametrize("lengths_ms", [(), (10,), (40,), (41,), (1_000,), (999, 0.5)])
def test_frames_cover_the_sound(lengths_ms):
    made = speech([("a", ms) for ms in lengths_ms])
    assert len(session().speak(made, 0.0)) == ceil(made.audio.duration_s * FPS - 1e-6)


@pytest.mark.parametrize("bilabial", ["p", "b", "m", "pʰ", "ˈb", "mː", "m̩"])
@pytest.mark.parametrize("length_ms", [15, 30, 40, 80, 150])
@pytest.mark.parametrize("offset_ms", [0, 7, 13, 20, 27, 33])
def test_lips_touch_in_every_bilabial_however_short_and_wherever_it_falls(bilabial, length_ms, offset_ms):
    made = speech([("", 30 + offset_ms), ("ˈɑː", 150), (bilabial, length_ms), ("ˈa", 150), ("", 200)])
    motion = session().speak(made, 0.0)
    phone = made.phones[2]
    assert shown_during(motion, phone.start_s, phone.end_s, 1).min() == pytest.approx(0, abs=1e-6)
    shut = np.flatnonzero(lip_aperture(motion.expression) < 1e-6)
    inside = [i for i in shut if phone.start_s - 0.041 <= i / FPS <= phone.end_s + 0.041]
    assert any(row(motion, "mouthPressLeft")[i] > 0.2 for i in inside)
    # And the vowels around it are open: it is a closure, not a closed mouth.
    assert lip_aperture(motion.expression).max() > 0.25


@pytest.mark.parametrize("pause_ms", [120, 140, 200, 500, 2_000])
def test_lips_close_in_every_pause_of_120_ms_and_stay_closed_in_long_ones(pause_ms):
    made = speech([("ˈɑː", 200), ("", pause_ms), ("ˈɑː", 200), ("", 250)])
    motion = session().speak(made, 0.0)
    pause = made.phones[1]
    assert shown_during(motion, pause.start_s, pause.end_s).min() == pytest.approx(0, abs=1e-6)
    deep = shown_during(motion, pause.start_s + 0.1, pause.end_s - 0.08)
    assert not len(deep) or deep.max() < 1e-6


def test_lips_are_closed_120_ms_after_the_sound_ends_and_at_rest():
    made = speech([("ˈɑː", 400), ("", 250)])
    body = session()
    spoken = body.speak(made, 0.0)
    assert shown_during(spoken, 0.52, 10).max() < 1e-6
    rest = body.rest(25, len(spoken) / FPS, Attention())
    assert lip_aperture(rest.expression).max() < 1e-6


@pytest.mark.parametrize("before", ["ɑ", "u", "s", "t"])
def test_a_speech_begins_from_closed_lips(before):
    motion = session().speak(speech([("", 30), (before, 200), ("", 200)]), 0.0)
    assert lip_aperture(motion.expression)[0] <= FASTEST_PER_FRAME.sum() + 1e-6


SHAPES = [
    # sound, shape, least, most: at its strongest within the sound
    ("ɑː", "jawOpen", 0.25, 0.45), ("a", "jawOpen", 0.25, 0.45), ("iː", "jawOpen", 0.02, 0.20), ("uː", "jawOpen", 0.02, 0.16),
    ("uː", "mouthPucker", 0.35, 1.0), ("w", "mouthPucker", 0.30, 1.0), ("y", "mouthPucker", 0.30, 1.0),
    ("ɑː", "mouthPucker", 0.0, 0.12), ("iː", "mouthPucker", 0.0, 0.10), ("ɔː", "mouthFunnel", 0.2, 1.0),
    ("oʊ", "mouthFunnel", 0.15, 1.0), ("ʃ", "mouthFunnel", 0.2, 1.0), ("tʃ", "mouthFunnel", 0.15, 1.0),
    ("ʈʂʰ", "mouthFunnel", 0.08, 1.0), ("iː", "mouthStretchLeft", 0.1, 0.5), ("f", "mouthRollLower", 0.4, 1.0),
    ("v", "mouthRollLower", 0.4, 1.0), ("s", "mouthRollLower", 0.0, 0.01), ("f", "jawOpen", 0.0, 0.45),
]  # fmt: skip


@pytest.mark.parametrize(("symbol", "shape", "least", "most"), SHAPES)
def test_each_sound_has_its_shape(symbol, shape, least, most):
    made = speech([("", 60), ("t", 60), (symbol, 160), ("t", 60), ("", 200)])
    values = row(session().speak(made, 0.0), shape)
    strongest = values[np.arange(len(values)) / FPS < made.audio.duration_s].max()
    assert least <= strongest <= most


@pytest.mark.parametrize("symbol", ["f", "v"])
def test_the_lower_lip_meets_the_upper_teeth_and_shows_no_lower_ones(symbol):
    made = speech([("", 60), ("ˈa", 150), (symbol, 90), ("ˈa", 150), ("", 200)])
    motion = session().speak(made, 0.0)
    i = round((made.phones[2].start_s + 0.03) * FPS)
    assert row(motion, "mouthLowerDownLeft")[i] < 0.02
    assert lip_aperture(motion.expression)[i] < 0.12


def test_a_diphthong_opens_first_and_rounds_after():
    made = speech([("", 60), ("aʊ", 300), ("", 200)])
    motion = session().speak(made, 0.0)
    assert row(motion, "jawOpen").argmax() < row(motion, "mouthPucker").argmax()


def test_rounding_comes_before_its_vowel():
    made = speech([("", 60), ("s", 120), ("uː", 200), ("", 200)])
    motion = session().speak(made, 0.0)
    assert row(motion, "mouthPucker")[round(0.14 * FPS)] > 0.12


@pytest.mark.parametrize("symbol", ESPEAK_PHONES)
def test_every_phone_of_the_embedded_voice_has_its_own_shape(symbol):
    unknown = mouth_shapes("ᴥ")
    assert not set(mouth_shapes(symbol)) & set(unknown)
    assert mouth_shapes("ˈ" + symbol + "ː") == mouth_shapes(symbol)


COUNTS = [
    ("aɪ", 2),
    ("tʃ", 2),
    ("ʈʂʰ", 2),
    ("aɪɚ", 3),
    ("ˈɑː", 1),
    ("n̩", 1),
    ("pʰ", 1),
    ("ɻ̩", 1),
    ("ma˥˩", 2),
    ("ʊŋ", 2),
    ("", 1),
    ("☃", 1),
]


@pytest.mark.parametrize(("symbol", "count"), COUNTS)
def test_marks_are_stripped_and_double_sounds_counted(symbol, count):
    assert len(mouth_shapes(symbol)) == count


def test_parts_share_the_time_of_their_phone_and_rest_surrounds_them():
    parts = parts_of((Phone("aɪ", 0.0, 0.2), Phone("", 0.2, 0.3)), 0.3)
    assert parts[0].is_rest
    assert parts[-1].is_rest
    assert (parts[1].start_s, parts[2].end_s) == (0.0, pytest.approx(0.2))
    assert parts[-1].start_s == pytest.approx(0.2)


def test_lips_never_twitch_and_what_is_shut_stays_shut_when_slowed():
    rng = np.random.default_rng(0)
    wild = rng.uniform(0, 1, (200, 3)).astype(np.float32)
    wild[::17] = 0
    slow = slowed(wild, FASTEST_PER_FRAME)
    assert (np.abs(np.diff(slow, axis=0)) <= FASTEST_PER_FRAME + 1e-6).all()
    assert (slow <= wild).all()
    assert (slow[::17] == 0).all()


def test_a_louder_syllable_opens_wider_within_bounds():
    made = speech([("", 60), ("ˈa", 200), ("t", 60), ("ˈa", 200), ("", 200)])
    pcm = made.audio.pcm.copy()
    pcm[: round(0.29 * RATE_HZ)] *= 0.25
    made = Speech(AudioChunk(pcm, RATE_HZ), made.phones, "")
    aperture = lip_aperture(session().speak(made, 0.0).expression)
    soft, loud = aperture[: round(0.28 * FPS)].max(), aperture[round(0.32 * FPS) :].max()
    assert 1.1 < loud / soft < 1.8


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("emotion", EMOTIONS)
def test_any_sequence_of_phones_with_any_feeling_keeps_every_promise(seed, emotion):
    made = words(seed)
    made = Speech(made.audio, made.phones, "", SpeechStyle(emotion=emotion, intensity=1.0))
    motion = session(seed).speak(made, 12.0)
    assert motion.expression.dtype == np.float32
    assert np.isfinite(motion.head_rad).all()
    aperture = lip_aperture(motion.expression)
    assert aperture.min() >= -1e-6
    assert np.abs(np.diff(aperture)).max() < 0.4
    for phone in made.phones:
        length_s = phone.end_s - phone.start_s
        if phone.symbol in ("p", "b", "m", "pʰ") or (not phone.symbol and length_s >= 0.12):
            assert shown_during(motion, phone.start_s, phone.end_s, 1).min() < 1e-6, phone


# --- sound alone --------------------------------------------------------------------------------------------------


def test_without_phones_the_sound_opens_the_mouth_and_silence_closes_it():
    made = speech([("", 300), ("ˈa", 400), ("", 400), ("ˈa", 400), ("", 400)], known=False)
    motion = session().speak(made, 0.0)
    assert shown_during(motion, 0.0, 0.2).max() < 0.02
    assert shown_during(motion, 0.4, 0.65).max() > 0.15
    assert shown_during(motion, 0.86, 1.02).max() < 0.02
    assert shown_during(motion, 1.62, 2.0).max() < 0.02


@pytest.mark.parametrize("amplitude", [0.0, 1e-4, 1.0])
def test_without_phones_any_loudness_is_bounded(amplitude):
    noise = (amplitude * np.random.default_rng(1).uniform(-1, 1, RATE_HZ)).astype(np.float32)
    motion = session().speak(Speech(AudioChunk(noise, RATE_HZ), None, ""), 0.0)
    assert lip_aperture(motion.expression).max() < 0.6
    if amplitude < 1e-3:
        assert lip_aperture(motion.expression).max() < 0.02


def test_recorded_speech_whose_phones_nobody_knows_moves_the_lips_and_its_pauses_close_them():
    recording = SHARED / "media" / "speech" / "openai_whisper" / "jfk.flac"
    if not recording.exists():
        pytest.skip("the shared recordings are not here")
    aperture = lip_aperture(session().speak(Speech(read_audio(recording, RATE_HZ), None, ""), 0.0).expression)
    assert aperture[: round(0.25 * FPS)].max() < 0.02  # before the first word
    assert aperture[round(2.4 * FPS) : round(3.2 * FPS)].max() < 0.02  # "my fellow Americans: ..."
    assert np.percentile(aperture, 90) > 0.2
    assert aperture.max() < 0.6


def test_three_seconds_take_under_20_ms():
    made = words(3)
    body = session()
    body.speak(made, 0.0)
    began_s = time.perf_counter()
    for _ in range(5):
        body.speak(made, 0.0)
    took_s = (time.perf_counter() - began_s) / 5
    assert took_s / made.audio.duration_s * 3 < 0.02
