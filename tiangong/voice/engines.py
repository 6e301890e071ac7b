"""The voice engines, best first: what `auto` tries in this order."""

from typing import Final

VOICES: Final = {
    "coqui": "tiangong.voice.coqui.coqui_voice:CoquiVoice",
    "openai": "tiangong.voice.openai_speech:OpenAISpeech",
    "piper": "tiangong.voice.piper:PiperVoice",
    "espeak": "tiangong.voice.espeak:EspeakVoice",
}
