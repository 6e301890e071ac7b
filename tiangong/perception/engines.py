"""The hearing and seeing engines, best first: what `auto` tries in this order."""

from typing import Final

VOICE_ACTIVITY: Final = {
    "silero": "tiangong.perception.silero:SileroVoiceActivity",
}
SPEECH_TO_TEXT: Final = {
    "openai": "tiangong.perception.openai_hearing:OpenAIHearing",
    "faster-whisper": "tiangong.perception.whisper:FasterWhisper",
    "pocketsphinx": "tiangong.perception.sphinx:PocketSphinx",
}
FACE_READERS: Final = {
    "landmarker": "tiangong.perception.landmarker:LandmarkerReader",
    "mesh": "tiangong.perception.mesh_reader:MeshReader",
}
