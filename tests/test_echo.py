"""The avatar's own voice comes back: it starts no turn, and the user's voice over it still does."""

import time

import numpy as np
import pytest

from tiangong.bench.echo_starts import Echoed, echoed, events, measure_echo, monologue, starts_s
from tiangong.core.media import AudioChunk, SpeechStyle
from tiangong.core.sound import resample
from tiangong.perception.echo import BANDS, BandPowers, EchoCheck, UserVoice
from tiangong.perception.level import LevelControl
from tiangong.perception.protocol import HEARING_RATE_HZ, VAD_SAMPLES
from tiangong.perception.silero import SileroVoiceActivity
from tiangong.voice.espeak import EspeakVoice


@pytest.fixture(scope="module")
def echo() -> Echoed:
    return echoed(monologue(EspeakVoice(), 0.4, seed=5), seed=5)


def test_without_the_check_the_avatar_interrupts_itself_and_with_it_never(echo: Echoed) -> None:
    engine = SileroVoiceActivity()
    assert len(list(events(echo, engine.session()))) > 3
    assert starts_s(echo, engine) == []


def test_the_lag_of_the_echo_is_found(echo: Echoed) -> None:
    check, sent = EchoCheck(), 0
    for start in range(0, 12 * HEARING_RATE_HZ, VAD_SAMPLES):
        until = round((start + VAD_SAMPLES) * 1.5)
        check.played(echo.played[sent:until], 24_000)
        sent = until
        check.left(AudioChunk(echo.heard[start : start + VAD_SAMPLES], HEARING_RATE_HZ))
    assert check.lag_s == pytest.approx(0.25, abs=0.06)


def test_a_user_who_speaks_over_the_avatar_is_noticed() -> None:
    figures = {f.name: f for f in measure_echo(SileroVoiceActivity(), EspeakVoice(), minutes=0.8, seed=4).figures}
    assert figures["user over the avatar, noticed"].p50 == 1.0
    delay = figures["user over the avatar, from first sound to noticed"].p95
    assert delay is not None
    assert delay < 0.6


def test_while_the_avatar_is_quiet_voice_activity_is_what_it_was() -> None:
    rng = np.random.default_rng(0)
    plain, aware = SileroVoiceActivity().session(), UserVoice(SileroVoiceActivity().session())
    for _ in range(20):
        chunk = AudioChunk(rng.normal(0, 0.1, VAD_SAMPLES).astype(np.float32), HEARING_RATE_HZ)
        aware.played(np.zeros(768, np.float32), 24_000)
        assert aware.probability(chunk) == plain.probability(chunk)


def test_band_powers_are_the_same_in_pieces_and_at_any_rate() -> None:
    rng = np.random.default_rng(1)
    for rate_hz in (8_000, 16_000, 24_000, 48_000):
        pcm = rng.normal(0, 0.1, rate_hz).astype(np.float32)
        whole = BandPowers().push(pcm, rate_hz)
        pieces = BandPowers()
        parts = np.concatenate([pieces.push(pcm[i : i + 333], rate_hz) for i in range(0, len(pcm), 333)])
        assert whole.shape == (62, BANDS)
        assert np.array_equal(whole, parts)


def test_the_check_costs_little_of_a_chunk(echo: Echoed) -> None:
    check = EchoCheck()
    check.played(echo.played[: 24_000 * 3], 24_000)
    chunk = AudioChunk(echo.heard[16_000 : 16_000 + VAD_SAMPLES], HEARING_RATE_HZ)
    spent_s: list[float] = []
    for _ in range(30):
        began_s = time.perf_counter()
        check.left(chunk)
        spent_s.append(time.perf_counter() - began_s)
    assert np.median(spent_s) < 0.008  # of 32 ms; a free core takes 0.6 ms


# --- the level of a microphone ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("gain", [0.05, 0.2, 3.0])
def test_soft_and_loud_voices_come_to_one_level(gain: float) -> None:
    pieces = EspeakVoice().synthesize(
        "Good morning. I would like to know when the shop opens on Sunday.", SpeechStyle()
    )
    pcm = resample(AudioChunk(np.concatenate([p.audio.pcm for p in pieces]), 24_000), HEARING_RATE_HZ).pcm
    level, out = LevelControl(), np.zeros(0, np.float32)
    for _ in range(3):
        for i in range(0, len(pcm) - VAD_SAMPLES, VAD_SAMPLES):
            piece = np.clip(gain * pcm[i : i + VAD_SAMPLES] + 0.05, -1, 1).astype(np.float32)
            out = np.append(out, level.even(AudioChunk(piece, HEARING_RATE_HZ)).pcm)
    last = out[-len(pcm) :]
    loudest = np.sqrt(np.quantile(np.square(last[: len(last) // 512 * 512]).reshape(-1, 512).mean(axis=1), 0.95))
    assert 0.04 < loudest < 0.2
    assert abs(last.mean()) < 0.005  # the direct current is gone


def test_a_quiet_room_stays_quiet_and_a_gain_that_may_not_learn_stands_still() -> None:
    rng = np.random.default_rng(0)
    room, held = LevelControl(), LevelControl()
    for _ in range(200):
        noise = AudioChunk(rng.normal(0, 1e-3, VAD_SAMPLES).astype(np.float32), HEARING_RATE_HZ)
        quiet = room.even(noise).pcm
        loud = held.even(AudioChunk(noise.pcm * 300, HEARING_RATE_HZ), learn=False).pcm
    assert np.abs(quiet).max() < 0.01
    assert np.sqrt(np.mean(np.square(loud))) == pytest.approx(0.3, rel=0.15)
