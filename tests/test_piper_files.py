"""The files of a Piper voice: odd ones, broken ones, missing ones."""

import json
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest

from tests.test_piper import said, symbols, voice_in
from tests.tiny_piper import IDS, write_voice
from tiangong.core.config import Settings, VoiceSettings
from tiangong.core.errors import ConfigError, MediaError, TiangongError
from tiangong.core.media import SpeechStyle
from tiangong.core.registry import choose
from tiangong.voice.engines import VOICES
from tiangong.voice.piper import PiperVoice


def settings(where: Path | None) -> Settings:
    return Settings(voice=VoiceSettings(piper=where))


def test_characters_that_a_voice_does_not_know_are_left_out(tmp_path: Path) -> None:
    few = {phoneme: ids for phoneme, ids in IDS.items() if phoneme not in "lˈ,"}
    voice = voice_in(write_voice(tmp_path, "en_US-few-low", phoneme_id_map=few))
    assert symbols(said(voice, "Hello, you.")) == "h ə ˈoʊ j uː".split()
    none = voice_in(write_voice(tmp_path / "none", "en_US-none-low", phoneme_id_map={"_": [0]}))
    assert list(none.synthesize("Hello", SpeechStyle())) == []


def test_a_voice_of_letters_speaks_without_phones(tmp_path: Path) -> None:
    voice = voice_in(write_voice(tmp_path, "en_US-text-low", phoneme_type="text", espeak={"voice": "none"}))
    speech = said(voice, "Hello there")
    assert speech.phones is None
    assert speech.audio.duration_s > 0.8


def test_a_net_that_does_not_tell_durations_speaks_without_phones(tmp_path: Path) -> None:
    file = write_voice(tmp_path, "en_US-mute-low")
    model = onnx.load(file)
    for node in model.graph.node:
        if node.op_type == "Ceil":  # as good for this net, and not what is looked for
            node.op_type = "Round"
    onnx.save(model, file)
    speech = said(voice_in(tmp_path), "Hello there, you.")
    assert speech.phones is None
    assert speech.audio.duration_s > 0.8


def test_the_file_on_disk_is_left_as_it_is(tmp_path: Path) -> None:
    file = write_voice(tmp_path, "en_US-kept-low")
    before = file.read_bytes()
    said(voice_in(file), "Hello")
    assert file.read_bytes() == before


def break_json(file: Path) -> None:
    file.with_name(file.name + ".json").write_text("{", "utf-8")


def change_config(**changes: object) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        config = file.with_name(file.name + ".json")
        config.write_text(json.dumps(json.loads(config.read_text("utf-8")) | changes), "utf-8")

    return change


def rename_inputs(file: Path) -> None:
    model = onnx.load(file)
    for node in model.graph.node:
        for i, name in enumerate(node.input):
            node.input[i] = "text" if name == "input" else name
    model.graph.input[0].name = "text"
    onnx.save(model, file)


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        (lambda file: file.unlink(), r"no voice in .*NAME\.onnx"),
        (lambda file: file.with_name(file.name + ".json").unlink(), r"'en_US-x-low\.onnx\.json' is missing"),
        (lambda file: file.write_bytes(b"<html>not found</html>"), r"en_US-x-low\.onnx: damaged"),
        (lambda file: file.write_bytes(file.read_bytes()[:5_000]), r"en_US-x-low\.onnx: damaged"),
        (lambda file: file.write_bytes(b""), r"en_US-x-low\.onnx: no ONNX voice"),
        (break_json, r"en_US-x-low\.onnx\.json: no configuration"),
        (change_config(audio={}), r"en_US-x-low\.onnx\.json: .*audio\.sample_rate"),
        (change_config(phoneme_id_map={}), r"phoneme_id_map"),
        (change_config(phoneme_type="pinyin"), r"'pinyin' are unknown"),
        (change_config(espeak={"voice": "xx"}), r"en_US-x-low\.onnx\.json: espeak-ng has no voice 'xx'"),
        (rename_inputs, r"en_US-x-low\.onnx: not a Piper voice; its inputs are input_lengths, scales, text"),
    ],
)
def test_a_broken_voice_is_one_clear_sentence(tmp_path: Path, harm: Callable[[Path], None], complaint: str) -> None:
    harm(write_voice(tmp_path, "en_US-x-low"))
    with pytest.raises((ConfigError, MediaError), match=complaint) as raised:
        voice_in(tmp_path)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 250


def test_ids_beyond_the_net_are_a_clear_sentence(tmp_path: Path) -> None:
    file = write_voice(tmp_path, "en_US-x-low", phoneme_id_map=IDS | {"h": [5_000]})
    with pytest.raises(TiangongError, match=r"en_US-x-low\.onnx: does not fit its configuration"):
        said(voice_in(file), "hello")


def test_it_runs_only_where_a_folder_of_voices_is_set(tmp_path: Path) -> None:
    folder = write_voice(tmp_path / "voices", "en_US-x-low").parent
    assert "TIANGONG_VOICE__PIPER" in str(PiperVoice.unavailable(settings(None)))
    assert "there is no folder" in str(PiperVoice.unavailable(settings(tmp_path / "nowhere")))
    assert "no voice in" in str(PiperVoice.unavailable(settings(tmp_path)))
    assert PiperVoice.unavailable(settings(folder)) is None
    assert choose("voice", VOICES, "piper", settings(folder)).name == "piper"
    assert PiperVoice.from_settings(settings(folder)).languages == {"en"}
    with pytest.raises(ConfigError, match=r"voice\.piper"):
        PiperVoice.from_settings(settings(None))
