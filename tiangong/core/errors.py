"""Every error that Tiangong raises on purpose.

    TiangongError
    ├── ConfigError     an unknown key, a value out of range, an engine that does not exist
    ├── MissingExtra    a package or a weight file that an optional engine needs is not there
    ├── MediaError      sound, picture or text that cannot be used: broken, empty, no face
    ├── ConsentError    this use of a likeness is not covered
    ├── BundleError     an avatar folder that is broken, changed or too new
    └── EngineError     a stage of the loop failed or took too long; bears `stage` and `turn_id`

A message is one line: what is wrong, and how to mend it.
"""


class TiangongError(Exception):
    """Root of the tree; `str(error)` is fit to be shown to a person as it is."""


class ConfigError(TiangongError):
    """A setting is unknown or out of range."""


class MissingExtra(TiangongError):
    """An engine was asked for whose package or weights are absent."""

    def __init__(self, engine: str, missing: str, mend: str) -> None:
        super().__init__(f"engine '{engine}' needs {missing}: {mend}")
        self.engine = engine


class MediaError(TiangongError):
    """Material from outside cannot be used."""


class ConsentError(TiangongError):
    """The person shown or heard has not agreed to this use, or no longer does."""


class BundleError(TiangongError):
    """An avatar bundle cannot be loaded."""


class EngineError(TiangongError):
    """A stage of the loop failed, or did not answer before its deadline."""

    def __init__(self, stage: str, turn_id: int, reason: str) -> None:
        super().__init__(f"{stage} failed in turn {turn_id}: {reason}")
        self.stage = stage
        self.turn_id = turn_id
