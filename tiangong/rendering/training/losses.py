"""What the two networks are told. Each function is one term, a scalar tensor."""

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as f

SSIM_WINDOW_PX: Final = 7
_C1, _C2 = 0.01**2, 0.03**2  # of structural similarity, for pictures in [0, 1]
SMALL_CHANGE: Final = 0.06  # 8 levels of 255: below it a difference counts squared
PYRAMID_LEVELS: Final = 3


def hinge_discriminator(real: Tensor, drawn: Tensor) -> Tensor:
    """The discriminator's side of the game of Goodfellow et al. 2014, with hinges (Lim and Ye 2017)."""
    return f.relu(1 - real).mean() + f.relu(1 + drawn).mean()


def hinge_generator(drawn: Tensor) -> Tensor:
    return -drawn.mean()


def feature_matching(real: Sequence[Tensor], drawn: Sequence[Tensor]) -> Tensor:
    """Distance of what the discriminator sees in both (Salimans et al. 2016; Wang et al. 2018)."""
    return torch.stack([f.l1_loss(d, r.detach()) for d, r in zip(drawn, real, strict=True)]).mean()


def colour(drawn: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """Huber's loss (1964), on the scale of L1; `weight` (n, 1, h, w), mean 1: how much each pixel counts.

    Plain L1 asks for the median: among pairs that mostly need no change it is content with none.
    """
    return (f.smooth_l1_loss(drawn, truth, beta=SMALL_CHANGE, reduction="none") * weight).mean()


def detail(drawn: Tensor, truth: Tensor) -> Tensor:
    """The perceptual term that needs no downloaded weights: L1 between Laplacian pyramids (Burt and Adelson 1983;
    Bojanowski et al. 2018), so that edges count at every scale."""
    terms: list[Tensor] = []
    for _ in range(PYRAMID_LEVELS):
        small_drawn, small_truth = f.avg_pool2d(drawn, 2), f.avg_pool2d(truth, 2)
        fine_drawn, fine_truth = (
            large - f.interpolate(small, scale_factor=2.0, mode="bilinear", align_corners=False)
            for large, small in ((drawn, small_drawn), (truth, small_truth))
        )
        terms.append(f.l1_loss(fine_drawn, fine_truth))
        drawn, truth = small_drawn, small_truth
    return torch.stack(terms).sum()


def dissimilarity(drawn: Tensor, truth: Tensor) -> Tensor:
    """1 - SSIM (Wang et al. 2004) over pictures in [-1, 1], with a flat window."""
    a, b = (drawn + 1) / 2, (truth + 1) / 2
    mean_a, mean_b = _pooled(a), _pooled(b)
    variance_a, variance_b = _pooled(a * a) - mean_a**2, _pooled(b * b) - mean_b**2
    covariance = _pooled(a * b) - mean_a * mean_b
    light = (2 * mean_a * mean_b + _C1) / (mean_a**2 + mean_b**2 + _C1)
    shape = (2 * covariance + _C2) / (variance_a + variance_b + _C2)
    return 1 - (light * shape).mean()


def _pooled(x: Tensor) -> Tensor:
    return f.avg_pool2d(x, SSIM_WINDOW_PX, stride=1)
