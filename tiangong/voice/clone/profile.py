"""What is kept of a voice: numbers about a person's sound, in one safetensors file of a few hundred kilobytes."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from tiangong.core.errors import MediaError
from tiangong.voice.clone.articulation import KINDS, SILENCE
from tiangong.voice.clone.manifold import Sheet
from tiangong.voice.clone.spectral_map import MOST_WARP, SpectralMap
from tiangong.voice.clone.spectrum import BANDS, Floats
from tiangong.voice.protocol import PROFILE

_SCHEMA: Final = 1
_BINS: Final = 513


class PitchRange(BaseModel):
    """Where a voice's melody lies."""

    model_config = ConfigDict(frozen=True)

    middle_hz: float = Field(gt=30, lt=1_000)  # median fundamental
    spread: float = Field(ge=0, lt=2)  # half the distance between the 16th and 84th percentile, natural logarithm

    @classmethod
    def of(cls, f0_hz: NDArray[np.float64]) -> "PitchRange":
        """Of (n,) fundamentals, 0 where there is no voice; some must be above 0."""
        logs = np.log(f0_hz[f0_hz > 0])
        low, middle, high = np.percentile(logs, (16, 50, 84))
        return cls(middle_hz=float(np.exp(middle)), spread=float(high - low) / 2)


class Facts(BaseModel):
    """All of a profile but its arrays."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_number: int = _SCHEMA
    base: str  # which embedded voice is moved
    base_pitch: PitchRange
    pitch: PitchRange
    rate: float = Field(gt=0.4, lt=2.5)  # of the embedded voice's own; > 1 is faster
    gain: float = Field(gt=0, lt=100)  # of amplitude, so that the clone is as loud as the embedded voice
    warp: float = Field(gt=1 / (1 + 2 * MOST_WARP), lt=1 + 2 * MOST_WARP)
    loss: float = Field(ge=0)
    speech_s: float = Field(gt=0)  # how much was learnt from
    warnings: tuple[str, ...] = ()

    @property
    def in_words(self) -> str:
        """For the maker: what was learnt, and what would make it better."""
        learnt = f"learnt from {self.speech_s:.0f} s of speech at {self.pitch.middle_hz:.0f} Hz"
        return "; ".join((learnt, *self.warnings))


@dataclass(frozen=True)
class VoiceProfile:
    """A person's voice, as the embedded engine learnt it."""

    facts: Facts
    map: SpectralMap
    sheet: Sheet
    breath: Floats  # (513,) share of noise in voiced sound, 0 to 1

    def save(self, folder: Path) -> None:
        arrays: dict[str, NDArray[np.generic]] = {
            "gains": self.map.gains,
            "breath": self.breath,
            "sheet.bands": self.sheet.bands.astype(np.float16),
            "sheet.voiced": self.sheet.voiced.astype(np.uint8),
            "sheet.sounds": self.sheet.sounds.astype(np.uint8),
        }
        save_file(arrays, folder / PROFILE, metadata={"facts": self.facts.model_dump_json()})


def read_facts(path: Path) -> Facts:
    """The facts alone, quickly. Raises MediaError where the file is damaged or of a newer Tiangong."""
    try:
        with safe_open(path, "np") as file:
            facts = json.loads((file.metadata() or {}).get("facts", "null"))
    except (OSError, SafetensorError, json.JSONDecodeError) as error:
        raise MediaError(f"{path}: not a voice profile; clone the voice again") from error
    if isinstance(facts, dict) and facts.get("schema_number", 0) > _SCHEMA:
        raise MediaError(f"{path}: made by a newer Tiangong; update this one, or clone the voice again")
    try:
        return Facts.model_validate(facts)
    except ValidationError as error:
        raise MediaError(f"{path}: not a voice profile; clone the voice again") from error


def read_profile(folder: Path) -> VoiceProfile:
    """The voice in a folder. Raises MediaError where its profile is missing or damaged."""
    path = folder / PROFILE
    facts = read_facts(path)
    try:
        with safe_open(path, "np") as file:
            gains, breath = file.get_tensor("gains"), file.get_tensor("breath")
            bands, voiced, sounds = (file.get_tensor(f"sheet.{name}") for name in ("bands", "voiced", "sounds"))
    except (OSError, SafetensorError) as error:
        raise MediaError(f"{path}: damaged; clone the voice again") from error
    count = len(bands)
    fits = (
        gains.shape == (KINDS + 1, BANDS)
        and breath.shape == (_BINS,)
        and bands.shape == (count, BANDS)
        and voiced.shape == sounds.shape == (count,)
        and count > 0
        and int(sounds.max()) < SILENCE
        and all(np.isfinite(a).all() for a in (gains, breath, bands))
    )
    if not fits:
        raise MediaError(f"{path}: damaged; clone the voice again")
    sheet = Sheet(bands.astype(np.float32), voiced > 0, sounds.astype(np.intp))
    return VoiceProfile(facts, SpectralMap(facts.warp, gains.astype(np.float32), facts.loss), sheet, breath)
