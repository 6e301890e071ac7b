"""The policy engine that reads policy files: packs of rules, flows, and the avatar's own."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tiangong.core.config import Settings
from tiangong.core.errors import ConfigError
from tiangong.policies.compiled import TEMPLATES, CompiledPolicy, read_policy, shipped_templates
from tiangong.policies.decision import Decision
from tiangong.policies.flows import Tool
from tiangong.policies.judges.making import judge_of
from tiangong.policies.protocol import Caller
from tiangong.policies.rule_session import RuleSession

POLICY_FILE: Final = "policy.yaml"
DEFAULT: Final = TEMPLATES / "default.yaml"


@dataclass(frozen=True)
class RulesPolicy:
    """Shared; every session keeps its own state."""

    compiled: CompiledPolicy
    names: dict[str, str] = field(default_factory=dict[str, str])  # what the avatar is called, by language
    tools: dict[str, Tool] = field(default_factory=dict[str, Tool])  # that flows may call
    always: Path | None = None  # a policy file that the settings put before the avatar's own

    name = "rules"
    embedded = True

    @classmethod
    def from_settings(cls, settings: Settings) -> "RulesPolicy":
        """Raises ConfigError where the file or the judge in the settings cannot be used, EngineError for a broken model."""
        path = policy_path(settings.policy.file)
        return cls(read_policy(path, judge_of(settings)), always=path if settings.policy.file else None)

    def of_avatar(self, folder: Path, names: dict[str, str]) -> "RulesPolicy":
        file = self.file_of(folder)
        own = file == folder / POLICY_FILE
        compiled = read_policy(file, self.compiled.detectors.judge) if own else self.compiled
        return RulesPolicy(compiled, names, self.tools, self.always)

    def file_of(self, folder: Path) -> Path:
        """Where the policy of the avatar in `folder` stands: in the settings' file, in its own, or in the one that ships."""
        own = folder / POLICY_FILE
        return self.always or (own if own.is_file() else DEFAULT)

    def session(self, caller: Caller, record: Callable[[Decision], None]) -> RuleSession:
        return RuleSession(self.compiled, self.compiled.file.persona.name | self.names, caller, record, self.tools)


def named_policy(wanted: Path | None) -> RulesPolicy:
    """The policy in a file, or one that ships by its name; None: the default. Raises ConfigError."""
    return RulesPolicy(read_policy(policy_path(wanted)))


def policy_path(wanted: Path | None) -> Path:
    """A policy file by its path, or one that ships by its name; None: the default. Raises ConfigError for neither."""
    if wanted is None:
        return DEFAULT
    if wanted.is_file():
        return wanted
    shipped = TEMPLATES / f"{wanted.name}.yaml"
    if wanted.suffix == "" and shipped.is_file():
        return shipped
    raise ConfigError(f"no policy '{wanted}': a file, or one of {', '.join(shipped_templates())}")
