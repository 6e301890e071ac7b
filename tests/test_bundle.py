"""Opening an avatar: complete, unchanged, and covered by consent."""

import json
from pathlib import Path

import pytest

from tiangong.core.errors import BundleError, ConsentError
from tiangong.studio.bundle import Consent, find_bundles, open_bundle, seal_bundle

CONSENT = Consent(kind="drawn-character", statement="Drawn.", purposes=("conversation",))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "ann"
    folder.mkdir()
    (folder / "portrait.png").write_bytes(b"picture")
    (folder / "persona.yaml").write_text("name: {en: Ann}")
    write_consent(folder, CONSENT)
    return folder


def write_consent(folder: Path, consent: Consent) -> None:
    (folder / "consent.json").write_text(consent.model_dump_json())
    seal_bundle(folder, "ann")


def test_a_sealed_bundle_opens(folder: Path) -> None:
    assert open_bundle(folder).name == "ann"


def test_bundles_are_found_by_name(folder: Path) -> None:
    assert find_bundles(folder.parent)["ann"] == folder
    assert {"tian", "gong"} <= set(find_bundles(folder))


def change_portrait(folder: Path) -> None:
    (folder / "portrait.png").write_bytes(b"another face")


def remove_persona(folder: Path) -> None:
    (folder / "persona.yaml").unlink()


def add_pickle(folder: Path) -> None:
    (folder / "voice.pth").write_bytes(b"cos\nsystem\n")


def age_manifest(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "version": 99}))


def break_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text("{")


def reach_outside(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["../../etc/passwd"] = "0" * 64
    (folder / "manifest.json").write_text(json.dumps(manifest))


def remove_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (change_portrait, "portrait.png was changed"),
        (remove_persona, "persona.yaml is missing"),
        (add_pickle, "is a pickle"),
        (age_manifest, "newer Tiangong"),
        (break_manifest, "cannot be read"),
        (reach_outside, "is missing from the bundle"),
        (remove_manifest, "not an avatar bundle"),
    ],
)
def test_a_damaged_bundle_says_what_is_wrong(folder: Path, damage, complaint: str) -> None:  # type: ignore[no-untyped-def]
    damage(folder)
    with pytest.raises(BundleError, match=complaint) as caught:
        open_bundle(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"expires": "2020-01-01T00:00:00Z"}, "expired on 2020-01-01"),
        ({"revoked": "2021-02-03T00:00:00Z"}, "revoked on 2021-02-03"),
        ({"purposes": ("video",)}, "does not cover 'conversation'"),
    ],
)
def test_consent_binds(folder: Path, change: dict[str, object], complaint: str) -> None:
    write_consent(folder, Consent.model_validate({**CONSENT.model_dump(), **change}))
    with pytest.raises(ConsentError, match=complaint):
        open_bundle(folder)


@pytest.mark.parametrize("name", ["tian", "gong"])
def test_the_starter_avatars_are_whole_and_say_whose_likeness_they_are(name: str, tmp_path: Path) -> None:
    bundle = open_bundle(find_bundles(tmp_path)[name])
    assert bundle.consent.kind == "drawn-character"
