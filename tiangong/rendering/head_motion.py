"""Head and brows while speaking, and at rest, drawn from a small variational autoencoder (Kingma and Welling 2014).

Windows of 32 pictures, a new one every 16, cross-faded. Each draws its latents by its number on the motion clock, so that
motion stays a function of seed, time and what is said: a stretch asked for twice is the same, and rest and speech of the
same time share their latents and meet. A window is decoded into a few cosines, so it is smooth, and can be asked between
pictures. Slow sway and breath remain life's; without weights the accents of `gestures` take this module's place.
Trained by scripts/train_head_motion; what it learned from is in weights/head_motion.md.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.errors import BundleError
from tiangong.core.face import EMOTIONS
from tiangong.core.media import AudioChunk, Speech
from tiangong.rendering.gestures import accents_s, bump, speaking_gestures
from tiangong.rendering.protocol import FPS
from tiangong.rendering.seeded import Times, chance
from tiangong.rendering.sound_level import HOP_S, level

Floats = NDArray[np.float32]
WEIGHTS: Final = Path(__file__).parent / "weights" / "head_motion.safetensors"
WINDOW: Final = 32  # pictures, 1.28 s: one or two accents
HOP: Final = WINDOW // 2
CHANNELS: Final = 4  # yaw, pitch, roll (rad), brows (weight, + up, - down)
WAVES: Final = 10  # cosines a channel, up to 3.5 Hz: heads that speak hardly move faster
LATENTS: Final = 12
LAYERS: Final = 3
_LATENT: Final = 70  # channel of chance
_FARTHEST_LATENT: Final = 2.5  # spreads: beyond, the decoder has seen next to nothing
_LOUD_RMS: Final = 0.2  # full scale of loudness; speech is levelled to an RMS of 0.09 (loudness 0.67)
_SYLLABLE_S: Final = 0.12
# A window's bounds. Two that overlap differ by twice the largest angle at most, which fading adds 0.098 of to a step.
LARGEST: Final = np.array([0.08, 0.08, 0.06, 0.30], np.float32)
_FASTEST_RAD: Final = 0.014  # a picture within one window; with the fading below 0.03
_SOUNDING: Final = 0.2  # loudness 11 dB under that of speech: a sentence has begun
_SETTLES_S: Final = 0.3


@dataclass(frozen=True)
class HeadPart:
    """Offsets to a pose: `head_rad` (n, 3) yaw, pitch, roll; `brows` (n,) + raised, - lowered."""

    head_rad: Floats
    brows: Floats


@dataclass(frozen=True, eq=False)
class Heard:
    """What the head follows, on its own 25 fps grid from the first sound on; 0 outside."""

    loudness: Floats  # (n,) 0 to 1
    emphasis: Floats  # (n,) 0 to 1, at stressed syllables 1


@dataclass(frozen=True, eq=False)
class Layers:
    """Linear layers with tanh between them."""

    weights: tuple[Floats, ...]  # (out, in) each
    biases: tuple[Floats, ...]

    def __call__(self, x: Floats) -> Floats:
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            x = np.tanh(x @ weight.T + bias)
        return x @ self.weights[-1].T + self.biases[-1]


@dataclass(frozen=True, eq=False)
class HeadDecoder:
    """Chance, what is heard and what is felt -> motion. The prior of the latents depends on what is heard and felt
    (Sohn et al. 2015): so does how much moves at all."""

    prior: Layers
    decoder: Layers
    scale: Floats  # (4,) spread of each channel in training

    def cosines(self, chances: Floats, heard: Floats, felt: Floats) -> Floats:
        """(k, 12) standard normal, (k, 64) loudness and emphasis of each window, (7,) feeling -> (k, 4, 10)."""
        known = np.concatenate([heard, np.broadcast_to(felt, (len(heard), len(felt)))], axis=1)
        mean, log_variance = np.split(self.prior(known), 2, axis=1)
        latents = mean + np.exp(0.5 * log_variance) * chances
        curves = self.decoder(np.concatenate([latents, known], axis=1))
        return curves.reshape(-1, CHANNELS, WAVES) * self.scale[:, None]


@lru_cache(maxsize=1)
def head_decoder(path: Path = WEIGHTS) -> HeadDecoder | None:
    """The trained decoder; None where its weights are missing. Raises BundleError for a damaged file."""
    if not path.exists():
        return None
    from safetensors import SafetensorError  # late: without weights it is not needed
    from safetensors.numpy import load_file

    try:
        box = load_file(path)
        prior, decoder = (
            Layers(*(tuple(box[f"{net}.{kind}_{i}"] for i in range(LAYERS)) for kind in ("weight", "bias")))
            for net in ("prior", "decoder")
        )
        return HeadDecoder(prior, decoder, box["scale"])
    except (OSError, SafetensorError, KeyError) as error:
        mend = "install tiangong again, or train it with `python -m scripts.train_head_motion`"
        raise BundleError(f"{path.name} cannot be read ({error}): {mend}") from error


def speaking_head(speech: Speech, times_s: Times, start_s: float, seed: int) -> HeadPart:
    """Motion over one speech that begins at `start_s` of the motion clock; `times_s` (n,) are on that clock."""
    decoder = head_decoder()
    if decoder is None:
        return _simple_head(speech, times_s - start_s, start_s, seed)
    return decoded_head(decoder, seed, times_s, heard_in(speech), start_s, felt_vector(speech))


def resting_head(times_s: Times, seed: int) -> HeadPart:
    """What is left of that motion in silence; still where there are no weights."""
    decoder = head_decoder()
    if decoder is None:
        return HeadPart(np.zeros((len(times_s), 3), np.float32), np.zeros(len(times_s), np.float32))
    nothing = np.zeros(0, np.float32)
    return decoded_head(decoder, seed, times_s, Heard(nothing, nothing), 0.0, np.zeros(len(EMOTIONS), np.float32))


def decoded_head(
    decoder: HeadDecoder, seed: int, times_s: Times, heard: Heard, start_s: float, felt: Floats
) -> HeadPart:
    """What the head does at `times_s` (n,); `heard` begins at `start_s`. Before and after the sound it is what it would
    have been in silence, so that nothing of a sentence hangs over."""
    numbers = _windows_around(times_s)
    chances = _chances(seed, numbers)
    silent = _joined(decoder.cosines(chances, np.zeros((len(numbers), 2 * WINDOW), np.float32), felt), numbers, times_s)
    moved = silent
    if len(heard.loudness):
        spoken = _joined(decoder.cosines(chances, _heard_by(numbers, heard, start_s), felt), numbers, times_s)
        moved = (silent + _during(heard, times_s - start_s)[:, None] * (spoken - silent)).astype(np.float32)
    return HeadPart(moved[:, :3], moved[:, 3])


def _windows_around(times_s: Times) -> NDArray[np.int64]:
    """Numbers of all windows that reach into a stretch."""
    if not len(times_s):
        return np.zeros(0, np.int64)
    first, last = (int(np.floor(at * FPS / HOP)) for at in (times_s.min(), times_s.max()))
    return np.arange(first - 1, last + 1)


def _joined(cosines: Floats, numbers: NDArray[np.int64], times_s: Times) -> Floats:
    """(k, 4, 10) windows -> (n, 4): each moment lies in two of them, and passes from one to the other."""
    at = times_s * FPS  # in pictures, not always whole
    moved = np.zeros((len(at), CHANNELS), np.float32)
    calm = _calmed(cosines)
    earlier = np.floor(at / HOP).astype(np.int64) - 1
    for step in (0, 1):
        row = earlier + step - numbers[:1]
        within = at - (earlier + step) * HOP
        share = np.sin(np.pi * within / WINDOW) ** 2
        curve = np.einsum("nw,ncw->nc", waves(within), cosines[row])
        moved += (share[:, None] * calm[row] * LARGEST * np.tanh(curve / LARGEST)).astype(np.float32)
    return moved


def _during(heard: Heard, since_s: Times) -> Floats:
    """(n,) 1 from the first to the last sound, eased to 0 outside."""
    sounding = np.flatnonzero(heard.loudness > _SOUNDING)
    if not len(sounding):
        return np.zeros(len(since_s), np.float32)
    outside = np.maximum(sounding[0] / FPS - since_s, since_s - sounding[-1] / FPS)
    share = 1 - np.clip(outside / _SETTLES_S, 0, 1)
    return (share * share * (3 - 2 * share)).astype(np.float32)


def waves(within: NDArray[np.float64]) -> Floats:
    """(n,) pictures into a window -> (n, 10): the cosines of an orthonormal DCT-II (Ahmed et al. 1974), there."""
    k = np.arange(WAVES)
    size = np.where(k == 0, np.sqrt(1 / WINDOW), np.sqrt(2 / WINDOW))
    return (size * np.cos(np.pi * (within[:, None] + 0.5) * k / WINDOW)).astype(np.float32)


def heard_in(speech: Speech) -> Heard:
    """What the head follows in a speech."""
    frames = int(np.ceil(speech.audio.duration_s * FPS))
    times_s = np.arange(frames) / FPS
    emphasis = np.zeros(frames)
    for at_s in accents_s(speech) if frames else ():
        emphasis = np.maximum(emphasis, bump(times_s, at_s))
    return Heard(loudness(speech.audio, times_s), emphasis.astype(np.float32))


def loudness(sound: AudioChunk, times_s: Times) -> Floats:
    """(n,) 0 to 1: square root of the RMS over about a syllable; absolute, so that a raised voice counts as louder."""
    if not len(times_s):
        return np.zeros(0, np.float32)
    loud = level(sound)
    kernel = np.hanning(round(_SYLLABLE_S / HOP_S) + 2)[1:-1]
    smooth = np.convolve(loud, kernel / kernel.sum(), "full")[len(kernel) // 2 :][: len(loud)]
    heard = np.interp(times_s, np.arange(len(loud)) * HOP_S, smooth)
    return np.minimum(np.sqrt(heard / _LOUD_RMS), 1.0).astype(np.float32)


def felt_vector(speech: Speech) -> Floats:
    """(7,) intensity at the feeling's place, 0 elsewhere."""
    felt = np.zeros(len(EMOTIONS), np.float32)
    felt[EMOTIONS.index(speech.style.emotion)] = min(max(speech.style.intensity, 0.0), 1.0)
    return felt


def _chances(seed: int, numbers: NDArray[np.int64]) -> Floats:
    """(k,) window numbers -> (k, 12) standard normal (Box and Muller 1958), cut off where nothing was learned."""
    drawn = chance(seed, _LATENT, numbers[:, None] * (2 * LATENTS) + np.arange(2 * LATENTS))
    normal = np.sqrt(-2 * np.log1p(-drawn[:, :LATENTS])) * np.cos(2 * np.pi * drawn[:, LATENTS:])
    return np.clip(normal, -_FARTHEST_LATENT, _FARTHEST_LATENT).astype(np.float32)


def _heard_by(numbers: NDArray[np.int64], heard: Heard, start_s: float) -> Floats:
    """(k, 64): loudness, then emphasis, at the pictures of each window."""
    pictures = (numbers[:, None] * HOP + np.arange(WINDOW)) - start_s * FPS
    known = np.arange(-1, len(heard.loudness) + 1)
    tracks = [np.pad(track, 1) for track in (heard.loudness, heard.emphasis)]
    return np.concatenate([np.interp(pictures, known, track) for track in tracks], axis=1).astype(np.float32)


def _calmed(cosines: Floats) -> Floats:
    """(k, 4) factor up to 1 for windows that would turn the head too fast; of the window alone, so that it stays a
    function of time."""
    curves = np.einsum("nw,kcw->knc", waves(np.arange(WINDOW, dtype=np.float64)), cosines)
    fastest = np.abs(np.diff(LARGEST * np.tanh(curves / LARGEST), axis=1)).max(axis=1)
    limit = np.array([_FASTEST_RAD] * 3 + [1.0], np.float32)
    return np.minimum(1.0, limit / np.maximum(fastest, 1e-6)).astype(np.float32)


def _simple_head(speech: Speech, since_s: Times, start_s: float, seed: int) -> HeadPart:
    """The accents of `gestures`, from the first sound on."""
    accents = speaking_gestures(speech, since_s, start_s, seed)
    begun = (since_s > -0.5 / FPS).astype(np.float32)
    head = np.zeros((len(since_s), 3), np.float32)
    head[:, 1] = begun * accents.pitch_rad
    return HeadPart(head, begun * accents.brows)
