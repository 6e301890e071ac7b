"""How Tiangong is used now: one tree, from tiangong.toml, TIANGONG_* variables and the command line, later ones winning.

`TIANGONG_SERVE__PORT=8000` sets `serve.port`. What an avatar *is* stands in its bundle, not here.
"""

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from tiangong.core.errors import ConfigError

CONFIG_FILE = "tiangong.toml"
ENV_PREFIX = "TIANGONG_"
Language = Literal["auto", "en", "zh"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EngineNames(_Section):
    """One engine a stage; "auto" takes the best one that can run here."""

    voice_activity: str = "auto"
    speech_to_text: str = "auto"
    face_reader: str = "auto"
    face_emotion: str = "auto"
    policy: str = "auto"
    brain: str = "auto"
    voice: str = "auto"
    motion: str = "auto"
    renderer: str = "auto"


class BrainSettings(_Section):
    model: str | None = None  # folder or hub name of a chat model; also the model's name at `base_url`
    base_url: str | None = None  # an OpenAI-compatible server, "http://127.0.0.1:11434/v1"
    temperature: float = Field(default=0.6, ge=0, le=2)  # lower is more predictable
    max_tokens: int = Field(default=220, ge=16, le=4096)  # longest answer


class HearingSettings(_Section):
    model: str | None = None  # folder, hub name or size ("small") of a Whisper model
    base_url: str | None = None  # a server with OpenAI's transcription endpoint, "http://127.0.0.1:8000/v1"
    server_model: str = "whisper-1"  # the model's name at `base_url`


class VoiceSettings(_Section):
    voices: Path = Path("voices")  # folder of one's own cloned voices
    speaker: str | None = None  # the cloned voice that every avatar speaks with; None: each with its own
    coqui: str | None = None  # folder or hub name of a Coqui model ("tts_models/multilingual/multi-dataset/xtts_v2")
    convert: str | None = None  # folder or hub name of a Coqui voice conversion model, which runs after the engine
    accepted_licences: tuple[str, ...] = ()  # of weights that may not be used by everyone for everything: ("CPML",)
    piper: Path | None = None  # folder of Piper voices, each NAME.onnx with its NAME.onnx.json
    base_url: str | None = None  # a server with OpenAI's speech endpoint, "http://127.0.0.1:8880/v1"
    model: str = "tts-1"  # the model's name at `base_url`
    name: str = "alloy"  # which of the server's speakers


class RenderingSettings(_Section):
    wav2lip: Path | None = None  # a Wav2Lip generator; a .pth is converted once to a .safetensors beside it


class SeeingSettings(_Section):
    landmarker: Path | None = None  # MediaPipe's face_landmarker_v2_with_blendshapes.task
    emotion: Path | None = None  # folder of a face emotion classifier: NAME.onnx with its labels.txt


class JudgeSettings(_Section):
    """A judge model beside the embedded checks of the policy; none without `model`."""

    model: str | None = None  # folder of a chat model with safetensors; with `base_url` the model's name there
    base_url: str | None = None  # an OpenAI-compatible server, "http://127.0.0.1:8000/v1"
    reads: Literal["questions", "guard"] = "questions"  # any chat model by yes or no, or Qwen3Guard in its own form
    timeout_s: float = Field(default=2.0, gt=0, le=8)  # for one question
    threshold: float = Field(default=0.5, gt=0, lt=1)  # what the model's "yes" has to reach to count as an even chance
    temperature: float = Field(default=1.0, gt=0, le=20)  # above 1: the model is surer of itself than it should be
    precision: Literal["auto", "float32", "float16", "bfloat16"] = "auto"  # of a model in a folder


class PolicySettings(_Section):
    file: Path | None = (
        None  # a policy file for every avatar; None: each avatar's own policy.yaml, or the one that ships
    )
    judge: JudgeSettings = JudgeSettings()
    decisions: Path | None = None  # folder of decision records, personal data masked; None: nothing is written down
    decisions_days: int = Field(default=30, ge=1, le=3_650)  # then they are deleted
    decisions_mb: float = Field(default=50.0, ge=0.1, le=2_000)  # of one file; a day may have several


class Deadlines(_Section):
    """Seconds that a stage may take before the turn is given up with an apology."""

    hearing_s: float = Field(default=8.0, gt=0)
    brain_s: float = Field(default=20.0, gt=0)  # to the first words, and between any two pieces
    policy_s: float = Field(default=1.0, gt=0)
    judge_s: float = Field(default=20.0, gt=0)  # all questions about one text; each has policy.judge.timeout_s
    voice_s: float = Field(default=5.0, gt=0)
    motion_s: float = Field(default=2.0, gt=0)
    face_s: float = Field(default=2.0, gt=0)


class ServeSettings(_Section):
    host: str = "127.0.0.1"
    port: int = Field(default=7860, ge=0, le=65535)
    capacity: int = Field(default=4, ge=1, le=256)  # calls at once; one more hears "busy"
    vanished_s: float = Field(default=10.0, gt=1, le=60)  # a client not heard of for so long has left
    policy_page: bool = True  # the page shows the policy, and lets whoever sees it try sentences and play the scenarios
    ice_servers: tuple[str, ...] = ()  # "stun:host:3478", "turn:user:password@host:3478"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, toml_file=CONFIG_FILE
    )

    profile: Literal["auto", "embedded", "gpu"] = "auto"
    avatar: str = "tian"
    avatars: Path = Path("avatars")  # folder of one's own bundles
    language: Language = "auto"
    engines: EngineNames = EngineNames()
    brain: BrainSettings = BrainSettings()
    hearing: HearingSettings = HearingSettings()
    seeing: SeeingSettings = SeeingSettings()
    voice: VoiceSettings = VoiceSettings()
    rendering: RenderingSettings = RenderingSettings()
    policy: PolicySettings = PolicySettings()
    deadlines: Deadlines = Deadlines()
    serve: ServeSettings = ServeSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**overrides: Any) -> Settings:
    """The settings in force here; `overrides` are command-line options (None means not given).

    Raises ConfigError: an unknown key (with the nearest known one), a value out of range, broken TOML.
    """
    _refuse_unknown_variables()
    given = {key: value for key, value in overrides.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        raise ConfigError(_first_complaint(error)) from error
    except ValueError as error:  # tomllib.TOMLDecodeError and pydantic's SettingsError are ValueErrors
        raise ConfigError(f"{CONFIG_FILE}: {error}") from error


def known_keys(model: type[BaseModel] = Settings, prefix: str = "") -> list[str]:
    """Every key of the tree, dotted: "serve.port"."""
    keys: list[str] = []
    for name, field in model.model_fields.items():
        keys.append(prefix + name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            keys += known_keys(field.annotation, f"{prefix}{name}.")
    return keys


def _nearest(key: str) -> str:
    near = get_close_matches(key, known_keys(), n=1, cutoff=0.5)
    return f"; did you mean '{near[0]}'?" if near else ""


def _first_complaint(error: ValidationError) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"unknown setting '{key}'{_nearest(key)}"
    return f"setting '{key}': {first['msg']} (got {first['input']!r})"


def _refuse_unknown_variables() -> None:
    # pydantic-settings passes over variables that it does not know; a typo there would be silent.
    for variable in os.environ:
        if variable.startswith(ENV_PREFIX):
            key = variable.removeprefix(ENV_PREFIX).lower().replace("__", ".")
            if key not in known_keys() and key != "api_key":
                raise ConfigError(f"unknown variable {variable}{_nearest(key)}")
