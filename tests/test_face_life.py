"""What a face does besides speaking: it lives, feels, listens, thinks, and never jumps."""

from dataclasses import replace

import numpy as np
import pytest

from tests.made_speech import row, session, speech, words
from tiangong.core.face import EMOTIONS
from tiangong.core.media import Emotion, Speech, SpeechStyle
from tiangong.core.style import Bounds, StyleLimits
from tiangong.rendering.gestures import nod
from tiangong.rendering.life import blinks, gaze, head_sway
from tiangong.rendering.lip_motion import lip_aperture
from tiangong.rendering.protocol import FPS, Attention
from tiangong.rendering.seeded import chance, drift, moments_between

IDLE = Attention()
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


def test_where_the_policy_forbids_a_smile_there_is_not_a_trace_of_one():
    no_smile = StyleLimits(never=frozenset({"happy"}))
    for feeling in (None, feels("happy", 1.0), feels("neutral", 1.0)):
        resting = session().rest(50, 0.0, Attention(True, None, feeling, limits=no_smile))
        assert row(resting, "mouthSmileLeft").max() < 0.02
    style = no_smile.applied(SpeechStyle(emotion="happy", intensity=1.0))
    spoken = session().speak(replace(words(2), style=style), 0.0)
    assert row(spoken, "mouthSmileLeft").max() < 0.1  # what spoken vowels need
    assert row(spoken, "cheekSquintLeft").max() < 0.02


def test_the_face_keeps_showing_what_the_policy_wants_shown_while_it_listens():
    sorry = StyleLimits(show="sad", never=frozenset({"happy"}))
    resting = session().rest(50, 0.0, Attention(True, limits=sorry))
    assert row(resting, "browInnerUp").mean() > 0.15
    gentle = session().rest(50, 0.0, Attention(True, limits=replace(sorry, intensity=Bounds(0.0, 0.1))))
    assert row(gentle, "browInnerUp").mean() < row(resting, "browInnerUp").mean() - 0.05


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
