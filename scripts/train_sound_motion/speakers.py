"""Clips of synthetic speech with the true motion of the mouth at every step: espeak-ng tells when each phone is spoken."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from scripts.train_sound_motion.texts import NONSENSE_TONGUES, held_out, nonsense, sentence
from tiangong.core.media import Phone
from tiangong.rendering.coarticulation import mouth_curves, parts_of
from tiangong.rendering.lip_contacts import contact_curve
from tiangong.rendering.mel import MEL_RATE_HZ
from tiangong.rendering.sound_motion import LOOKAHEAD_STEPS
from tiangong.rendering.sound_motion_net import STEP_S
from tiangong.voice.espeak_library import Delivery, espeak_library
from tiangong.voice.spoken_run import SpokenRun, joined, trimmed

Floats = NDArray[np.float32]
CLIP_S: Final = 6.0
CLIP_STEPS: Final = round(CLIP_S / STEP_S)
# Voices to measure with: never heard in training. The project's own two (f5, edward) are among them.
HELD_VOICES: Final = tuple("f5 edward m7 steph2 klatt3 Alicia benjamin grandpa".split())
# Most of espeak-ng's variants; left out are those that croak, sing or are held back.
VOICES: Final = tuple(
    """Alex Andrea Andy Annie Denis Diogo Gene Henrique Hugo Jacky Lee Marco Mario Michael Mike Nguyen Reed Storm adam anika
    announcer antonio aunty belinda boris caleb david ed f1 f2 f3 f4 grandma gustave ian iven iven2 iven3 john kaukovalta klatt
    klatt2 klatt4 klatt5 klatt6 linda m1 m2 m3 m4 m5 m6 m8 marcelo max michel miguel mike2 norbert pablo paul pedro quincy rob
    robert sandro shelby steph steph3 travis victor whisper whisperf zac""".split()
)
# A shorter or longer throat: formants and pitch move together, as when a record runs at another speed.
_THROATS: Final = (0.80, 1.25)
_EMPTY_SHARE: Final = 0.03  # of clips: nothing but noise


@dataclass(frozen=True)
class Clip:
    """Clean sound at 16 kHz and the phones in it."""

    pcm: Floats  # (samples,)
    phones: tuple[Phone, ...]


def training_clip(rng: np.random.Generator) -> Clip:
    """6 s of one speaker with pauses, in one language or two; now and then of nobody."""
    if rng.uniform() < _EMPTY_SHARE:
        return Clip(np.zeros(round(CLIP_S * MEL_RATE_HZ), np.float32), ())
    voice = str(rng.choice(VOICES))
    runs, at_s = [], 0.0
    lead_s = float(rng.exponential(0.35))
    while lead_s + at_s < CLIP_S * _THROATS[1]:
        language, text, tongue = _something_to_say(rng)
        pause_s = float(rng.choice([0.03, 0.1, 0.2, 0.35, 0.6, 1.2], p=[0.25, 0.15, 0.2, 0.2, 0.15, 0.05]))
        said = spoken(text, language, tongue, voice, rng, pause_s)
        if said.phones:
            runs.append(said)
            at_s += len(said.pcm) / said.rate_hz
    return _cut(joined(runs, lead_s), float(rng.uniform(*_THROATS)))


def measuring_clips(voice: str) -> list[Clip]:
    """Held-out sentences of both languages by a held-out voice, each 1.5 to 6 s, silence around them."""
    rng = np.random.default_rng(len(voice))
    clips = []
    for language, tongue in (("en-us", "en"), ("cmn", "zh")):
        for text in held_out(tongue):
            said = spoken(text, language, tongue, voice, rng, 0.8)
            clips.append(_cut(joined([said], 0.5), 1.0, whole=True))
    return clips


def _something_to_say(rng: np.random.Generator) -> tuple[str, str, str]:
    """Language of espeak-ng, text, and the alphabet of its phones."""
    which = rng.uniform()
    if which < 0.3:
        return str(rng.choice(NONSENSE_TONGUES)), nonsense(rng), "en"
    if which < 0.6:
        return "cmn", sentence(rng, "zh"), "zh"
    return str(rng.choice(["en-us", "en", "en-gb-x-rp", "en-gb-scotland"])), sentence(rng, "en"), "en"


def spoken(text: str, language: str, tongue: str, voice: str, rng: np.random.Generator, pause_s: float) -> SpokenRun:
    """One text, by espeak-ng, at a random rate and pitch, its pause behind it."""
    slowest, fastest = (130, 260) if tongue == "zh" else (110, 240)
    # espeak-ng 1.52 crashes in a low Mandarin voice whose pitch range is over 60.
    narrowest, widest = (40, 60) if tongue == "zh" else (10, 80)
    delivery = Delivery(
        voice=f"{language}+{voice}",
        rate_wpm=int(rng.integers(slowest, fastest)),
        pitch=int(np.clip(rng.normal(50, 22), 0, 99)),
        pitch_range=int(rng.integers(narrowest, widest)),
    )
    return trimmed(espeak_library().speak(text, delivery), tongue, pause_s)  # type: ignore[arg-type]


def _cut(run: SpokenRun, throat: float, whole: bool = False) -> Clip:
    pcm = soxr.resample(run.pcm, run.rate_hz * throat, MEL_RATE_HZ).astype(np.float32)
    phones = tuple(Phone(p.symbol, p.start_s / throat, p.end_s / throat) for p in run.phones)
    return Clip(pcm if whole else pcm[: round(CLIP_S * MEL_RATE_HZ)], phones)


def true_motion(phones: tuple[Phone, ...], steps: int, ends_s: float) -> Floats:
    """(steps, 9) curves, lips, teeth, resting that the network should give at each step, so much later than they are.

    Lips are those of p, b, m alone: pauses are known by resting.
    """
    parts = parts_of(phones, ends_s)
    times_s = (np.arange(steps) - (LOOKAHEAD_STEPS - 1)) * STEP_S
    spoken_parts, rests = [p for p in parts if not p.is_rest], [p for p in parts if p.is_rest]
    contacts = [contact_curve(spoken_parts, times_s, contact) for contact in ("lips", "teeth")]
    contacts.append(contact_curve(rests, times_s, "lips"))
    return np.concatenate([mouth_curves(parts, times_s), np.stack(contacts, 1)], axis=1).astype(np.float32)
