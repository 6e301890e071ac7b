"""`tiangong bench` of the avatar hearing itself: minutes of its own voice come back through a room, and no turn may start.

The echo: the avatar's voice through a synthetic room (exponential tail, Polack 1988), late by a network's delay, 12 dB softer, in the
noise of a quiet room. For scale the same without the check, and how soon a user's voice over that echo is noticed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from tiangong.agent.turns import Heard, TurnEvent, TurnRules, TurnState, step
from tiangong.bench.report import Figure
from tiangong.bench.speaking import SENTENCES
from tiangong.bench.stock import Outcome
from tiangong.core.face import EMOTIONS
from tiangong.core.media import AudioChunk, SpeechStyle
from tiangong.core.sound import resample
from tiangong.perception.echo import UserVoice
from tiangong.perception.protocol import HEARING_RATE_HZ, VAD_SAMPLES, VoiceActivity, VoiceActivitySession
from tiangong.voice.protocol import VOICE_RATE_HZ, Speaker, Voice

ECHO_DB: Final = -12.0
MINUTES: Final = 10.0
_DELAY_S: Final = 0.25
_ROOM_S: Final = 0.3  # until the room's tail has fallen by 60 dB
_DIRECT: Final = 4.0  # the direct sound over the tail's first sample
_NOISE: Final = 1e-3  # -60 dB of full scale
_PACKET_S: Final = 0.02  # of what goes out
_USER_EVERY_S: Final = 15.0

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Echoed:
    """What goes out, and what comes back of it."""

    played: Floats  # (samples,) at 24 kHz
    heard: Floats  # (samples,) at 16 kHz, as long


def monologue(voice: Voice, minutes: float, seed: int) -> Floats:
    """(samples,) at 24 kHz: sentences of both languages in all feelings, with pauses of 0.3 to 2 s."""
    rng = np.random.default_rng(seed)
    said = [(text, language) for language, texts in SENTENCES.items() for text in texts]
    pieces: list[Floats] = []
    while sum(map(len, pieces)) < minutes * 60 * VOICE_RATE_HZ:
        text, language = said[rng.integers(len(said))]
        style = SpeechStyle(language, emotion=EMOTIONS[rng.integers(len(EMOTIONS))])
        pieces += [speech.audio.pcm for speech in voice.synthesize(text, style)]
        pieces.append(np.zeros(round(rng.uniform(0.3, 2.0) * VOICE_RATE_HZ), np.float32))
    return np.concatenate(pieces)


def echoed(played: Floats, seed: int, echo_db: float = ECHO_DB) -> Echoed:
    rng = np.random.default_rng(seed)
    tail = np.arange(round(_ROOM_S * HEARING_RATE_HZ)) / (_ROOM_S * HEARING_RATE_HZ)
    room = rng.normal(0, 1, len(tail)) * 10 ** (-3 * tail)
    room[0] = _DIRECT
    sound = resample(AudioChunk(played, VOICE_RATE_HZ), HEARING_RATE_HZ).pcm
    back = fftconvolve(sound, room / np.linalg.norm(room))[: len(sound)] * 10 ** (echo_db / 20)
    late = np.concatenate([np.zeros(round(_DELAY_S * HEARING_RATE_HZ)), back])[: len(sound)]
    return Echoed(played, (late + rng.normal(0, _NOISE, len(sound))).astype(np.float32))


def events(
    echo: Echoed, activity: VoiceActivitySession, on_packet: Callable[[Floats, int], None] = lambda pcm, rate_hz: None
) -> Iterator[tuple[float, TurnEvent]]:
    """What the turn logic makes of the microphone; `on_packet` is told what goes out."""
    state, packet, sent = TurnState(), round(_PACKET_S * VOICE_RATE_HZ), 0
    for start in range(0, len(echo.heard) - VAD_SAMPLES, VAD_SAMPLES):
        start_s, end_s = start / HEARING_RATE_HZ, (start + VAD_SAMPLES) / HEARING_RATE_HZ
        while (sent + packet) / VOICE_RATE_HZ <= end_s:
            on_packet(echo.played[sent : sent + packet], VOICE_RATE_HZ)
            sent += packet
        probability = activity.probability(
            AudioChunk(echo.heard[start : start + VAD_SAMPLES], HEARING_RATE_HZ, start_s)
        )
        state, event = step(state, Heard(start_s, end_s, probability), TurnRules())
        if event:
            yield end_s, event


def starts_s(echo: Echoed, engine: VoiceActivity) -> list[float]:
    """When turns started, as a caller's ear in a real call takes them."""
    ear = UserVoice(engine.session())
    return [at_s for at_s, event in events(echo, ear, ear.played) if event is TurnEvent.STARTED]


def measure_echo(engine: VoiceActivity, voice: Voice, minutes: float = MINUTES, seed: int = 3) -> Outcome:
    """False starts with the check and without; of a user who speaks over the echo, the share noticed and how soon."""
    echo = echoed(monologue(voice, minutes, seed), seed)
    unchecked = sum(event is TurnEvent.STARTED for _, event in events(echo, engine.session()))
    checked = len(starts_s(echo, engine))
    waits_s, asked = _noticed(engine, voice, echo)
    length = f"{len(echo.heard) / HEARING_RATE_HZ / 60:.0f} min of echo at {ECHO_DB:.0f} dB"
    return Outcome(
        [
            Figure.single(f"false starts, {length}", "count", checked, 1),
            Figure.single(f"false starts without the check, {length}", "count", unchecked, 1),
            Figure.single("user over the avatar, noticed", "share", len(waits_s) / max(asked, 1), asked),
            Figure.of("user over the avatar, from first sound to noticed", "s", waits_s),
        ]
    )


def _noticed(engine: VoiceActivity, voice: Voice, echo: Echoed) -> tuple[list[float], int]:
    """A man's voice, as loud as the avatar's at the caller's ear, says something every 15 s."""
    speaker = voice.for_speaker(Speaker("male", None))
    user = np.concatenate(
        [s.audio.pcm for s in speaker.synthesize("Wait, I would like to ask something.", SpeechStyle())]
    )
    mono = resample(AudioChunk(user, VOICE_RATE_HZ), HEARING_RATE_HZ).pcm
    heard, spoken_s = echo.heard.copy(), np.arange(_USER_EVERY_S, len(echo.heard) / HEARING_RATE_HZ - 5, _USER_EVERY_S)
    for at_s in spoken_s:
        at = round(at_s * HEARING_RATE_HZ)
        heard[at : at + len(mono)] += mono
    found = starts_s(Echoed(echo.played, heard), engine)
    length_s = len(mono) / HEARING_RATE_HZ
    waits = [next((f - at for f in found if at <= f <= at + length_s), None) for at in spoken_s]
    return [float(wait) for wait in waits if wait is not None], len(spoken_s)
