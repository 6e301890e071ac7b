"""A Piper voice small enough to be made in a test, with the interface and the structure of a true one.

Text encoder -> duration predictor -> Ceil -> length regulator -> decoder, exported by PyTorch as Piper's own trainer exports a
VITS. Its weights are set by hand: each id is a pure tone of its own pitch and length, so one hears which id sounds when.
"""

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

HOP = 256
RATE_HZ = 22_050
PHONEMES = [
    *"_^$ !',.:;?()-abcdefhijklmnopqrstuvwxyz0123456789",
    *"æçðøŋœɐɑɒɔɕəɚɛɜɡɤɪɹɻɾʂʃʈʊʌʒʰʔθχᵻ",
    *"ˈˌː",
    "\u0329",
    "\u032a",
]
IDS = {phoneme: [number] for number, phoneme in enumerate(PHONEMES)}
SILENT = set("_^$ !,.:;?ˈˌː") | set("0123456789")


def tone_hz(phoneme: str) -> float:
    """Of an id; silent ones have none."""
    return 0.0 if phoneme in SILENT else 300.0 + 40.0 * (PHONEMES.index(phoneme) * 37 % len(PHONEMES))


def frames_of(phoneme: str) -> int:
    """How long an id sounds at length scale 1."""
    return 1 if phoneme in SILENT else 8 + PHONEMES.index(phoneme) % 4


class TinyVits(nn.Module):
    """`forward` is that of Piper's export: (1, ids), (1,), (3,), (1,) -> (1, 1, samples); speakers differ in pitch."""

    def __init__(self, speakers: int, rate_hz: int, pitch: float) -> None:
        super().__init__()
        self.rate_hz = rate_hz
        tones = [[pitch * tone_hz(p) / rate_hz, 0.0 if p in SILENT else 0.3, 0.0] for p in PHONEMES]
        self.features = nn.Embedding.from_pretrained(torch.tensor(tones))  # cycles a sample, amplitude, width of noise
        # A little under a whole number of frames, as exp(logw) is; Ceil makes it whole.
        self.log_width = nn.Embedding.from_pretrained(torch.tensor([[frames_of(p) - 0.5] for p in PHONEMES]).log())
        self.pitch = nn.Embedding.from_pretrained(torch.tensor([[1.0 + 0.5 * s] for s in range(max(speakers, 1))]))

    def forward(self, text: Tensor, text_lengths: Tensor, scales: Tensor, sid: Tensor | None = None) -> Tensor:
        positions = torch.arange(text.size(1)).unsqueeze(0)
        x_mask = (positions < text_lengths.unsqueeze(1)).float().unsqueeze(1)  # (1, 1, ids)
        x = self.features(text).transpose(1, 2)  # (1, 3, ids)
        logw = self.log_width(text).transpose(1, 2)
        logw = logw + torch.randn_like(logw) * scales[2] * 0.0
        w_ceil = torch.ceil(torch.exp(logw) * x_mask * scales[1])
        y_lengths = torch.clamp_min(torch.sum(w_ceil, [1, 2]), 1).long()
        ends = torch.cumsum(w_ceil, 2).transpose(1, 2)  # (1, ids, 1)
        frames = torch.arange(y_lengths.max()).view(1, 1, -1)
        until = (frames < ends).float()
        path = until - nn.functional.pad(until, (0, 0, 1, 0))[:, :-1]  # (1, ids, frames): 1 where the id sounds
        prior = torch.matmul(x, path)  # (1, 3, frames)
        prior = prior + torch.randn_like(prior) * scales[0] * 0.0
        if sid is not None:
            prior = prior * torch.cat([self.pitch(sid), torch.ones(1, 2)], 1).unsqueeze(-1)
        sound = torch.repeat_interleave(prior, HOP, 2)
        phase = 2 * torch.pi * torch.cumsum(sound[:, :1], 2)
        return torch.sin(phase) * sound[:, 1:2] + sound[:, 2:3] * torch.randn_like(phase)


def export(model: nn.Module, ids: int, file: Path, *, speakers: bool = False) -> None:
    """As Piper's trainer does, for `ids` phonemes known to the model."""
    text = torch.arange(50).remainder(ids).unsqueeze(0)
    given = [text, torch.tensor([50]), torch.tensor([0.667, 1.0, 0.8])] + ([torch.tensor([0])] if speakers else [])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Piper exports with the tracing exporter, which PyTorch calls old
        torch.onnx.export(
            model.eval(), tuple(given), str(file), opset_version=15, dynamo=False,
            input_names=["input", "input_lengths", "scales", "sid"][: len(given)], output_names=["output"],
            dynamic_axes={"input": {0: "batch_size", 1: "phonemes"}, "input_lengths": {0: "batch_size"},
                          "output": {0: "batch_size", 1: "time"}},
        )  # fmt: skip


def write_voice(
    folder: Path, name: str, *, speakers: Sequence[str] = (), rate_hz: int = RATE_HZ, pitch: float = 1.0, **changes: Any
) -> Path:
    """NAME.onnx and NAME.onnx.json; `changes` are those of the configuration, None leaves a key out."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.onnx"
    export(TinyVits(len(speakers), rate_hz, pitch), len(PHONEMES), file, speakers=bool(speakers))
    country, language = name.split("-")[0], name[:2]
    config = {
        "audio": {"sample_rate": rate_hz, "quality": "medium"},
        "espeak": {"voice": "cmn" if language == "zh" else "en-us" if language == "en" else language},
        "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
        "phoneme_type": "espeak",
        "phoneme_map": {},
        "phoneme_id_map": IDS,
        "num_symbols": len(PHONEMES),
        "num_speakers": max(len(speakers), 1),
        "speaker_id_map": {speaker: number for number, speaker in enumerate(speakers)},
        "language": {"code": country, "family": language},
        "piper_version": "1.0.0",
    } | changes
    kept = {key: value for key, value in config.items() if value is not None}
    file.with_name(file.name + ".json").write_text(json.dumps(kept, ensure_ascii=False), "utf-8")
    return file
