"""The avatar's own voice comes back: it starts no turn, and the user's voice over it still does."""

import time

import numpy as np
import pytest

from tiangong.bench.echo_starts import Echoed, echoed, events, measure_echo, monologue, starts_s
from tiangong.core.media import AudioChunk
from tiangong.perception.echo import BANDS, BandPowers, EchoCheck, UserVoice
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
