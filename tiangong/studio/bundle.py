"""The avatar bundle: a folder that holds all that makes one avatar, and can be copied to another machine.

manifest.json   schema version, name, SHA-256 of every other file
consent.json    whose likeness this is, and what it may be used for
portrait.png    persona.yaml    motion.npz    voice/    knowledge/
"""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from tiangong.core.errors import BundleError, ConsentError

SCHEMA = 1
MANIFEST = "manifest.json"
CONSENT = "consent.json"
PORTRAIT = "portrait.png"
PERSONA = "persona.yaml"
KNOWLEDGE = "knowledge"
STARTER = Path(__file__).parents[1] / "starter"
_PICKLES = {".pkl", ".pickle", ".pt", ".pth", ".ckpt"}


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


R = TypeVar("R", bound=_Record)


class Manifest(_Record):
    # `version` and not `schema`: pydantic keeps that name for itself.
    version: int
    name: str
    files: dict[str, str]  # path inside the bundle -> SHA-256


class Consent(_Record):
    """Whose likeness a bundle carries. A drawn character declares that it is nobody's."""

    kind: Literal["drawn-character", "person"]
    statement: str
    purposes: tuple[str, ...]
    expires: datetime | None = None
    revoked: datetime | None = None


class Bundle(_Record):
    """A bundle whose files and consent have been checked."""

    folder: Path
    name: str
    consent: Consent

    @property
    def portrait(self) -> Path:
        return self.folder / PORTRAIT

    @property
    def persona(self) -> Path:
        return self.folder / PERSONA

    @property
    def knowledge(self) -> Path:
        return self.folder / KNOWLEDGE


def find_bundles(own: Path) -> dict[str, Path]:
    """Name -> folder of every avatar: the starters, and those in one's own folder (which win over a starter's name)."""
    places = [STARTER / "avatars", own]
    return {m.parent.name: m.parent for place in places for m in sorted(place.glob(f"*/{MANIFEST}"))}


def open_bundle(folder: Path, purpose: str = "conversation") -> Bundle:
    """Check and open a bundle.

    Raises BundleError: not a bundle, too new, a file missing, changed or a pickle. ConsentError: this purpose is not
    covered, consent has expired or was revoked.
    """
    manifest = _read(folder / MANIFEST, Manifest)
    if manifest.version > SCHEMA:
        raise BundleError(f"{folder.name}: made by a newer Tiangong (schema {manifest.version}); update this one")
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        if path.suffix.lower() in _PICKLES:
            raise BundleError(f"{folder.name}: {path.name} is a pickle, which can run code; use safetensors")
    for name, digest in manifest.files.items():
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()) or not path.is_file():
            raise BundleError(f"{folder.name}: {name} is missing from the bundle")
        if _digest(path) != digest:
            raise BundleError(f"{folder.name}: {name} was changed after the bundle was made")
    for needed in (CONSENT, PORTRAIT, PERSONA):
        if needed not in manifest.files:
            raise BundleError(f"{folder.name}: the manifest does not list {needed}")
    consent = read_consent(folder, purpose)
    return Bundle(folder=folder, name=manifest.name, consent=consent)


def read_consent(folder: Path, purpose: str) -> Consent:
    """The consent of an avatar or a voice. Raises BundleError where it cannot be read, ConsentError as `open_bundle`."""
    consent = _read(folder / CONSENT, Consent)
    _check_consent(folder.name, consent, purpose)
    return consent


def seal_bundle(folder: Path, name: str) -> Manifest:
    """Write the manifest over all files of a folder; done once, when an avatar is made or edited by its maker."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST)
    files = {p.relative_to(folder).as_posix(): _digest(p) for p in paths}
    manifest = Manifest(version=SCHEMA, name=name, files=files)
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return manifest


def _check_consent(avatar: str, consent: Consent, purpose: str) -> None:
    if consent.revoked:
        raise ConsentError(f"{avatar}: consent was revoked on {consent.revoked:%Y-%m-%d}")
    if consent.expires and consent.expires < datetime.now(UTC):
        raise ConsentError(f"{avatar}: consent expired on {consent.expires:%Y-%m-%d}")
    if purpose not in consent.purposes:
        raise ConsentError(f"{avatar}: consent does not cover '{purpose}' (only {', '.join(consent.purposes)})")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read(path: Path, kind: type[R]) -> R:
    try:
        return kind.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise BundleError(f"{path.parent}: no {path.name} here; this is not an avatar bundle") from error
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BundleError(f"{path.parent.name}: {path.name} cannot be read ({error})") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BundleError(f"{path.parent.name}: {path.name}: {where}: {first['msg']}") from error
