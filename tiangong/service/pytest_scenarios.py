"""A pytest plugin: every scenario of a `*.scenario.yaml` file is a test.

    pytest shop/ --tiangong-policy shop/policy.yaml -k refund

It is loaded into every run of pytest where Tiangong is installed, so nothing but pytest is imported until such a file is met.
"""

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from tiangong.policies.rules import RulesPolicy
    from tiangong.policies.scenarios.outcome import Rooms
    from tiangong.policies.scenarios.running import ScenarioCase

ENDING: Final = ".scenario.yaml"
_MARKERS: Final = tuple(f"{language}: of a scenario (Tiangong)" for language in ("en", "zh"))
_MARK: Final = re.compile(r"[^\W_][\w-]*")
_POLICY: Final = pytest.StashKey["RulesPolicy"]()
_ROOMS: Final = pytest.StashKey["Rooms"]()


class BadFile(Exception):
    """A policy or scenario file that cannot be used; a line for each thing that is wrong."""


class ScenarioBroken(Exception):
    """Something of a scenario did not hold; a line for each thing."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("tiangong", "scenarios of a digital human's policy (*.scenario.yaml)")
    group.addoption(
        "--tiangong-policy",
        metavar="PATH",
        help="The policy under test: a file, or the name of one that ships; otherwise the default one.",
    )
    group.addoption(
        "--tiangong-no-vary",
        action="store_true",
        help="Only the scenarios as they are written, without their re-cuts and evasions.",
    )


def pytest_configure(config: pytest.Config) -> None:
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "ScenarioYaml | None":
    return ScenarioYaml.from_parent(parent, path=file_path) if file_path.name.endswith(ENDING) else None


class ScenarioYaml(pytest.File):
    """One `*.scenario.yaml` file."""

    def collect(self) -> Iterator["ScenarioItem"]:
        from tiangong.policies.scenarios.finding import read_scenarios  # late: see above

        with _clear_lines():
            cases = read_scenarios([self.path], _policy(self.config))
        for case in cases:
            item = ScenarioItem.from_parent(self, name=case.scenario.scenario)
            item.play(case)
            yield item

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:
        return str(excinfo.value) if isinstance(excinfo.value, BadFile) else super().repr_failure(excinfo)


class ScenarioItem(pytest.Item):
    """One scenario. Its marks and its language are markers, its kind and what it covers are keywords for `-k`."""

    case: "ScenarioCase"

    def play(self, case: "ScenarioCase") -> None:
        self.case = case
        for mark in dict.fromkeys([case.scenario.language, *case.scenario.marks]):
            if not _MARK.fullmatch(mark):
                mend = "letters, digits, _ and -, no _ in front"
                raise BadFile(f"{self.path.name}:{case.line}: the mark '{mark}' cannot be one of pytest's; {mend}")
            # Scenarios make up marks as they like: --strict-markers is for slips of the pen in Python.
            if (marker := f"{mark}: of a scenario (Tiangong)") not in self.config.getini("markers"):
                self.config.addinivalue_line("markers", marker)
            self.add_marker(mark)
        self.extra_keyword_matches |= {case.scenario.kind, *case.scenario.covers}

    def runtest(self) -> None:
        from tiangong.policies.scenarios.report_facts import failure_lines  # late: see above
        from tiangong.policies.scenarios.running import run_scenario

        with _clear_lines():
            varied = not self.config.getoption("--tiangong-no-vary")
            result = run_scenario(self.case, _rooms(self.config), varied=varied)
        lines = failure_lines(result)
        if result.status == "unmeasured":
            pytest.skip("; ".join(lines))
        if result.status != "pass":
            head = f"{self.path.name}:{self.case.line}: {self.case.scenario.about}"
            flaky = "flaky: it held in some runs only" if result.status == "flaky" else ""
            raise ScenarioBroken("\n".join([head, *([flaky] if flaky else []), *lines]))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, (ScenarioBroken, BadFile)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        # Not the bare name: pytest would write its dots as "::".
        return self.path, self.case.line - 1, f"scenario {self.name}"


@contextmanager
def _clear_lines() -> Generator[None]:
    """Bad files are told by file, line, what is wrong and how to mend it, without a traceback."""
    from tiangong.core.errors import ConfigError
    from tiangong.policies.reading import PolicyProblem

    try:
        yield
    except PolicyProblem as problem:
        raise BadFile("\n".join(map(str, problem.complaints))) from problem
    except ConfigError as error:
        raise BadFile(str(error)) from error


def _policy(config: pytest.Config) -> "RulesPolicy":
    """The policy under test, read once."""
    if _POLICY not in config.stash:
        from tiangong.policies.rules import named_policy

        wanted: str | None = config.getoption("--tiangong-policy")
        config.stash[_POLICY] = named_policy(config.invocation_params.dir / wanted if wanted else None)
    return config.stash[_POLICY]


def _rooms(config: pytest.Config) -> "Rooms":
    """Rooms with the engines of the settings that are in force here."""
    if _ROOMS not in config.stash:
        from tiangong.core.config import load_settings
        from tiangong.service.scripted_rooms import scripted_rooms

        config.stash[_ROOMS] = scripted_rooms(load_settings())
    return config.stash[_ROOMS]
