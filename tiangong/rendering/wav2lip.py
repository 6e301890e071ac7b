"""The face renderer "wav2lip": lips from the sound itself, by a Wav2Lip checkpoint (Prajwal et al. 2020) of the user's own.

Head, eyes and expression move as the "warp" renderer draws them; where there is speech, the network repaints the lower
half of the face. In silence it is not asked, and the lips are those of the motion: closed.
"""

from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from tiangong.core.config import Settings
from tiangong.core.errors import ConfigError
from tiangong.core.face import ARKIT_BLEND_SHAPES, BLEND_SHAPE_INDEX
from tiangong.core.media import AudioChunk, FaceMotion
from tiangong.core.sound import resample
from tiangong.rendering.protocol import SOUND_CONTEXT_S
from tiangong.rendering.warp import WarpFace, WarpRenderer
from tiangong.rendering.wav2lip_crop import cut_face, paste_lips
from tiangong.rendering.wav2lip_mel import RATE_HZ, frame_mels, spoken_shares

SUFFIXES: Final = (".safetensors", ".pth", ".pt", ".ckpt")
_FEELING: Final = ("mouthSmile", "mouthFrown")  # stay: how the avatar feels is not heard
# What the network draws must not be drawn before: it would see open lips, and open them further.
_SAID: Final = np.array(
    [
        BLEND_SHAPE_INDEX[name]
        for name in ARKIT_BLEND_SHAPES
        if name.startswith(("jaw", "mouth", "tongue")) and not name.startswith(_FEELING)
    ],
    np.intp,
)


class Painter(Protocol):
    def paint(self, faces: NDArray[np.uint8], mels: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, 96, 96, 3) RGB and (n, 80, 16) in [-4, 4] -> (n, 96, 96, 3) RGB, 0 to 255."""
        ...


class Wav2LipFace:
    """A portrait whose lips follow the sound; threads may share it."""

    needs_sound = True

    def __init__(self, face: WarpFace, painter: Painter) -> None:
        self._face = face
        self._painter = painter
        self.height_px = face.height_px
        self.width_px = face.width_px

    def draw(self, motion: FaceMotion, sound: AudioChunk | None = None) -> NDArray[np.uint8]:
        """(frames, 512, 512, 3) RGB; without `sound`, and where it is silent, as "warp" draws them."""
        if sound is None or not len(motion):
            return self._face.draw(motion)
        heard = resample(sound, RATE_HZ)
        numbers = round((sound.start_s + SOUND_CONTEXT_S) * motion.fps) + np.arange(len(motion))
        shares = spoken_shares(heard, numbers, motion.fps)
        expression = motion.expression.copy()
        expression[:, _SAID] *= 1 - shares[:, None]
        frames = self._face.draw(replace(motion, expression=expression))
        speaking = np.flatnonzero(shares)
        if len(speaking):
            crops = [cut_face(frames[i], self._face.landmarks_for(expression[i], motion.head_rad[i])) for i in speaking]
            mels = frame_mels(heard, numbers[speaking], motion.fps)
            drawn = self._painter.paint(np.stack([crop.picture for crop in crops]), mels)
            for i, crop, lips in zip(speaking, crops, drawn, strict=True):
                paste_lips(frames[i], crop, lips, float(shares[i]))
        return frames


class Wav2LipRenderer:
    """Opens the portrait of an avatar folder, to be drawn with one checkpoint."""

    name = "wav2lip"
    embedded = False

    def __init__(self, painter: Painter) -> None:
        self._painter = painter

    @classmethod
    def unavailable(cls, settings: Settings) -> str | None:
        path = settings.rendering.wav2lip
        if path is None:
            return "a Wav2Lip generator (set rendering.wav2lip to its .pth or .safetensors file)"
        if path.suffix not in SUFFIXES:
            return f"a Wav2Lip generator as {', '.join(SUFFIXES)}, and rendering.wav2lip is '{path}'"
        return None if path.is_file() else f"the file '{path}' that rendering.wav2lip names, and it is not there"

    @classmethod
    def from_settings(cls, settings: Settings) -> "Wav2LipRenderer":
        """Load the checkpoint, converting a .pth the first time; some seconds.

        Raises ConfigError where none is set, MediaError for one that is refused, damaged or not Wav2Lip's.
        """
        from tiangong.rendering.wav2lip_lips import LipPainter  # late: PyTorch takes two seconds

        if settings.rendering.wav2lip is None:
            raise ConfigError("the 'wav2lip' renderer needs rendering.wav2lip, the file of a Wav2Lip generator")
        return cls(LipPainter.open(settings.rendering.wav2lip, use_gpu=settings.profile != "embedded"))

    def open(self, folder: Path) -> Wav2LipFace:
        """Raises as the "warp" renderer does."""
        return Wav2LipFace(WarpRenderer().open(folder), self._painter)
