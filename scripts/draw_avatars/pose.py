"""What a face can do in these drawings."""

from dataclasses import dataclass, fields

from tiangong.core.errors import ConfigError


@dataclass(frozen=True)
class Pose:
    """Every value lies in 0..1; all zero is the portrait: lips closed, eyes open and on the viewer.

    Left and right are the character's own, as in ARKit's names.
    """

    blink_left: float = 0.0
    blink_right: float = 0.0
    look_left: float = 0.0
    look_right: float = 0.0
    look_up: float = 0.0
    look_down: float = 0.0
    brow_up: float = 0.0
    brow_down: float = 0.0
    jaw_open: float = 0.0
    wide: float = 0.0
    pucker: float = 0.0
    smile: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = float(getattr(self, field.name))
            if not 0 <= value <= 1:
                raise ConfigError(f"pose: {field.name} is {value}; it must lie in 0..1")


NEUTRAL = Pose()
