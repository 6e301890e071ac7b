"""The language of faces: names and order of ARKit's 52 blend shapes, and of the seven emotions."""

from typing import Final, Literal, get_args

# Apple, ARFaceAnchor.BlendShapeLocation, in the order that LiveLink and MediaPipe use ("left" is the person's left).
ARKIT_BLEND_SHAPES: Final = (
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight",
    "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight",
    "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft", "eyeSquintRight",
    "eyeWideLeft", "eyeWideRight",
    "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight", "mouthFunnel",
    "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight", "mouthPucker",
    "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
BLEND_SHAPE_INDEX: Final = {name: i for i, name in enumerate(ARKIT_BLEND_SHAPES)}

EmotionLabel = Literal["neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised"]
EMOTIONS: Final[tuple[EmotionLabel, ...]] = get_args(EmotionLabel)
