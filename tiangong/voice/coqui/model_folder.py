"""A folder with a Coqui model: config.json as Coqui wrote it, and the checkpoint beside it. Read without Coqui.

A config.json comes from outside. It names files and classes that Coqui would open and import: files are taken from the
model's own folder whatever path stands there, classes from Coqui alone, and what Coqui would unpickle is refused.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tiangong.core.errors import ConfigError

VOICES: Final = ("xtts", "vits")
CONVERTERS: Final = ("freevc", "openvoice", "knnvc")
_WEIGHTS: Final = ("model.safetensors", "model.pth", "model_file.pth", "model_file.pth.tar", "checkpoint.pth")
_COQUI_CLASSES: Final = "TTS."
_VOCABULARY: Final = "vocab.json"


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Dataset(_Lenient):
    language: str | None = None


class _Characters(_Lenient):
    characters_class: str | None = None


class _Audio(_Lenient):
    stats_path: str | None = None  # numpy's file, which Coqui reads as a pickle


class _Args(_Lenient):
    use_language_embedding: bool = False


class _Data(_Lenient):
    sampling_rate: int  # Hz


class CoquiConfig(_Lenient):
    """What is read of config.json here; Coqui reads the rest."""

    model: str | dict[str, object] = ""  # OpenVoice's own files have a table of sizes here
    languages: tuple[str, ...] | None = None
    language_ids_file: str | None = None
    datasets: tuple[_Dataset, ...] | None = None
    phoneme_language: str | None = None
    characters: _Characters | None = None
    audio: _Audio | None = None
    arguments: _Args | None = Field(default=None, alias="model_args")
    data: _Data | None = None  # OpenVoice's own files alone have it

    @property
    def net(self) -> str:
        """ "xtts", "vits", "freevc", "openvoice", "knnvc", or another of Coqui's."""
        if isinstance(self.model, str):
            return self.model.lower()
        return "openvoice" if self.data else ""


@dataclass(frozen=True)
class ModelFolder:
    """A model on this disk."""

    config_file: Path
    weights: Path | None  # kNN-VC has none of its own
    config: CoquiConfig

    @property
    def folder(self) -> Path:
        return self.config_file.parent

    @property
    def net(self) -> str:
        return self.config.net

    @property
    def languages(self) -> dict[str, str]:
        """BCP-47 -> the model's own name of the language: {"en": "en", "zh": "zh-cn"}."""
        named: dict[str, str] = {}
        for name in self._language_names():
            named.setdefault(name.replace("_", "-").split("-")[0].lower(), name)
        return named

    def _language_names(self) -> list[str]:
        config = self.config
        if config.arguments and config.arguments.use_language_embedding:
            ids = self.folder / Path(config.language_ids_file or "language_ids.json").name
            if ids.is_file():
                return [str(name) for name in _read_json(ids)]
        if config.languages:
            return list(config.languages)
        spoken = sorted({d.language for d in config.datasets or () if d.language})
        return spoken or [config.phoneme_language or "en"]


def read_model_folder(path: Path, nets: tuple[str, ...]) -> ModelFolder:
    """`path`: the folder or its config.json; `nets`: which kinds of model will do.

    Raises ConfigError where a file is missing, config.json is no configuration of Coqui's, or is one of another net.
    """
    config_file = path if path.suffix == ".json" else path / "config.json"
    if not config_file.is_file():
        raise ConfigError(f"{path}: no config.json; a Coqui model is a folder with config.json and its checkpoint")
    config = read_config(config_file)
    if config.net not in nets:
        kind = f"a '{config.net}' model" if config.net else "no model of Coqui's"
        raise ConfigError(f"{config_file}: {kind}; wanted is one of {', '.join(nets)}")
    found = ModelFolder(config_file, _weights(config_file.parent), config)
    if found.weights is None and config.net != "knnvc":
        raise ConfigError(f"{found.folder}: no checkpoint; one of {', '.join(_WEIGHTS)} must lie beside config.json")
    if config.net == "xtts" and not (found.folder / _VOCABULARY).is_file():
        raise ConfigError(f"{found.folder}: no {_VOCABULARY}, without which XTTS cannot read")
    return found


def read_config(config_file: Path) -> CoquiConfig:
    """Raises ConfigError where it is no configuration of Coqui's, or one with which Coqui would run code from outside."""
    try:
        config = CoquiConfig.model_validate(_read_json(config_file))
    except ValidationError as error:
        wrong = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise ConfigError(f"{config_file}: not a configuration of Coqui's ({wrong or 'no table'})") from error
    characters = config.characters and config.characters.characters_class
    if characters and not characters.startswith(_COQUI_CLASSES):
        raise ConfigError(f"{config_file}: refused, as it would import '{characters}', which is not Coqui's")
    if config.audio and config.audio.stats_path:
        raise ConfigError(
            f"{config_file}: refused, as Coqui reads audio.stats_path as a pickle, which could run code; "
            "the models used here need none: set it to null"
        )
    return config


def _weights(folder: Path) -> Path | None:
    return next((folder / name for name in _WEIGHTS if (folder / name).is_file()), None)


def _read_json(path: Path) -> dict[str, object]:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read as JSON ({str(error)[:100]})") from error
    if not isinstance(held, dict):
        raise ConfigError(f"{path}: not a table")
    return held
