"""The voice map: s' = s + ds with ds = -lambda grad_s L(s, s'), from a synthetic voice to a person.

s are log spectral envelopes in mel bands. What may move is not s itself but the parameters of a low-dimensional manifold
of changes: one warp of the frequency axis (the length of the vocal tract; Eide and Gish 1996) and, for each kind of
sound, a gain curve of a few cosines (as in maximum-likelihood linear regression for speaker adaptation, Leggetter and
Woodland 1995, kept smooth). A change of this family can make a voice darker, nasal or small; it cannot add noise.
L is the distance between mean spectra of each kind of sound, mapped and wanted, plus the size of the change.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from tiangong.voice.clone.articulation import KIND_OF, KINDS
from tiangong.voice.clone.spectrum import BAND_HZ, BAND_MELS, BANDS, Floats

COSINES: Final = 16  # gains no finer than 4 bands, a quarter of a formant's distance
# Tracts of grown people differ by 15 %, but a mean spectrum also tilts, and a larger warp would imitate that: with 20 % a
# recognizer misses 15 % more words, and speaker encoders hear no closer voice.
MOST_WARP: Final = 0.05
_STEPS: Final = 400
_LAMBDA: Final = 0.08
_MOMENTUM: Final = 0.9
_HELD: Final = 60  # frames (0.3 s) of a kind of sound that weigh as much as the common gain
# The phones of a recording are known to half only, so a kind's own mean lies too near the mean of all: free gains of each
# kind (0.02) blur the vowels (9 % more words missed), and without them (5.0) the voice is less alike.
_OWN_GAIN_COST: Final = 0.1
_WARP_COST: Final = 2.0
_ROUGHNESS_COST: Final = 0.002


@dataclass(frozen=True)
class SpectralMap:
    """s' = warped(s) + gain of its kind of sound."""

    warp: float  # > 1: formants move up, a shorter tract
    gains: Floats  # (KINDS + 1, 64) natural logarithm of power; the last row, silence, is 0
    loss: float  # L at the end: how far apart mean spectra still are (mean square, nepers)

    def __call__(self, bands: Floats, sounds: NDArray[np.intp]) -> Floats:
        """(n, 64) log bands, (n,) sounds -> (n, 64). The gain glides from sound to sound over some 40 ms."""
        gains = _glided(self.gains[KIND_OF[sounds]])
        return bands @ _warp_matrix(self.warp) + gains


def fitted_map(
    base: Floats, base_sounds: NDArray[np.intp], person: Floats, person_sounds: NDArray[np.intp]
) -> SpectralMap:
    """(n, 64) and (m, 64) log bands of speech with the sounds they belong to -> the map from one to the other."""
    base_means, base_counts = _means(base, base_sounds)
    person_means, person_counts = _means(person, person_sounds)
    both = np.minimum(base_counts, person_counts)
    weights = torch.tensor(both / (both + _HELD))
    weights = weights / weights.sum()
    cosines = torch.tensor(_COSINES)
    log_warp = torch.zeros((), dtype=torch.float64, requires_grad=True)
    common = torch.zeros(COSINES, dtype=torch.float64, requires_grad=True)
    own = torch.zeros((KINDS, COSINES), dtype=torch.float64, requires_grad=True)
    source, target = torch.tensor(base_means), torch.tensor(person_means)
    roughness = torch.arange(COSINES, dtype=torch.float64).square()
    moved = [log_warp, common, own]
    speed = [torch.zeros_like(p) for p in moved]
    loss = torch.zeros(())
    for _ in range(_STEPS):
        gains = (common + own) @ cosines
        distance = (weights[:, None] * (_warped(source, log_warp) + gains - target).square()).sum() / BANDS
        size = (
            _WARP_COST * log_warp.square()
            + _OWN_GAIN_COST * (weights[:, None] * own.square()).sum()
            + _ROUGHNESS_COST * (roughness * (common + own).square()).sum() / KINDS / COSINES
        )
        loss = distance
        gradients = torch.autograd.grad(distance + size, moved)
        with torch.no_grad():
            for parameter, gradient, v, rate in zip(moved, gradients, speed, (0.01, 1.0, 1.0), strict=True):
                v.mul_(_MOMENTUM).sub_(_LAMBDA * rate * gradient * (KINDS if parameter is own else 1))
                parameter.add_(v)
            log_warp.clamp_(-MOST_WARP, MOST_WARP)
    curves = ((common + own) @ cosines).detach().numpy()
    return SpectralMap(
        float(np.exp(log_warp.detach())), np.vstack([curves, np.zeros(BANDS)]).astype(np.float32), float(loss.detach())
    )


def _cosines() -> NDArray[np.float64]:
    """(COSINES, 64) rows of the DCT-II, each of unit power."""
    at = (np.arange(BANDS) + 0.5) / BANDS
    rows = np.cos(np.pi * np.arange(COSINES)[:, None] * at)
    return rows / np.sqrt(np.mean(rows**2, axis=1, keepdims=True))


_COSINES: Final = _cosines()


def _means(bands: Floats, sounds: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(KINDS, 64) mean of each kind of sound (the mean of all where there is none), (KINDS,) how many frames."""
    kinds = KIND_OF[sounds]
    counts = np.array([np.sum(kinds == k) for k in range(KINDS)], np.float64)
    whole = bands[kinds < KINDS].mean(0)
    means = np.array([bands[kinds == k].mean(0) if counts[k] else whole for k in range(KINDS)], np.float64)
    return means, counts


def _positions(warp: "float | torch.Tensor") -> "torch.Tensor":
    """(64,) where on the band axis each band of the warped spectrum is read."""
    hz = torch.tensor(BAND_HZ) / warp
    mels = 1127 * torch.log1p(hz / 700)
    step = float(BAND_MELS[1] - BAND_MELS[0])
    return ((mels - float(BAND_MELS[0])) / step).clamp(0, BANDS - 1.001)


def _warped(spectra: torch.Tensor, log_warp: torch.Tensor) -> torch.Tensor:
    at = _positions(torch.exp(log_warp))
    below = at.detach().floor().long()
    share = at - below
    return spectra[:, below] * (1 - share) + spectra[:, below + 1] * share


def _warp_matrix(warp: float) -> Floats:
    """(64, 64) such that `bands @ matrix` is warped."""
    return _warped(torch.eye(BANDS, dtype=torch.float64), torch.tensor(np.log(warp))).numpy().astype(np.float32)


_GLIDE: Final = np.hanning(11)[1:-1] / np.hanning(11).sum()  # 45 ms


def _glided(gains: Floats) -> Floats:
    half = len(_GLIDE) // 2
    padded = np.pad(gains, ((half, half), (0, 0)), mode="edge")
    return sum(np.float32(w) * padded[i : i + len(gains)] for i, w in enumerate(_GLIDE))  # type: ignore[return-value]
