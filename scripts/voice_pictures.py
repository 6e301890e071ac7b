"""Draws a clone beside the person and beside the voice it was made from, all saying one sentence: spectrogram and F0.

python -m scripts.voice_pictures --learn a.wav --learn b.wav --same c.wav --text "what is said in c" --out docs/voice_x.jpg
"""

import argparse
import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from scipy.signal import spectrogram

from tiangong.core.media import SpeechStyle
from tiangong.core.sound import read_audio
from tiangong.studio.voices import read_recordings, write_voice
from tiangong.voice.clone.profile import read_facts
from tiangong.voice.clone.spectrum import FRAMES_PER_S, analysed
from tiangong.voice.espeak import EspeakVoice
from tiangong.voice.loudness import even_loudness
from tiangong.voice.protocol import PROFILE, VOICE_RATE_HZ, Speaker, Voice

Floats = NDArray[np.float32]
_HIGHEST_HZ = 8_000
_HIGHEST_F0_HZ = 400
_RANGE_DB = 60


def said_by(voice: Voice, text: str) -> Floats:
    return np.concatenate([s.audio.pcm for s in voice.synthesize(text, SpeechStyle("en"))])


def without_edges(pcm: Floats) -> Floats:
    """From the first to the last sound that is no more than 40 dB under the loudest."""
    loud = np.flatnonzero(np.abs(pcm) > np.abs(pcm).max() * 0.01)
    return pcm[loud[0] : loud[-1]]


def draw(axes: Axes, pcm: Floats, title: str, longest_s: float) -> None:
    sound = even_loudness(pcm, VOICE_RATE_HZ)
    hz, at_s, power = spectrogram(sound, VOICE_RATE_HZ, nperseg=512, noverlap=448)
    level = 10 * np.log10(power + 1e-14)
    top = np.quantile(level, 0.999)
    axes.pcolormesh(at_s, hz / 1_000, level, vmin=top - _RANGE_DB, vmax=top, cmap="magma", rasterized=True)
    axes.set_ylim(0, _HIGHEST_HZ / 1_000)
    axes.set_xlim(0, longest_s)
    axes.set_ylabel("kHz")
    frames = analysed(pcm, carefully=True)
    f0_hz = np.where(frames.voiced, frames.f0_hz, np.nan)
    middle = float(np.nanmedian(f0_hz))
    melody = axes.twinx()
    melody.plot(np.arange(len(f0_hz)) / FRAMES_PER_S, f0_hz, color="#7fe7ff", linewidth=1.6)
    melody.set_ylim(0, _HIGHEST_F0_HZ)
    melody.set_ylabel("F0, Hz")
    axes.set_title(
        f"{title} (F0 in the middle {middle:.0f} Hz, {len(pcm) / VOICE_RATE_HZ:.1f} s)", loc="left", fontsize=10
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learn", type=Path, action="append", required=True, help="what the clone learns from")
    parser.add_argument("--same", type=Path, required=True, help="the person saying the text, not learnt from")
    parser.add_argument("--text", required=True)
    parser.add_argument("--out", type=Path, required=True)
    wishes = parser.parse_args()
    embedded = EspeakVoice()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "voice"
        write_voice(folder, read_recordings(wishes.learn), [embedded.learn])
        base = read_facts(folder / PROFILE).base
        clone = said_by(embedded.for_speaker(Speaker(folder=folder)), wishes.text)
    rows = {
        "the person": read_audio(wishes.same, VOICE_RATE_HZ).pcm,
        f"the embedded {base} voice": said_by(embedded.for_speaker(Speaker(base)), wishes.text),
        "the clone": clone,
    }
    shown = {title: without_edges(pcm) for title, pcm in rows.items()}
    longest_s = max(len(pcm) for pcm in shown.values()) / VOICE_RATE_HZ
    figure, places = plt.subplots(3, 1, figsize=(9, 7.2), sharex=True, layout="constrained")
    for axes, (title, pcm) in zip(places, shown.items(), strict=True):
        draw(axes, pcm, title, longest_s)
    places[-1].set_xlabel("s")
    figure.savefig(wishes.out, dpi=100, pil_kwargs={"quality": 85} if wishes.out.suffix == ".jpg" else None)


if __name__ == "__main__":
    main()
