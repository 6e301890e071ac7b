"""Keeps a terminal readable: native libraries print greetings of their own to the error stream."""

import os
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

# What TensorFlow Lite and MediaPipe print for every graph; anything else is passed on.
_GREETINGS: Final = (
    b"INFO: Created TensorFlow Lite",
    b"WARNING: All log messages before absl",
    b"W0000 ",
    b"I0000 ",
)


@contextmanager
def without_greetings() -> Generator[None]:
    """Hold back what is written to the error stream's file and pass on all lines but the known greetings."""
    sys.stderr.flush()
    real = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(real, 2)
            os.close(real)
            held.seek(0)
            for line in held:
                if not line.startswith(_GREETINGS):
                    os.write(2, line)
