"""The files of a new avatar: portrait, landmarks, persona, consent."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from tiangong.core.pictures import write_picture
from tiangong.studio.bundle import CONSENT, KNOWLEDGE, PERSONA, PORTRAIT, Consent
from tiangong.studio.finding_faces import OUTER_EYES, find_faces, in_crop
from tiangong.studio.voices import Learn

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]

PURPOSES: Final = ("conversation", "service", "testing", "drive")
MOTION: Final = "motion.npz"
PORTRAIT_PX: Final = 1024  # longest side; the renderers draw 512
# Side in eye distances: more than the renderers' own crop, so that it stays theirs to choose.
PORTRAIT_EYES: Final = 6.0
BRIDGE_FROM_TOP: Final = 0.43
_BRIDGE: Final = 168


@dataclass(frozen=True)
class Wishes:
    """What the maker decides about an avatar."""

    drawn: bool = False  # an invented or painted character, nobody's likeness
    voice: Path | None = None  # a recording of the voice that it shall have
    learners: tuple[Learn, ...] = ()  # engines that learn it
    speaks_as: str = "female"  # variant of the built-in voice where none is cloned: "female", "male"
    replace: bool = False  # an avatar of this name may be overwritten


def write_avatar(folder: Path, name: str, image: Picture, landmarks: Floats, wishes: Wishes) -> None:
    """All files but the voice's and the manifest. `image` (height, width, 3) upright RGB, `landmarks` (478, 3) px of it."""
    portrait, marks = head_and_shoulders(image, landmarks)
    write_picture(portrait, folder / PORTRAIT)
    np.savez(folder / MOTION, landmarks=marks)
    (folder / PERSONA).write_text(persona_text(name, wishes.speaks_as), encoding="utf-8")
    consent = declared_consent(name, wishes.drawn)
    (folder / CONSENT).write_text(consent.model_dump_json(indent=2, exclude_none=True) + "\n", encoding="utf-8")
    (folder / KNOWLEDGE).mkdir()


def head_and_shoulders(image: Picture, landmarks: Floats) -> tuple[Picture, Floats]:
    """Square around the face, 1024 px at most, and its landmarks (478, 3) px, found anew in it."""
    height, width = image.shape[:2]
    eyes = float(np.linalg.norm(landmarks[OUTER_EYES[0]] - landmarks[OUTER_EYES[1]]))
    side = int(min(height, width, PORTRAIT_EYES * eyes))
    x, y = landmarks[_BRIDGE, :2]
    left = int(np.clip(x - side / 2, 0, width - side))
    top = int(np.clip(y - BRIDGE_FROM_TOP * side, 0, height - side))
    cut = np.ascontiguousarray(image[top : top + side, left : left + side])
    # The renderers refuse less than 128 px: a small face in a large picture is enlarged, and warned of.
    shown = int(np.clip(side, 256, PORTRAIT_PX))
    scale = shown / side
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    portrait = np.asarray(cv2.resize(cut, (shown, shown), interpolation=how), np.uint8) if scale != 1 else cut
    return portrait, _found_again(portrait, in_crop(landmarks, left, top, scale))


def _found_again(portrait: Picture, expected: Floats) -> Floats:
    """The mesh reads a face most exactly where it fills the picture; the same face must be meant."""
    eyes = float(np.linalg.norm(expected[OUTER_EYES[0]] - expected[OUTER_EYES[1]]))
    for face in find_faces(portrait):
        if float(np.linalg.norm((face - expected)[:, :2], axis=1).mean()) < 0.2 * eyes:
            return face
    return expected


def persona_text(name: str, speaks_as: str) -> str:
    """`persona.yaml` for an avatar that is not described yet; it says that it is an AI."""
    sheet: dict[str, Any] = {
        "name": {"en": name, "zh": name},
        "greeting": {
            "en": f"Hello, I'm {name}, an AI avatar. How can I help you?",
            "zh": f"您好，我是{name}，人工智能数字人。有什么可以帮您的吗？",
        },
        "about": {
            "en": f"I'm {name}, an AI avatar and not a human. I was made with Tiangong, and I can tell you about it.",
            "zh": f"我是{name}，是人工智能数字人，不是真人。我是用天工制作的，也可以给您介绍天工。",
        },
        "topics": {"en": ["how Tiangong works"], "zh": ["天工数字人"]},
        "knowledge": ["tiangong"],
        "voice": {"variant": speaks_as},
    }
    head = (
        "# Who this avatar is. What it shall know goes into knowledge/ (text, Markdown, PDF). Keep saying that it is an AI.\n"
        f"# After any change: tiangong avatar seal {name}\n"
    )
    return head + yaml.safe_dump(sheet, allow_unicode=True, sort_keys=False, width=1_000)


def declared_consent(name: str, drawn: bool) -> Consent:
    """What the maker declares by making this avatar."""
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    if drawn:
        return Consent(
            kind="drawn-character",
            statement=f"Declared by the maker of '{name}' on {day}: a drawn or painted character, no living person's likeness.",
            purposes=PURPOSES,
        )
    return Consent(
        kind="person",
        statement=f"Declared by the maker of '{name}' on {day}: this is my own likeness, or I have this person's permission.",
        purposes=PURPOSES,
    )
