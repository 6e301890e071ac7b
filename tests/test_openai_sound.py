"""The sound of a speech server: every format, cut anywhere, at one level."""

import numpy as np
import pytest

from tests.test_openai_speech import TEXT, WAV, clicks, file_of, hum, mp3, odd_parts, raw, sounds, voice_on, whole
from tiangong.core.media import SpeechStyle
from tiangong.voice.loudness import SPEECH_RMS
from tiangong.voice.openai_sound import RunningLevel
from tiangong.voice.pieces import PICTURE_SAMPLES
from tiangong.voice.protocol import VOICE_RATE_HZ

STEREO = np.stack([hum(1.5, 16_000, 0.1), hum(1.5, 16_000, 0.3)], axis=1)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (raw(hum(1.5)), "audio/pcm"),
        (raw(hum(1.5)), "application/octet-stream"),
        (raw(hum(1.5)), ""),
        (raw(hum(1.5)), "audio/mpeg"),  # what some servers call everything
        (raw(hum(1.5, 16_000)), "audio/L16; rate=16000"),
        (raw(hum(1.5)) + b"\x00", "audio/pcm"),
        (WAV, "audio/wav"),
        (WAV, "audio/pcm"),  # the wish for raw samples passed over
        (file_of(hum(1.5, 22_050), 22_050, "WAV", "PCM_16") + b"LIST\x04\0\0\0abcd" * 200, "audio/x-wav"),
        (file_of(STEREO, 16_000, "WAV", "PCM_16"), "audio/wav"),
        (file_of(hum(1.5, 44_100), 44_100, "WAV", "FLOAT"), "audio/wav"),
        (WAV[:40] + b"\xff" * 4 + WAV[44:], "audio/wav"),  # it does not know how long it will be
        (mp3(hum(1.5)), "audio/mpeg"),
        (file_of(hum(1.5), VOICE_RATE_HZ, "OGG", "OPUS"), "audio/ogg"),
        (file_of(hum(1.5), VOICE_RATE_HZ, "FLAC"), "audio/flac"),
    ],
)
def test_whatever_the_server_sends_becomes_sound_at_24_khz_without_clicks(data: bytes, kind: str) -> None:
    with voice_on(sounds(odd_parts(data), kind)) as (voice, _):
        pieces = list(voice.synthesize(TEXT, SpeechStyle()))
    pcm = whole(pieces)
    assert len(pcm) / VOICE_RATE_HZ == pytest.approx(1.5, abs=0.06)
    assert clicks(pcm[1_200:-1_200]) < 1.2
    assert float(np.sqrt(np.mean(np.square(pcm[-9_600:-2_400])))) == pytest.approx(SPEECH_RMS, rel=0.1)
    assert all(piece.audio.rate_hz == VOICE_RATE_HZ and piece.phones is None for piece in pieces)
    assert all(len(piece.audio.pcm) % PICTURE_SAMPLES == 0 for piece in pieces[:-1])


@pytest.mark.parametrize("amplitude", [0.02, 0.9])
def test_the_level_glides_to_that_of_speech_and_is_kept_for_the_next_sentence(amplitude: float) -> None:
    with voice_on(sounds([raw(hum(4.0, amplitude=amplitude))])) as (voice, _):
        first = whole(list(voice.synthesize(TEXT, SpeechStyle())))
        second = whole(list(voice.synthesize(TEXT, SpeechStyle())))
    assert clicks(first) < 1.2
    levels = [float(np.sqrt(np.mean(np.square(pcm[-4_800:])))) for pcm in (first, second)]
    assert levels == pytest.approx([SPEECH_RMS, SPEECH_RMS], rel=0.1)
    start = float(np.sqrt(np.mean(np.square(second[:2_400]))))
    assert start == pytest.approx(SPEECH_RMS, rel=0.1)


def test_silence_is_not_blown_up_and_tells_nothing_of_the_level() -> None:
    level = RunningLevel(None)
    quiet = np.full(2_400, 1e-5, np.float32)
    assert np.array_equal(level.push(quiet), quiet)
    assert level.gain is None
