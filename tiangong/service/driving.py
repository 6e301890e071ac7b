"""An avatar repeats the motion seen in a video: `tiangong avatar drive`.

Two passes: landmarks of every moment first, since how a driver's face looks at rest is known at the end only; then the
avatar is drawn second by second into the film. Pictures are never kept, so ten minutes need no more memory than one.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.errors import MediaError
from tiangong.core.face_mesh import FaceMesh
from tiangong.core.media import AudioChunk, AvatarClip
from tiangong.core.sound import silence
from tiangong.rendering.ai_badge import stamp
from tiangong.rendering.dense_warp import FaceWarp
from tiangong.rendering.follow import follower
from tiangong.rendering.protocol import FPS, Face, FaceRenderer
from tiangong.rendering.warp import WarpFace, WarpRenderer
from tiangong.service.film import Film
from tiangong.studio.bundle import Bundle, open_bundle
from tiangong.studio.film_reading import evenly, film_frames, film_sound, read_header
from tiangong.studio.finding_faces import faces_in_film

Floats = NDArray[np.float32]

PURPOSE: Final = "drive"
BLOCK: Final = FPS  # frames drawn at once
SOUND_RATE_HZ: Final = 48_000
LONGEST_S: Final = 3_600.0


@dataclass(frozen=True)
class DrivenFilm:
    """What was made."""

    frames: int
    held: int  # of these without a face in the driver's video: the last motion was held

    @property
    def duration_s(self) -> float:
        return self.frames / FPS


@dataclass(frozen=True)
class DriveListeners:
    """Who hears how far it is, shares 0-1."""

    reading: Callable[[float], None] = lambda share: None
    drawing: Callable[[float], None] = lambda share: None


def open_for_driving(folder: Path) -> Bundle:
    """Open a bundle whose consent covers repeating somebody's motion. Raises as `open_bundle` does.

    To put motions on a person's face is a purpose of its own; a drawn character is nobody's, so talking covers it.
    """
    bundle = open_bundle(folder)
    return open_bundle(folder, PURPOSE) if bundle.consent.kind == "person" else bundle


def drive(
    bundle: Bundle,
    renderer: FaceRenderer,
    video: Path,
    output: Path,
    with_sound: bool = True,
    listeners: DriveListeners | None = None,
) -> DrivenFilm:
    """Write 25 fps, 512 x 512, marked as made by an AI; frame k shows the moment of `video` nearest to k / 25 s.

    Raises MediaError for a video that cannot be read or shows no face, and where `output` cannot be written.
    """
    listeners = listeners or DriveListeners()
    track, held = read_motion(video, listeners.reading)
    sound = _sound(video, len(track)) if with_sound else None
    face, warp = drivable(renderer, bundle.folder)
    leader = follower(warp, track)
    with Film(output) as film:
        for start in range(0, len(track), BLOCK):
            frames = face.draw(leader.follow(track[start : start + BLOCK], FPS))
            stamp(frames)
            film.add(AvatarClip(0, frames, FPS, _heard(sound, start, len(frames))))
            listeners.drawing((start + len(frames)) / len(track))
    return DrivenFilm(len(track), held)


def drivable(renderer: FaceRenderer, folder: Path) -> tuple[Face, FaceWarp]:
    """The avatar's face as the configured renderer opens it, and the bending portrait in it that a motion is fitted to.

    A renderer that draws lips from sound cannot repeat filmed ones: then the portrait alone is bent.
    """
    face = renderer.open(folder)
    bent = getattr(face, "warp_face", face)  # a renderer that paints over a bent portrait keeps that under this name
    if face.needs_sound or not isinstance(bent, WarpFace):
        face = bent = WarpRenderer().open(folder)
    return face, bent.warp


def read_motion(video: Path, on_progress: Callable[[float], None]) -> tuple[list[Floats], int]:
    """Landmarks (478, 3) px at 25 fps, and how many moments had no face: there the last one is held, before the first one
    the first."""
    header = read_header(video)
    expected = (header.duration_s or 0.0) * FPS
    if expected > LONGEST_S * FPS:
        raise MediaError(f"{video.name}: longer than an hour; cut it into pieces")
    found: list[Floats | None] = []
    with FaceMesh(tracking=True, most_faces=1) as mesh:
        last: Floats | None = None
        for moment in evenly(film_frames(video)):
            if moment.is_new:
                last = next(iter(faces_in_film(mesh, moment.frame.image)), None)
            found.append(last)
            if expected:
                on_progress(min(1.0, len(found) / expected))
    on_progress(1.0)
    return list(_held(found, video)), sum(1 for marks in found if marks is None)


def _held(found: Sequence[Floats | None], video: Path) -> Iterator[Floats]:
    last = next((marks for marks in found if marks is not None), None)
    if last is None:
        raise MediaError(f"{video.name}: no face found; film one person's head and shoulders, sharp and well lit")
    for marks in found:
        last = last if marks is None else marks
        yield last


def _sound(video: Path, frames: int) -> AudioChunk | None:
    """The video's sound under its pictures, exactly as long as they are; None where it has none."""
    header = read_header(video)
    if not header.has_sound:
        return None
    pcm = film_sound(video, header, SOUND_RATE_HZ)
    wanted = round(frames * SOUND_RATE_HZ / FPS)
    return AudioChunk(np.pad(pcm[:wanted], (0, max(0, wanted - len(pcm)))), SOUND_RATE_HZ)


def _heard(sound: AudioChunk | None, start: int, frames: int) -> AudioChunk:
    """What belongs to some frames from number `start` on."""
    start_s, duration_s = start / FPS, frames / FPS
    if sound is None:
        return silence(duration_s, SOUND_RATE_HZ, start_s)
    cut = slice(round(start_s * SOUND_RATE_HZ), round((start_s + duration_s) * SOUND_RATE_HZ))
    return AudioChunk(sound.pcm[cut], SOUND_RATE_HZ, start_s)
