"""Where `tiangong policy test` writes what it found."""

import json
from pathlib import Path

from tiangong.core.errors import ConfigError
from tiangong.policies.scenarios.report import Report
from tiangong.policies.scenarios.report_json import as_json, difference, read_previous
from tiangong.policies.scenarios.report_junit import as_junit
from tiangong.policies.scenarios.report_page import as_page
from tiangong.policies.scenarios.report_terminal import told


def write_reports(
    report: Report, html: Path | None, junit: Path | None, json_path: Path | None, previous: Path | None
) -> str:
    """Write the files that are asked for; gives what the terminal is to show.

    Raises PolicyProblem where `previous` is no report, ConfigError where a file cannot be written.
    """
    # Read before anything is written: `previous` may be the very file that this run replaces.
    changed = difference(report, read_previous(previous)) if previous else None
    if html:
        _write(html, as_page(report, changed))
    if junit:
        _write(junit, as_junit(report))
    if json_path:
        _write(json_path, json.dumps(as_json(report), ensure_ascii=False, indent=1) + "\n")
    return told(report, changed)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise ConfigError(f"'{path}' cannot be written ({error.strerror}); choose another place") from error
