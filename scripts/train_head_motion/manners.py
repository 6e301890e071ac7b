"""How feelings move a head: by rule, not by measurement (nothing that may be trained on shows acted feelings in motion).

After what is known of posture and tempo: sadness lowers the head, slows and shrinks movement; joy and anger enlarge and
quicken it; fear draws back and trembles (Wallbott 1998; Kleinsmith and Bianchi-Berthouze 2013).
"""

from dataclasses import dataclass

from tiangong.core.face import EmotionLabel


@dataclass(frozen=True)
class Manner:
    speed: float = 1.0  # < 1 is slower
    size: float = 1.0  # of sway
    accents: float = 1.0  # of nods on stressed syllables
    brows: float = 1.0  # of brows in these
    pitch_rad: float = 0.0  # where the head is held, + down


MANNERS: dict[EmotionLabel, Manner] = {
    "neutral": Manner(),
    "happy": Manner(speed=1.2, size=1.45, accents=1.3, brows=1.3, pitch_rad=-0.012),
    "sad": Manner(speed=0.6, size=0.6, accents=0.55, brows=0.6, pitch_rad=0.045),
    "angry": Manner(speed=1.3, size=1.4, accents=1.6, brows=0.5, pitch_rad=0.015),
    "fearful": Manner(speed=2.0, size=0.9, accents=0.8, brows=1.0, pitch_rad=-0.035),
    "disgusted": Manner(speed=0.9, size=0.85, accents=0.9, brows=0.6, pitch_rad=-0.022),
    "surprised": Manner(speed=1.2, size=1.15, accents=1.1, brows=1.5, pitch_rad=-0.022),
}


def manner(label: EmotionLabel, intensity: float) -> Manner:
    """Between at ease and the whole feeling."""
    full, ease = MANNERS[label], Manner()

    def between(low: float, high: float) -> float:
        return low + intensity * (high - low)

    return Manner(
        between(ease.speed, full.speed),
        between(ease.size, full.size),
        between(ease.accents, full.accents),
        between(ease.brows, full.brows),
        intensity * full.pitch_rad,
    )
