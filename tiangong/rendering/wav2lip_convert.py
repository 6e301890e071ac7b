"""Wav2Lip checkpoints: a downloaded .pth is turned once into safetensors, which can hold nothing but tensors.

Only tensors are ever unpickled (`torch.load(weights_only=True)`): a pickle can run any code, and these come from anywhere.
"""

import os
import pickle
import shutil
import struct
import warnings
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from tiangong.core.errors import MediaError
from tiangong.rendering.wav2lip_network import Wav2LipNetwork

PICKLES = frozenset({".pth", ".pt", ".ckpt"})
_PARALLEL = "module."  # how nn.DataParallel names what it wraps
_COUNTER = "num_batches_tracked"  # of training steps: unused in drawing, and absent before PyTorch 0.4.1
# What PyTorch's readers raise on bytes that are no checkpoint; a short file of noise reaches all of them.
_UNREADABLE = (
    RuntimeError,
    EOFError,
    ValueError,
    LookupError,
    AttributeError,
    TypeError,
    AssertionError,
    OverflowError,
    struct.error,
)


def open_network(path: Path) -> Wav2LipNetwork:
    """Load a generator from .safetensors, or from a .pth, converting it first unless that was done before.

    Raises MediaError for a pickle that holds more than tensors, a damaged file, or one whose parameters are not
    Wav2Lip's, naming the first that is missing or of another shape.
    """
    converted = path
    if path.suffix in PICKLES:
        converted = path.with_suffix(".safetensors")
        if not converted.exists() or converted.stat().st_mtime < path.stat().st_mtime:
            convert(path, converted)
    try:
        state = load_file(converted)
    except (SafetensorError, OSError) as error:
        raise MediaError(f"{converted.name}: damaged or no safetensors file ({_line(error)})") from error
    network = _without_memory()
    network.load_state_dict(_checked(converted.name, state), assign=True)
    return network


def convert(source: Path, target: Path) -> None:
    """Write the generator in the checkpoint `source` as safetensors; `target` appears whole or not at all.

    Raises MediaError as `open_network` does, and where `target` cannot be written.
    """
    state = _checked(source.name, _parameters(source.name, _unpickled(source)))
    state = {name: value.contiguous().clone() for name, value in state.items()}  # safetensors refuses shared memory
    partial = target.with_suffix(f".{os.getpid()}.part")
    try:
        save_file(state, partial, {"architecture": "wav2lip", "converted_from": source.name})
        shutil.copymode(source, partial)  # safetensors writes files that only their owner can read
        partial.replace(target)
    except (SafetensorError, OSError) as error:
        partial.unlink(missing_ok=True)
        raise MediaError(
            f"{target}: cannot be written ({_line(error)}); copy {source.name} to your own folder"
        ) from error


def _unpickled(source: Path) -> object:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the refusal is one line, and says it all
            return torch.load(source, map_location="cpu", weights_only=True)
    except OSError as error:
        raise MediaError(f"{source}: cannot be read ({error.strerror})") from error
    except pickle.UnpicklingError as error:
        raise MediaError(
            f"{source.name}: refused, as it is damaged or holds more than tensors, which could run code; "
            "take the Wav2Lip checkpoint from its authors"
        ) from error
    except _UNREADABLE as error:
        raise MediaError(f"{source.name}: not a checkpoint of PyTorch ({_line(error)})") from error


def _parameters(name: str, held: Any) -> dict[str, Tensor]:
    """What is in {"state_dict": {...}} or in the dict itself, without "module." prefixes."""
    inner = held.get("state_dict", held) if isinstance(held, dict) else None
    if not isinstance(inner, dict) or not all(isinstance(value, Tensor) for value in inner.values()):
        raise MediaError(f"{name}: holds no table of parameters; a Wav2Lip generator is a dict of tensors")
    return {str(key).removeprefix(_PARALLEL): value for key, value in inner.items()}


def _checked(name: str, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Every parameter of the network, as float32. Raises MediaError naming what does not fit."""
    wanted = _without_memory().state_dict()
    absent = [key for key in wanted if key not in state and not key.endswith(_COUNTER)]
    unknown = [key for key in state if key not in wanted]
    if absent or unknown:
        complaints = [_some("missing", absent), _some("unknown", unknown)]
        raise MediaError(f"{name}: not a Wav2Lip generator; {'; '.join(c for c in complaints if c)}")
    checked: dict[str, Tensor] = {}
    for key, like in wanted.items():
        value = state.get(key, torch.zeros(like.shape)).to(like.dtype)
        if value.shape != like.shape:
            raise MediaError(f"{name}: {key} is {tuple(value.shape)}, in Wav2Lip it is {tuple(like.shape)}")
        if not torch.isfinite(value.sum()):  # one NaN or infinity makes the sum one: ten times faster than asking each
            raise MediaError(f"{name}: {key} holds NaN or infinite numbers; download it again")
        checked[key] = value
    return checked


def _without_memory() -> Wav2LipNetwork:
    """Names and shapes alone: filling 36 million parameters with noise takes a second, and they are replaced anyway."""
    with torch.device("meta"):
        return Wav2LipNetwork()


def _some(what: str, names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{what}: {', '.join(names[:3])}{more}" if names else ""


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
