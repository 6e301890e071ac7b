"""What a net needs to know of a person, computed once from the recording and kept beside it as safetensors."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from tiangong.core.errors import MediaError
from tiangong.core.media import AudioChunk
from tiangong.core.sound import read_audio
from tiangong.voice.coqui.model_folder import ModelFolder
from tiangong.voice.loudness import level_over_time
from tiangong.voice.protocol import REFERENCE, VOICE_RATE_HZ

SHORTEST_S: Final = 2.0
_MODEL: Final = "model"  # in the metadata
_SAMPLE_BYTES: Final = 1 << 20
_QUIETEST_RMS: Final = 1e-3


@dataclass(frozen=True)
class Likeness:
    """Named arrays, as the net that made them wants them back; finite."""

    arrays: Mapping[str, NDArray[np.float32]]


def model_id(model: ModelFolder) -> str:
    """Tells models apart, "xtts 3f0c…": from the configuration and the ends of the checkpoint, as hashing all of it takes
    seconds."""
    digest = hashlib.sha256(model.config_file.read_bytes())
    if model.weights:
        with model.weights.open("rb") as file:
            size = file.seek(0, 2)
            digest.update(str(size).encode())
            for at in (0, max(size - _SAMPLE_BYTES, 0)):
                file.seek(at)
                digest.update(file.read(_SAMPLE_BYTES))
    return f"{model.net} {digest.hexdigest()[:24]}"


def keep(likeness: Likeness, path: Path, model: str) -> None:
    """Write it; the file appears whole or not at all. Raises MediaError where it cannot be written."""
    partial = path.with_suffix(".part")
    try:
        save_file({k: np.ascontiguousarray(v) for k, v in likeness.arrays.items()}, partial, metadata={_MODEL: model})
        partial.replace(path)
    except (OSError, SafetensorError) as error:
        partial.unlink(missing_ok=True)
        raise MediaError(f"{path}: cannot be written ({error})") from error


def kept(path: Path, model: str) -> Likeness | None:
    """What was kept by `model`; None where there is nothing, or another model made it. Raises MediaError where damaged."""
    if not path.is_file():
        return None
    try:
        with safe_open(path, "np") as file:
            if (file.metadata() or {}).get(_MODEL) != model:
                return None
            arrays = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise MediaError(f"{path}: damaged; clone the voice again") from error
    if not arrays or not all(np.isfinite(array).all() for array in arrays.values()):
        raise MediaError(f"{path}: damaged; clone the voice again")
    return Likeness(arrays)


def read_reference(folder: Path) -> AudioChunk:
    """The recording of a cloned voice at 24 kHz. Raises MediaError where it is missing, too short or silent."""
    sound = read_audio(folder / REFERENCE, VOICE_RATE_HZ)
    if sound.duration_s < SHORTEST_S:
        raise MediaError(
            f"{folder / REFERENCE}: {sound.duration_s:.1f} s of sound; record at least {SHORTEST_S:.0f} s, better ten"
        )
    if float(level_over_time(sound.pcm, VOICE_RATE_HZ).max()) < _QUIETEST_RMS:
        raise MediaError(f"{folder / REFERENCE}: silent; record it again")
    return sound
