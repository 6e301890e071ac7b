"""What a training came to: numbers as JSON, and a page with pictures side by side."""

import json
from base64 import b64encode
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from jinja2 import Environment, PackageLoader, select_autoescape
from numpy.typing import NDArray

from tiangong.rendering.training.measuring import Score
from tiangong.rendering.training.pairs import Pairs

if TYPE_CHECKING:
    from tiangong.rendering.training.trainer import Trainer

SHOWN: Final = 10  # held-out frames on the page
CHART_PX: Final = (560, 120)


@dataclass(frozen=True)
class TrainingReport:
    frames: int  # of the film, the held-out tail included
    held_out_frames: int
    steps: int
    seconds: float
    device: str
    parameters: int
    held_out_loss: tuple[tuple[int, float], ...]  # step, mean absolute difference of colours 0-255
    generator: Score
    sketch: Score  # without the generator

    @classmethod
    def of(
        cls,
        trainer: "Trainer",
        frames: int,
        seconds: float,
        history: list[tuple[int, float]],
        drawn: Score,
        sketch: Score,
    ) -> "TrainingReport":
        parameters = sum(p.numel() for p in trainer.generator.parameters())
        return cls(
            frames, frames - len(trainer.pairs), trainer.steps_done, round(seconds, 1), str(trainer.device), parameters,
            tuple((step, round(loss, 3)) for step, loss in history), drawn, sketch,
        )  # fmt: skip


def write_report(report: TrainingReport, held_out: Pairs, drawn: NDArray[np.uint8], folder: Path) -> None:
    """`report.json` and `report.html` (one file, its pictures inside) into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(asdict(report), indent=1) + "\n", encoding="utf-8")
    rows = np.unique(np.linspace(0, len(held_out) - 1, min(SHOWN, len(held_out))).astype(int))
    pictures = [_as_png(np.hstack([held_out.sketches[i, ..., :3], drawn[i], held_out.truths[i]])) for i in rows]
    pages = Environment(loader=PackageLoader("tiangong.rendering.training", "."), autoescape=select_autoescape())
    page = pages.get_template("report.html").render(
        report=report, pictures=pictures, chart=_chart(report), size=CHART_PX
    )
    (folder / "report.html").write_text(page, encoding="utf-8")


def _as_png(picture: NDArray[np.uint8]) -> str:
    done, raw = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    assert done  # memory, not disk: only a broken OpenCV could fail here
    return b64encode(raw.tobytes()).decode("ascii")


def _chart(report: TrainingReport) -> str:
    """Points of an SVG line: held-out loss over steps."""
    history = report.held_out_loss
    if not history:
        return ""
    width, height = CHART_PX
    last, highest = history[-1][0], max(loss for _, loss in history)
    return " ".join(
        f"{step / last * width:.1f},{height - loss / max(highest, 1e-6) * height * 0.95:.1f}" for step, loss in history
    )
