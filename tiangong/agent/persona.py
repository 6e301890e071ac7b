"""Reads `persona.yaml`: who an avatar is, what it knows, how it sounds."""

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tiangong.agent.protocol import Persona
from tiangong.core.errors import BundleError, ConfigError

LARGEST_BYTES = 100_000
_Text = Annotated[str, Field(min_length=1, max_length=1_000)]
_Texts = Annotated[dict[str, _Text], Field(min_length=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Voice(_Section):
    variant: _Text = "female"


class _Sheet(_Section):
    name: _Texts
    greeting: _Texts
    about: _Texts
    topics: dict[str, list[_Text]] = {}
    knowledge: list[Annotated[str, Field(pattern=r"^[\w-]+$")]] = []
    voice: _Voice = _Voice()


class PersonaFile(BaseModel):
    """All that stands in a `persona.yaml`."""

    model_config = ConfigDict(frozen=True)

    persona: Persona
    knowledge: tuple[str, ...]  # packs of the starter knowledge that it answers from, besides its own folder
    voice: str  # which variant of a voice engine's speakers: "female", "male"


def read_persona(path: Path) -> PersonaFile:
    """Read and check a `persona.yaml`.

    Raises BundleError where it is missing or not YAML, ConfigError for an unknown key (with the nearest known one), a
    value of the wrong kind, or a text that is missing in one of the avatar's languages.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise BundleError(f"{path}: too large for a persona; move long texts to the knowledge folder")
        fields = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BundleError(f"{path}: cannot be opened ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BundleError(f"{path}: not YAML in UTF-8 ({' '.join(str(error).split())})") from error
    if not isinstance(fields, dict):
        raise BundleError(f"{path}: must hold keys such as 'name' and 'greeting'")
    try:
        sheet = _Sheet.model_validate(fields)
    except ValidationError as error:
        raise ConfigError(f"{path}: {_first_complaint(error)}") from error
    for key, texts in (("greeting", sheet.greeting), ("about", sheet.about)):
        if lacking := sorted(sheet.name.keys() - texts.keys()):
            raise ConfigError(f"{path}: '{key}' lacks a text in '{lacking[0]}', which 'name' has")
    persona = Persona(sheet.name, sheet.greeting, sheet.about, sheet.topics)
    return PersonaFile(persona=persona, knowledge=tuple(sheet.knowledge), voice=sheet.voice.variant)


def _first_complaint(error: ValidationError) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = list(_Sheet.model_fields) + list(_Voice.model_fields)
        near = get_close_matches(str(first["loc"][-1]), known, n=1, cutoff=0.5)
        return f"unknown key '{key}'" + (f"; did you mean '{near[0]}'?" if near else f"; known: {', '.join(known)}")
    if first["type"] == "missing":
        return f"the key '{key}' is missing"
    return f"'{key}': {first['msg']}"
