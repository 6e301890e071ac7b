"""The voice engines, best first: what `auto` tries in this order."""

from typing import Final

VOICES: Final = {
    "openai": "tiangong.voice.openai_speech:OpenAISpeech",
    "piper": "tiangong.voice.piper:PiperVoice",
    "espeak": "tiangong.voice.espeak:EspeakVoice",
}
