"""People for tests of cloning: espeak-ng's other voices, each with a timbre and a pitch that no base of a clone has."""

import numpy as np

from tiangong.core.media import AudioChunk, SpeechStyle
from tiangong.voice.espeak import EspeakVariant, EspeakVoice
from tiangong.voice.protocol import VOICE_RATE_HZ

WOMAN = EspeakVariant("f2", pitch_en=62.0, pitch_zh=70.0)
MAN = EspeakVariant("m7", pitch_en=42.0, pitch_zh=50.0)
_SENTENCES = (
    "The north wind and the sun were disputing which was the stronger.",
    "A traveller came along wrapped in a warm cloak, and they agreed to try.",
    "Then the sun shone out warmly, and he took it off at once.",
    "Please call again on Thursday, and bring six spoons of fresh snow peas.",
)


def recorded(person: EspeakVariant, sentences: int = 4) -> AudioChunk:
    """Some 4 s a sentence at 24 kHz."""
    voice = EspeakVoice(person)
    said = [s.audio.pcm for text in _SENTENCES[:sentences] for s in voice.synthesize(text, SpeechStyle("en"))]
    return AudioChunk(np.concatenate(said), VOICE_RATE_HZ)
