"""Reading `persona.yaml`."""

from pathlib import Path

import pytest

from tiangong.agent.persona import read_persona
from tiangong.core.errors import BundleError, ConfigError, TiangongError

PERSONA = "name: {en: Ann}\ngreeting: {en: Hi.}\nabout: {en: An AI.}\n"


@pytest.mark.parametrize(
    ("text", "error", "match"),
    [
        (PERSONA + "greetng: {en: x}", ConfigError, "did you mean 'greeting'"),
        (PERSONA + "voice: {varient: male}", ConfigError, "did you mean 'variant'"),
        (PERSONA + "knowledge: [../../etc]", ConfigError, "knowledge.0"),
        ("name: {en: Ann, zh: 安}\ngreeting: {en: Hi.}\nabout: {en: x, zh: y}", ConfigError, "lacks a text in 'zh'"),
        ("name: {en: Ann}", ConfigError, "missing"),
        ("name: 3", ConfigError, "name"),
        ("- a list", BundleError, "must hold keys"),
        ("a: [", BundleError, "not YAML"),
        (b"\xff\xfe\x00", BundleError, "not YAML"),
        (None, BundleError, "cannot be opened"),
    ],
)
def test_a_wrong_persona_gives_one_clear_line(
    tmp_path: Path, text: str | bytes | None, error: type[TiangongError], match: str
) -> None:
    path = tmp_path / "persona.yaml"
    if text is not None:
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(error, match=match) as raised:
        read_persona(path)
    assert "\n" not in str(raised.value)


def test_a_persona_needs_little(tmp_path: Path) -> None:
    path = tmp_path / "persona.yaml"
    path.write_text(PERSONA)
    sheet = read_persona(path)
    assert (sheet.persona.name, sheet.knowledge, sheet.voice) == ({"en": "Ann"}, (), "female")
