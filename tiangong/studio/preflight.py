"""Looks at material before anything is made of it: what is wrong, and how to do it better, in one sentence.

A *stop* makes no avatar; a *warning* makes one, less good than it could be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from tiangong.core.errors import MediaError
from tiangong.core.pictures import VIDEO_SUFFIXES, read_picture
from tiangong.studio.finding_faces import FaceLook, face_width, find_faces, lies_on_its_side, look_at
from tiangong.studio.mouth_cover import HAND_SHARE, HandFinder, cover_probability

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]

SMALLEST_SIDE_PX: Final = 128
SMALLEST_EYES_PX: Final = 20.0
SOFT_EYES_PX: Final = 40.0
PROFILE_DEG, TURNED_DEG = 35.0, 27.0
NODDED_DEG: Final = 32.0
LYING_DEG: Final = 50.0  # of roll: nobody holds the head so, the camera was turned
DARK, DIM = 32.0, 50.0  # mean brightness of the face, 0-255
DARK_BRIGHT: Final = 85.0  # a dark skin in good light has highlights brighter than this
BLURRED, SOFT = 0.018, 0.035  # sharpness, see finding_faces
SMALL_SECOND: Final = 0.4  # a second face narrower than this share of the first stands in the background
COVERED, MAYBE_COVERED = 0.95, 0.9  # bare mouths of 63 people came to 0.90 at most
SURELY_HAND: Final = 0.45  # share of the lips; fingers have the colours of lips, so these need not agree
COVERED_WITH_HAND: Final = 0.3  # a smaller share counts where the colours do not speak against it
# Colours are told of frontal, lit, closed or speaking mouths: of others they say nothing.
TRUSTED_YAW_DEG, TRUSTED_PITCH_DEG, TRUSTED_GAP = 16.0, 18.0, 0.3

LYING: Final = "the picture lies on its side; turn it upright"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong."""

    severity: Literal["stop", "warn"]
    sentence: str  # what is wrong, and the mend


@dataclass(frozen=True)
class PhotoMaterial:
    """A photo that was looked at."""

    image: Picture  # (height, width, 3) RGB, upright
    landmarks: Floats  # (478, 3) px of it
    findings: tuple[Finding, ...]


def stop(sentence: str) -> Finding:
    return Finding("stop", sentence)


def warn(sentence: str) -> Finding:
    return Finding("warn", sentence)


def refuse_stops(where: str, findings: Sequence[Finding]) -> None:
    """Raises MediaError with the first stop there is."""
    for finding in findings:
        if finding.severity == "stop":
            raise MediaError(f"{where}: {finding.sentence}")


def check_photo(path: Path) -> PhotoMaterial:
    """Read a photo and judge it; some 0.3 s.

    Raises MediaError with one sentence for anything that stops: not a picture, too small or large, no or several faces, a
    profile, a hidden mouth, dark, blurred.
    """
    if path.suffix.lower() in VIDEO_SUFFIXES:
        raise MediaError(f"{path.name}: this is a video, not a picture; give it as --video")
    try:
        image = read_picture(path).image
    except MediaError as error:
        mend = "; it is cut off, copy it again" if "truncated" in str(error) else ""
        raise MediaError(f"{error}{mend}") from error
    if min(image.shape[:2]) < SMALLEST_SIDE_PX:
        raise MediaError(
            f"{path.name}: {image.shape[1]} x {image.shape[0]} pixels is too small; take a picture of 512 x 512 or more"
        )
    faces = find_faces(image)
    if not faces:
        raise MediaError(f"{path.name}: {_why_no_face(image)}")
    findings = judge_photo(image, faces)
    refuse_stops(path.name, findings)
    return PhotoMaterial(image, faces[0], tuple(findings))


def _why_no_face(image: Picture) -> str:
    if image.mean() < DARK:
        return "no face found, the picture is too dark; light the face from the front, at a window for instance"
    if lies_on_its_side(image):
        return LYING
    return "no face found; use a sharp, well-lit picture with the whole face towards the camera"


def judge_photo(image: Picture, faces: Sequence[Floats]) -> list[Finding]:
    """`faces` (478, 3) px each, the largest first, at least one. Stops come before warnings."""
    first, look = faces[0], look_at(image, faces[0])
    found = [*_company(faces), *judge_look(look)]
    with HandFinder() as hands:
        hand = hands.share_of_lips(image, first)
    found += judge_mouth(look, cover_probability(image, first), hand)
    return sorted(found, key=lambda finding: finding.severity != "stop")


def _company(faces: Sequence[Floats]) -> list[Finding]:
    others = [face_width(face) / max(face_width(faces[0]), 1.0) for face in faces[1:]]
    if any(other >= SMALL_SECOND for other in others):
        return [stop(f"{len(faces)} faces found; crop the picture to one person")]
    if others:
        return [warn("somebody stands in the background; the largest face is taken")]
    return []


def judge_look(look: FaceLook) -> list[Finding]:
    """How the face is turned, lit and focused."""
    found: list[Finding] = []
    if look.eye_distance_px < SMALLEST_EYES_PX:
        found.append(stop("the face is too small in the picture; come closer, so that head and shoulders fill it"))
    elif look.eye_distance_px < SOFT_EYES_PX:
        found.append(
            warn(f"the face is small ({look.eye_distance_px:.0f} px between the eyes), so it will be drawn soft")
        )
    if abs(look.roll_deg) > LYING_DEG:
        found.append(stop(LYING))
    if abs(look.yaw_deg) > PROFILE_DEG:
        found.append(stop(f"the head is turned aside by {abs(look.yaw_deg):.0f} degrees; look into the camera"))
    elif abs(look.yaw_deg) > TURNED_DEG:
        found.append(
            warn(f"the head is turned aside by {abs(look.yaw_deg):.0f} degrees; a frontal picture moves better")
        )
    if abs(look.pitch_deg) > NODDED_DEG:
        found.append(stop("the head looks far up or down; hold the camera at eye level and look into it"))
    if look.luma < DARK and look.bright < DARK_BRIGHT:
        found.append(stop("the face is too dark; light it from the front, at a window for instance"))
    elif look.luma < DIM:
        found.append(warn("the face is dim; more light from the front makes it livelier"))
    if look.sharpness < BLURRED:
        found.append(stop("the face is blurred; hold the camera still, focus on the eyes and wipe the lens"))
    elif look.sharpness < SOFT:
        found.append(warn("the face is a little soft; a sharper picture makes a sharper avatar"))
    return found


def is_covered(look: FaceLook, cover: float, hand: float) -> bool:
    """Whether something lies on the lips: a hand, or no lips where they can be judged."""
    if hand >= HAND_SHARE and cover >= COVERED_WITH_HAND:
        return True
    if hand >= SURELY_HAND and look.eye_distance_px >= SOFT_EYES_PX:
        return True
    return cover >= COVERED and is_judged(look)


def is_judged(look: FaceLook) -> bool:
    return (
        abs(look.yaw_deg) < TRUSTED_YAW_DEG
        and abs(look.pitch_deg) < TRUSTED_PITCH_DEG
        and look.lip_gap < TRUSTED_GAP
        and look.luma > DIM
        and look.eye_distance_px >= SOFT_EYES_PX
    )


def judge_mouth(look: FaceLook, cover: float, hand: float) -> list[Finding]:
    """`cover` 0-1 how likely the mouth is hidden by its colours, `hand` 0-1 share of the lips under a hand."""
    if is_covered(look, cover, hand):
        return [stop("something covers the mouth, a hand or an object; keep hands, masks and microphones off the face")]
    if hand >= HAND_SHARE or (cover >= MAYBE_COVERED and is_judged(look)):
        return [warn("the mouth may be partly covered; if it is, take a picture with the whole mouth bare")]
    return []
