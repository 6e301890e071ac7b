"""Speech made for tests of motion: its phones are known exactly, because the sound is made from them."""

import numpy as np

from tiangong.core.face import BLEND_SHAPE_INDEX
from tiangong.core.media import AudioChunk, FaceMotion, Phone, Speech, SpeechStyle
from tiangong.rendering.lip_motion import lip_aperture
from tiangong.rendering.protocol import FPS
from tiangong.rendering.visemes import VisemeMotion, VisemeSession

RATE_HZ = 24_000
Timeline = list[tuple[str, float]]  # symbol, milliseconds


def speech(timeline: Timeline, style: SpeechStyle | None = None, *, known: bool = True) -> Speech:
    """A sound made for the test: hum in vowels, hiss in consonants, silence in pauses."""
    rng = np.random.default_rng(5)
    phones, parts, at_s = [], [], 0.0
    for symbol, length_ms in timeline:
        n = round(length_ms * RATE_HZ / 1000)
        t = (np.arange(n) + at_s * RATE_HZ) / RATE_HZ
        hum = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 12)) * 0.15
        loud = 0.0 if not symbol else 1.0 if symbol.strip("ˈː").startswith(tuple("aeiouɑɛəɪ")) else 0.15
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


ESPEAK_PHONES = (
    # English
    "n ɪ ə t s ɹ k d p ð l m z ʌ v æ ɛ ɚ f aɪ uː eɪ w ɑː b j ɐ iː ɜː i oʊ ʃ ɔːɹ ŋ ɔː ɾ əl ɡ dʒ tʃ ʊ ɔ ɑːɹ h θ ʒ aʊ "
    "ɛɹ ʔ n̩ ʊɹ aɪɚ iə ɪɹ aɪə ɔɪ x ᵻ "
    # Mandarin
    "a ɑ e o u y ɤ ei ai ou ɑu ɑɚ ʊŋ ŋ̍ ɻ̩ ɹ̩ tɕ tɕʰ ɕ ʈʂ ʈʂʰ ʂ ʐ ts tsʰ pʰ tʰ kʰ yi r ɒ"
).split()


def words(seed: int) -> Speech:
    rng = np.random.default_rng(seed)
    timeline: Timeline = [("", 30)]
    for _ in range(60):
        timeline += [(str(rng.choice(ESPEAK_PHONES)), float(rng.uniform(15, 200)))]
        if rng.uniform() < 0.1:
            timeline += [("", float(rng.uniform(10, 400)))]
    return speech([*timeline, ("", 200)])
