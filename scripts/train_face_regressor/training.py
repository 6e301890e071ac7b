"""Principal components, and three small networks on them that are shipped as one."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from torch import Tensor, nn

from scripts.train_face_regressor.samples import Samples
from tiangong.core.face import ARKIT_BLEND_SHAPES, BLEND_SHAPE_INDEX
from tiangong.perception.face_regressor import LEARNED, MARKS, FaceRegressor

Floats = NDArray[np.float32]
COMPONENTS = 40  # of 444; 64 and 90 did worse on people held out
HIDDEN = 64  # of each network
NETWORKS = 3  # their mean is steadier than one of them
BATCH = 256
NOISE = 0.2  # on whitened components
LEAST_SPREAD = 0.04  # shapes that hardly move are not blown up to the weight of the others
SHARES = {"drawn": 0.4, "clip": 0.25, "neutral": 0.12, "photo": 0.23}  # of what is drawn for a batch
_COLUMNS = [BLEND_SHAPE_INDEX[name] for name in LEARNED]


@dataclass(frozen=True, eq=False)
class _Whitened:
    mean: Floats
    components: Floats
    inputs: Tensor  # (n, 40)
    targets: Tensor  # (n, 21)
    weights: NDArray[np.float64]  # (n,) sum to 1


class _Reader(nn.Module):
    def __init__(self, usual: Tensor) -> None:
        """`usual` (21,): mean of the targets, where it begins."""
        super().__init__()
        self.linear = nn.Linear(COMPONENTS, len(LEARNED), bias=False)
        self.hidden = nn.Linear(COMPONENTS, HIDDEN)
        self.out = nn.Linear(HIDDEN, len(LEARNED))
        with torch.no_grad():
            self.linear.weight *= 0.1
            self.out.weight *= 0.1
            self.out.bias.copy_(torch.logit(usual.clamp(0.003, 0.97)))

    def forward(self, inputs: Tensor) -> Tensor:
        return torch.sigmoid(self.linear(inputs) + self.out(torch.tanh(self.hidden(inputs))))


def train(samples: Samples, steps: int, seed: int) -> FaceRegressor:
    """The same seed and samples give the same network."""
    data = _whitened(samples)
    nets = [_trained(data, steps, seed * 100 + i) for i in range(NETWORKS)]
    with torch.no_grad():
        # The mean of the networks' sums is the sum of one network three times as wide.
        merged = FaceRegressor(
            data.mean,
            data.components,
            _numbers(sum(net.linear.weight.T for net in nets) / NETWORKS),
            _numbers(torch.cat([net.hidden.weight.T for net in nets], 1)),
            _numbers(torch.cat([net.hidden.bias for net in nets])),
            _numbers(torch.cat([net.out.weight.T for net in nets]) / NETWORKS),
            _numbers(sum(net.out.bias for net in nets) / NETWORKS),
            *(np.zeros(len(LEARNED), np.float32),) * 2,
        )
    neutral = np.stack([merged.read(points) for points in samples.points[samples.kind == "neutral"]])
    rest, spread = neutral.mean(axis=0), np.maximum(neutral.std(axis=0), 0.005)
    return FaceRegressor(*list(vars(merged).values())[:7], rest.astype(np.float32), spread.astype(np.float32))


def _whitened(samples: Samples) -> _Whitened:
    """Every face twice: as it is, and in the mirror."""
    other, swapped = _mirror_of(samples.points), _swapped_shapes()
    mirrored = (samples.points * np.array([-1, 1, 1], np.float32))[:, other]
    points = np.concatenate([samples.points, mirrored])[:, MARKS].reshape(2 * len(samples.points), -1)
    shapes = np.concatenate([samples.teacher, samples.teacher[:, swapped]])[:, _COLUMNS]
    counts = {kind: int((samples.kind == kind).sum()) for kind in SHARES}
    weights = np.tile([SHARES[kind] / counts[kind] for kind in samples.kind], 2)
    weights /= weights.sum()
    mean = (points * weights[:, None]).sum(axis=0)
    _, strengths, directions = np.linalg.svd((points - mean) * np.sqrt(weights)[:, None], full_matrices=False)
    # In rows: safetensors writes a transposed array's memory as it lies, and reads it back as another matrix.
    components = np.ascontiguousarray((directions[:COMPONENTS] / strengths[:COMPONENTS, None]).T)
    inputs = (points - mean) @ components
    return _Whitened(
        mean.astype(np.float32), components.astype(np.float32), torch.tensor(inputs, dtype=torch.float32),
        torch.tensor(shapes), weights,
    )  # fmt: skip


def _trained(data: _Whitened, steps: int, seed: int) -> _Reader:
    torch.manual_seed(seed)
    rng, cumulated = np.random.default_rng(seed), np.cumsum(data.weights)
    usual = (data.targets * torch.tensor(data.weights)[:, None]).sum(0).float()
    spread = data.targets.std(0).clamp(min=LEAST_SPREAD)
    net = _Reader(usual)
    optimizer = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, max(steps, 2))
    for _ in range(steps):
        rows = np.minimum(np.searchsorted(cumulated, rng.uniform(size=BATCH)), len(cumulated) - 1)
        noisy = data.inputs[rows] + NOISE * torch.randn(BATCH, COMPONENTS)
        loss = ((net(noisy) - data.targets[rows]) / spread).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return net


def _mirror_of(points: Floats) -> NDArray[np.intp]:
    """(478,) of each point the one on the other side: the nearest in the mirrored mean face, one to one."""
    mean = points.mean(axis=0)
    apart = np.square((mean * [-1, 1, 1])[:, None] - mean[None]).sum(axis=2)
    return linear_sum_assignment(apart)[1]


def _swapped_shapes() -> list[int]:
    def other(name: str) -> str:
        if name.endswith("Left"):
            return name.removesuffix("Left") + "Right"
        return name.removesuffix("Right") + "Left" if name.endswith("Right") else name

    return [BLEND_SHAPE_INDEX[other(name)] for name in ARKIT_BLEND_SHAPES]


def _numbers(tensor: Tensor | int) -> Floats:
    assert isinstance(tensor, Tensor)
    return tensor.numpy().astype(np.float32).copy()
