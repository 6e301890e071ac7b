"""The first motion engine: lips that close when they must, and a face that lives."""

import time
from math import ceil

import numpy as np
import pytest

from tiangong.core.face import BLEND_SHAPE_INDEX, EMOTIONS
from tiangong.core.media import AudioChunk, Emotion, FaceMotion, Phone, Speech, SpeechStyle
from tiangong.core.registry import load
from tiangong.rendering.coarticulation import parts_of
from tiangong.rendering.engines import MOTIONS
from tiangong.rendering.gestures import nod
from tiangong.rendering.life import blinks, gaze, head_sway
from tiangong.rendering.lip_contacts import FASTEST_PER_FRAME, slowed
from tiangong.rendering.lip_motion import lip_aperture
from tiangong.rendering.phone_shapes import mouth_shapes
from tiangong.rendering.protocol import FPS, Attention
from tiangong.rendering.seeded import chance, drift, moments_between
from tiangong.rendering.visemes import VisemeMotion, VisemeSession

RATE_HZ = 24_000
IDLE = Attention()
Timeline = list[tuple[str, float]]  # symbol, milliseconds


def speech(timeline: Timeline, style: SpeechStyle | None = None, *, known: bool = True) -> Speech:
    """A sound made for the test: hum in vowels, hiss in consonants, silence in pauses."""
    rng = np.random.default_rng(5)
    phones, parts, at_s = [], [], 0.0
    for symbol, length_ms in timeline:
        n = round(length_ms * RATE_HZ / 1000)
        t = (np.arange(n) + at_s * RATE_HZ) / RATE_HZ
        hum = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 12)) * 0.15
        loud = {"": 0.0}.get(symbol, 1.0 if symbol.strip("ˈː")[:1] in tuple("aeiouɑɛəɪ") else 0.15)
        parts.append(loud * (hum + 0.01 * rng.standard_normal(n)))
        phones.append(Phone(symbol, at_s, at_s + length_ms / 1000))
        at_s += length_ms / 1000
    pcm = np.concatenate(parts).astype(np.float32) if parts else np.zeros(0, np.float32)
    return Speech(AudioChunk(pcm, RATE_HZ), tuple(phones) if known else None, "", style or SpeechStyle())


def session(seed: int = 3) -> VisemeSession:
    return VisemeMotion().session(seed)


def row(motion: FaceMotion, name: str) -> np.ndarray:
    return motion.expression[:, BLEND_SHAPE_INDEX[name]]


def shown_during(motion: FaceMotion, start_s: float, end_s: float, margin_frames: float = 0.0) -> np.ndarray:
    """Lip apertures of the pictures whose time lies in the span, so many pictures more on either side."""
    at = np.arange(len(motion)) / FPS
    near = (at >= start_s - margin_frames / FPS - 1e-6) & (at <= end_s + margin_frames / FPS + 1e-6)
    return lip_aperture(motion.expression)[near]


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
    rest = body.rest(25, len(spoken) / FPS, IDLE)
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


ESPEAK_PHONES = (
    # English
    "n ɪ ə t s ɹ k d p ð l m z ʌ v æ ɛ ɚ f aɪ uː eɪ w ɑː b j ɐ iː ɜː i oʊ ʃ ɔːɹ ŋ ɔː ɾ əl ɡ dʒ tʃ ʊ ɔ ɑːɹ h θ ʒ aʊ "
    "ɛɹ ʔ n̩ ʊɹ aɪɚ iə ɪɹ aɪə ɔɪ x ᵻ "
    # Mandarin
    "a ɑ e o u y ɤ ei ai ou ɑu ɑɚ ʊŋ ŋ̍ ɻ̩ ɹ̩ tɕ tɕʰ ɕ ʈʂ ʈʂʰ ʂ ʐ ts tsʰ pʰ tʰ kʰ yi r ɒ"
).split()


@pytest.mark.parametrize("symbol", ESPEAK_PHONES)
def test_every_phone_of_the_embedded_voice_has_its_own_shape(symbol):
    unknown = mouth_shapes("☃a")[:0] or mouth_shapes("ᴥ")
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


def words(seed: int) -> Speech:
    rng = np.random.default_rng(seed)
    timeline: Timeline = [("", 30)]
    for _ in range(60):
        timeline += [(str(rng.choice(ESPEAK_PHONES)), float(rng.uniform(15, 200)))]
        if rng.uniform() < 0.1:
            timeline += [("", float(rng.uniform(10, 400)))]
    return speech([*timeline, ("", 200)])


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


def test_without_phones_a_dark_sound_rounds_the_lips_and_a_bright_one_does_not():
    t = np.arange(RATE_HZ) / RATE_HZ
    dark = (0.3 * np.sin(2 * np.pi * 180 * t) + 0.1 * np.sin(2 * np.pi * 360 * t)).astype(np.float32)
    bright = (sum(np.sin(2 * np.pi * 180 * k * t) for k in range(1, 30)) * 0.02).astype(np.float32)
    puckers = [
        row(session().speak(Speech(AudioChunk(pcm, RATE_HZ), None, ""), 0.0), "mouthPucker").max()
        for pcm in (dark, bright)
    ]
    assert puckers[0] > puckers[1] + 0.1


@pytest.mark.parametrize("amplitude", [0.0, 1e-4, 1.0])
def test_without_phones_any_loudness_is_bounded(amplitude):
    noise = (amplitude * np.random.default_rng(1).uniform(-1, 1, RATE_HZ)).astype(np.float32)
    motion = session().speak(Speech(AudioChunk(noise, RATE_HZ), None, ""), 0.0)
    assert lip_aperture(motion.expression).max() < 0.6
    if amplitude < 1e-3:
        assert lip_aperture(motion.expression).max() < 0.02


# --- life ---------------------------------------------------------------------------------------------------------

MINUTES_S = np.arange(10 * 60 * FPS) / FPS


@pytest.mark.parametrize("seed", [0, 1, 7, 123_456_789])
def test_blinks_come_at_natural_intervals_and_close_the_eyes(seed):
    lids = blinks(seed, MINUTES_S)
    shut = np.flatnonzero((lids > 0.99) & (np.roll(lids, 1) <= 0.99))
    per_minute = len(shut) / 10
    assert 12 <= per_minute <= 30
    intervals_s = np.diff(shut) / FPS
    assert intervals_s.min() > 0.3
    assert np.median(intervals_s) > 1.5
    assert intervals_s.std() > 0.8
    first = shut[2]
    assert 3 <= np.count_nonzero(lids[first - 4 : first + 7] > 0.05) <= 9


def test_the_head_sways_a_little_and_smoothly():
    head = head_sway(4, MINUTES_S)
    assert 0.01 < np.abs(head).max() < 0.09
    assert np.abs(np.diff(head, axis=0)).max() < 0.006


def test_eyes_jump_between_fixations_and_stay_near_the_user():
    looks = gaze(4, MINUTES_S)
    assert np.median(np.abs(looks)) < 0.06
    still = np.abs(np.diff(looks, axis=0)).max(1) < 1e-6
    assert 0.8 < still.mean() < 0.99


@pytest.mark.parametrize("function", [blinks, head_sway, gaze])
def test_life_is_a_function_of_time_alone(function):
    whole = function(9, MINUTES_S[:2_000])
    assert np.array_equal(whole[777:1_234], function(9, MINUTES_S[777:1_234]))
    assert not np.array_equal(whole, function(10, MINUTES_S[:2_000]))


def test_chance_is_even_and_drift_smooth():
    drawn = chance(5, 1, np.arange(20_000))
    assert abs(drawn.mean() - 0.5) < 0.02
    assert 0 <= drawn.min() <= drawn.max() < 1
    wander = drift(5, 2, MINUTES_S, 2.0)
    assert np.abs(wander).max() <= 1
    assert np.abs(np.diff(wander)).max() < 0.15


def test_moments_are_the_same_from_whichever_side_one_looks():
    whole = moments_between(1, 0, 0.0, 300.0, 3.0, 0.5, 0.5)
    parts = [m for at in range(0, 300, 7) for m in moments_between(1, 0, at, min(at + 7, 300), 3.0, 0.5, 0.5)]
    assert parts == whole
    assert min(np.diff(whole)) >= 0.5 - 1e-9


# --- sessions -----------------------------------------------------------------------------------------------------


def test_two_bodies_of_one_seed_move_alike_and_of_two_seeds_do_not():
    made = words(1)
    first, same, other = (session(seed).speak(made, 5.0) for seed in (1, 1, 2))
    assert np.array_equal(first.expression, same.expression)
    assert not np.array_equal(first.head_rad, other.head_rad)


def test_rest_in_blocks_is_rest_in_one():
    body, blocks = session(), []
    for at in range(0, 100, 5):
        blocks.append(body.rest(5, at / FPS, IDLE).expression)
    assert np.allclose(np.concatenate(blocks), session().rest(100, 0.0, IDLE).expression, atol=1e-5)


CHANGES = [
    ("to listening", Attention(listening=True)), ("to thinking", Attention(thinking=True)), ("to idle", IDLE),
    ("to a nod", Attention(listening=True, nod_at_s=2.0)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "attention"), CHANGES)
def test_nothing_jumps_when_attention_changes(name, attention):
    body = session()
    before = body.rest(50, 0.0, Attention(listening=name == "to idle"))
    after = body.rest(50, 2.0, attention)
    head = np.concatenate([before.head_rad, after.head_rad])
    assert np.abs(np.diff(head, axis=0)).max() < 0.03
    brows = np.concatenate([row(before, "browInnerUp"), row(after, "browInnerUp")])
    assert np.abs(np.diff(brows)).max() < 0.06


def test_an_interrupted_speech_passes_smoothly_into_rest():
    made = speech([("", 30), *[("ˈa", 150), ("t", 80)] * 12, ("", 200)], SpeechStyle(emotion="happy", intensity=1.0))
    body = session()
    spoken = body.speak(made, 4.0)
    rest = body.rest(50, 4.0 + 30 / FPS, Attention(listening=True))
    for name in ("mouthSmileLeft", "cheekSquintLeft", "browInnerUp"):
        assert abs(row(spoken, name)[29] - row(rest, name)[0]) < 0.12
    assert np.abs(spoken.head_rad[29] - rest.head_rad[0]).max() < 0.012
    assert row(rest, "mouthSmileLeft")[-1] < 0.2
    assert lip_aperture(rest.expression).max() < 1e-6


def test_a_listener_leans_in_nods_and_looks_at_the_user():
    idle = session().rest(100, 0.0, IDLE)
    listening = session().rest(100, 0.0, Attention(listening=True))
    nodding = session().rest(100, 0.0, Attention(listening=True, nod_at_s=1.0))
    assert listening.head_rad[:, 1].mean() > idle.head_rad[:, 1].mean() + 0.015
    dip = nodding.head_rad[:, 1] - listening.head_rad[:, 1]
    assert dip.max() > 0.03
    assert abs(dip[:25]).max() < 1e-6
    assert abs(dip[50:]).max() < 1e-6


def test_a_nod_ends_where_it_began():
    assert nod(np.array([-1.0, 0.0, 0.9, 5.0]), 0.0) == pytest.approx(0, abs=1e-7)


def test_a_thinker_looks_aside_and_up_and_back():
    idle, thinking = session().rest(200, 0.0, IDLE), session().rest(200, 0.0, Attention(thinking=True))
    away = [sum(row(m, f"eyeLook{way}Left") for way in ("In", "Out")) for m in (idle, thinking)]
    assert away[1].max() > away[0].max()
    assert away[1].max() > 0.15


def feels(label: str, confidence: float) -> Emotion:
    probabilities = np.full(7, 0.02, np.float32)
    probabilities[EMOTIONS.index(label)] = 0.88
    return Emotion(label, probabilities, 0.0, 0.0, confidence, 0.0)


ANSWERS = [("happy", "mouthSmileLeft"), ("sad", "browInnerUp"), ("angry", "browInnerUp"), ("surprised", "eyeWideLeft")]


@pytest.mark.parametrize(("label", "shape"), ANSWERS)
def test_a_listeners_face_answers_the_user_gently_and_by_how_sure_it_is(label, shape):
    strengths = [
        row(session().rest(50, 0.0, Attention(listening=True, user_emotion=feels(label, sure))), shape).mean()
        for sure in (0.0, 1.0)
    ]
    assert strengths[0] + 0.02 < strengths[1] < 0.6
    answered = session().rest(50, 0.0, Attention(user_emotion=feels("angry", 1.0)))
    assert row(answered, "browDownLeft").max() < 0.15


FEELINGS = [
    ("happy", "mouthSmileLeft"), ("sad", "mouthFrownLeft"), ("angry", "browDownLeft"), ("fearful", "eyeWideLeft"),
    ("disgusted", "noseSneerLeft"), ("surprised", "browOuterUpLeft"),
]  # fmt: skip


@pytest.mark.parametrize(("emotion", "shape"), FEELINGS)
def test_a_feeling_shows_while_speaking_in_proportion(emotion, shape):
    made = words(2)
    shown = [
        row(
            session().speak(Speech(made.audio, made.phones, "", SpeechStyle(emotion=emotion, intensity=i)), 0.0), shape
        ).mean()
        for i in (0.0, 0.5, 1.0)
    ]
    assert shown[0] < shown[1] < shown[2]


def test_head_and_brows_accent_the_stressed_syllables_a_little():
    made = speech([("", 30), *[("ˈa", 150), ("t", 80), ("ə", 90), ("n", 80)] * 10, ("", 200)])
    spoken = session().speak(made, 0.0)
    still = session().rest(len(spoken), 0.0, IDLE)
    moved = spoken.head_rad[:, 1] - still.head_rad[:, 1]
    assert 0.008 < moved.max() < 0.05
    assert abs(moved[-1]) < 0.01
    assert (row(spoken, "browOuterUpLeft") - row(still, "browOuterUpLeft")).max() > 0.05


def test_three_seconds_take_under_20_ms():
    made = words(3)
    body = session()
    body.speak(made, 0.0)
    began_s = time.perf_counter()
    for _ in range(5):
        body.speak(made, 0.0)
    took_s = (time.perf_counter() - began_s) / 5
    assert took_s / made.audio.duration_s * 3 < 0.02
