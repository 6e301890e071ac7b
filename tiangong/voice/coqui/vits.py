"""VITS (Kim et al. 2021, arXiv:2106.06103) and YourTTS (Casanova et al. 2022, arXiv:2112.02418): a sentence at once.

YourTTS is a VITS that is told who speaks by the embedding of a speaker encoder, the d-vector; so it can speak as a person
whom it has never heard before. A VITS of one speaker just speaks.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.errors import ConfigError, MediaError
from tiangong.core.media import AudioChunk
from tiangong.core.sound import resample
from tiangong.voice.coqui.likeness import Likeness
from tiangong.voice.coqui.loading import MISFITS, coqui
from tiangong.voice.coqui.model_folder import ModelFolder, read_config
from tiangong.voice.coqui.net import Line
from tiangong.voice.coqui.weights import one_line, read_pickle, read_state
from tiangong.voice.protocol import Speaker

_VECTOR, _NUMBER = "d_vector", "speaker_number"
_ENCODER: Final = "speaker_encoder"  # its parameters come from a file of their own
_DISCRIMINATOR: Final = "disc."  # only training needs it
# Fields of config.json that name a file, and what that file is called where the field is empty.
_FILES: Final = {
    "d_vector_file": ("speakers.json", "speakers.pth"),
    "speakers_file": ("speaker_ids.json", "speaker_ids.pth"),
    "speaker_file": (),
    "language_ids_file": ("language_ids.json",),
    "speaker_encoder_model_path": ("model_se.pth", "model_se.pth.tar"),
    "speaker_encoder_config_path": ("config_se.json",),
}
_ENCODER_CONFIG: Final = "speaker_encoder_config_path"
_OPTIONAL: Final = ("speaker_encoder_model_path", _ENCODER_CONFIG)


class VitsNet:
    """VITS, loaded."""

    title = "VITS"
    streams = False
    longest_s = 6.0  # the first clauses of a long text are heard before the rest is made
    kept_as = "vits.safetensors"

    def __init__(self, model: Any, config: Any) -> None:
        self._model, self._config = model, config
        self._manager = model.speaker_manager
        arguments = config.model_args
        self.rate_hz = int(config.audio.sample_rate)
        self._by_vector = bool(arguments.use_d_vector_file)
        self._by_number = bool(arguments.use_speaker_embedding) and not self._by_vector
        self.learns = self._by_vector and self._manager is not None and self._manager.encoder is not None

    @classmethod
    def open(cls, found: ModelFolder, device: str) -> "VitsNet":
        """Load a folder with config.json, the checkpoint, and the tables and the speaker encoder that config.json names.

        Raises ConfigError where one of these files is missing, MediaError where one is damaged, refused or does not fit.
        """
        assert found.weights is not None
        state = {k: v for k, v in read_state(found.weights).items() if not k.startswith((_ENCODER, _DISCRIMINATOR))}
        try:
            config = coqui("TTS.config", "load_config")(found.config_file)
            _take_files_from(found.folder, config)
            config.model_args.init_discriminator = False
            config.model_args.use_speaker_encoder_as_loss = False
            model = coqui("TTS.tts.models.vits", "Vits")(config)
            model.load_state_dict(state)
            model.audio_resampler = None  # only training needs it
            model.eval().to(device)
            if model.speaker_manager is not None:
                model.speaker_manager.use_cuda = device == "cuda"
        except MISFITS as error:
            raise MediaError(f"{found.folder}: not a VITS model that can be loaded ({one_line(error)})") from error
        return cls(model, config)

    def learnt(self, reference: AudioChunk) -> Likeness:
        """The d-vector, as the speaker encoder hears the recording."""
        import torch

        manager = self._manager
        sound = resample(reference, int(manager.encoder_ap.sample_rate)).pcm
        spectral = bool(manager.encoder_config.model_params.get("use_torch_spec", False))
        heard = sound if spectral else manager.encoder_ap.melspectrogram(sound)
        with torch.inference_mode():
            vector = manager.compute_embeddings(torch.from_numpy(np.ascontiguousarray(heard))[None])
        return Likeness({_VECTOR: vector.float().cpu().numpy().reshape(-1).copy()})

    def fits(self, likeness: Likeness) -> bool:
        vector = likeness.arrays.get(_VECTOR)
        return vector is not None and vector.shape == (self._config.model_args.d_vector_dim,)

    def own_speaker(self, speaker: Speaker) -> Likeness | None:
        if self._by_vector:
            names = list(self._manager.embedding_names)
        else:
            names = list(self._manager.speaker_names) if self._by_number else []
        if not names:
            return None
        # YourTTS names its speakers "female-en-5"; others have numbers.
        alike = [n for n in names if n == speaker.variant] or [n for n in names if n.startswith(speaker.variant)]
        name = (alike or names)[0]
        if self._by_vector:
            return Likeness({_VECTOR: np.asarray(self._manager.get_mean_embedding(name), np.float32).reshape(-1)})
        return Likeness({_NUMBER: np.array([self._manager.name_to_id[name]], np.float32)})

    def speak(self, line: Line, likeness: Likeness | None) -> Iterator[NDArray[np.float32]]:
        """One chunk, the whole of it."""
        import torch

        model = self._model
        ids = model.tokenizer.text_to_ids(line.text, language=line.language)
        blank = model.tokenizer.blank_id if model.tokenizer.add_blank else None
        if all(number == blank for number in ids):
            return
        options: dict[str, Any] = {"x_lengths": None, "speaker_ids": None, "d_vectors": None, "language_ids": None}
        if self._config.model_args.use_language_embedding:
            number = model.language_manager.name_to_id[line.language]
            options["language_ids"] = torch.tensor([number], device=model.device)
        if likeness is not None and _VECTOR in likeness.arrays:
            options["d_vectors"] = torch.from_numpy(likeness.arrays[_VECTOR])[None].to(model.device)
        elif likeness is not None:
            options["speaker_ids"] = torch.tensor([int(likeness.arrays[_NUMBER][0])], device=model.device)
        model.length_scale = self._config.model_args.length_scale / line.rate
        with torch.inference_mode():
            made = model.inference(torch.tensor([ids], dtype=torch.long, device=model.device), options)
        yield made["model_outputs"].float().cpu().numpy().reshape(-1)


def _take_files_from(folder: Path, config: Any) -> None:
    """Point every file that config.json names into the model's own folder: what stands there is a path of another machine."""
    for table in (config, config.model_args):
        for field, otherwise in _FILES.items():
            if field not in table:
                continue
            named = table[field]
            many = isinstance(named, list)
            first = (named[0] if named else "") if many else named
            wanted = [Path(first).name] if first else []
            found = next((folder / n for n in (*wanted, *otherwise) if (folder / n).is_file()), None)
            if found is None and first and field not in _OPTIONAL:
                raise ConfigError(f"{folder}: no {wanted[0]}, which config.json names as its {field}")
            # Refused here, in one sentence, before Coqui opens it.
            if found is not None and found.suffix != ".json":
                read_pickle(found, lazily=True)
            elif found is not None and field == _ENCODER_CONFIG:
                read_config(found)
            path = str(found) if found else None
            table[field] = ([path] if path else None) if many else path or ""
