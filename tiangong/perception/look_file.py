"""A whole picture or video -> the faces in it (`tiangong look`)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from tiangong.core.pictures import VIDEO_SUFFIXES, read_picture, read_video
from tiangong.perception.protocol import FaceObservation, FaceReader

MOST_LOOKS_PER_S: Final = 10.0  # expressions last longer, and ten minutes of video stay a file of some megabytes
_DIGITS: Final = 4  # of numbers in JSON


@dataclass(frozen=True)
class Look:
    """What was seen at one moment."""

    faces: tuple[FaceObservation, ...]  # a picture: all of them; a video: the nearest one, or none
    time_s: float | None = None  # from the start of the video; None for a picture

    def as_json(self) -> dict[str, object]:
        faces = [_face_json(face) for face in self.faces]
        return {"faces": faces} if self.time_s is None else {"time_s": round(self.time_s, 3), "faces": faces}


@dataclass(frozen=True)
class LookedFile:
    """What was seen in one file."""

    file: str
    looks: tuple[Look, ...]
    is_video: bool

    def as_json(self) -> dict[str, object] | list[dict[str, object]]:
        """What `look --json` writes for a file: an object for a picture, a list of such with "time_s" for a video."""
        looks: list[dict[str, object]] = [{"file": self.file, **look.as_json()} for look in self.looks]
        return looks if self.is_video else looks[0]

    @property
    def has_face(self) -> bool:
        return any(look.faces for look in self.looks)

    def summary(self) -> str:
        """Some lines for a person: what was seen, a video second by second."""
        lines = [self.file]
        for look in self.looks if not self.is_video else self.looks[:: round(MOST_LOOKS_PER_S)]:
            when = "" if look.time_s is None else f"{look.time_s:7.1f} s  "
            faces = [
                f"{face.emotion.label} ({face.emotion.confidence:.0%}), head turned {np.degrees(face.head_rad[0]):+.0f} degrees"
                for face in look.faces
            ]
            lines.append(f"  {when}{'; '.join(faces) or 'no face'}")
        return "\n".join(lines)


def look_file(path: Path, reader: FaceReader) -> LookedFile:
    """Find the faces of a picture, or of a video ten times a second.

    Raises MediaError where the file is missing, broken, or neither.
    """
    if path.suffix.lower() in VIDEO_SUFFIXES:
        return LookedFile(str(path), tuple(_follow(path, reader)), is_video=True)
    session = reader.session(tracking=False)
    try:
        return LookedFile(str(path), (Look(session.observe_all(read_picture(path))),), is_video=False)
    finally:
        session.close()


def _follow(path: Path, reader: FaceReader) -> Iterator[Look]:
    session = reader.session(tracking=True)
    due_s = 0.0
    try:
        for frame in read_video(path):
            if frame.captured_s < due_s - 1e-3:
                continue
            # From the time that was due, not from the frame's: 25 fps would otherwise come down to 8.3.
            due_s = max(due_s, frame.captured_s - 1 / MOST_LOOKS_PER_S) + 1 / MOST_LOOKS_PER_S
            seen = session.observe(frame)
            yield Look((seen,) if seen else (), frame.captured_s)
    finally:
        session.close()


def _face_json(face: FaceObservation) -> dict[str, object]:
    emotion = face.emotion
    return {
        "box": [round(edge, 1) for edge in face.box],
        "emotion": {
            "label": emotion.label,
            "probabilities": [round(float(p), _DIGITS) for p in emotion.probabilities],  # order of core.face.EMOTIONS
            "valence": round(emotion.valence, _DIGITS),
            "arousal": round(emotion.arousal, _DIGITS),
            "confidence": round(emotion.confidence, _DIGITS),
        },
        "expression": [round(float(value), _DIGITS) for value in face.expression],
        "head_rad": [round(float(angle), _DIGITS) for angle in face.head_rad],
    }
