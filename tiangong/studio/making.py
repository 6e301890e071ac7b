"""Makes avatars: from a photo, from a film, and trains them again. All or nothing: see studio/workshop.py."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree, rmtree
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from tiangong.core.errors import BundleError, MediaError
from tiangong.core.media import AudioChunk
from tiangong.studio.avatar_files import Wishes, write_avatar
from tiangong.studio.bundle import PORTRAIT, find_bundles, open_bundle, seal_bundle
from tiangong.studio.face_track import FaceTrack
from tiangong.studio.film_reading import frame_at
from tiangong.studio.finding_faces import find_faces
from tiangong.studio.preflight import Finding, check_photo
from tiangong.studio.preflight_video import check_video
from tiangong.studio.reference import reference_time_s
from tiangong.studio.voices import VOICE_FOLDER, read_recordings, write_voice
from tiangong.studio.workshop import Workshop, checked_name, remove_if_empty

if TYPE_CHECKING:
    from tiangong.rendering.training.person import TrainingPlan, TrainingProgress, TrainingReport

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]

TRAINING: Final = ".training"  # folder of checkpoints beside the avatars, removed when a training is done


class Trainer(Protocol):
    """What trains a person's generator: tiangong.rendering.training.person.train_person."""

    def __call__(
        self,
        portrait_folder: Path,
        frames: Sequence[Picture],
        landmarks: Sequence[Floats],
        out: Path,
        plan: "TrainingPlan",
        on_progress: "Callable[[TrainingProgress], None]",
    ) -> "TrainingReport": ...


@dataclass(frozen=True)
class Training:
    """How a generator is to be trained."""

    minutes: float | None = None  # None: by the film's length
    device: str = "auto"  # "cpu", "cuda" or "auto"


@dataclass(frozen=True)
class Listeners:
    """Who hears how far it is."""

    reading: Callable[[float], None] = lambda share: None  # of the film, 0-1
    training: "Callable[[TrainingProgress], None]" = lambda progress: None


@dataclass(frozen=True)
class Made:
    """An avatar that is in its place."""

    folder: Path
    findings: tuple[Finding, ...]  # warnings about the material
    voice: tuple[str, ...] = ()  # what engines say of the voice that they learnt


def create_from_photo(name: str, photo: Path, avatars: Path, wishes: Wishes | None = None) -> Made:
    """A talking avatar from one photo, a second or two of work. Its folder appears whole or not at all.

    Raises ConfigError for a name that cannot be one, BundleError where it is taken, MediaError for a photo or a voice that
    cannot be used.
    """
    wishes = wishes or Wishes()
    name = checked_name(name)
    _check_free(name, avatars, wishes)
    recording = read_recordings([wishes.voice]) if wishes.voice else None
    material = check_photo(photo)
    with Workshop(avatars, name) as shop:
        write_avatar(shop.folder, name, material.image, material.landmarks, wishes)
        said = _learn_voice(shop.folder, recording, wishes)
        seal_bundle(shop.folder, name)
        return Made(shop.finish(replace=wishes.replace), material.findings, said)


def create_from_video(
    name: str,
    video: Path,
    avatars: Path,
    wishes: Wishes | None = None,
    training: Training | None = None,
    listeners: Listeners | None = None,
    train: Trainer | None = None,
) -> Made:
    """An avatar with its own generator from a film of talking. A stopped training goes on when the same is asked again.

    `train` is the GAN's own trainer where None. Raises as `create_from_photo` does, for the film too.
    """
    wishes, training, listeners = wishes or Wishes(), training or Training(), listeners or Listeners()
    name = checked_name(name)
    _check_free(name, avatars, wishes)
    recording = read_recordings([wishes.voice]) if wishes.voice else None
    track, findings = check_video(video, listeners.reading)
    portrait = frame_at(video, reference_time_s(track))
    faces = find_faces(portrait)
    if not faces:
        raise MediaError(f"{video.name}: no frame shows the face well enough for a portrait; film it from nearer")
    with Workshop(avatars, name) as shop:
        write_avatar(shop.folder, name, portrait, faces[0], wishes)
        said = _learn_voice(shop.folder, recording, wishes)  # before the training: a bad recording must not cost it
        _train(shop.folder, track, _checkpoints(avatars, name, video, shop.folder), training, listeners, train)
        seal_bundle(shop.folder, name)
        made = Made(shop.finish(replace=wishes.replace), findings, said)
    _forget_checkpoints(avatars, name)
    return made


def train_again(
    name: str,
    video: Path,
    avatars: Path,
    training: Training | None = None,
    listeners: Listeners | None = None,
    train: Trainer | None = None,
) -> Made:
    """Train an existing avatar's generator on a film; the avatar changes only when that is done.

    Raises BundleError for an unknown or broken avatar, ConsentError, MediaError for the film.
    """
    training, listeners = training or Training(), listeners or Listeners()
    name = checked_name(name)
    own = avatars / name
    if not own.is_dir():
        kind = "a starter avatar, which stays as it is" if name in find_bundles(avatars) else "no avatar of your own"
        raise BundleError(f"'{name}' is {kind}; make one with: tiangong avatar create NAME --video V")
    open_bundle(own)
    track, findings = check_video(video, listeners.reading)
    with Workshop(avatars, name) as shop:
        copytree(own, shop.folder, dirs_exist_ok=True)
        _train(shop.folder, track, _checkpoints(avatars, name, video, shop.folder), training, listeners, train)
        seal_bundle(shop.folder, name)
        made = Made(shop.finish(replace=True), findings)
    _forget_checkpoints(avatars, name)
    return made


def _learn_voice(folder: Path, recording: AudioChunk | None, wishes: Wishes) -> tuple[str, ...]:
    return write_voice(folder / VOICE_FOLDER, recording, wishes.learners) if recording else ()


def _check_free(name: str, avatars: Path, wishes: Wishes) -> None:
    """Before minutes of work, not after them."""
    if name in find_bundles(avatars) and not wishes.replace:
        raise BundleError(f"there is already an avatar '{name}'; take another name, or add --replace")


def _train(
    folder: Path, track: FaceTrack, checkpoints: Path, training: Training, listeners: Listeners, train: Trainer | None
) -> None:
    from tiangong.rendering.training.person import TrainingPlan, train_person  # late: PyTorch takes two seconds

    plan = TrainingPlan(minutes=training.minutes, device=training.device, checkpoint_folder=checkpoints)
    (train or train_person)(folder, track.frames, track.landmarks, folder, plan, listeners.training)


def _checkpoints(avatars: Path, name: str, video: Path, portrait_folder: Path) -> Path:
    """Where a training of this very film and portrait goes on; what is left of others is removed."""
    digest = hashlib.sha256((portrait_folder / PORTRAIT).read_bytes())
    with video.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    folder = avatars / TRAINING / name / digest.hexdigest()[:16]
    for other in folder.parent.glob("*"):
        if other != folder:
            rmtree(other, ignore_errors=True)
    return folder


def _forget_checkpoints(avatars: Path, name: str) -> None:
    rmtree(avatars / TRAINING / name, ignore_errors=True)
    remove_if_empty(avatars / TRAINING)
