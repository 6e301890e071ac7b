"""What there is of avatars, without opening what is heavy: for `tiangong avatar list` and `show`."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from tiangong.core.errors import BundleError, ConsentError
from tiangong.rendering.painting import GENERATOR
from tiangong.studio.bundle import MANIFEST, STARTER, Consent, Manifest, find_bundles, open_bundle

REPORT: Final = "training/report.json"

Kind = Literal["drawn-character", "person", "unknown"]
Generator = Literal["own", "base"]


@dataclass(frozen=True)
class AvatarSummary:
    """One line of the list."""

    name: str
    folder: str
    is_starter: bool
    kind: Kind
    state: str  # "valid", "expired ...", "revoked ...", or what is wrong with the bundle
    generator: Generator  # "own": trained on this person; "base": the shipped one
    size_bytes: int


@dataclass(frozen=True)
class AvatarDetails:
    """All that `show` tells; manifest and consent as they stand in the bundle."""

    summary: AvatarSummary
    manifest: Manifest
    consent: Consent
    training: dict[str, Any] | None  # training/report.json, without the curve of losses; None: not trained


def list_avatars(avatars: Path) -> list[AvatarSummary]:
    """Every avatar, the starters and one's own, by name."""
    return [summarize(folder) for _, folder in sorted(find_bundles(avatars).items())]


def summarize(folder: Path) -> AvatarSummary:
    kind, state = _consent_of(folder)
    own = (folder / GENERATOR).exists()
    return AvatarSummary(
        name=folder.name,
        folder=str(folder),
        is_starter=folder.is_relative_to(STARTER),
        kind=kind,
        state=state,
        generator="own" if own else "base",
        size_bytes=sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()),
    )


def _consent_of(folder: Path) -> tuple[Kind, str]:
    try:
        bundle = open_bundle(folder)
    except ConsentError as error:
        return _raw_kind(folder), str(error).partition(": ")[2]
    except BundleError as error:
        return "unknown", f"broken: {str(error).partition(': ')[2]}"
    expires = bundle.consent.expires
    left = f" until {expires:%Y-%m-%d}" if expires and expires > datetime.now(UTC) else ""
    return bundle.consent.kind, f"valid{left}"


def _raw_kind(folder: Path) -> Kind:
    return Consent.model_validate_json((folder / "consent.json").read_text(encoding="utf-8")).kind


def show_avatar(name: str, avatars: Path) -> AvatarDetails:
    """Raises BundleError for an unknown name, or a manifest or consent that cannot be read."""
    folder = named_folder(name, avatars)
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_text(encoding="utf-8"))
        consent = Consent.model_validate_json((folder / "consent.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BundleError(f"{name}: manifest or consent cannot be read; create the avatar again") from error
    return AvatarDetails(summarize(folder), manifest, consent, _training(folder))


def named_folder(name: str, avatars: Path) -> Path:
    """Raises BundleError for an unknown name, with the known ones."""
    bundles = find_bundles(avatars)
    if name not in bundles:
        raise BundleError(f"no avatar '{name}'; there are: {', '.join(sorted(bundles))}")
    return bundles[name]


def _training(folder: Path) -> dict[str, Any] | None:
    try:
        report = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise BundleError(f"{folder.name}: {REPORT} cannot be read; train the avatar again") from error
    return {key: value for key, value in report.items() if not isinstance(value, list)}
