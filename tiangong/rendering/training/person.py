"""From the frames of one person's film to that person's generator."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from tiangong.rendering.face_frame import Floats, Picture
from tiangong.rendering.follow import follower
from tiangong.rendering.generator import Generator
from tiangong.rendering.painting import BASE, GENERATOR
from tiangong.rendering.protocol import FPS
from tiangong.rendering.training.measuring import HeldOut, score
from tiangong.rendering.training.pairs import Pairs, filmed_pairs, pictures, sketch_tensor
from tiangong.rendering.training.report import TrainingReport, write_report
from tiangong.rendering.training.trainer import Recipe, Trainer
from tiangong.rendering.warp import WarpRenderer
from tiangong.rendering.weights_io import load_generator, save_generator, save_weights

HELD_OUT_SHARE: Final = 0.1  # of the film, at its end: never trained on
FEWEST_HELD_OUT: Final = 8
CALIBRATED_OVER: Final = 24  # steps after which the time that one takes is first judged
LONGER_WITH_OPPONENT: Final = 1.4
LOOKS: Final = 12  # at the held-out tail, over a run
PATIENCE: Final = 4  # looks without a better score, and the run ends
MOST_ROUNDS: Final = 40  # through the film: beyond, it is learned by heart and the held-out tail gains nothing
FEWEST_STEPS: Final = 40
CPU_MINUTES: Final = (8.0, 14.0)
CUDA_BATCH: Final = 32
CUDA_MINUTES: Final = 1.0
_PLAN: Final = "plan.json"


@dataclass(frozen=True)
class TrainingPlan:
    """How long to train, and where a stopped run goes on from."""

    checkpoint_folder: Path
    minutes: float | None = None  # None: a minute a second of film, 8 to 14, on a processor; one on CUDA
    device: str = "auto"  # "cpu", "cuda" or "auto"
    steps: int | None = None  # exactly so many, whatever the time
    recipe: Recipe = field(default_factory=lambda: Recipe(steps=0))


@dataclass(frozen=True)
class TrainingProgress:
    step: int
    steps: int  # as far as known
    losses: dict[str, float]
    preview: NDArray[np.uint8] | None  # (height, width, 3) sketch, drawn, filmed side by side; now and then


Listener = Callable[[TrainingProgress], None]


def train_person(
    portrait_folder: Path,
    frames: Sequence[Picture],
    landmarks: Sequence[Floats],
    out: Path,
    plan: TrainingPlan,
    on_progress: Listener,
) -> TrainingReport:
    """Train the base generator further on a film of the person whose `portrait.png` lies in `portrait_folder`.

    `frames` (height, width, 3) RGB at 25 fps in order, `landmarks` (478, 3) px of each. Writes generator.safetensors,
    generator.onnx, training/report.json and training/report.html into `out`. A run that was stopped goes on where it
    was; the same film and plan give the same weights. Raises BundleError for a damaged checkpoint.
    """
    device = _device(plan.device)
    face = WarpRenderer().open(portrait_folder)
    pairs = filmed_pairs(face, follower(face.warp, landmarks), frames, landmarks)
    tail = max(FEWEST_HELD_OUT, round(HELD_OUT_SHARE * len(pairs)))
    held_out = HeldOut(pairs[-tail:], face)
    recipe = replace(plan.recipe, batch=CUDA_BATCH) if device.type == "cuda" else plan.recipe
    run = _Run(
        Trainer(pairs[:-tail], recipe, device, load_generator(BASE / GENERATOR)), held_out.pairs, plan, on_progress
    )
    seconds = run.to_the_end(_minutes(plan, device, len(pairs)) * 60)
    best = run.best_generator()
    out.mkdir(parents=True, exist_ok=True)
    save_generator(best, out)
    drawn = _drawn(best, held_out.pairs)
    report = TrainingReport.of(run.trainer, len(pairs), seconds, run.history, score(held_out, drawn), score(held_out))
    write_report(report, held_out.pairs, drawn, out / "training")
    return report


@torch.inference_mode()
def _drawn(generator: Generator, pairs: Pairs) -> NDArray[np.uint8]:
    """(n, 224, 176, 3) all sketches as the generator draws them."""
    device = next(generator.parameters()).device
    parts = [pictures(generator(sketch_tensor(pairs.sketches[i : i + 16], device))) for i in range(0, len(pairs), 16)]
    return np.concatenate(parts)


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(name)


def _minutes(plan: TrainingPlan, device: torch.device, frames: int) -> float:
    if plan.minutes is not None:
        return plan.minutes
    if device.type == "cuda":
        return CUDA_MINUTES
    return float(np.clip(frames / FPS, *CPU_MINUTES))


class _Run:
    """One training run: looks at the held-out tail now and then, remembers the best, stops early."""

    def __init__(self, trainer: Trainer, held_out: Pairs, plan: TrainingPlan, on_progress: Listener) -> None:
        self.trainer, self._held_out, self._plan, self._tell = trainer, held_out, plan, on_progress
        self._folder = plan.checkpoint_folder
        self.history: list[tuple[int, float]] = []  # step, held-out loss
        self._best = float("inf")

    def to_the_end(self, budget_s: float) -> float:
        """Returns the seconds that were trained for, those of an earlier part of the run included."""
        steps, spent_s = self._resume()
        began, first = time.monotonic(), self.trainer.steps_done
        steps = steps or self._plan.steps or self._goal
        self.trainer.set_steps(steps)
        every = max(1, (self._plan.steps or self._goal) // LOOKS)
        while self.trainer.steps_done < steps and not self._is_stale():
            losses = self.trainer.step()
            done, taken_s = self.trainer.steps_done, time.monotonic() - began
            is_look = done % every == 0 or done == steps
            if is_look or done == first + CALIBRATED_OVER:
                steps = self._affordable(steps, taken_s / (done - first), budget_s - spent_s - taken_s)
            looked = self._look() if is_look else None
            if is_look:
                self._save(steps, spent_s + taken_s)
            self._tell(TrainingProgress(done, steps, losses, looked))
        return spent_s + time.monotonic() - began

    @property
    def _goal(self) -> int:
        return max(round(MOST_ROUNDS * len(self.trainer.pairs) / self.trainer.recipe.batch), FEWEST_STEPS)

    def _affordable(self, steps: int, step_s: float, left_s: float) -> int:
        """How long the run is to be, now that it is known how fast it goes; a machine's speed changes as others use it."""
        if self._plan.steps:
            return steps
        if not self.trainer.has_opponent:
            # The opponent joins later and makes a step about half as long again. Until then the plan may also grow.
            step_s, steps = step_s * LONGER_WITH_OPPONENT, self._goal
        done = self.trainer.steps_done
        found = int(np.clip(done + max(left_s, 0.0) / step_s, max(done, FEWEST_STEPS), max(steps, done)))
        self.trainer.set_steps(found)
        return found

    def best_generator(self) -> Generator:
        """The weights that drew the held-out tail best."""
        own = self._folder / GENERATOR
        return load_generator(own) if own.exists() else self.trainer.average

    def _look(self) -> NDArray[np.uint8]:
        drawn = _drawn(self.trainer.average, self._held_out)
        loss = float(np.abs(drawn.astype(np.float32) - self._held_out.truths).mean())
        self.history.append((self.trainer.steps_done, loss))
        # Before its opponent joins, the generator blurs what it is not sure of; a mean difference would like that best.
        if loss < self._best and self.trainer.is_judged:
            self._best = loss
            self._folder.mkdir(parents=True, exist_ok=True)
            save_weights(self.trainer.average, self._folder)
        middle = len(drawn) // 2
        return np.hstack([self._held_out.sketches[middle, ..., :3], drawn[middle], self._held_out.truths[middle]])

    def _is_stale(self) -> bool:
        later = [loss for _, loss in self.history[-PATIENCE:]]
        return self._best < float("inf") and len(later) == PATIENCE and min(later) > self._best

    def _save(self, steps: int, seconds: float) -> None:
        self.trainer.save(self._folder)
        state = {"steps": steps, "seconds": seconds, "history": self.history, "best": self._best}
        partial = self._folder / f".{_PLAN}.part"
        partial.write_text(json.dumps(state), encoding="utf-8")
        partial.replace(self._folder / _PLAN)

    def _resume(self) -> tuple[int, float]:
        """Steps of the whole run (0: none before), and the seconds already spent."""
        path = self._folder / _PLAN
        if not path.exists() or not self.trainer.resume(self._folder):
            return 0, 0.0
        state = json.loads(path.read_text(encoding="utf-8"))
        self.history = [(int(step), float(loss)) for step, loss in state["history"]]
        self._best = float(state["best"])
        return int(state["steps"]), float(state["seconds"])
