"""`tiangong bench render`: avatars made, drawn, spoken with and driven, and figures of each.

Definitions of what is seen are in lips.py and pairs.py. Times are of this machine as it was: others may have used it too.
"""

import platform
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tiangong.bench.drawing import measure_batched, measure_drawing, measure_memory
from tiangong.bench.repeating import measure_film
from tiangong.bench.report import Report, machine, versions
from tiangong.bench.speaking import measure_speaking
from tiangong.bench.stock import STARTERS, Outcome, Stock, pictures_in
from tiangong.core.config import Settings, load_settings
from tiangong.core.errors import ConfigError, MediaError
from tiangong.service.assembly import Engines
from tiangong.studio.bundle import STARTER

PARTS: Final = ("create", "draw", "memory", "speak", "video", "gpu")
SPEAKERS: Final = 3  # photo avatars that speak beside the starter


@dataclass(frozen=True)
class RenderWishes:
    """What is to be measured."""

    portraits: Path | None = None  # folder; None: the starters' portraits
    videos: tuple[Path, ...] = ()
    minutes: float | None = None  # of training on each video; None: by its length
    frames: int = 250  # drawn to measure speed
    sentences: int = 4  # spoken, of each language
    parts: tuple[str, ...] = PARTS

    def __post_init__(self) -> None:
        for part in self.parts:
            if part not in PARTS:
                raise ConfigError(f"bench render has no part '{part}'; there are: {', '.join(PARTS)}")
        for video in self.videos:
            if not video.is_file():
                raise MediaError(f"{video}: no such file")


def measure_render(wishes: RenderWishes) -> Report:
    """Raises MediaError for a folder without pictures, BundleError and EngineError where an engine does not work."""
    pictures = pictures_in(wishes.portraits)
    outcome = Outcome()
    with tempfile.TemporaryDirectory(prefix="tiangong-bench-") as workplace:
        settings = load_settings(avatars=Path(workplace) / "avatars")
        engines = Engines(settings)
        stock = Stock(settings.avatars, pictures)
        names = {stage: engines.choices[stage].name for stage in ("renderer", "motion", "voice")}
        for part, measure in _measures(wishes, engines, stock, Path(workplace)).items():
            if part in wishes.parts:
                found = measure()
                outcome.figures += found.figures
                outcome.notes += found.notes
        engines.workers.close()
    return Report("render", machine(), platform.python_version(), versions(), names, outcome.figures, outcome.notes)


def _measures(
    wishes: RenderWishes, engines: Engines, stock: Stock, workplace: Path
) -> dict[str, Callable[[], Outcome]]:
    """Part -> what measures it, in the order in which they run."""
    tian = STARTER / "avatars" / STARTERS[0]
    return {
        "create": stock.create_all,
        "draw": lambda: measure_drawing(tian, wishes.frames),
        "memory": lambda: measure_memory(stock, workplace / "memory"),
        "speak": lambda: _speaking(wishes, engines.settings, stock, workplace),
        "video": lambda: _films(wishes, engines, stock, workplace),
        "gpu": lambda: measure_batched([STARTER / "avatars" / name for name in STARTERS]),
    }


def _speaking(wishes: RenderWishes, settings: Settings, stock: Stock, workplace: Path) -> Outcome:
    photos = stock.photo_avatars(SPEAKERS) if wishes.portraits else []
    speakers = [STARTERS[0], *(folder.name for folder in photos)]
    outcome = measure_speaking(settings, speakers, wishes.sentences, workplace)
    outcome.notes += [f"{folder.name} is made from {stock.made_from[folder.name]}" for folder in photos]
    return outcome


def _films(wishes: RenderWishes, engines: Engines, stock: Stock, workplace: Path) -> Outcome:
    outcome = Outcome()
    for number, video in enumerate(wishes.videos):
        found = measure_film(video, engines.renderer, stock, wishes.minutes, workplace / f"film-{number}")
        outcome.figures += found.figures
        outcome.notes += found.notes
    return outcome
