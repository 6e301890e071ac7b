"""Voice conversion: what one person said -> the same words as another person.

FreeVC      Li et al. 2022, arXiv:2210.15418
OpenVoice   Qin et al. 2023, arXiv:2312.01479
kNN-VC      Baas et al. 2023, arXiv:2305.18975; makes features, and a HiFi-GAN of its own makes sound of them
"""

from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from tiangong.core.config import Settings
from tiangong.core.errors import ConfigError, MediaError, MissingExtra
from tiangong.core.media import AudioChunk
from tiangong.core.sound import resample
from tiangong.voice.coqui.hub import data_folder, hub_model, is_hub_name
from tiangong.voice.coqui.likeness import Likeness
from tiangong.voice.coqui.loading import MISFITS, coqui, fetched
from tiangong.voice.coqui.model_folder import ModelFolder, read_config
from tiangong.voice.coqui.weights import check_wavlm, one_line, read_pickle, read_state

_TARGET: Final = "target"
_VOCODER: Final = "vocoder"  # in the folder of a kNN-VC model: config.json and model.pth of its HiFi-GAN
_VOCODER_WEIGHTS: Final = ("model.pth", "model_file.pth", "checkpoint.pth")
_NO_SPEECH: Final = "kNN-VC found no speech in the recording; record it again"
_WAVLM: Final = Path("wavlm") / "WavLM-Large.pt"


class Converter(Protocol):
    """One loaded net; used from one thread at a time."""

    title: str
    heard_hz: int  # at which it hears
    made_hz: int  # at which it speaks
    kept_as: str  # the file of a target, in the folder of a cloned voice

    def target(self, reference: AudioChunk) -> Likeness:
        """Of the person to speak as, from a recording."""
        ...

    def fits(self, target: Likeness) -> bool: ...

    def convert(self, pcm: NDArray[np.float32], target: Likeness) -> NDArray[np.float32]:
        """(samples,) at `heard_hz` -> (samples,) at `made_hz`, about as long; half a second at least."""
        ...


class FreeVC:
    """The words by WavLM, the person by a vector, the sound by the decoder of VITS."""

    title = "FreeVC"
    kept_as = "freevc.safetensors"

    def __init__(self, model: Any) -> None:
        self._model = model
        self.heard_hz = int(model.config.audio.input_sample_rate)
        self.made_hz = int(model.config.audio.output_sample_rate)

    def target(self, reference: AudioChunk) -> Likeness:
        return Likeness({_TARGET: _array(self._model._extract_target_se([_tensor(reference, self.heard_hz)]))})

    def fits(self, target: Likeness) -> bool:
        return _shape(target) == (1, self._model.gin_channels, 1)

    def convert(self, pcm: NDArray[np.float32], target: Likeness) -> NDArray[np.float32]:
        import torch

        model = self._model
        with torch.inference_mode():
            words = model.extract_wavlm_features(model.load_audio(pcm))
            made = model.inference(words, g=torch.from_numpy(target.arrays[_TARGET]).to(model.device))
        return _array(made).reshape(-1)


class OpenVoice:
    """The colour of a voice taken away and another one given by an invertible flow."""

    title = "OpenVoice"
    kept_as = "openvoice.safetensors"

    def __init__(self, model: Any) -> None:
        self._model = model
        self.heard_hz = int(model.config.audio.input_sample_rate)
        self.made_hz = int(model.config.audio.output_sample_rate)

    def target(self, reference: AudioChunk) -> Likeness:
        colour, _ = self._model.extract_se(_tensor(reference, self.heard_hz))
        return Likeness({_TARGET: _array(colour)})

    def fits(self, target: Likeness) -> bool:
        return _shape(target) == (1, self._model.gin_channels, 1)

    def convert(self, pcm: NDArray[np.float32], target: Likeness) -> NDArray[np.float32]:
        import torch

        model = self._model
        with torch.inference_mode():
            own, spectrum = model.extract_se(torch.from_numpy(pcm))
            wanted = torch.from_numpy(target.arrays[_TARGET]).to(model.device)
            made = model.inference(spectrum, {"x_lengths": None, "g_src": own, "g_tgt": wanted})["model_outputs"]
        return _array(made).reshape(-1)


class KnnVC:
    """Each moment replaced by the mean of the nearest moments of the person's own recording."""

    title = "kNN-VC"
    kept_as = "knnvc.safetensors"

    def __init__(self, model: Any, vocoder: Any, made_hz: int) -> None:
        self._model, self._vocoder = model, vocoder
        self.heard_hz = int(model.config.audio.sample_rate)
        self.made_hz = made_hz

    def target(self, reference: AudioChunk) -> Likeness:
        try:
            moments = _array(self._model.get_matching_set([_tensor(reference, self.heard_hz)]))
        except RuntimeError as error:  # Coqui cuts off what is no speech, and then stumbles over nothing
            raise MediaError(_NO_SPEECH) from error
        if len(moments) < self._model.config.topk:
            raise MediaError(_NO_SPEECH)
        return Likeness({_TARGET: moments})

    def fits(self, target: Likeness) -> bool:
        shape = _shape(target)
        return (
            len(shape) == 2
            and shape[0] >= self._model.config.topk
            and shape[1] == self._model.wavlm.cfg.encoder_embed_dim
        )

    def convert(self, pcm: NDArray[np.float32], target: Likeness) -> NDArray[np.float32]:
        import torch

        with torch.inference_mode():
            words = self._model.get_features(torch.from_numpy(pcm))
            near = self._model.match(words, torch.from_numpy(target.arrays[_TARGET]))
            return _array(self._vocoder.inference(near)).reshape(-1)


def open_converter(model: ModelFolder, device: str, settings: Settings) -> Converter:
    """Load a voice conversion model, and WavLM from Coqui's own folder, which Coqui fetches where it is missing (1.2 GB).

    Raises MediaError where a file is damaged, refused or does not fit config.json, ConfigError where one is missing,
    MissingExtra where WavLM is missing and cannot be fetched.
    """
    try:
        if model.net == "openvoice":
            return OpenVoice(_filled(_openvoice(model), model, device))
        wavlm = data_folder() / _WAVLM
        if wavlm.is_file():
            check_wavlm(wavlm)
        config = coqui("TTS.config", "load_config")(model.config_file)
        if model.net == "freevc":
            return FreeVC(_filled(_with_wavlm("TTS.vc.models.freevc", "FreeVC", config), model, device))
        net = _with_wavlm("TTS.vc.models.knnvc", "KNNVC", config).eval().to(device)
        return KnnVC(net, *_vocoder(_vocoder_config(model, settings), device))
    except MISFITS as error:
        raise MediaError(f"{model.folder}: not a {model.net} model that can be loaded ({one_line(error)})") from error


def _with_wavlm(module: str, name: str, config: Any) -> Any:
    try:
        return coqui(module, name)(config)
    except OSError as error:  # urllib's are
        where = f"put WavLM-Large.pt at {data_folder() / _WAVLM}"
        raise MissingExtra("coqui", f"WavLM for {name}", f"{where} ({one_line(error)})") from error


def _filled(net: Any, model: ModelFolder, device: str) -> Any:
    assert model.weights is not None
    net.load_state_dict(dict(read_state(model.weights)))
    return net.eval().to(device)


def _openvoice(model: ModelFolder) -> Any:
    """From the authors' own config.json, whose sizes have other places than Coqui's, or from Coqui's."""
    if model.config.data is None:
        config = coqui("TTS.config", "load_config")(model.config_file)
    else:
        import json

        theirs = json.loads(model.config_file.read_text(encoding="utf-8"))
        config = coqui("TTS.vc.configs.openvoice_config", "OpenVoiceConfig")()
        sound, data = config.audio, theirs["data"]
        sound.input_sample_rate = sound.output_sample_rate = data["sampling_rate"]
        sound.fft_size, sound.hop_length = data["filter_length"], data["hop_length"]
        sound.win_length = data["win_length"]
        for name, value in theirs["model"].items():
            if name in config.model_args:
                config.model_args[name] = value
    return coqui("TTS.vc.models.openvoice", "OpenVoice")(config)


def _vocoder_config(model: ModelFolder, settings: Settings) -> Path:
    beside = model.folder / _VOCODER / "config.json"
    if beside.is_file():
        return beside
    name = settings.voice.convert or ""
    vocoder = hub_model(name).vocoder if is_hub_name(name) else None
    if vocoder is None:
        raise ConfigError(f"{model.folder}: no {_VOCODER}/config.json; kNN-VC needs the HiFi-GAN for WavLM's features")
    return fetched(hub_model(vocoder), accepted=False)


def _vocoder(config_file: Path, device: str) -> tuple[Any, int]:
    found = (config_file.parent / name for name in _VOCODER_WEIGHTS)
    weights = next((path for path in found if path.is_file()), None)
    if weights is None:
        raise ConfigError(f"{config_file.parent}: no {_VOCODER_WEIGHTS[0]} beside config.json")
    net_name = read_config(config_file).net
    if net_name != "hifigan":  # others of Coqui's vocoders read pickles of numpy's
        raise ConfigError(f"{config_file}: a '{net_name}' vocoder; kNN-VC needs the HiFi-GAN for WavLM's features")
    read_pickle(weights, lazily=True)  # refused here, in one sentence, before Coqui opens it
    config = coqui("TTS.config", "load_config")(config_file)
    net = coqui("TTS.vocoder.models", "setup_model")(config)
    net.load_checkpoint(config, str(weights), eval=True)
    return net.to(device), int(config.audio.sample_rate)


def _tensor(sound: AudioChunk, rate_hz: int) -> Any:
    import torch

    return torch.from_numpy(np.ascontiguousarray(resample(sound, rate_hz).pcm))


def _array(tensor: Any) -> NDArray[np.float32]:
    return tensor.detach().float().cpu().numpy().copy()


def _shape(target: Likeness) -> tuple[int, ...]:
    array = target.arrays.get(_TARGET)
    return () if array is None else array.shape
