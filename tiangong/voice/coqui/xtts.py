"""XTTS v2 (Casanova et al. 2024, arXiv:2406.04904): speaks seventeen languages as a person heard for some seconds.

A GPT writes sound tokens, and a HiFi-GAN decoder turns them into sound while it writes. Two things are known of a person:
latents that the GPT is conditioned on, and an embedding for the decoder.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.errors import MediaError
from tiangong.core.media import AudioChunk
from tiangong.core.sound import resample
from tiangong.voice.coqui.likeness import Likeness
from tiangong.voice.coqui.loading import MISFITS, coqui
from tiangong.voice.coqui.model_folder import ModelFolder
from tiangong.voice.coqui.net import Line
from tiangong.voice.coqui.weights import one_line, read_pickle, read_state
from tiangong.voice.protocol import Speaker

_SPEAKERS: Final = "speakers_xtts.pth"
_LATENTS, _EMBEDDING = "gpt_cond_latent", "speaker_embedding"
# Of the model's own speakers, which are named and not sorted by sex.
_BY_KIND: Final = {"female": "Claribel Dervla", "male": "Andrew Chipper"}
_CHUNK_TOKENS: Final = 20  # 0.93 s of sound: what the decoder is given at a time
_RECORDED_HZ: Final = 22_050  # at which XTTS hears a person


@dataclass(frozen=True)
class Sampling:
    """How the GPT chooses its tokens, from config.json."""

    temperature: float
    length_penalty: float
    repetition_penalty: float
    top_k: int
    top_p: float


class XttsNet:
    """XTTS, loaded."""

    title = "XTTS"
    streams = True
    learns = True
    longest_s = 12.0  # well under the 82 characters of Chinese and 250 of English that it was trained for
    kept_as = "xtts.safetensors"

    def __init__(self, model: Any, config: Any, speakers: Mapping[str, Likeness]) -> None:
        self._model, self._config, self._speakers = model, config, speakers
        self.rate_hz = int(config.model_args.output_sample_rate)
        self._sampling = Sampling(
            float(config.temperature),
            float(config.length_penalty),
            float(config.repetition_penalty),
            int(config.top_k),
            float(config.top_p),
        )

    @classmethod
    def open(cls, found: ModelFolder, device: str) -> "XttsNet":
        """Load a folder with config.json, model.pth, vocab.json and perhaps speakers_xtts.pth; half a minute.

        Raises MediaError where a file is damaged, refused, or does not fit config.json.
        """
        assert found.weights is not None
        state = read_state(found.weights)
        speakers = _speakers(found.folder / _SPEAKERS)
        try:
            config = coqui("TTS.config", "load_config")(found.config_file)
            model = coqui("TTS.tts.models.xtts", "Xtts")(config)
            # Coqui would read the file again, and write one of the first checkpoints anew.
            model._load_checkpoint = partial(_as_read, state)
            model.load_checkpoint(
                config, checkpoint_dir=found.folder, checkpoint_path=found.weights, speaker_file_path="", eval=True
            )
            model.to(device)
        except MISFITS as error:
            raise MediaError(f"{found.folder}: not an XTTS model that can be loaded ({one_line(error)})") from error
        return cls(model, config, speakers)

    def learnt(self, reference: AudioChunk) -> Likeness:
        """As Coqui computes it for a file, with the lengths that config.json asks for."""
        import torch

        config = self._config
        pcm = resample(reference, _RECORDED_HZ).pcm[: int(config.max_ref_len * _RECORDED_HZ)]
        if config.sound_norm_refs:
            pcm = pcm / np.abs(pcm).max() * np.float32(0.75)
        sound = torch.from_numpy(np.ascontiguousarray(pcm))[None]
        with torch.inference_mode():
            latents = self._model.get_gpt_cond_latents(
                sound, _RECORDED_HZ, length=config.gpt_cond_len, chunk_length=config.gpt_cond_chunk_len
            )
            embedding = self._model.get_speaker_embedding(sound, _RECORDED_HZ)
        return _likeness(latents, embedding)

    def fits(self, likeness: Likeness) -> bool:
        arguments = self._config.model_args
        latents, embedding = likeness.arrays.get(_LATENTS), likeness.arrays.get(_EMBEDDING)
        return (
            latents is not None
            and embedding is not None
            and latents.ndim == 3
            and latents.shape[0::2] == (1, arguments.gpt_n_model_channels)
            and embedding.shape == (1, arguments.d_vector_dim, 1)
        )

    def own_speaker(self, speaker: Speaker) -> Likeness | None:
        for name in (speaker.variant, _BY_KIND.get(speaker.variant, "")):
            if name in self._speakers:
                return self._speakers[name]
        return next(iter(self._speakers.values()), None)

    def speak(self, line: Line, likeness: Likeness | None) -> Iterator[NDArray[np.float32]]:
        """Chunks of some 0.9 s that Coqui has already blended into one another."""
        import torch

        assert likeness is not None
        how = self._sampling
        chunks = self._model.inference_stream(
            line.text,
            line.language,
            torch.from_numpy(likeness.arrays[_LATENTS]),
            torch.from_numpy(likeness.arrays[_EMBEDDING]),
            stream_chunk_size=_CHUNK_TOKENS,
            temperature=how.temperature,
            length_penalty=how.length_penalty,
            repetition_penalty=how.repetition_penalty,
            top_k=how.top_k,
            top_p=how.top_p,
            speed=line.rate,
        )
        for chunk in chunks:
            yield chunk.float().cpu().numpy().reshape(-1)


def _as_read(state: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """In the place of Coqui's reader of the file at `path`."""
    return dict(state)


def _likeness(latents: Any, embedding: Any) -> Likeness:
    # A copy: what inference mode made may be kept, but not written to.
    return Likeness(
        {_LATENTS: latents.float().cpu().numpy().copy(), _EMBEDDING: embedding.float().cpu().numpy().copy()}
    )


def _speakers(path: Path) -> dict[str, Likeness]:
    if not path.is_file():
        return {}
    held = read_pickle(path)
    try:
        return {str(name): _likeness(one[_LATENTS], one[_EMBEDDING]) for name, one in held.items()}
    except (AttributeError, TypeError, LookupError) as error:
        raise MediaError(f"{path}: not the speakers of XTTS; take it from those who made the model") from error
