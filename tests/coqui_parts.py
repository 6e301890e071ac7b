"""What the tests of Coqui's voices share: settings, folders, a sound like a voice, a voice of two pieces."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiangong.core.config import Settings
from tiangong.core.media import AudioChunk, Phone, Speech, SpeechStyle
from tiangong.voice.pieces import PICTURE_SAMPLES
from tiangong.voice.protocol import VOICE_RATE_HZ, Speaker


def settings(model: Path | str | None = None, *accepted: str, convert: Path | None = None) -> Settings:
    voice: Any = {
        "coqui": str(model) if model else None,
        "convert": str(convert) if convert else None,
        "accepted_licences": accepted,
    }
    return Settings(voice=voice)


def with_config(folder: Path, **config: Any) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.pth").write_bytes(b"")
    (folder / "vocab.json").write_text("{}")
    return folder


def hum(duration_s: float, hz: float = 140.0) -> NDArray[np.float32]:
    """Like a voice: a buzz that comes and goes four times a second."""
    t = np.arange(round(duration_s * VOICE_RATE_HZ)) / VOICE_RATE_HZ
    buzz = sum(np.sin(2 * np.pi * hz * k * t) / k for k in range(1, 15))
    return (0.1 * buzz * (0.55 - 0.45 * np.cos(2 * np.pi * 4 * t))).astype(np.float32)


class TwoPieces:
    """A voice that says `pcm` in two pieces, with phones, whatever the text."""

    name, languages = "fake", frozenset({"en"})

    def __init__(self, pcm: NDArray[np.float32]) -> None:
        self._pcm = pcm

    def for_speaker(self, speaker: Speaker) -> "TwoPieces":
        return self

    def learn(self, folder: Path) -> str | None:
        return None

    def synthesize(self, sentence: str, style: SpeechStyle) -> Iterator[Speech]:
        for i, pcm in enumerate((self._pcm[: 10 * PICTURE_SAMPLES], self._pcm[10 * PICTURE_SAMPLES : 40_123])):
            end_s = len(pcm) / VOICE_RATE_HZ
            phones = (Phone("a", 0.0, end_s / 2), Phone("", end_s / 2, end_s))
            yield Speech(AudioChunk(pcm, VOICE_RATE_HZ), phones, f"piece {i}", style)
