"""Recorded material that a fresh machine does not have: tests that use it skip, with a reason."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared"


def shared(path: str) -> Path:
    """A file of the shared material, or a skip."""
    file = SHARED / path
    if not file.exists():
        pytest.skip(f"needs {path} of the shared material, which is not on this machine")
    return file
