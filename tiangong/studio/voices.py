"""Cloned voices: voices/NAME/ with the person's recording, their consent, and what engines learnt; or an avatar's voice/."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from shutil import copytree, rmtree
from typing import Final

import numpy as np

from tiangong.core.errors import BundleError, ConfigError, ConsentError, MediaError
from tiangong.core.media import AudioChunk
from tiangong.core.sound import read_audio, write_wav
from tiangong.studio.bundle import CONSENT, STARTER, Bundle, Consent, open_bundle, read_consent, seal_bundle
from tiangong.studio.workshop import Workshop, checked_name
from tiangong.voice.engines import VOICES
from tiangong.voice.protocol import PROFILE, REFERENCE, VOICE_RATE_HZ

VOICE_FOLDER: Final = "voice"  # in an avatar's bundle
PURPOSES: Final = ("conversation", "service", "testing")
LONGEST_KEPT_S: Final = 600.0  # no engine learns from more
_GAP_S: Final = 0.3  # between recordings that are joined

Learn = Callable[[Path], str | None]
"""`Voice.learn` of an engine: keeps what it learns in the folder; a sentence for the maker, or None."""


@dataclass(frozen=True)
class Cloned:
    """A voice in its place, and what each engine said of it."""

    folder: Path
    said: tuple[str, ...]


@dataclass(frozen=True)
class VoiceSummary:
    """One line of the list."""

    name: str
    folder: str
    reference_s: float
    learnt: tuple[str, ...]  # files that engines keep
    made: str  # ISO date
    state: str  # "valid", or why it may not be used


def read_recordings(paths: Sequence[Path]) -> AudioChunk:
    """Sound or video files -> one recording, mono at 24 kHz, ten minutes at most. Raises MediaError, naming the file."""
    parts: list[AudioChunk] = []
    for path in paths:
        sound = read_audio(path, VOICE_RATE_HZ)
        if not np.any(sound.pcm):
            raise MediaError(f"{path.name}: the recording is silent; check the microphone")
        parts.append(sound)
    gap = np.zeros(round(_GAP_S * VOICE_RATE_HZ), np.float32)
    pcm = np.concatenate([piece for part in parts for piece in (part.pcm, gap)])
    return AudioChunk(pcm[: round(LONGEST_KEPT_S * VOICE_RATE_HZ)], VOICE_RATE_HZ)


def write_voice(folder: Path, recording: AudioChunk, learners: Sequence[Learn]) -> tuple[str, ...]:
    """The recording and what engines learn from it into an empty folder; what they say. Raises MediaError."""
    folder.mkdir(parents=True, exist_ok=True)
    write_wav(recording, folder / REFERENCE)
    return tuple(said for learn in learners if (said := learn(folder)))


def clone_voice(name: str, recording: AudioChunk, voices: Path, learners: Sequence[Learn], *, replace: bool) -> Cloned:
    """A voice of one's own; its folder appears whole or not at all.

    Raises ConfigError for a name that cannot be one, BundleError where it is taken, MediaError for a recording that cannot be
    used.
    """
    name = checked_name(name, "a voice's name", "voice")
    if name in (*VOICES, "auto"):
        raise ConfigError(f"'{name}' is the name of a voice engine; give your voice another name")
    if (voices / name).exists() and not replace:
        raise BundleError(f"there is already a voice '{name}'; take another name, or add --replace")
    with Workshop(voices, name, "voice") as shop:
        said = write_voice(shop.folder, recording, learners)
        consent = declared_voice(name)
        (shop.folder / CONSENT).write_text(
            consent.model_dump_json(indent=2, exclude_none=True) + "\n", encoding="utf-8"
        )
        return Cloned(shop.finish(replace=replace), said)


def declared_voice(name: str) -> Consent:
    """What the maker declares by cloning a voice."""
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    statement = f"Declared by the maker of '{name}' on {day}: this is my own voice, or I have this person's permission."
    return Consent(kind="person", statement=statement, purposes=PURPOSES)


def find_voice(name: str, voices: Path) -> Path:
    """The folder of a cloned voice. Raises ConfigError for an unknown one, naming those that are known; ConsentError."""
    folder, names = voices / name, voice_names(voices)
    if name not in names:
        near = get_close_matches(name, [*names, *VOICES], n=1)
        if near:
            raise ConfigError(f"no voice '{name}'; did you mean '{near[0]}'?")
        known = ", ".join(names) or "none yet"
        raise ConfigError(
            f"no voice '{name}'; engines: auto, {', '.join(VOICES)}; cloned voices: {known} "
            f"(make one: tiangong voice clone {name} --audio me.wav)"
        )
    read_consent(folder, "conversation")
    return folder


def voice_names(voices: Path) -> list[str]:
    """Every cloned voice, by name."""
    return sorted(path.parent.name for path in voices.glob(f"*/{REFERENCE}"))


def list_voices(voices: Path) -> list[VoiceSummary]:
    """Every cloned voice, by name, without loading what engines learnt."""
    return [_summary(voices / name) for name in voice_names(voices)]


def own_avatar(avatar: Path) -> Bundle:
    """An avatar that may be changed. Raises BundleError for a starter or a broken one, ConsentError."""
    if avatar.is_relative_to(STARTER):
        raise BundleError(
            f"'{avatar.name}' is a starter avatar, which stays as it is; make one of your own, or let it speak with your "
            f"voice: tiangong say --avatar {avatar.name} --voice me"
        )
    return open_bundle(avatar)


def give_voice(voice: Path, avatar: Path) -> None:
    """Put a cloned voice into an avatar of one's own and seal it anew; the avatar changes only when all is done.

    Raises BundleError for a starter or a broken avatar, ConsentError.
    """
    bundle = own_avatar(avatar)
    with Workshop(avatar.parent, avatar.name) as shop:
        copytree(avatar, shop.folder, dirs_exist_ok=True)
        rmtree(shop.folder / VOICE_FOLDER, ignore_errors=True)
        copytree(voice, shop.folder / VOICE_FOLDER)
        seal_bundle(shop.folder, bundle.name)
        shop.finish(replace=True)


def voice_of(avatar: Path) -> Path | None:
    """The folder of an avatar's cloned voice, if it has one."""
    folder = avatar / VOICE_FOLDER
    return folder if (folder / REFERENCE).is_file() else None


def _summary(folder: Path) -> VoiceSummary:
    import soundfile

    try:
        read_consent(folder, "conversation")
        reference_s, state = float(soundfile.info(str(folder / REFERENCE)).duration), "valid"
    except (BundleError, ConsentError) as error:
        reference_s, state = 0.0, str(error)
    except soundfile.LibsndfileError:
        reference_s, state = 0.0, f"{REFERENCE} is damaged"
    others = {REFERENCE, CONSENT}
    learnt = tuple(sorted(p.name for p in folder.iterdir() if p.is_file() and p.name not in others))
    made = datetime.fromtimestamp((folder / REFERENCE).stat().st_mtime, UTC)
    return VoiceSummary(folder.name, str(folder), round(reference_s, 1), learnt, f"{made:%Y-%m-%d}", state)


def base_of(folder: Path) -> str | None:
    """In words, the embedded voice that a clone moves; None where there is no profile or it is damaged."""
    from tiangong.voice.clone.profile import read_facts  # late: PyTorch

    try:
        return read_facts(folder / PROFILE).base
    except MediaError:
        return None
