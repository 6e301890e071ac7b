"""The network of face emotion: three small networks, each with its own seed, averaged.

Adding the difference of another person's neutral face to each face, so that the network cannot learn what these 51 people look
like, brought nothing on faces from elsewhere (0.31 to 0.33 either way), so it is left out.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from scripts.train_face_emotion.pictures import Looked
from tiangong.core.face import EMOTIONS
from tiangong.perception.face_emotion import FARTHEST, FaceEmotionNet, inputs
from tiangong.perception.face_measures import POPULATION_REST

Floats = NDArray[np.float32]
UNITS, NETWORKS, PASSES, BATCH = 64, 3, 25, 256
LEARNING_RATE, DECAY, DROPOUT, SMOOTHING = 3e-3, 1e-3, 0.2, 0.05
NOISE: Final = 0.3  # spreads
KNOWN_REST: Final = 0.35  # how often a face comes against its own rest, as it does for a face that is followed
PHOTOGRAPHS: Final = 20  # times a photograph counts
NEUTRAL: Final = (
    1.5  # times a neutral face counts: most faces are, and to see feelings that are not there is the worse mistake
)


@dataclass(frozen=True, eq=False)
class Material:
    against_mean: Floats  # (n, 53)
    against_own: Floats  # (n, 53)
    label: NDArray[np.int64]

    @classmethod
    def of(cls, looked: Looked) -> "Material":
        neutral = looked.label == EMOTIONS.index("neutral")
        rests = {p: looked.measures[neutral & (looked.person == p)].mean(0) for p in np.unique(looked.person)}
        own = np.stack(
            [inputs(m, rests[p], h) for m, p, h in zip(looked.measures, looked.person, looked.head_rad, strict=True)]
        )
        times = np.where(looked.drawn, 1, PHOTOGRAPHS)
        mean = inputs(looked.measures, POPULATION_REST, looked.head_rad)
        return cls(mean.repeat(times, 0), own.repeat(times, 0), looked.label.repeat(times))


def train(material: Material, seed: int) -> FaceEmotionNet:
    """All networks, at temperature 1."""
    nets = [_train_one(material, seed * NETWORKS + i) for i in range(NETWORKS)]

    def stack(name: str) -> Floats:
        return np.stack([dict(net.named_parameters())[name].detach().numpy() for net in nets]).astype(np.float32)

    return FaceEmotionNet(
        stack("0.weight").transpose(0, 2, 1), stack("0.bias"), stack("3.weight").transpose(0, 2, 1), stack("3.bias"),
        np.ones(1, np.float32),
    )  # fmt: skip


def _train_one(material: Material, seed: int) -> torch.nn.Sequential:
    torch.manual_seed(seed)
    mean, own = torch.from_numpy(material.against_mean), torch.from_numpy(material.against_own)
    label = torch.from_numpy(material.label)
    weight = len(label) / len(EMOTIONS) / torch.bincount(label, minlength=len(EMOTIONS))
    weight[EMOTIONS.index("neutral")] *= NEUTRAL
    net = torch.nn.Sequential(
        torch.nn.Linear(mean.shape[1], UNITS),
        torch.nn.Tanh(),
        torch.nn.Dropout(DROPOUT),
        torch.nn.Linear(UNITS, len(EMOTIONS)),
    )
    optimizer = torch.optim.AdamW(net.parameters(), weight_decay=DECAY)
    for turn in range(PASSES):
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * (1 - turn / PASSES) + 1e-5
        for chosen in torch.randperm(len(label)).split(BATCH):
            known = torch.rand(len(chosen), 1) < KNOWN_REST
            faces = torch.where(known, own[chosen], mean[chosen])
            faces = (faces + NOISE * torch.randn_like(faces)).clamp(-FARTHEST, FARTHEST)
            loss = cross_entropy(net(faces), label[chosen], weight, label_smoothing=SMOOTHING)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return net.eval()


def calibrated(net: FaceEmotionNet, rows: Floats, label: NDArray[np.int64]) -> FaceEmotionNet:
    """The same at the temperature under which `label` is likeliest (Guo et al. 2017)."""
    found = [
        (float(np.log(_at(net, t).probabilities(rows)[np.arange(len(label)), label] + 1e-9).mean()), t) for t in _TRIED
    ]
    return _at(net, max(found)[1])


_TRIED: Final = tuple(np.geomspace(0.5, 4.0, 40).tolist())


def _at(net: FaceEmotionNet, temperature: float) -> FaceEmotionNet:
    return FaceEmotionNet(net.hidden, net.hidden_bias, net.out, net.out_bias, np.array([temperature], np.float32))
