"""Figures, with the machine and versions beside them."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np

_PACKAGES: Final = (
    "tiangong",
    "torch",
    "numpy",
    "onnxruntime",
    "opencv-contrib-python",
    "mediapipe",
    "aiortc",
    "av",
    "pocketsphinx",
    "espeakng-loader",
    "pyworld-prebuilt",
    "gradio",
)


@dataclass(frozen=True)
class Figure:
    """One measured quantity."""

    name: str
    unit: str
    n: int
    p50: float | None  # None: nothing was measured
    p95: float | None
    p99: float | None

    @classmethod
    def of(cls, name: str, unit: str, values: Sequence[float]) -> "Figure":
        if not values:
            return cls(name, unit, 0, None, None, None)
        p50, p95, p99 = (round(float(p), 3) for p in np.percentile(values, (50, 95, 99)))
        return cls(name, unit, len(values), p50, p95, p99)

    @classmethod
    def single(cls, name: str, unit: str, value: float | None, n: int) -> "Figure":
        """A share, a ratio or a mean over `n` things: it stands under p50, and there are no others."""
        return cls(name, unit, n, None if value is None else round(float(value), 4), None, None)


@dataclass(frozen=True)
class Report:
    bench: str
    machine: str
    python: str
    versions: dict[str, str]
    engines: dict[str, str]
    figures: list[Figure]
    notes: list[str] = field(default_factory=list[str])  # what figures alone do not say, a sentence each


def machine() -> str:
    return f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.is_file():
        names = [
            line.partition(":")[2].strip() for line in information.read_text().splitlines() if "model name" in line
        ]
        if names:
            return names[0]
    return platform.processor() or "unknown processor"


def versions() -> dict[str, str]:
    return {name: version(name) for name in _PACKAGES}


def as_json(report: Report) -> str:
    return json.dumps(asdict(report), ensure_ascii=False, indent=1) + "\n"


def as_text(report: Report) -> str:
    def number(value: float | None) -> str:
        return "-" if value is None else f"{value:g}"

    lines = [f"bench {report.bench}: {report.machine}, Python {report.python}", ""]
    lines.append(f"{'figure':<64}{'unit':<8}{'n':>5}{'p50':>10}{'p95':>10}{'p99':>10}")
    for f in report.figures:
        lines.append(f"{f.name:<64}{f.unit:<8}{f.n:>5}{number(f.p50):>10}{number(f.p95):>10}{number(f.p99):>10}")
    lines.append("")
    lines += [*report.notes, ""] if report.notes else []
    lines.append("engines: " + ", ".join(f"{stage} {name}" for stage, name in report.engines.items()))
    lines.append("versions: " + ", ".join(f"{name} {number}" for name, number in report.versions.items()))
    return "\n".join(lines)
