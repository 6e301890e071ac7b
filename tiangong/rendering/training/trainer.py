"""The game of the two networks, step by step; resumable to the bit."""

from dataclasses import dataclass, field, replace
from math import cos, pi
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from tiangong.rendering.generator import Generator, GeneratorSize
from tiangong.rendering.region import COLUMNS, ROWS
from tiangong.rendering.training import losses
from tiangong.rendering.training.checkpoint import load_checkpoint, save_checkpoint
from tiangong.rendering.training.discriminator import Discriminator
from tiangong.rendering.training.pairs import Pairs, picture_tensor, sketch_tensor

Losses = dict[str, Tensor]
# Where people look: lips and what is between them, then eyes, then the skin around.
MOUTH_ROWS, MOUTH_COLUMNS = slice(76, 190), slice(24, 152)
WARM_UP_STEPS: Final = 30
LARGEST_GRADIENT: Final = 1.0
AVERAGED_OVER: Final = 400  # steps of the exponential moving average, in the long run


@dataclass(frozen=True)
class Recipe:
    """How to train; weights of the terms are those of the generator's sum."""

    steps: int  # 0: not known yet
    batch: int = 8
    learning_rate: float = 2e-3  # at first; falls to 1 % along a half cosine
    discriminator_rate: float = 8e-4
    colour: float = 1.0
    structure: float = 0.2
    detail: float = 0.3
    adversarial: float = 0.02
    features: float = 0.7
    opponent_from: float = 0.4  # share of the steps after which the discriminator joins
    # Sketch and truth are moved together by up to this much, so that the network learns no places by heart.
    shift_px: int = 6
    mirror: bool = False
    recolour: float = 0.0  # how far light and colours of a pair change, both alike: 0.3 makes paintings of photographs
    seed: int = 1
    size: GeneratorSize = field(default_factory=GeneratorSize)


@dataclass(frozen=True)
class Batch:
    sketch: Tensor  # (n, 6, 224, 176)
    truth: Tensor  # (n, 3, 224, 176)

    @property
    def masks(self) -> Tensor:
        return self.sketch[:, 3:]


class Trainer:
    """One generator and its opponent. `step()` does one round; `average` is what will be used."""

    def __init__(self, pairs: Pairs, recipe: Recipe, device: torch.device, start: Generator | None = None) -> None:
        """`start`: what to go on from (the shipped base); None: a generator that shows the sketch as it is."""
        torch.manual_seed(recipe.seed)
        self.pairs, self.recipe, self.device = pairs, recipe, device
        self.generator, self.average = (
            Generator(recipe.size).to(device).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
            for _ in range(2)
        )
        self.discriminator = Discriminator().to(device).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        if start:
            self.generator.load_state_dict(start.state_dict())
        self.average.load_state_dict(self.generator.state_dict())
        self.optimizers = {
            "generator": torch.optim.AdamW(self.generator.parameters(), recipe.learning_rate, (0.9, 0.99)),
            "discriminator": torch.optim.AdamW(self.discriminator.parameters(), recipe.discriminator_rate, (0.5, 0.9)),
        }
        self.steps_done = 0
        self._weight = _importance(device)

    # --- the two sides ----------------------------------------------------------------------------------------------

    def generator_step(self, batch: Batch) -> Losses:
        """Terms of the generator, weighted; their sum is what it learns from."""
        recipe = self.recipe
        with self._mixed():
            drawn = self.generator(batch.sketch)
            mouth = (slice(None), slice(None), MOUTH_ROWS, MOUTH_COLUMNS)
            terms: Losses = {
                "colour": recipe.colour * losses.colour(drawn, batch.truth, self._weight),
                "structure": recipe.structure * losses.dissimilarity(drawn[mouth], batch.truth[mouth]),
                "detail": recipe.detail * losses.detail(drawn, batch.truth),
            }
            if self.has_opponent:
                score, seen = self.discriminator(drawn, batch.masks)
                with torch.no_grad():
                    _, expected = self.discriminator(batch.truth, batch.masks)
                terms["adversarial"] = recipe.adversarial * losses.hinge_generator(score)
                terms["features"] = recipe.features * losses.feature_matching(expected, seen)
        self._learn("generator", terms)
        return terms

    def discriminator_step(self, batch: Batch) -> Losses:
        """The opponent's one term; the generator's picture is looked at, not changed."""
        with self._mixed():
            with torch.no_grad():
                drawn = self.generator(batch.sketch)
            real, _ = self.discriminator(batch.truth, batch.masks)
            fake, _ = self.discriminator(drawn, batch.masks)
            terms: Losses = {"opponent": losses.hinge_discriminator(real, fake)}
        self._learn("discriminator", terms)
        return terms

    @property
    def has_opponent(self) -> bool:
        recipe = self.recipe
        return recipe.adversarial > 0 and 0 < recipe.steps * recipe.opponent_from <= self.steps_done

    @property
    def is_judged(self) -> bool:
        """Whether the opponent has had its say by now, or never will."""
        return self.recipe.adversarial <= 0 or self.has_opponent

    def set_steps(self, steps: int) -> None:
        """Say how long the run will be; the rates follow from it."""
        self.recipe = replace(self.recipe, steps=steps)

    def step(self) -> dict[str, float]:
        """One round of both sides on a batch that hangs on the step's number alone."""
        batch = self._batch()
        self._set_rates()
        terms = self.discriminator_step(batch) if self.has_opponent else {}
        terms |= self.generator_step(batch)
        self.steps_done += 1
        self._follow_average()
        return {name: float(value.detach()) for name, value in terms.items()}

    # --- between steps ----------------------------------------------------------------------------------------------

    def _batch(self) -> Batch:
        draw_from = np.random.default_rng((self.recipe.seed, self.steps_done))
        rows = np.sort(draw_from.integers(0, len(self.pairs), self.recipe.batch))
        sketch = sketch_tensor(self.pairs.sketches[rows], self.device)
        truth = picture_tensor(self.pairs.truths[rows], self.device)
        most = self.recipe.shift_px
        down, right = (int(move) for move in draw_from.integers(-most, most + 1, 2))
        flip = self.recipe.mirror and draw_from.random() < 0.5
        sketch, truth = (_moved(picture, down, right, flip) for picture in (sketch, truth))
        if self.recipe.recolour:
            light = _light(draw_from, len(rows), self.recipe.recolour).to(self.device)
            truth = _recoloured(truth, light)
            sketch = torch.cat([_recoloured(sketch[:, :3], light), sketch[:, 3:]], dim=1)
        return Batch(sketch, truth)

    def _set_rates(self) -> None:
        share = self.steps_done / self.recipe.steps if self.recipe.steps else 0.0
        falling = 0.01 + 0.99 * (0.5 + 0.5 * cos(pi * min(share, 1.0)))
        rise = min(1.0, (self.steps_done + 1) / WARM_UP_STEPS)
        for name, rate in (("generator", self.recipe.learning_rate), ("discriminator", self.recipe.discriminator_rate)):
            for group in self.optimizers[name].param_groups:
                group["lr"] = rate * falling * rise

    def _learn(self, side: str, terms: Losses) -> None:
        optimizer = self.optimizers[side]
        optimizer.zero_grad(set_to_none=True)
        torch.stack(list(terms.values())).sum().backward()
        network = self.generator if side == "generator" else self.discriminator
        torch.nn.utils.clip_grad_norm_(network.parameters(), LARGEST_GRADIENT)
        optimizer.step()

    @torch.no_grad()
    def _follow_average(self) -> None:
        # Young averages forget fast, or the first steps would weigh for ever.
        keep = min(1 - 1 / AVERAGED_OVER, self.steps_done / (self.steps_done + 20))
        for mean, now in zip(self.average.parameters(), self.generator.parameters(), strict=True):
            mean.lerp_(now, 1 - keep)

    def _mixed(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=halves_pay(self.device))

    # --- to and from disk -------------------------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """Write all that a resumed run needs; whole or not at all."""
        save_checkpoint(folder, self.steps_done, self._networks(), self.optimizers)

    def resume(self, folder: Path) -> bool:
        """Go on where `save` stood; False where there is nothing to resume. Raises BundleError for a damaged checkpoint."""
        steps = load_checkpoint(folder, self._networks(), self.optimizers)
        self.steps_done = steps or 0
        return steps is not None

    def _networks(self) -> dict[str, torch.nn.Module]:
        return {"generator": self.generator, "average": self.average, "discriminator": self.discriminator}


def halves_pay(device: torch.device) -> bool:
    """Whether bfloat16 is faster here: on GPUs, and on processors that multiply it themselves (half the time)."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))


def _moved(picture: Tensor, down: int, right: int, flip: bool) -> Tensor:
    moved = torch.roll(picture, (down, right), (2, 3))
    # A mirrored face keeps its masks: they are symmetric in meaning.
    return moved.flip(3).contiguous(memory_format=torch.channels_last) if flip else moved


def _light(draw_from: np.random.Generator, count: int, most: float) -> Tensor:
    """(count, 3, 4) random matrices of colours, and a shift: contrast, saturation, cast and brightness."""
    contrast, saturation = (1 + most * draw_from.uniform(-1, 1, (2, count))).astype(np.float32)
    cast = (1 + 0.3 * most * draw_from.uniform(-1, 1, (count, 3))).astype(np.float32)
    shift = (0.5 * most * draw_from.uniform(-1, 1, (count, 1))).astype(np.float32)
    grey = np.full((3, 3), 1 / 3, np.float32)
    mixed = grey + saturation[:, None, None] * (np.eye(3, dtype=np.float32) - grey)
    linear = contrast[:, None, None] * cast[:, :, None] * mixed
    return torch.from_numpy(np.concatenate([linear, np.broadcast_to(shift[:, :, None], (count, 3, 1))], axis=2))


def _recoloured(picture: Tensor, light: Tensor) -> Tensor:
    moved = torch.einsum("nij,njhw->nihw", light[..., :3], picture) + light[..., 3:, None]
    return moved.clamp(-1, 1).contiguous(memory_format=torch.channels_last)


def _importance(device: torch.device) -> Tensor:
    """(1, 1, 224, 176) with mean 1."""
    weight = torch.full((1, 1, ROWS, COLUMNS), 0.5)
    weight[:, :, 20:76, 12:164] = 1.0
    weight[:, :, MOUTH_ROWS, MOUTH_COLUMNS] = 2.0
    return (weight / weight.mean()).to(device)
