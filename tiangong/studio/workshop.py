"""Where an avatar is built: a hidden folder beside the others, moved into place by one rename when it is whole. So are voices.

avatars/.making/NAME-<process>-<random>/     being built; of a run that died it is removed by the next one
avatars/.making/NAME-<process>-<random>.old  what is being replaced, for the moment between two renames
"""

import os
import re
import secrets
import unicodedata
from pathlib import Path
from shutil import rmtree
from types import TracebackType
from typing import Final, Self

import psutil

from tiangong.core.errors import BundleError, ConfigError
from tiangong.studio.bundle import MANIFEST
from tiangong.voice.protocol import REFERENCE

# One level down, so that whoever lists `avatars/*/manifest.json` never meets a half-made one.
MAKING: Final = ".making"
LONGEST_NAME: Final = 40
_OLD: Final = ".old"
_BUILT_BY: Final = re.compile(r"^(?P<name>.+)-(?P<process>\d+)-[0-9a-f]{8}(\.old)?$")
_here: Final[set[str]] = set()  # what this very process is building: its number alone could be a dead run's


def checked_name(name: str, what: str = "an avatar's name", example: str = "avatar") -> str:
    """A name that is safe as a folder everywhere. Raises ConfigError with what is allowed."""
    plain = unicodedata.normalize("NFC", name.strip())
    if not re.fullmatch(r"\w[\w-]*", plain):
        raise ConfigError(f"'{name}' cannot be {what}; use letters, digits, '-' and '_', for instance my-{example}")
    if len(plain) > LONGEST_NAME:
        raise ConfigError(f"the name is {len(plain)} characters long; {LONGEST_NAME} at most")
    return plain


class Workshop:
    """Leaves either a whole avatar or nothing, also on Ctrl-C; what a killed run leaves is swept up by the next.

    `what` is built, for messages: "avatar", "voice".
    """

    def __init__(self, avatars: Path, name: str, what: str = "avatar") -> None:
        self._avatars, self._name, self._what = avatars, name, what
        self._id = f"{name}-{os.getpid()}-{secrets.token_hex(4)}"
        self._made_avatars = False
        self.folder = avatars / MAKING / self._id

    def __enter__(self) -> Self:
        try:
            self._made_avatars = not self._avatars.exists()
            sweep(self._avatars)
            _here.add(self._id)
            self.folder.mkdir(parents=True)
        except OSError as error:
            self._clear()
            raise BundleError(f"{self._avatars}: {self._what}s cannot be kept there ({error.strerror})") from error
        return self

    def finish(self, *, replace: bool) -> Path:
        """Move what was built into place. Raises BundleError where the name was taken meanwhile."""
        target = self._avatars / self._name
        old = self.folder.with_name(self._id + _OLD)
        if target.exists():
            if not replace:
                raise BundleError(f"there is already {self._named}; take another name, or add --replace")
            os.rename(target, old)
        os.rename(self.folder, target)
        rmtree(old, ignore_errors=True)
        return target

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._clear()
        if isinstance(error, OSError):
            raise BundleError(
                f"{self._avatars}: the {self._what} could not be written ({error.strerror or error})"
            ) from error

    @property
    def _named(self) -> str:
        return f"{'an' if self._what[0] in 'aeiou' else 'a'} {self._what} '{self._name}'"

    def _clear(self) -> None:
        rmtree(self.folder, ignore_errors=True)
        _here.discard(self._id)
        remove_if_empty(self._avatars / MAKING)
        if self._made_avatars:
            remove_if_empty(self._avatars)


def remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:  # not empty, or not there
        return


def sweep(avatars: Path) -> None:
    """Remove what runs that were killed left behind; put back what one of them was about to replace."""
    for left in sorted((avatars / MAKING).glob("*")):
        found = _BUILT_BY.match(left.name)
        if not found or _is_alive(left.name.removesuffix(_OLD), int(found["process"])):
            continue
        target = avatars / found["name"]
        if left.name.endswith(_OLD) and not target.exists() and _is_whole(left):
            os.rename(left, target)
        else:
            rmtree(left, ignore_errors=True)


def _is_whole(folder: Path) -> bool:
    return (folder / MANIFEST).exists() or (folder / REFERENCE).exists()


def _is_alive(building: str, process: int) -> bool:
    if process == os.getpid():
        return building in _here
    return psutil.pid_exists(process)
