"""Feeling and style -> rate, pitch, range and loudness.

Directions after Scherer 2003 ("Vocal communication of emotion", table 7) and Banse and Scherer 1996: joy, anger and fear
raise pitch and rate, sadness and disgust lower them; joy, anger and surprise widen the range, sadness narrows it.
Sizes are kept under what actors do, so that a helper who is glad never sounds shrill.
"""

from dataclasses import dataclass
from typing import Final

from tiangong.core.face import EmotionLabel
from tiangong.core.media import SpeechStyle


@dataclass(frozen=True)
class Prosody:
    """Factors on a voice's own way; 1 changes nothing."""

    rate: float = 1.0  # < 1 is slower
    pitch: float = 1.0  # of the mean fundamental; < 1 is lower
    pitch_range: float = 1.0  # of the melody's width; 0 is monotone
    energy: float = 1.0  # of amplitude; < 1 is softer


# At intensity 1.
_BY_EMOTION: Final[dict[EmotionLabel, Prosody]] = {
    "neutral": Prosody(),
    "happy": Prosody(rate=1.07, pitch=1.14, pitch_range=1.45, energy=1.10),
    "sad": Prosody(rate=0.84, pitch=0.91, pitch_range=0.60, energy=0.78),
    "angry": Prosody(rate=1.08, pitch=1.06, pitch_range=1.35, energy=1.25),
    "fearful": Prosody(rate=1.10, pitch=1.16, pitch_range=0.85, energy=0.92),
    "disgusted": Prosody(rate=0.90, pitch=0.94, pitch_range=0.85, energy=0.95),
    "surprised": Prosody(rate=1.04, pitch=1.18, pitch_range=1.60, energy=1.10),
}
_SLOWEST, _FASTEST = 0.5, 2.0  # beyond, words run together or fall apart
_LOWEST, _HIGHEST = 0.6, 1.6
_SOFTEST, _LOUDEST = 0.1, 2.0


def prosody_of(style: SpeechStyle) -> Prosody:
    """The style's own factors times those of its emotion, which grow in proportion to its intensity; always bounded."""
    felt = _BY_EMOTION[style.emotion]
    strength = min(max(style.intensity, 0.0), 1.0)

    def factor(at_full: float) -> float:
        return 1 + strength * (at_full - 1)

    return Prosody(
        rate=min(max(style.rate * factor(felt.rate), _SLOWEST), _FASTEST),
        pitch=min(max(style.pitch * factor(felt.pitch), _LOWEST), _HIGHEST),
        pitch_range=factor(felt.pitch_range),
        energy=min(max(style.energy * factor(felt.energy), _SOFTEST), _LOUDEST),
    )
