"""The engines that read a feeling from a face, and the one that the settings ask for."""

from typing import Final, cast

from tiangong.core.config import Settings
from tiangong.core.registry import choose, make
from tiangong.perception.face_emotion import FeelingReader

FACE_EMOTIONS: Final = {
    "onnx": "tiangong.perception.onnx_emotion:OnnxEmotion",
    "geometry": "tiangong.perception.face_emotion:GeometryReader",
}


def feelings_of(settings: Settings) -> FeelingReader:
    """Raises ConfigError, MissingExtra, and what loading the engine raises."""
    name = choose("face_emotion", FACE_EMOTIONS, settings.engines.face_emotion, settings).name
    return cast(FeelingReader, make("face_emotion", FACE_EMOTIONS, name, settings))
