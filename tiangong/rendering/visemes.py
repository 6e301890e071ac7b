"""The motion engine "visemes": phones -> face, and life around it.

The mouth follows the phones (lip_motion), or the sound alone where phones are unknown; head and brows follow the stress
(head_motion), the face the feeling (feeling); eyes and breath go on by themselves (life).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.face import ARKIT_BLEND_SHAPES, BLEND_SHAPE_INDEX
from tiangong.core.media import FaceMotion, Speech
from tiangong.rendering.feeling import answering_face, felt_face, listening_face, thinking_face
from tiangong.rendering.gestures import nod, nod_lasts
from tiangong.rendering.head_motion import HeadPart, resting_head, speaking_head
from tiangong.rendering.life import gaze, head_sway, living_face
from tiangong.rendering.lip_motion import resting_mouth, speaking_mouth
from tiangong.rendering.protocol import FPS, Attention
from tiangong.rendering.seeded import Times, drift

Floats = NDArray[np.float32]
_SHAPES: Final = len(ARKIT_BLEND_SHAPES)
_HEAD: Final = slice(_SHAPES, _SHAPES + 3)
_LOOKS: Final = slice(_SHAPES + 3, _SHAPES + 5)
_COLUMNS: Final = _SHAPES + 5  # a pose: blend shapes, head, where the eyes look
# Time constants with which a face passes into a new state: a feeling comes with the words and outlives them.
_COMES_S, _GOES_S = 0.16, 0.40
_REMEMBERED_FRAMES: Final = 30 * FPS  # longer than any speech that is drawn ahead and may be cut

_LISTENING_LEAN_RAD: Final = np.array([0.0, 0.028, 0.022], np.float32)  # a little forward and aside
_LISTENING_GAZE: Final = 0.45  # eyes of a listener wander less
_THINKING_LOOK: Final = np.array([0.44, -0.36], np.float32)  # aside and up
_THINKING_HEAD_RAD: Final = np.array([0.035, -0.018, 0.014], np.float32)
_THINKING_TURNS_S: Final = 1.8  # eyes come back from aside about this often
_SIDE, _AWAY = 60, 61
# Shapes that rounding takes the room from: a smile gives way to "oo".
_SMILES: Final = [BLEND_SHAPE_INDEX[n + s] for n in ("mouthSmile", "mouthDimple") for s in ("Left", "Right")]
_ROUND: Final = [BLEND_SHAPE_INDEX["mouthFunnel"], BLEND_SHAPE_INDEX["mouthPucker"]]
_SMILE_YIELDS: Final = 0.9
_BROWS: Final = ((BLEND_SHAPE_INDEX["browInnerUp"], 0.7), (BLEND_SHAPE_INDEX["browOuterUpLeft"], 1.0),
                 (BLEND_SHAPE_INDEX["browOuterUpRight"], 1.0))  # fmt: skip
_LOWERED_BROWS: Final = [BLEND_SHAPE_INDEX["browDownLeft"], BLEND_SHAPE_INDEX["browDownRight"]]
# These decide whether lips touch. They never carry over from one stretch to the next: nothing may hold a mouth open.
_LIPS: Final = np.array(
    [BLEND_SHAPE_INDEX[n] for n in ARKIT_BLEND_SHAPES
     if n.startswith(("jaw", "mouthClose", "mouthLower", "mouthUpper", "mouthPress", "mouthRoll", "mouthFunnel", "mouthPucker",
                      "tongue"))], np.intp
)  # fmt: skip


class VisemeMotion:
    """Needs no weights. Sessions do not touch one another."""

    name = "visemes"
    embedded = True
    needs_phones = False

    def session(self, seed: int) -> "VisemeSession":
        return VisemeSession(seed)


class VisemeSession:
    """One avatar's body; what it remembers is only how to pass smoothly from one stretch to the next."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._poses: dict[int, Floats] = {}  # frame number on the motion clock -> pose (57,) drawn, life left out

    def speak(self, speech: Speech, start_s: float) -> FaceMotion:
        """ceil(duration * 25) frames; lips shut in p, b, m and in pauses of 120 ms and more. A few ms for 3 s."""
        mouth = speaking_mouth(speech)
        times_s = self._times_s(len(mouth), start_s)
        poses = np.zeros((len(mouth) + 1, _COLUMNS), np.float32)  # and the frame before, where the change begins
        felt = felt_face(speech.style.emotion, speech.style.intensity, speech.style.never)
        poses[:, :_SHAPES] = felt
        poses[1:, :_SHAPES] = np.maximum(poses[1:, :_SHAPES], 0) + mouth
        roundness = mouth[:, _ROUND].sum(1, keepdims=True)
        poses[1:, _SMILES] *= 1 - _SMILE_YIELDS * np.minimum(roundness, 1)
        _add_head(poses, speaking_head(speech, times_s, start_s, self._seed))
        poses[:, _LOOKS] = gaze(self._seed, times_s)
        return self._lived(poses, times_s, _COMES_S)

    def rest(self, frames: int, start_s: float, attention: Attention) -> FaceMotion:
        """Idle, listening or thinking; lips shut."""
        times_s = self._times_s(frames, start_s)
        poses = np.zeros((frames + 1, _COLUMNS), np.float32)
        poses[:, :_SHAPES] = answering_face(attention.user_emotion, attention.limits)
        poses[1:, :_SHAPES] = np.maximum(poses[1:, :_SHAPES], resting_mouth(frames))
        _add_head(poses, resting_head(times_s, self._seed))
        looks = gaze(self._seed, times_s)
        if attention.listening:
            poses[:, :_SHAPES] = np.maximum(poses[:, :_SHAPES], listening_face())
            poses[:, _HEAD] += _LISTENING_LEAN_RAD
            looks = looks * np.float32(_LISTENING_GAZE)
        elif attention.thinking:
            poses[:, :_SHAPES] = np.maximum(poses[:, :_SHAPES], thinking_face())
            aside = self._aside(times_s)
            looks = looks + aside * _THINKING_LOOK
            poses[:, _HEAD] += aside * _THINKING_HEAD_RAD
        if attention.nod_at_s is not None and nod_lasts(times_s, attention.nod_at_s):
            poses[:, _SHAPES + 1] += nod(times_s, attention.nod_at_s)
        poses[:, _LOOKS] = looks
        return self._lived(poses, times_s, _GOES_S)

    def _aside(self, times_s: Times) -> Floats:
        """(n, 1) -1 to 1: to which side a thinker looks, back at the user now and then."""
        side = np.sign(drift(self._seed, _SIDE, times_s, 6.0)) * np.clip(
            0.75 + drift(self._seed, _AWAY, times_s, _THINKING_TURNS_S), 0, 1
        )
        return side[:, None].astype(np.float32)

    @staticmethod
    def _times_s(frames: int, start_s: float) -> Times:
        """The frame before the stretch, then its frames."""
        return start_s + np.arange(-1, frames) / FPS

    def _lived(self, poses: Floats, times_s: Times, change_s: float) -> FaceMotion:
        """Lead over from what was drawn before, remember, and add what goes on by itself."""
        first = round(float(times_s[1]) * FPS) if len(times_s) > 1 else 0
        drawn = self._led_over(poses, first, change_s)[1:]
        self._remember(drawn, first)
        head = drawn[:, _HEAD] + head_sway(self._seed, times_s[1:])
        face = drawn[:, :_SHAPES] + living_face(self._seed, times_s[1:], drawn[:, _LOOKS], head)
        return FaceMotion(np.clip(face, 0, 1), head, FPS)

    def _led_over(self, poses: Floats, first: int, change_s: float) -> Floats:
        """The difference to the pose drawn last fades with `change_s`, except on the lips."""
        before = self._poses.get(first - 1)
        if before is None:
            return poses
        difference = before - poses[0]
        difference[_LIPS] = 0
        fading = np.exp(-np.arange(len(poses)) / (FPS * change_s)).astype(np.float32)
        return poses + fading[:, None] * difference

    def _remember(self, drawn: Floats, first: int) -> None:
        oldest = first - _REMEMBERED_FRAMES
        self._poses = {number: pose for number, pose in self._poses.items() if oldest <= number < first}
        self._poses |= {first + i: pose for i, pose in enumerate(drawn)}


def _add_head(poses: Floats, part: HeadPart) -> None:
    """Head, and brows: raised by some shapes, lowered by others."""
    poses[:, _HEAD] += part.head_rad
    for column, share in _BROWS:
        poses[:, column] += share * np.maximum(part.brows, 0)
    poses[:, _LOWERED_BROWS] += np.maximum(-part.brows, 0)[:, None]
