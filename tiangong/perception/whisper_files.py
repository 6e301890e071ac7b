"""Where a Whisper model lies: a folder, Hugging Face's cache, or, for one that the settings name, the hub."""

from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tiangong.core.errors import ConfigError, MissingExtra

REPOSITORIES: Final = {
    "tiny": "Systran/faster-whisper-tiny",
    "base": "Systran/faster-whisper-base",
    "small": "Systran/faster-whisper-small",
    "medium": "Systran/faster-whisper-medium",
    "large-v3": "Systran/faster-whisper-large-v3",
    "turbo": "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
    "tiny.en": "Systran/faster-whisper-tiny.en",
    "base.en": "Systran/faster-whisper-base.en",
    "small.en": "Systran/faster-whisper-small.en",
}
# Which of the cached ones to take: on a processor the largest that answers within a second or two.
BEST_ON_CPU: Final = ("small", "base", "tiny", "turbo", "medium", "large-v3", "small.en", "base.en", "tiny.en")
BEST_ON_GPU: Final = ("turbo", "large-v3", "medium", "small", "base", "tiny", "small.en", "base.en", "tiny.en")
_FILES: Final = ("model.bin", "config.json", "tokenizer.json")
_FETCHED: Final = ["*.bin", "*.json", "*.txt"]
_ASKED_S: Final = 4.0  # for the hub's answer


def find_model(model: str | None) -> Path:
    """The folder of `model`; one that the settings name is fetched once, at the start, if it is not on this disk.

    Without a name nothing is downloaded: half a gigabyte must not begin to flow by itself.
    """
    if model is None:
        found = [path for name in _preference() if (path := _cached(name))]
        if not found:
            raise MissingExtra(
                "faster-whisper", "a Whisper model", "set hearing.model to a folder or a size such as 'small'"
            )
        return found[0]
    if Path(model).is_dir():
        missing = _missing_file(Path(model))
        if missing:
            raise ConfigError(missing)
        return Path(model)
    return _cached(model) or _fetched(model)


def why_unavailable(model: str | None) -> str | None:
    """Why `model` can't be had here. Only one that is named, and that is not on this disk, is asked for on the hub."""
    if not find_spec("faster_whisper"):
        return "the package 'faster-whisper' is not installed"
    if model is None:
        found = any(_cached(name) for name in REPOSITORIES)
        return None if found else f"no Whisper model on this disk ({_how_to_get('small')})"
    if Path(model).is_dir():
        return _missing_file(Path(model))
    try:
        return None if _cached(model) else _unreachable(model)
    except ConfigError as error:
        return str(error)


def _fetched(model: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError

    try:
        return Path(snapshot_download(_repository(model), allow_patterns=_FETCHED))
    except (EntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise MissingExtra("faster-whisper", f"the weights of '{model}'", _how_to_get(model)) from error


def _unreachable(model: str) -> str | None:
    """Why the hub does not give this model, or None; takes at most some seconds."""
    import httpx
    from huggingface_hub.constants import ENDPOINT

    # Not huggingface_hub's own client: which library's errors it raises changes from one version to the next.
    try:
        httpx.get(f"{ENDPOINT}/api/models/{_repository(model)}", timeout=_ASKED_S).raise_for_status()
    except httpx.HTTPError:
        return f"'{model}' is not on this disk and the hub does not answer ({_how_to_get(model)})"
    return None


def _preference() -> tuple[str, ...]:
    import ctranslate2

    return BEST_ON_GPU if ctranslate2.get_cuda_device_count() else BEST_ON_CPU


def _missing_file(folder: Path) -> str | None:
    absent = [name for name in _FILES if not (folder / name).is_file()]
    if not absent:
        return None
    return f"{folder}: no {absent[0]}; a Whisper model of CTranslate2 needs {', '.join(_FILES)}"


def _how_to_get(model: str) -> str:
    return f"get it once with 'hf download {_repository(model)}', or set hearing.model to a folder"


def _repository(model: str) -> str:
    if model in REPOSITORIES:
        return REPOSITORIES[model]
    if model.count("/") != 1 or model.startswith((".", "/", "~")):
        raise ConfigError(f"no Whisper model '{model}'; a folder, a hub name, or one of {', '.join(REPOSITORIES)}")
    return model


def _cached(model: str) -> Path | None:
    """The folder of a complete model in Hugging Face's cache."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = [try_to_load_from_cache(_repository(model), name) for name in _FILES]
    except HFValidationError as error:
        raise ConfigError(f"no Whisper model '{model}' ({error})") from error
    return Path(found[0]).parent if all(isinstance(path, str) for path in found) and isinstance(found[0], str) else None
