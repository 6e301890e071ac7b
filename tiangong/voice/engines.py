"""The voice engines, best first: what `auto` tries in this order."""

from typing import Final

VOICES: Final = {
    "espeak": "tiangong.voice.espeak:EspeakVoice",
}
