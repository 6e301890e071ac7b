"""The autoencoder and its training. The same seed gives the same weights; a resumed run equals an unbroken one."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from scripts.train_head_motion.tracks import Track
from tiangong.core.face import EMOTIONS
from tiangong.rendering.head_motion import CHANNELS, LATENTS, LAYERS, WAVES, WINDOW, waves

Floats = NDArray[np.float32]
HIDDEN = 96
BATCH = 128
MEASURED_SHARE = 0.35  # of a batch, where there are measured tracks: they are few, and the truth
NOISE = 0.18  # what a reconstruction may be off by, in spreads of a channel
LEARNING_RATE = 1e-3


class HeadAutoencoder(nn.Module):
    """Windows (batch, 4, 10 cosines) <-> latents, given (batch, 71): loudness, emphasis, feeling.

    The latents' prior is learned too, from what is given (Sohn et al. 2015). Under a fixed one a whisper drew as much
    motion as a shout: the encoder had put the size of motion into the latents.
    """

    def __init__(self) -> None:
        super().__init__()
        known, moved = 2 * WINDOW + len(EMOTIONS), CHANNELS * WAVES
        self.encoder = _stack(moved + known, 2 * LATENTS)
        self.prior = _stack(known, 2 * LATENTS)
        self.decoder = _stack(LATENTS + known, moved)

    def encode(self, moved: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance (batch, 12) each."""
        mean, log_variance = self.encoder(torch.cat([moved.flatten(1), known], 1)).chunk(2, dim=1)
        return mean, log_variance

    def expect(self, known: Tensor) -> tuple[Tensor, Tensor]:
        """The prior's mean and log variance (batch, 12) each."""
        mean, log_variance = self.prior(known).chunk(2, dim=1)
        return mean, log_variance

    def decode(self, latents: Tensor, known: Tensor) -> Tensor:
        return self.decoder(torch.cat([latents, known], 1)).view(-1, CHANNELS, WAVES)


def _stack(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, outputs)
    )


def _divergence(mean: Tensor, log_variance: Tensor, expected: Tensor, expected_log_variance: Tensor) -> Tensor:
    """Kullback and Leibler's, of two normals, nats a window."""
    off = (log_variance.exp() + (mean - expected).square()) / expected_log_variance.exp()
    return 0.5 * (off - 1 + expected_log_variance - log_variance).sum(1).mean()


@dataclass(eq=False)
class Windows:
    """Every window of some tracks."""

    cosines: Tensor  # (n, 4, 10), in spreads of their channel
    known: Tensor  # (n, 71)


def scale_of(tracks: list[Track]) -> Floats:
    """(4,) spread of each channel."""
    return np.concatenate([track.motion for track in tracks]).std(axis=0).astype(np.float32)


def windows_of(tracks: list[Track], scale: Floats) -> Windows | None:
    """None where there are no tracks."""
    basis = waves(np.arange(WINDOW, dtype=np.float64))  # (32, 10), orthonormal
    cosines, known = [], []
    for track in tracks:
        for start in range(0, len(track.motion) - WINDOW + 1, 2):
            part = slice(start, start + WINDOW)
            cosines.append((track.motion[part] / scale).T @ basis)
            known.append(np.concatenate([track.loudness[part], track.emphasis[part], track.felt]))
    if not cosines:
        return None
    return Windows(torch.from_numpy(np.stack(cosines)), torch.from_numpy(np.stack(known)))


class Training:
    """Steps are numbered; what a step sees depends on the seed and its number alone."""

    def __init__(self, synthesized: Windows, measured: Windows | None, steps: int, seed: int) -> None:
        torch.manual_seed(seed)
        self.net = HeadAutoencoder()
        self._optimizer = torch.optim.Adam(self.net.parameters(), LEARNING_RATE)
        self._sources = (synthesized, measured)
        self._steps, self._seed = steps, seed
        self.step = 0

    def run(self, until: int) -> dict[str, float]:
        """Train up to step `until`; the losses of the last one."""
        losses: dict[str, Tensor] = {}
        while self.step < until:
            for group in self._optimizer.param_groups:
                group["lr"] = LEARNING_RATE * (0.51 + 0.49 * math.cos(math.pi * self.step / self._steps))
            losses = self._take_step()
            self.step += 1
        return {name: float(loss.detach()) for name, loss in losses.items()}

    def _take_step(self) -> dict[str, Tensor]:
        moved, known = self._batch()
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + self.step)
        mean, log_variance = self.net.encode(moved, known)
        latents = mean + torch.exp(0.5 * log_variance) * torch.randn(mean.shape, generator=generator)
        losses = {
            # By Parseval the cosines' error is the pictures' (of what ten cosines hold).
            "motion": (self.net.decode(latents, known) - moved).square().sum((1, 2)).mean() / (2 * NOISE**2),
            "divergence": _divergence(mean, log_variance, *self.net.expect(known)),
        }
        self._optimizer.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        self._optimizer.step()
        return losses

    def _batch(self) -> tuple[Tensor, Tensor]:
        synthesized, measured = self._sources
        rng = np.random.default_rng((self._seed, 3, self.step))
        real = round(MEASURED_SHARE * BATCH) if measured else 0
        parts = [(synthesized, BATCH - real)] + ([(measured, real)] if measured else [])
        rows = [(source, torch.from_numpy(rng.integers(len(source.known), size=n))) for source, n in parts]
        return torch.cat([s.cosines[r] for s, r in rows]), torch.cat([s.known[r] for s, r in rows])

    def save(self, path: Path) -> None:
        state = {"step": self.step, "net": self.net.state_dict(), "optimizer": self._optimizer.state_dict()}
        torch.save(state, path)

    def resume(self, path: Path) -> None:
        state = torch.load(path, weights_only=True)
        self.step = state["step"]
        self.net.load_state_dict(state["net"])
        self._optimizer.load_state_dict(state["optimizer"])

    def decoder_tensors(self, scale: Floats) -> dict[str, Floats]:
        """What the runtime loads (tiangong.rendering.head_motion.head_decoder)."""
        box = {"scale": scale}
        for name, net in (("prior", self.net.prior), ("decoder", self.net.decoder)):
            linear = [layer for layer in net if isinstance(layer, nn.Linear)]
            assert len(linear) == LAYERS
            for i, layer in enumerate(linear):
                box[f"{name}.weight_{i}"] = layer.weight.detach().numpy().copy()
                box[f"{name}.bias_{i}"] = layer.bias.detach().numpy().copy()
        return box
