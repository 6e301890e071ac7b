"""A folder of Piper voices: which there are, and what each NAME.onnx.json says of its NAME.onnx.

The format is that of https://github.com/rhasspy/piper (MIT), whose voices lie at https://huggingface.co/rhasspy/piper-voices.
"""

from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, Field, ValidationError

from tiangong.core.errors import ConfigError, MediaError
from tiangong.voice.language_runs import Tongue

PAD, BEGIN, END = "_", "^", "$"  # what stands between, before and after the phonemes of an utterance
_CHINESE: Final = ("cmn", "zh")
SETTING: Final = "voice.piper"


class _Audio(BaseModel):
    sample_rate: int = Field(ge=8_000, le=192_000)


class _Espeak(BaseModel):
    voice: str = "en-us"


class _Language(BaseModel):
    code: str = ""  # "en_US", "zh_CN"


class _Inference(BaseModel):
    noise_scale: float = 0.667  # of the sound; 0 is the same each time
    length_scale: float = Field(default=1.0, gt=0)  # < 1 is faster
    noise_w: float = 0.8  # of the durations


class PiperConfig(BaseModel):
    """NAME.onnx.json; what this engine has no use for is passed over."""

    audio: _Audio
    espeak: _Espeak = _Espeak()
    language: _Language | None = None  # voices of before 2023 do not say
    phoneme_type: Literal["espeak", "text"] = "espeak"  # "text": its phonemes are letters
    phoneme_id_map: dict[str, list[int]] = Field(min_length=1)
    speaker_id_map: dict[str, int] = {}
    inference: _Inference = _Inference()

    @property
    def tongue(self) -> str:
        """Its language without the country: "en", "zh"."""
        code = self.language.code if self.language else ""
        family = (code or self.espeak.voice).replace("_", "-").split("-")[0].lower()
        return "zh" if family in _CHINESE else family

    def reader(self, tongue: Tongue) -> str:
        """The voice of espeak-ng that reads a text in `tongue`: its own, but for Chinese letters or in a Chinese voice."""
        if tongue == "zh" and self.tongue != "zh":
            return "cmn"
        return "en-us" if tongue == "en" and self.tongue == "zh" else self.espeak.voice


def piper_files(where: Path) -> list[Path]:
    """Every NAME.onnx in the folder `where`, or `where` itself if it is one, by name.

    Raises ConfigError where there is none, or one lies without its NAME.onnx.json.
    """
    if not where.exists():
        raise ConfigError(f"{SETTING}: there is no folder '{where}'")
    files = sorted(where.glob("*.onnx")) if where.is_dir() else [where]
    if not files or files[0].suffix != ".onnx":
        raise ConfigError(f"{SETTING}: no voice in '{where}'; a voice is NAME.onnx with its NAME.onnx.json")
    for file in files:
        if not config_file(file).is_file():
            raise ConfigError(f"{SETTING}: '{config_file(file).name}' is missing beside '{file.name}'; download both")
    return files


def config_file(voice: Path) -> Path:
    return voice.with_name(voice.name + ".json")


def read_config(voice: Path) -> PiperConfig:
    """What stands beside NAME.onnx. Raises MediaError where it is no configuration of a Piper voice that can be spoken."""
    file = config_file(voice)
    try:
        return PiperConfig.model_validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        if key == "phoneme_type":
            kind = first["input"]
            raise MediaError(
                f"{file.name}: phonemes of the kind '{kind}' are unknown; take a voice of 'espeak'"
            ) from error
        raise MediaError(
            f"{file.name}: no configuration of a Piper voice ({key + ': ' if key else ''}{first['msg']})"
        ) from error
    except OSError as error:
        raise MediaError(f"{file.name}: cannot be read ({error.strerror})") from error
