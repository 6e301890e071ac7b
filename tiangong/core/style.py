"""How a sentence is spoken, and what a policy demands of it: bounds on pace, pitch, energy, and feelings that may not show."""

from dataclasses import dataclass, replace

from tiangong.core.face import EmotionLabel


@dataclass(frozen=True)
class SpeechStyle:
    """How a sentence is to be spoken. 1.0 is the voice's own way; < 1 is slower, lower, softer."""

    language: str = "en"  # the sentence's main language; runs of the other one are found by the voice
    rate: float = 1.0
    pitch: float = 1.0
    energy: float = 1.0
    emotion: EmotionLabel = "neutral"
    intensity: float = 0.5  # 0 to 1, how strongly the emotion shows in voice and face
    never: frozenset[EmotionLabel] = frozenset()  # feelings of which not a trace may show


@dataclass(frozen=True)
class Bounds:
    """A closed range; 1.0 is the voice's own way."""

    at_least: float = 0.0
    at_most: float = float("inf")

    def clip(self, value: float) -> float:
        return min(max(value, self.at_least), self.at_most)

    def within(self, other: "Bounds") -> "Bounds":
        """What both allow; where they exclude one another, the lower bound of the two upper ones."""
        at_most = min(self.at_most, other.at_most)
        return Bounds(min(max(self.at_least, other.at_least), at_most), at_most)


@dataclass(frozen=True)
class StyleLimits:
    """Constraints on the voice and face of a reply; the default constrains nothing."""

    show: EmotionLabel | None = None  # the feeling that face and voice have to show
    never: frozenset[EmotionLabel] = frozenset()  # feelings that must not show
    intensity: Bounds = Bounds()
    rate: Bounds = Bounds()
    pitch: Bounds = Bounds()
    energy: Bounds = Bounds()

    def joined(self, other: "StyleLimits") -> "StyleLimits":
        """Both at once; where both want a feeling shown, the first one's."""
        return StyleLimits(
            self.show or other.show,
            self.never | other.never,
            self.intensity.within(other.intensity),
            self.rate.within(other.rate),
            self.pitch.within(other.pitch),
            self.energy.within(other.energy),
        )

    def applied(self, style: SpeechStyle) -> SpeechStyle:
        """The style nearest to `style` that keeps these limits; a forbidden feeling becomes a neutral one."""
        emotion = self.show or style.emotion
        emotion = "neutral" if emotion in self.never else emotion
        return replace(
            style,
            emotion=emotion,
            intensity=self.intensity.clip(style.intensity),
            rate=self.rate.clip(style.rate),
            pitch=self.pitch.clip(style.pitch),
            energy=self.energy.clip(style.energy),
            never=self.never | style.never,
        )
