"""What Coqui's voices say before Coqui is loaded: what is missing, licences, configurations; and conversion without a net."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.coqui_parts import TwoPieces, hum, settings, with_config
from tiangong.core.config import Settings
from tiangong.core.errors import ConfigError, MediaError, MissingExtra
from tiangong.core.media import AudioChunk, SpeechStyle
from tiangong.core.registry import choose, unavailable
from tiangong.core.sound import write_wav
from tiangong.voice.coqui import loading
from tiangong.voice.coqui.converted_voice import ConvertedVoice
from tiangong.voice.coqui.coqui_voice import CoquiVoice
from tiangong.voice.coqui.likeness import Likeness, keep, kept
from tiangong.voice.coqui.model_folder import CONVERTERS, VOICES, read_model_folder
from tiangong.voice.engines import VOICES as ENGINES
from tiangong.voice.protocol import REFERENCE, VOICE_RATE_HZ, Speaker


@pytest.fixture
def person(tmp_path: Path) -> Path:
    folder = tmp_path / "person"
    folder.mkdir()
    write_wav(AudioChunk(hum(4.0), VOICE_RATE_HZ), folder / REFERENCE)
    return folder


# --- without Coqui -----------------------------------------------------------------------------------------------------


def test_the_engine_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert next(iter(ENGINES)) == "coqui"
    assert unavailable("voice", ENGINES, "coqui", Settings()) == "no model set: TIANGONG_VOICE__COQUI=folder"
    monkeypatch.setattr(loading, "installed", lambda: False)
    assert 'pip install "tiangong[coqui]"' in str(CoquiVoice.unavailable(settings(tmp_path)))
    with pytest.raises(MissingExtra, match="coqui-tts"):
        CoquiVoice.from_settings(settings(tmp_path))
    assert choose("voice", ENGINES, "auto", settings(tmp_path)).name != "coqui"


def test_xtts_runs_only_where_its_licence_was_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "installed", lambda: True)
    monkeypatch.setattr(loading, "version", lambda package: "5.20.0")
    folder = with_config(tmp_path / "xtts", model="xtts", languages=["en"])
    refused = str(CoquiVoice.unavailable(settings(folder)))
    assert "non-commercial" in refused
    assert "https://coqui.ai/cpml" in refused
    assert "TIANGONG_VOICE__ACCEPTED_LICENCES='[\"CPML\"]'" in refused
    with pytest.raises(MissingExtra, match="CPML"):
        CoquiVoice.from_settings(settings(folder))
    assert CoquiVoice.unavailable(settings(folder, "MIT")) == refused
    assert CoquiVoice.unavailable(settings(folder, "CPML")) is None
    assert CoquiVoice.unavailable(settings(with_config(tmp_path / "vits", model="vits"))) is None
    assert str(CoquiVoice.licence(settings(folder))).startswith("CPML")
    assert CoquiVoice.licence(Settings()) is None
    assert "COQUI_TOS_AGREED" not in os.environ


def test_the_variable_that_a_refusal_names_is_the_one_that_accepts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIANGONG_VOICE__ACCEPTED_LICENCES", '["CPML"]')
    assert Settings().voice.accepted_licences == ("CPML",)


def test_xtts_says_that_transformers_is_too_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "installed", lambda: True)
    monkeypatch.setattr(loading, "version", lambda package: "5.24.0")
    folder = with_config(tmp_path / "xtts", model="xtts", languages=["en"])
    assert "before 5.24, not 5.24.0" in str(CoquiVoice.unavailable(settings(folder, "CPML")))
    assert CoquiVoice.unavailable(settings(with_config(tmp_path / "vits", model="vits"))) is None


def test_asking_loads_nothing_heavy(tmp_path: Path) -> None:
    folder = with_config(tmp_path / "xtts", model="xtts", languages=["en"])
    asked = (
        "import sys; from tiangong.core.config import Settings; from tiangong.core.registry import unavailable;"
        "from tiangong.voice.engines import VOICES;"
        f"unavailable('voice', VOICES, 'coqui', Settings(voice={{'coqui': {str(folder)!r}}}));"
        "print({'torch', 'TTS', 'transformers', 'torchaudio'} & set(sys.modules))"
    )
    answer = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("config", "languages"),
    [
        ({"model": "xtts", "languages": ["en", "zh-cn", "pt"]}, {"en": "en", "zh": "zh-cn", "pt": "pt"}),
        ({"model": "vits", "phoneme_language": "en-us"}, {"en": "en-us"}),
        ({"model": "vits", "datasets": [{"language": "fr-fr"}, {"language": "en"}]}, {"en": "en", "fr": "fr-fr"}),
        ({"model": "VITS"}, {"en": "en"}),
    ],
)
def test_languages_are_read_from_the_configuration(
    tmp_path: Path, config: dict[str, Any], languages: dict[str, str]
) -> None:
    assert read_model_folder(with_config(tmp_path, **config), VOICES).languages == languages


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        ({"model": "tacotron2"}, "a 'tacotron2' model; wanted is one of xtts, vits"),
        ({"nothing": 1}, "no model of Coqui's"),
        ({"model": 7}, "not a configuration of Coqui's"),
        ({"model": "vits", "audio": {"stats_path": "scale_stats.npy"}}, "refused, as Coqui reads audio.stats_path"),
        ({"model": "vits", "characters": {"characters_class": "antigravity.Fly"}}, "would import 'antigravity.Fly'"),
    ],
)
def test_a_wrong_configuration_is_one_sentence(tmp_path: Path, config: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint) as caught:
        read_model_folder(with_config(tmp_path, **config), VOICES)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("file", "content", "complaint"),
    [
        ("config.json", None, "no config.json"),
        ("config.json", "{", "cannot be read as JSON"),
        ("config.json", "[]", "not a table"),
        ("model.pth", None, "no checkpoint"),
        ("vocab.json", None, "no vocab.json"),
    ],
)
def test_a_folder_that_lacks_a_file_is_one_sentence(
    tmp_path: Path, file: str, content: str | None, complaint: str
) -> None:
    folder = with_config(tmp_path, model="xtts")
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_text(content)
    with pytest.raises(ConfigError, match=complaint):
        read_model_folder(folder, VOICES)


def test_a_likeness_is_read_back_only_by_the_model_that_made_it(tmp_path: Path) -> None:
    path = tmp_path / "xtts.safetensors"
    assert kept(path, "one") is None
    keep(Likeness({"a": np.ones((2, 3), np.float32)}), path, "one")
    again = kept(path, "one")
    assert again is not None
    assert np.array_equal(again.arrays["a"], np.ones((2, 3)))
    assert kept(path, "another") is None
    keep(Likeness({"a": np.full(2, np.nan, np.float32)}), path, "one")
    with pytest.raises(MediaError, match="damaged"):
        kept(path, "one")
    path.write_bytes(b"nonsense")
    with pytest.raises(MediaError, match="damaged"):
        kept(path, "one")


class _Copy:
    """Converts nothing, and drops what fills no 20 ms, as nets do."""

    title, heard_hz, made_hz, kept_as = "copy", 16_000, VOICE_RATE_HZ, "copy.safetensors"

    def target(self, reference: AudioChunk) -> Likeness:
        return Likeness({"target": reference.pcm[:4].copy()})

    def fits(self, target: Likeness) -> bool:
        return True

    def convert(self, pcm: NDArray[np.float32], target: Likeness) -> NDArray[np.float32]:
        return np.repeat(pcm[: len(pcm) // 320 * 320], 3)[::2].copy()


def test_conversion_keeps_length_phones_and_words_and_joins_without_a_click(tmp_path: Path, person: Path) -> None:
    model = read_model_folder(with_config(tmp_path / "vc", model="freevc"), CONVERTERS)
    voice = TwoPieces(hum(2.0, 200.0))
    plain = list(voice.synthesize("", SpeechStyle()))
    converting = ConvertedVoice(voice, _Copy(), model)
    through = list(converting.for_speaker(Speaker()).synthesize("", SpeechStyle()))
    assert all(np.array_equal(a.audio.pcm, b.audio.pcm) for a, b in zip(plain, through, strict=True))
    converted = list(converting.for_speaker(Speaker(folder=person)).synthesize("", SpeechStyle()))
    for a, b in zip(plain, converted, strict=True):
        assert len(a.audio.pcm) == len(b.audio.pcm)
        assert (a.phones, a.text) == (b.phones, b.text)
    sound = np.concatenate([piece.audio.pcm for piece in converted])
    steps = np.abs(np.diff(sound))
    seam = len(converted[0].audio.pcm)
    assert steps[seam - 3 : seam + 3].max() < 1.5 * np.percentile(steps, 99)
