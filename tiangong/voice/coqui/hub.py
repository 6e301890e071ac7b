"""Coqui's own list of models, read from the file in its package: nothing of it is imported to look a name up."""

import json
import os
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from tiangong.core.errors import ConfigError

PACKAGE: Final = "TTS"
_KINDS: Final = ("tts_models/", "voice_conversion_models/", "vocoder_models/")
_ASKED_S: Final = 4.0  # for the hub's answer


@dataclass(frozen=True)
class HubModel:
    """One line of Coqui's list."""

    name: str  # "tts_models/multilingual/multi-dataset/xtts_v2"
    licence: str
    asks_consent: bool  # Coqui asks before it downloads
    repository: str | None  # on Hugging Face
    address: str | None  # of an archive elsewhere
    vocoder: str | None  # the hub name of the net that makes sound of this one's output


def installed() -> bool:
    return find_spec(PACKAGE) is not None


def is_hub_name(model: str) -> bool:
    return model.startswith(_KINDS) and model.count("/") == 3


def hub_model(name: str) -> HubModel:
    """The line of `name`. Raises ConfigError where Coqui's list has no such model."""
    entry: Any = _catalogue()
    for part in name.split("/"):
        entry = entry.get(part) if isinstance(entry, dict) else None
    if not isinstance(entry, dict):
        raise ConfigError(f"Coqui has no model '{name}'; take a folder, or a name that `tts --list_models` shows")
    address = entry.get("github_rls_url")
    return HubModel(
        name,
        str(entry.get("license") or ""),
        bool(entry.get("tos_required")),
        entry.get("repo_id"),
        address[0] if isinstance(address, list) else address,
        entry.get("default_vocoder"),
    )


def on_this_disk(model: HubModel) -> bool:
    """Whether Coqui would find the model without asking anyone."""
    if model.repository:
        from huggingface_hub import try_to_load_from_cache

        # What a repository holds is not known here; each of Coqui's has one of these.
        names = ("config.json", "converter/config.json", "checkpoints/converter/config.json")
        return any(isinstance(try_to_load_from_cache(model.repository, name), str) for name in names)
    if model.address is None:  # kNN-VC has no weights of its own
        return model.vocoder is None or on_this_disk(hub_model(model.vocoder))
    return (data_folder() / model.name.replace("/", "--")).is_dir()


def why_out_of_reach(model: HubModel) -> str | None:
    """Why the model can't be downloaded now, or None; takes at most some seconds."""
    if on_this_disk(model):
        return None
    import httpx
    from huggingface_hub.constants import ENDPOINT

    address = f"{ENDPOINT}/api/models/{model.repository}" if model.repository else model.address
    if address is None and model.vocoder:
        address = hub_model(model.vocoder).address
    try:
        httpx.head(str(address), timeout=_ASKED_S, follow_redirects=True).raise_for_status()
    except httpx.HTTPError:
        return f"'{model.name}' is not on this disk and its server does not answer; get it once, or set a folder"
    return None


def data_folder() -> Path:
    """Where Coqui keeps what it downloads: the same rules as `trainer.io.get_user_data_dir`."""
    for variable in ("TTS_HOME", "XDG_DATA_HOME"):
        if os.environ.get(variable):
            return Path(os.environ[variable]).expanduser() / "tts"
    if sys.platform == "darwin":
        return Path("~/Library/Application Support/tts").expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", "~")).expanduser() / "tts"
    return Path("~/.local/share/tts").expanduser()


def _catalogue() -> object:
    spec = find_spec(PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise ConfigError("the package 'coqui-tts' is not installed; pip install \"tiangong[coqui]\"")
    try:
        return json.loads((Path(places[0]) / ".models.json").read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise ConfigError(f"the package 'coqui-tts' is damaged, its list of models cannot be read ({error})") from error
