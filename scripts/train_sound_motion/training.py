"""The network in torch, its losses, and a run of training that can be broken off and taken up again bit for bit."""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi
from pathlib import Path
from typing import Final

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from scripts.train_sound_motion.clips import Clips
from tiangong.rendering.sound_motion import CURVES
from tiangong.rendering.sound_motion_net import CHANNELS, DILATIONS, TAPS, shapes

# How much each curve varies: jaw, lower, upper, spread, funnel, pucker. Errors count in proportion.
_SPREADS: Final = torch.tensor([0.10, 0.04, 0.015, 0.08, 0.10, 0.14])
_BEND: Final = 0.3  # smaller errors count by their square, larger ones by their size (Huber 1964)
_CONTACTS_WEIGHT: Final = 0.6
# Contacts of lips and teeth are rare and short; a missed one is seen more than one too many, and so is a mouth open in silence.
_RARE: Final = torch.tensor([5.0, 5.0, 2.0])
_WARM_UP_STEPS: Final = 100
_LONGEST_GRADIENT: Final = 1.0


@dataclass(frozen=True)
class Plan:
    """How to train; what is trained stands in `sound_motion_net`."""

    steps: int = 4_500
    batch: int = 16  # clips of 6 s
    peak_rate: float = 3e-3  # learning rate, reached after 100 steps, then falling as a cosine
    weight_decay: float = 0.01
    seed: int = 1


class Net(nn.Module):
    """The same network as `NetStream`, over whole clips and with gradients."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.w = nn.ParameterDict(
            {name.replace(".", "_"): _first(name, shape, generator) for name, shape in shapes().items()}
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """(clips, steps, 82) -> (clips, steps, 9)."""
        w = self.w
        x = inputs @ w["enter_weight"] + w["enter_bias"]
        for i, dilation in enumerate(DILATIONS):
            known = F.pad(
                F.layer_norm(x, (CHANNELS,), w[f"{i}_gain"], w[f"{i}_shift"]), (0, 0, (TAPS - 1) * dilation, 0)
            )
            taps = torch.cat([known[:, k * dilation : k * dilation + x.shape[1]] for k in range(TAPS)], dim=2)
            hidden = F.relu(taps @ w[f"{i}_conv_weight"] + w[f"{i}_conv_bias"])
            x = x + (hidden @ w[f"{i}_mix_weight"] + w[f"{i}_mix_bias"])
        return F.layer_norm(x, (CHANNELS,), w["gain"], w["shift"]) @ w["leave_weight"] + w["leave_bias"]

    def weights(self) -> dict[str, Tensor]:
        return {name: self.w[name.replace(".", "_")].detach().clone() for name in shapes()}


def _first(name: str, shape: tuple[int, ...], generator: torch.Generator) -> nn.Parameter:
    """He and others 2015 for matrices; the last one and those that add to their input begin small."""
    if name.endswith("weight"):
        size = (0.3 if "mix" in name else 0.1 if "leave" in name else 1.0) * (2 / shape[0]) ** 0.5
        return nn.Parameter(size * torch.randn(shape, generator=generator))
    return nn.Parameter(torch.ones(shape) if name.endswith("gain") else torch.zeros(shape))


def losses(out: Tensor, motion: Tensor) -> dict[str, Tensor]:
    """Network's (clips, steps, 9) and the truth -> what is wrong with curves and with contacts, each a number."""
    error = (out[..., :CURVES] - motion[..., :CURVES]) / _SPREADS
    curves = F.smooth_l1_loss(error, torch.zeros_like(error), beta=_BEND)
    contacts = F.binary_cross_entropy_with_logits(out[..., CURVES:], motion[..., CURVES:], pos_weight=_RARE)
    return {"curves": curves, "contacts": _CONTACTS_WEIGHT * contacts}


class Training:
    """A net and its optimizer; step s sees a batch that depends on the plan's seed and s alone."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.net, self.steps_done = plan, Net(plan.seed), 0
        self._optimizer = torch.optim.AdamW(self.net.parameters(), lr=0.0, weight_decay=plan.weight_decay)

    def step(self, clips: Clips) -> dict[str, float]:
        """One step; the losses before it."""
        rng = np.random.default_rng([self.plan.seed, self.steps_done])
        inputs, motion = (torch.from_numpy(a) for a in clips.batch(self.plan.batch, rng))
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate()
        named = losses(self.net(inputs), motion)
        self._optimizer.zero_grad()
        sum(named.values(), torch.zeros(())).backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), _LONGEST_GRADIENT)
        self._optimizer.step()
        self.steps_done += 1
        return {name: float(loss.detach()) for name, loss in named.items()}

    def _rate(self) -> float:
        warm = min(1.0, (self.steps_done + 1) / _WARM_UP_STEPS)
        return self.plan.peak_rate * warm * (0.5 + 0.5 * cos(pi * self.steps_done / self.plan.steps))

    def save(self, file: Path) -> None:
        """All that is needed to go on, written whole or not at all."""
        state = {f"net.{name}": value.detach() for name, value in self.net.w.items()}
        for i, moments in self._optimizer.state_dict()["state"].items():
            state |= {f"adam.{i}.{name}": value for name, value in moments.items()}
        part = file.with_suffix(".part")
        save_file({name: value.contiguous() for name, value in state.items()}, part, {"steps": str(self.steps_done)})
        part.replace(file)

    def load(self, file: Path) -> None:
        with safe_open(file, "pt") as kept:
            state = {name: kept.get_tensor(name) for name in kept.keys()}  # noqa: SIM118
            self.steps_done = int(kept.metadata()["steps"])
        with torch.no_grad():
            for name, value in self.net.w.items():
                value.copy_(state[f"net.{name}"])
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in state.items():
            kind, number, which = name.split(".", 2)[0], name.split(".")[1], name.split(".")[-1]
            if kind == "adam":
                moments.setdefault(int(number), {})[which] = value
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": moments, "param_groups": groups})

    def ship(self, file: Path) -> None:
        """Weights alone, as float16: half the size, and no curve moves by more than a thousandth."""
        save_file({name: value.half().contiguous() for name, value in self.net.weights().items()}, file)


def run(training: Training, clips: Clips, checkpoint: Path, every: int, tell: Callable[[str], None]) -> None:
    """Train to the end of the plan, keeping a checkpoint every so many steps."""
    sums: dict[str, float] = {}
    while training.steps_done < training.plan.steps:
        for name, loss in training.step(clips).items():
            sums[name] = sums.get(name, 0.0) + loss
        if training.steps_done % every == 0 or training.steps_done == training.plan.steps:
            training.save(checkpoint)
            tell(f"step {training.steps_done}: " + ", ".join(f"{n} {v / every:.4f}" for n, v in sums.items()))
            sums = {}
