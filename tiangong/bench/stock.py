"""Avatars that a benchmark makes for itself, in a folder that is gone afterwards, and what a part of it found."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree
from typing import Final

import numpy as np

from tiangong.bench.report import Figure
from tiangong.core.errors import MediaError, TiangongError
from tiangong.core.pictures import read_picture
from tiangong.studio.bundle import PORTRAIT, STARTER
from tiangong.studio.film_reading import PICTURES
from tiangong.studio.finding_faces import find_faces
from tiangong.studio.making import create_from_photo

STARTERS: Final = ("tian", "gong")


@dataclass
class Outcome:
    """What one part measured."""

    figures: list[Figure] = field(default_factory=list[Figure])
    notes: list[str] = field(default_factory=list[str])


def tell(line: str) -> None:
    """To a person at a terminal: what is being done."""
    if sys.stderr.isatty():
        print(line, file=sys.stderr, flush=True)


def pictures_in(folder: Path | None) -> list[Path]:
    """Every picture in a folder and below it, or the starters' portraits. Raises MediaError for a folder without any."""
    if folder is None:
        return [STARTER / "avatars" / name / PORTRAIT for name in STARTERS]
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in PICTURES and p.is_file())
    if not found:
        raise MediaError(f"{folder}: no pictures here")
    return found


@dataclass(frozen=True)
class Creation:
    """One run of `tiangong avatar create`."""

    material: Path
    took_s: float  # the command's whole time, Python's start included: what a person waits
    folder: Path | None  # None: it was refused
    reason: str  # why it was


class Stock:
    """The avatars made so far."""

    def __init__(self, folder: Path, pictures: Sequence[Path]) -> None:
        self.avatars, self._pictures = folder, pictures
        self._number = 0
        self.made_from: dict[str, str] = {}  # avatar -> picture or film

    def create(self, kind: str, material: Path, *more: str) -> Creation:
        """Run `tiangong avatar create` with `--photo` or `--video` in a process of its own."""
        self._number += 1
        name = f"{kind}-{self._number}"
        command = [sys.executable, "-m", "tiangong.cli", "avatar", "create", name, f"--{kind}", str(material), *more]
        began_s = time.perf_counter()
        ran = subprocess.run(
            command,
            env=os.environ | {"TIANGONG_AVATARS": str(self.avatars)},
            capture_output=True,
            text=True,
            check=False,
        )
        took_s = time.perf_counter() - began_s
        if ran.returncode == 0:
            self.made_from[name] = material.name
            return Creation(material, took_s, self.avatars / name, "")
        said = ran.stderr.strip().splitlines() or [f"ended with code {ran.returncode}"]
        return Creation(material, took_s, None, said[-1].removeprefix("tiangong: "))

    def create_all(self) -> Outcome:
        """An avatar from every picture, by the command that users type."""
        made: list[Creation] = []
        for picture in self._pictures:
            tell(f"creating an avatar from {picture.name} ({len(made) + 1} of {len(self._pictures)})")
            made.append(self.create("photo", picture))
        failed = [creation for creation in made if creation.folder is None]
        faceless = [creation for creation in failed if not _shows_a_face(creation.material)]
        faces = len(made) - len(faceless)
        done = [creation.took_s for creation in made if creation.folder]
        outcome = Outcome([
            Figure.of("creating a photo avatar", "s", done),
            Figure.single("photo avatars made, of pictures with a detectable face", "share",
                          len(done) / faces if faces else None, faces),
        ])  # fmt: skip
        for creation in failed:
            face = "no detectable face" if creation in faceless else "refused"
            outcome.notes.append(f"no avatar from {creation.material.name} ({face}): {creation.reason}")
        return outcome

    def photo_avatars(self, most: int) -> list[Path]:
        """Folders of up to `most` avatars, spread over the pictures; made now where they are not there yet."""
        made = sorted(self.avatars.glob("photo-*"), key=lambda p: int(p.name.rpartition("-")[2]))
        if not made:
            made = self._made_quietly(most)
        if not made:
            return []
        return [made[i] for i in np.unique(np.linspace(0, len(made) - 1, min(most, len(made))).astype(int))]

    def copies(self, count: int, into: Path) -> list[Path]:
        """As many folders of photo avatars, none the same as another."""
        originals = self.photo_avatars(count)
        if not originals:
            raise MediaError("none of the pictures makes an avatar")
        return [
            Path(copytree(originals[number % len(originals)], into / f"copy-{number}", dirs_exist_ok=True))
            for number in range(count)
        ]

    def _made_quietly(self, most: int) -> list[Path]:
        count = len(self._pictures)
        spread = list(np.unique(np.linspace(0, count - 1, min(most, count)).astype(int)))
        made: list[Path] = []
        for i in [*spread, *(i for i in range(count) if i not in spread)]:
            if len(made) == most:
                break
            self._number += 1
            name = f"photo-{self._number}"
            try:
                made.append(create_from_photo(name, self._pictures[i], self.avatars).folder)
                self.made_from[name] = self._pictures[i].name
            except TiangongError:
                continue  # which pictures fail, and why, is told where all of them are tried
        return made


def _shows_a_face(picture: Path) -> bool:
    try:
        return bool(find_faces(read_picture(picture).image))
    except MediaError:
        return False
