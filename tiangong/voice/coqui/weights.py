"""Checkpoints of Coqui's: tensors only. A pickle from outside can run any code, so nothing else is ever unpickled."""

import importlib
import pickle
import re
import struct
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tiangong.core.errors import MediaError

# What PyTorch's readers raise on bytes that are no checkpoint.
_UNREADABLE: Final = (
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
_XTTS_CONFIGS: Final = "TTS.tts.configs.xtts_config"
_LAYERS: Final = re.compile(r"[\d\s(),\[\]+*]+")


def read_state(path: Path) -> Mapping[str, Any]:
    """The table of parameters in a .pth that Coqui's trainer saved, or in a .safetensors.

    Raises MediaError for a pickle that holds more than tensors and Coqui's own configurations, and for a damaged file.
    """
    if path.suffix == ".safetensors":
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            return load_file(path)
        except (SafetensorError, OSError) as error:
            raise MediaError(f"{path}: damaged or no safetensors file ({one_line(error)})") from error
    held = read_pickle(path)
    state = held.get("model", held) if isinstance(held, dict) else None
    if not isinstance(state, dict) or not state or not all(hasattr(value, "shape") for value in state.values()):
        raise MediaError(f"{path}: holds no table of parameters; take the checkpoint as Coqui saved it")
    return state


def read_pickle(path: Path, *, lazily: bool = False) -> Any:
    """What is in a file of PyTorch's, if it is tensors, plain values and Coqui's configurations; `lazily`: mapped, not read.

    Raises MediaError otherwise; nothing in the file is run.
    """
    import torch

    try:
        mapped = lazily and zipfile.is_zipfile(path)  # PyTorch's files from before 2020 are none, and cannot be
        with warnings.catch_warnings(), torch.serialization.safe_globals(_harmless()):
            warnings.simplefilter("ignore")  # the refusal is one line, and says it all
            return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped or None)
    except OSError as error:
        raise MediaError(f"{path}: cannot be read ({error.strerror})") from error
    except pickle.UnpicklingError as error:
        raise MediaError(
            f"{path}: refused, as it is damaged or holds more than tensors, which could run code; "
            "take the model from those who made it"
        ) from error
    except _UNREADABLE as error:
        raise MediaError(f"{path}: not a checkpoint of PyTorch ({one_line(error)})") from error


def check_wavlm(path: Path) -> None:
    """WavLM's file holds a line of Python that Coqui runs to size its layers: only figures and brackets may stand there.

    Raises MediaError where anything else does, or the file is damaged.
    """
    held = read_pickle(path, lazily=True)
    sizes = held.get("cfg") if isinstance(held, dict) else None
    layers = sizes.get("conv_feature_layers", "1") if isinstance(sizes, dict) else None
    if not isinstance(layers, str) or not _LAYERS.fullmatch(layers):
        raise MediaError(f"{path}: refused, not WavLM's checkpoint, or changed so that it could run code")


def one_line(error: BaseException) -> str:
    """What went wrong, short."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]


def _harmless() -> list[Any]:
    """Coqui's configuration classes, which the first XTTS checkpoints hold: tables of values, under an older name too."""
    configs = importlib.import_module(_XTTS_CONFIGS)
    shared = importlib.import_module("TTS.config.shared_configs")
    found: list[Any] = [shared.BaseDatasetConfig]
    for name in ("XttsConfig", "XttsArgs", "XttsAudioConfig"):
        found += [getattr(configs, name), (getattr(configs, name), f"TTS.tts.models.xtts.{name}")]
    return found
