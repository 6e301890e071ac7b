"""What flows through the loop: frozen dataclasses that check themselves.

Times are seconds on the audio clock unless a name says otherwise. Arrays are never changed after they were handed over.
"""

from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from tiangong.core.errors import MediaError
from tiangong.core.face import ARKIT_BLEND_SHAPES, EMOTIONS, EmotionLabel
from tiangong.core.style import SpeechStyle, StyleLimits

Action = Literal[
    "allow", "say", "replace", "redact", "rewrite", "clarify", "disclose", "care", "refuse", "hand_off", "end"
]
CheckStatus = Literal["checked", "unverified", "broken"]  # unverified: in a language that no rule covers
Role = Literal["system", "user", "assistant"]
Stage = Literal["hearing", "seeing", "policy", "judge", "brain", "voice", "motion", "face"]


def _require(holds: bool, complaint: str) -> None:
    if not holds:
        raise MediaError(complaint)


@dataclass(frozen=True)
class AudioChunk:
    """A stretch of mono sound."""

    pcm: NDArray[np.float32]  # (samples,) in [-1, 1], finite
    rate_hz: int
    start_s: float = 0.0

    def __post_init__(self) -> None:
        _require(self.pcm.ndim == 1, f"sound must be mono (samples,), not {self.pcm.shape}")
        _require(self.pcm.dtype == np.float32, f"sound must be float32, not {self.pcm.dtype}")
        _require(8_000 <= self.rate_hz <= 192_000, f"sample rate {self.rate_hz} Hz is outside 8,000 to 192,000")
        _require(bool(np.isfinite(self.pcm).all()), "sound holds NaN or infinite samples")

    @property
    def duration_s(self) -> float:
        return len(self.pcm) / self.rate_hz

    @property
    def end_s(self) -> float:
        return self.start_s + self.duration_s


@dataclass(frozen=True)
class VideoFrame:
    """One picture."""

    image: NDArray[np.uint8]  # (height, width, 3) RGB
    captured_s: float = 0.0

    def __post_init__(self) -> None:
        shape = self.image.shape
        _require(len(shape) == 3 and shape[2] == 3, f"a picture must be (height, width, 3), not {shape}")
        _require(self.image.dtype == np.uint8, f"a picture must be uint8, not {self.image.dtype}")


@dataclass(frozen=True)
class Transcript:
    """What was said."""

    text: str
    language: str  # BCP-47: "en", "zh"
    confidence: float | None  # 0 to 1, None where the engine has none
    audio_s: float  # how much sound it was read from


@dataclass(frozen=True)
class Emotion:
    """How a person seems to feel."""

    label: EmotionLabel
    probabilities: NDArray[np.float32]  # (7,) in the order of core.face.EMOTIONS, sums to 1
    valence: float  # -1 unpleasant to 1 pleasant
    arousal: float  # -1 calm to 1 excited
    confidence: float  # 0 to 1; low means "cannot tell"
    seen_s: float

    def __post_init__(self) -> None:
        _require(self.probabilities.shape == (len(EMOTIONS),), "an emotion needs seven probabilities")
        _require(abs(float(self.probabilities.sum()) - 1) < 1e-3, "probabilities of an emotion must sum to 1")


@dataclass(frozen=True)
class Message:
    """One line of a conversation, as it was *heard*: an interrupted answer ends where the user cut in."""

    role: Role
    text: str
    interrupted: bool = False
    withheld: bool = False  # against the rules: not to be read by a language model


class LaterVerdict(Protocol):
    """What a judge model, which may be slow, still has to say about a text that the quick checks let pass."""

    must_hold: bool  # nothing of the text may be heard before its verdict

    def ask(self) -> None:
        """Ask the judge and keep what it answers; slow, on a thread of its own. What the judge cannot tell is kept as that."""
        ...

    def give_up(self, reason: str) -> None:
        """Instead of `ask`: the judge is not asked."""
        ...

    def verdict(self, held: bool) -> "Verdict":
        """After either of them, where the session's quick checks run: "allow" where the text may stand.

        `held`: nothing of it was heard yet; otherwise `Verdict.text` takes back what may have been.
        """
        ...


@dataclass(frozen=True)
class Verdict:
    """What the policy decided about one text. `status` tells whether all of its checks could be made."""

    action: Action
    rule: str = ""  # id of the rule that decided; empty for "allow"
    text: str | None = None  # what to say instead
    style: StyleLimits = StyleLimits()  # constraints on tone, pace, voice and face
    spans: tuple[tuple[int, int], ...] = ()  # (start, end) in code points
    elapsed_ms: float = 0.0
    status: CheckStatus = "checked"
    remembered: str | None = None  # a user's words as later turns may read them, where not as they were said
    summary: str = ""  # with "hand_off": what a human colleague should know; personal data masked
    later: LaterVerdict | None = field(default=None, compare=False, repr=False)  # what may still overturn this one


@dataclass(frozen=True)
class Phone:
    """One speech sound; an empty symbol is a pause."""

    symbol: str  # IPA, stress and length marks included
    start_s: float  # from the start of its Speech
    end_s: float


@dataclass(frozen=True)
class Speech:
    """A spoken piece of text."""

    audio: AudioChunk
    phones: tuple[Phone, ...] | None  # None: this engine does not know them
    text: str
    style: SpeechStyle = SpeechStyle()


@dataclass(frozen=True)
class FaceMotion:
    """How a face moves."""

    expression: NDArray[np.float32]  # (frames, 52) in [0, 1], order of core.face.ARKIT_BLEND_SHAPES
    head_rad: NDArray[
        np.float32
    ]  # (frames, 3) yaw (+ to the person's left), pitch (+ down), roll (+ to the person's left shoulder)
    fps: int
    # (frames, 478, 2) how far landmarks go beyond what the blend shapes do, eye distances in the picture's plane before the
    # head turns; None: not at all. A filmed face says more than 52 numbers.
    beyond: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        frames = len(self.expression)
        _require(self.expression.shape == (frames, len(ARKIT_BLEND_SHAPES)), "expression must be (frames, 52)")
        _require(self.beyond is None or self.beyond.shape == (frames, 478, 2), "beyond must be (frames, 478, 2)")
        _require(self.head_rad.shape == (frames, 3), "head_rad must be (frames, 3)")
        low, high = (float(self.expression.min()), float(self.expression.max())) if frames else (0.0, 0.0)
        _require(low >= 0.0 and high <= 1.0, f"blend shapes must lie in [0, 1], not [{low:.2f}, {high:.2f}]")

    def __len__(self) -> int:
        return len(self.expression)

    def at(self, rows: "slice | NDArray[np.intp]") -> "FaceMotion":
        """The frames `rows`, in that order."""
        beyond = None if self.beyond is None else self.beyond[rows]
        return FaceMotion(self.expression[rows], self.head_rad[rows], self.fps, beyond)


@dataclass(frozen=True)
class AvatarClip:
    """Sound and picture of one stretch, together: neither can drift from the other."""

    turn_id: int  # 0: no turn, the avatar idles or listens
    frames: NDArray[np.uint8]  # (n, height, width, 3) RGB
    fps: int
    audio: AudioChunk

    def __post_init__(self) -> None:
        _require(self.frames.ndim == 4 and self.frames.shape[3] == 3, "frames must be (n, height, width, 3)")
        seen_s, heard_s = len(self.frames) / self.fps, self.audio.duration_s
        _require(
            abs(seen_s - heard_s) < 0.5 / self.fps,
            f"a clip of {seen_s:.3f} s of pictures and {heard_s:.3f} s of sound does not fit together",
        )

    @property
    def duration_s(self) -> float:
        return len(self.frames) / self.fps


@dataclass(frozen=True)
class StageTiming:
    """How long one stage took in one turn; seconds on the session's clock."""

    turn_id: int
    stage: Stage
    started_s: float
    first_output_s: float
    ended_s: float
