"""How alike real and drawn motion are: size, how it follows loudness, and where its energy lies."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts.train_head_motion.tracks import measured_clip
from tiangong.core.face import EMOTIONS
from tiangong.rendering.head_motion import Heard, decoded_head, head_decoder
from tiangong.rendering.life import head_sway
from tiangong.rendering.protocol import FPS

BANDS_HZ = ((0.2, 0.8), (0.8, 1.6), (1.6, 3.2), (3.2, 6.4))
SEEDS = 20


def report(clips: Path, weights: Path) -> str:
    """A table; "no clips" where there are none to compare with."""
    files = sorted(clips.glob("*.mpg")) if clips.is_dir() else []
    if not files:
        return "no clips to compare with"
    decoder = head_decoder(weights)
    assert decoder is not None
    still = np.zeros(len(EMOTIONS), np.float32)
    real, drawn, swaying = [], [], []
    for number, file in enumerate(files):
        track = measured_clip(file)
        real.append(_figures(track.motion, track.loudness))
        heard, times_s = Heard(track.loudness, track.emphasis), np.arange(len(track.motion)) / FPS
        for seed in range(SEEDS):
            part = decoded_head(decoder, 100 * number + seed, times_s, heard, 0.0, still)
            motion = np.concatenate([part.head_rad, part.brows[:, None]], axis=1)
            drawn.append(_figures(motion, track.loudness))
            motion[:, :3] += head_sway(100 * number + seed, times_s)
            swaying.append(_figures(motion, track.loudness))
    heads = "rms yaw pitch roll (rad) brows | speed (rad/s) | speed ~ loudness | energy in " + ", ".join(
        f"{low}-{high}" for low, high in BANDS_HZ
    )
    rows = [(f"real, n={len(real)}", real), (f"drawn, n={len(drawn)}", drawn), ("drawn + sway of life", swaying)]
    return "\n".join([heads, *(f"{name:22} {np.round(np.mean(group, axis=0), 4)}" for name, group in rows)])


def _figures(motion: NDArray[np.float32], loudness: NDArray[np.float32]) -> list[float]:
    """Spread of four channels, mean speed, its correlation with loudness (both over 0.3 s), shares of energy."""
    rms = motion.std(axis=0)
    speed = np.abs(np.gradient(motion[:, :3], axis=0)).sum(axis=1) * FPS
    kernel = np.hanning(17)[1:-1]
    smooth = [np.convolve(curve, kernel / kernel.sum(), "valid") for curve in (speed, loudness)]
    head = motion[:, :3] - motion[:, :3].mean(axis=0)
    energy = (np.abs(np.fft.rfft(head * np.hanning(len(head))[:, None], axis=0)) ** 2).sum(axis=1)
    hz = np.fft.rfftfreq(len(head), 1 / FPS)
    bands = [float(energy[(hz >= low) & (hz < high)].sum()) for low, high in BANDS_HZ]
    shares = [band / max(sum(bands), 1e-12) for band in bands]
    return [*map(float, rms), float(speed.mean()), float(np.corrcoef(*smooth)[0, 1]), *shares]
