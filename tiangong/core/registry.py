"""Engines by name, imported late.

A registry is a dict `name -> "module:Class"`, best engine first. Adding an engine is one file and one line in the
`engines.py` of its folder. An engine class may define

    embedded: bool                            it installs with Tiangong and downloads nothing
    unavailable(settings) -> str | None       class method: why it cannot run here, found without loading anything heavy
    from_settings(settings) -> engine         class method: how to make one (otherwise it is called without arguments)

`auto` takes the first engine that has no such reason.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from tiangong.core.config import Settings
from tiangong.core.errors import ConfigError, MissingExtra


@dataclass(frozen=True)
class Choice:
    """What `auto` took, and why not what stands before it."""

    stage: str
    name: str
    reason: str


def load(stage: str, engines: Mapping[str, str], name: str) -> type[Any]:
    """The class of engine `name`.

    Raises ConfigError for an unknown name and MissingExtra where the engine's package is not installed.
    """
    if name not in engines:
        near = get_close_matches(name, engines, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else f"; known: {', '.join(engines)}"
        raise ConfigError(f"no {stage} engine '{name}'{hint}")
    module, _, attribute = engines[name].partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("tiangong"):
            raise
        raise MissingExtra(name, f"the package '{error.name}'", f"pip install {error.name}") from error


def unavailable(stage: str, engines: Mapping[str, str], name: str, settings: Settings) -> str | None:
    """Why engine `name` cannot run on this machine, or None if it can."""
    try:
        engine = load(stage, engines, name)
    except MissingExtra as error:
        return str(error)
    probe = getattr(engine, "unavailable", None)
    return probe(settings) if probe else None


def choose(stage: str, engines: Mapping[str, str], wanted: str, settings: Settings) -> Choice:
    """Resolve `wanted` ("auto" or a name) to an engine that can run here.

    Raises ConfigError for an unknown name, MissingExtra when the one asked for by name cannot run.
    """
    if wanted != "auto":
        load(stage, engines, wanted)
        reason = unavailable(stage, engines, wanted, settings)
        if reason:
            raise MissingExtra(wanted, reason, "or choose 'auto'")
        return Choice(stage, wanted, "asked for by name")
    passed_over: list[str] = []
    for name in engines:
        reason = unavailable(stage, engines, name, settings)
        if reason is None and settings.profile == "embedded" and not load(stage, engines, name).embedded:
            reason = "profile 'embedded' asks for engines that need no download"
        if reason is None:
            return Choice(stage, name, "; ".join(passed_over) or "first choice")
        passed_over.append(f"not {name}: {reason}")
    raise ConfigError(f"no {stage} engine can run here ({'; '.join(passed_over)})")


def make(stage: str, engines: Mapping[str, str], name: str, settings: Settings) -> Any:
    """An engine, ready to use. Raises ConfigError, MissingExtra, and what its own loading raises."""
    engine = load(stage, engines, name)
    from_settings = getattr(engine, "from_settings", None)
    return from_settings(settings) if from_settings else engine()
