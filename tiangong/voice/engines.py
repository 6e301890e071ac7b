"""The voice engines, best first: what `auto` tries in this order."""

from typing import Final

VOICES: Final = {
    "piper": "tiangong.voice.piper:PiperVoice",
    "espeak": "tiangong.voice.espeak:EspeakVoice",
}
