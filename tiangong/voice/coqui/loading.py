"""Coqui's classes, imported late, and the way from a setting to the folder of a model."""

import importlib
import os
from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from tiangong.core.config import Settings
from tiangong.core.errors import ConfigError, MissingExtra
from tiangong.voice.coqui.hub import HubModel, hub_model, installed, is_hub_name, why_out_of_reach
from tiangong.voice.coqui.licences import CPML, Licence, licence_of_hub, licence_of_net, why_not_accepted
from tiangong.voice.coqui.model_folder import ModelFolder, read_model_folder
from tiangong.voice.coqui.weights import one_line

INSTALL: Final = 'pip install "tiangong[coqui]"'
# What Coqui's classes raise on sizes, names and files that do not fit together.
MISFITS: Final = (
    RuntimeError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    ImportError,
    OSError,
)
_CONSENT: Final = "COQUI_TOS_AGREED"
# The nets behind the names of Coqui's list; it has many more that are not used here.
_NETS: Final = {
    "xtts_v2": "xtts",
    "xtts_v1.1": "xtts",
    "your_tts": "vits",
    "vits": "vits",
    "vits--neon": "vits",
    "freevc24": "freevc",
    "openvoice_v1": "openvoice",
    "openvoice_v2": "openvoice",
    "knnvc": "knnvc",
}


_TOO_NEW: Final = (5, 24)  # transformers, in which what coqui-tts 0.28 hands to GPT-2 has another name


def coqui(module: str, name: str) -> Any:
    """Class or function `name` of a module of Coqui's; seconds, the first time."""
    return getattr(importlib.import_module(module), name)


def why_unusable(model: str, nets: tuple[str, ...], settings: Settings) -> str | None:
    """Why the model of a setting cannot be used here, or None; loads nothing of Coqui."""
    if not installed():
        return f"the package 'coqui-tts' is not installed: {INSTALL}"
    try:
        licence = licence_of(model, nets)
        refused = why_not_accepted(licence, settings) or (_why_too_new() if licence == CPML else None)
        return refused or (why_out_of_reach(hub_model(model)) if is_hub_name(model) else None)
    except ConfigError as error:
        return str(error)


def licence_of(model: str, nets: tuple[str, ...]) -> Licence:
    """Of a folder or hub name. Raises ConfigError where there is no such model."""
    if is_hub_name(model):
        if _NETS.get(model.rpartition("/")[2]) not in nets:
            raise ConfigError(f"'{model}' is not one of the models used here: {', '.join(nets)}")
        return licence_of_hub(hub_model(model))
    return licence_of_net(read_model_folder(Path(model), nets).net)


def find_model(model: str, nets: tuple[str, ...], settings: Settings) -> ModelFolder:
    """The folder of `model`; one with a hub name is fetched once, if it is not on this disk.

    Raises ConfigError for an unknown or broken model, and MissingExtra where the package or the weights are missing or
    their licence was not accepted.
    """
    if not installed():
        raise MissingExtra("coqui", "the package 'coqui-tts'", INSTALL)
    licence = licence_of(model, nets)
    refused = why_not_accepted(licence, settings)
    if refused:
        raise MissingExtra("coqui", f"'{model}'", refused)
    too_new = _why_too_new() if licence == CPML else None
    if too_new:
        raise MissingExtra("coqui", "other packages", too_new)
    if not is_hub_name(model):
        return read_model_folder(Path(model), nets)
    return read_model_folder(fetched(hub_model(model), accepted=licence == CPML), nets)


def fetched(model: HubModel, *, accepted: bool) -> Path:
    """Where config.json of a hub model lies, downloaded by Coqui if need be; `accepted`: its licence was, by the settings."""
    manager = coqui("TTS.utils.manage", "ModelManager")(progress_bar=False)
    try:
        with _consent(accepted):
            _, config, _ = manager.download_model(model.name)
    except MISFITS as error:  # requests' and huggingface_hub's errors are OSErrors
        raise MissingExtra("coqui", f"the weights of '{model.name}'", f"get them once ({one_line(error)})") from error
    return Path(config)


def device_for(settings: Settings) -> str:
    """ "cuda" where there is one and the profile does not forbid it."""
    import torch

    return "cuda" if settings.profile != "embedded" and torch.cuda.is_available() else "cpu"


def _why_too_new() -> str | None:
    """XTTS alone is concerned: its GPT is one of transformers' models."""
    try:
        found = version("transformers")
    except PackageNotFoundError:
        return None  # the import says so
    numbers = tuple(int(part) for part in found.split(".")[:2] if part.isdigit())
    newest = ".".join(str(part) for part in _TOO_NEW)
    return f"XTTS needs transformers before {newest}, not {found}: {INSTALL}" if numbers >= _TOO_NEW else None


@contextmanager
def _consent(accepted: bool) -> Generator[None]:
    """Coqui asks on the terminal unless this variable is set: it is, for this one download, once a person has accepted."""
    before = os.environ.get(_CONSENT)
    if accepted:
        os.environ[_CONSENT] = "1"
    try:
        yield
    finally:
        if accepted and before is None:
            del os.environ[_CONSENT]
