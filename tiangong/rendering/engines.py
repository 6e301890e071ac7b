"""The motion engines and face renderers, best first: what `auto` tries in this order."""

from typing import Final

MOTIONS: Final = {
    "visemes": "tiangong.rendering.visemes:VisemeMotion",
}
RENDERERS: Final = {
    "gan": "tiangong.rendering.gan:GanRenderer",
    "warp": "tiangong.rendering.warp:WarpRenderer",
    "wav2lip": "tiangong.rendering.wav2lip:Wav2LipRenderer",
}
