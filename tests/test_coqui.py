"""Coqui's nets for real: tiny models that Coqui itself made and saved, through our loading, streaming, cloning, conversion."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests import tiny_coqui
from tests.coqui_parts import TwoPieces, hum, settings
from tiangong.core.config import Settings
from tiangong.core.errors import ConfigError, EngineError, MediaError, MissingExtra
from tiangong.core.media import AudioChunk, Speech, SpeechStyle
from tiangong.core.registry import choose, make
from tiangong.core.sound import write_wav
from tiangong.service.assembly import Engines
from tiangong.voice.coqui import hub, loading
from tiangong.voice.coqui.converted_voice import ConvertedVoice
from tiangong.voice.coqui.converters import open_converter
from tiangong.voice.coqui.coqui_voice import CoquiVoice
from tiangong.voice.coqui.model_folder import CONVERTERS, VOICES, read_model_folder
from tiangong.voice.coqui.weights import check_wavlm, read_state
from tiangong.voice.coqui.xtts import XttsNet
from tiangong.voice.engines import VOICES as ENGINES
from tiangong.voice.pieces import PICTURE_SAMPLES
from tiangong.voice.protocol import REFERENCE, VOICE_RATE_HZ, Speaker

needs_coqui = pytest.mark.skipif(
    not hub.installed(), reason='coqui-tts is not installed: pip install "tiangong[coqui]"'
)
# What Coqui's own code, and the packages under it, say of one another.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning:torch|TTS|torchaudio|transformers|librosa|trainer|coqpit"),
]
SENTENCES = [("Hello there, how are you?", "en"), ("你好，世界，我很高兴。", "zh"), ("请打开 GitHub 的页面。", "zh")]


@pytest.fixture(scope="module")
def recording() -> AudioChunk:
    words = "This is a recording of some seconds, made for a test. It holds all kinds of sounds, voiced and voiceless."
    voice = make("voice", ENGINES, "espeak", Settings()).for_speaker(Speaker("male"))
    return AudioChunk(joined(list(voice.synthesize(words, SpeechStyle()))), VOICE_RATE_HZ)


@pytest.fixture
def person(tmp_path: Path, recording: AudioChunk) -> Path:
    folder = tmp_path / "person"
    folder.mkdir()
    write_wav(recording, folder / REFERENCE)
    return folder


# --- with Coqui --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("coqui")
    before = os.environ.get("TTS_HOME")
    os.environ["TTS_HOME"] = str(home)  # where Coqui looks for WavLM, also while it makes a FreeVC
    tiny_coqui.save_wavlm(home)
    yield home
    os.environ.pop("TTS_HOME")
    if before:
        os.environ["TTS_HOME"] = before
    shutil.rmtree(home)


@pytest.fixture(scope="module")
def xtts_folder(models: Path) -> Path:
    return tiny_coqui.save_xtts(models / "xtts")


@pytest.fixture(scope="module")
def xtts(xtts_folder: Path) -> CoquiVoice:
    chosen = settings(xtts_folder, "CPML")
    assert choose("voice", ENGINES, "auto", chosen).name == "coqui"
    return make("voice", ENGINES, "coqui", chosen)


@pytest.fixture(scope="module")
def vits(models: Path) -> CoquiVoice:
    return make("voice", ENGINES, "coqui", settings(tiny_coqui.save_vits(models / "vits")))


@pytest.fixture(scope="module")
def your_tts(models: Path) -> CoquiVoice:
    return make("voice", ENGINES, "coqui", settings(tiny_coqui.save_your_tts(models / "your_tts")))


def spoken(voice: Any, text: str, language: str = "en", seed: int = 1, **style: Any) -> list[Speech]:
    """Pieces, checked; the nets draw lots, so the seed is set."""
    import torch

    torch.manual_seed(seed)
    pieces = list(voice.synthesize(text, SpeechStyle(language, **style)))
    for piece in pieces:
        assert piece.audio.rate_hz == VOICE_RATE_HZ
        assert piece.audio.pcm.dtype == np.float32
        assert np.abs(piece.audio.pcm).max() <= 1.0
    assert all(len(piece.audio.pcm) % PICTURE_SAMPLES == 0 for piece in pieces[:-1])
    return pieces


def joined(pieces: list[Speech]) -> NDArray[np.float32]:
    return np.concatenate([piece.audio.pcm for piece in pieces])


@needs_coqui
@pytest.mark.parametrize(("text", "language"), SENTENCES[:2])
def test_xtts_streams_a_sentence(xtts: CoquiVoice, text: str, language: str) -> None:
    assert xtts.languages == {"en", "zh"}
    pieces = spoken(xtts, text, language)
    assert len(pieces) > 2
    assert pieces[0].audio.duration_s < 1.0
    assert np.abs(joined(pieces)).max() > 0.05
    space = "" if language == "zh" else " "
    assert space.join(piece.text for piece in pieces).strip() == text


@needs_coqui
def test_each_run_of_a_mixed_sentence_is_spoken_in_its_own_language(
    xtts: CoquiVoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []
    speak = XttsNet.speak

    def listening(net: XttsNet, line: Any, likeness: Any) -> Iterator[NDArray[np.float32]]:
        asked.append((line.language, line.text))
        return speak(net, line, likeness)

    monkeypatch.setattr(XttsNet, "speak", listening)
    pieces = spoken(xtts, "请打开 GitHub 的页面。", "zh")
    assert "".join(piece.text for piece in pieces) == "请打开 GitHub 的页面。"
    assert asked == [("zh-cn", "请打开"), ("en", "GitHub"), ("zh-cn", "的页面。")]


@needs_coqui
def test_nothing_is_lost_between_chunks_and_the_gain_never_jumps(xtts: CoquiVoice) -> None:
    import torch

    from tiangong.voice.coqui.net import Line

    pcm = joined(spoken(xtts.for_speaker(Speaker()), "Hello there, how are you?"))
    net: Any = xtts._net
    torch.manual_seed(1)
    chunks = list(net.speak(Line("Hello there, how are you?", "en", 1.0), net.own_speaker(Speaker())))
    raw = np.concatenate(chunks)
    assert len(chunks) > 2
    assert len(pcm) == len(raw)
    heard = np.flatnonzero(np.abs(raw) > 0.2 * np.abs(raw).max())
    heard = heard[(heard > 100) & (heard < len(raw) - 100)]  # the ends are faded
    gain = pcm[heard] / raw[heard]
    assert gain.min() > 0
    per_sample = np.abs(np.diff(np.log(gain))) / np.diff(heard)
    assert per_sample.max() < 1e-3
    seams = np.cumsum([len(chunk) for chunk in chunks])[:-1]
    steps = np.abs(np.diff(raw))
    assert all(steps[seam - 2 : seam + 2].max() <= steps.max() for seam in seams)
    assert np.mean([steps[seam - 1] for seam in seams]) < 3 * steps.mean()


@needs_coqui
@pytest.mark.parametrize("text", ["", "🙂", "…", "***", "\x00"])
def test_nothing_to_say_is_nothing(xtts: CoquiVoice, vits: CoquiVoice, text: str) -> None:
    assert spoken(xtts, text) == spoken(vits, text) == []


@needs_coqui
def test_a_faster_voice_is_done_earlier(xtts: CoquiVoice, vits: CoquiVoice, your_tts: CoquiVoice) -> None:
    for voice in (xtts, vits, your_tts):
        slow, fast = (len(joined(spoken(voice, "Hello there my world", rate=rate))) for rate in (0.7, 1.4))
        assert slow > 1.4 * fast
        fresh = voice.for_speaker(Speaker())
        loud, soft = (np.abs(joined(spoken(fresh, "Hello", energy=energy))).max() for energy in (1.0, 0.4))
        assert soft < 0.7 * loud


@needs_coqui
def test_a_voice_is_learnt_once_and_read_back(
    xtts: CoquiVoice, your_tts: CoquiVoice, person: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for voice, file in ((xtts, "xtts.safetensors"), (your_tts, "vits.safetensors")):
        anew = voice.for_speaker(Speaker(folder=person))
        assert not (person / file).exists()  # computed, and not written behind the maker's back
        assert "reference.wav" in str(voice.learn(person))
        assert (person / file).is_file()
        net: Any = voice._net
        with monkeypatch.context() as patched:
            patched.setattr(type(net), "learnt", lambda *_: pytest.fail("what was kept is read"))
            cloned = voice.for_speaker(Speaker(folder=person))
        assert anew._likeness is not None
        assert cloned._likeness is not None
        for name, array in anew._likeness.arrays.items():
            assert np.allclose(array, cloned._likeness.arrays[name], atol=1e-5)
        own, once, again = (joined(spoken(v, "Hello there")) for v in (voice.for_speaker(Speaker()), anew, cloned))
        assert np.array_equal(once, again)
        assert not np.array_equal(own, again)


@needs_coqui
def test_latents_are_those_that_coqui_computes(xtts: CoquiVoice, person: Path) -> None:
    import soundfile
    import torch

    net: Any = xtts._net
    pcm, _ = soundfile.read(person / REFERENCE, dtype="float32")
    sound = torch.from_numpy(pcm)[None]
    config = net._config
    wanted = net._model.get_gpt_cond_latents(sound, 24_000, config.gpt_cond_len, config.gpt_cond_chunk_len)
    learnt = xtts.for_speaker(Speaker(folder=person))._likeness
    assert learnt is not None
    likeness = np.corrcoef(learnt.arrays["gpt_cond_latent"].ravel(), wanted.numpy().ravel())[0, 1]
    assert likeness > 0.99  # resampled by soxr here, by torchaudio there


@needs_coqui
def test_latents_of_another_model_are_not_used(xtts: CoquiVoice, models: Path, person: Path) -> None:
    other = make("voice", ENGINES, "coqui", settings(tiny_coqui.save_xtts(models / "other", seed=9), "CPML"))
    xtts.learn(person)
    before = (person / "xtts.safetensors").read_bytes()
    mine, theirs = (v.for_speaker(Speaker(folder=person))._likeness for v in (xtts, other))
    assert mine is not None
    assert not np.allclose(mine.arrays["gpt_cond_latent"], theirs.arrays["gpt_cond_latent"])
    assert (person / "xtts.safetensors").read_bytes() == before


@needs_coqui
def test_a_damaged_or_useless_recording_is_one_sentence(xtts: CoquiVoice, person: Path) -> None:
    (person / "xtts.safetensors").write_bytes(b"nonsense")
    with pytest.raises(MediaError, match="damaged; clone the voice again"):
        xtts.for_speaker(Speaker(folder=person))
    write_wav(AudioChunk(hum(0.5), VOICE_RATE_HZ), person / REFERENCE)
    with pytest.raises(MediaError, match="record at least 2 s"):
        xtts.learn(person)
    write_wav(AudioChunk(np.zeros(3 * VOICE_RATE_HZ, np.float32), VOICE_RATE_HZ), person / REFERENCE)
    with pytest.raises(MediaError, match="silent"):
        xtts.learn(person)
    (person / REFERENCE).unlink()
    with pytest.raises(MediaError, match="no such file"):
        xtts.learn(person)


@needs_coqui
def test_a_vits_of_one_speaker_just_speaks(vits: CoquiVoice, person: Path) -> None:
    assert vits.learn(person) is None
    assert vits.languages == {"en"}
    (piece,) = spoken(vits.for_speaker(Speaker(folder=person)), "Hello there, how are you?")
    assert piece.text == "Hello there, how are you?"
    assert piece.phones is None
    with pytest.raises(EngineError, match="speaks en"):
        spoken(vits, "你好，世界。", "zh")
    with pytest.raises(EngineError, match="speaks en"):
        spoken(vits, "请打开 GitHub 的页面。", "zh")
    assert spoken(vits, "My world is 世界 too", "en")


@needs_coqui
def test_a_vits_of_several_speakers_is_asked_for_one(models: Path, person: Path) -> None:
    folder = tiny_coqui.save_vits(models / "several", speakers=("p225", "p226"))
    voice = make("voice", ENGINES, "coqui", settings(folder))
    first, named, cloned = (
        joined(spoken(voice.for_speaker(speaker), "Hello there"))
        for speaker in (Speaker("p225"), Speaker("p226"), Speaker(folder=person))
    )
    assert not np.array_equal(first, named)
    assert np.array_equal(first, cloned)  # it knows only its own speakers


@needs_coqui
@pytest.mark.parametrize(("text", "language"), SENTENCES)
def test_your_tts_says_a_sentence_at_once(your_tts: CoquiVoice, text: str, language: str) -> None:
    assert your_tts.languages == {"en", "zh"}
    (piece,) = spoken(your_tts, text, language)
    assert piece.text == text
    assert np.abs(piece.audio.pcm).max() > 0.05


@needs_coqui
def test_a_long_text_comes_in_pieces_of_whole_pictures(vits: CoquiVoice) -> None:
    text = " ".join(["Hello there my world, this is a long text."] * 6)
    pieces = spoken(vits, text)
    assert len(pieces) > 1
    assert " ".join(piece.text for piece in pieces) == text


@needs_coqui
def test_own_speakers_are_told_apart(your_tts: CoquiVoice) -> None:
    female, male = (your_tts.for_speaker(Speaker(v))._likeness for v in ("female", "male"))
    assert female is not None
    assert male is not None
    assert not np.allclose(female.arrays["d_vector"], male.arrays["d_vector"])


@needs_coqui
def test_an_xtts_without_speakers_asks_for_a_clone(models: Path, person: Path) -> None:
    folder = tiny_coqui.save_xtts(models / "lonely", speakers=False)
    voice = make("voice", ENGINES, "coqui", settings(folder, "CPML"))
    with pytest.raises(ConfigError, match="clone a voice for it"):
        voice.for_speaker(Speaker())
    with pytest.raises(EngineError, match="clone a voice for it"):
        spoken(voice, "Hello")
    assert spoken(voice.for_speaker(Speaker(folder=person)), "Hello")


@needs_coqui
def test_sound_that_is_not_a_number_is_an_error(vits: CoquiVoice, monkeypatch: pytest.MonkeyPatch) -> None:
    net: Any = vits._net
    monkeypatch.setattr(type(net), "speak", lambda *_: iter([np.full(9, np.nan, np.float32)]))
    with pytest.raises(EngineError, match="not a number"):
        spoken(vits, "Hello")
    monkeypatch.setattr(type(net), "speak", lambda *_: iter([]))
    with pytest.raises(EngineError, match="makes no sound"):
        spoken(vits, "Hello")


@needs_coqui
def test_weights_may_be_safetensors(models: Path, xtts_folder: Path, xtts: CoquiVoice) -> None:
    from safetensors.torch import save_file

    folder = models / "safe"
    shutil.copytree(xtts_folder, folder)
    state = {name: tensor.clone() for name, tensor in read_state(folder / "model.pth").items()}
    save_file(state, folder / "model.safetensors")
    (folder / "model.pth").unlink()
    voice = make("voice", ENGINES, "coqui", settings(folder, "CPML"))
    assert np.array_equal(joined(spoken(voice, "Hello")), joined(spoken(xtts.for_speaker(Speaker()), "Hello")))


class Malicious:
    """Leaves a file behind where it is unpickled as pickles are."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.trace,)


def opened(model: Path, nets: tuple[str, ...]) -> object:
    if nets == VOICES:
        return make("voice", ENGINES, "coqui", settings(model, "CPML"))
    return open_converter(read_model_folder(model, nets), "cpu", Settings())


def refusal(model: Path, nets: tuple[str, ...]) -> str:
    with pytest.raises(MediaError) as caught:
        opened(model, nets)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@needs_coqui
@pytest.mark.parametrize(
    ("kind", "file"),
    [
        ("xtts", "model.pth"),
        ("xtts", "speakers_xtts.pth"),
        ("vits", "model.pth"),
        ("your_tts", "model.pth"),
        ("your_tts", "model_se.pth"),
        ("freevc", "model.pth"),
        ("openvoice", "checkpoint.pth"),
        ("knnvc", "vocoder/model.pth"),
    ],
)
def test_a_malicious_pickle_is_refused_and_not_run(models: Path, tmp_path: Path, kind: str, file: str) -> None:
    import torch

    source = models / kind
    if not source.exists():
        getattr(tiny_coqui, f"save_{kind}")(source)
    folder = tmp_path / kind
    shutil.copytree(source, folder)
    evil = Malicious(tmp_path / "trace")
    for held in ({"model": {"a": torch.zeros(1)}, "config": evil}, evil):
        torch.save(held, folder / file)
        assert "could run code" in refusal(folder, CONVERTERS if kind in CONVERTERS else VOICES)
    assert not (tmp_path / "trace").exists()


@needs_coqui
@pytest.mark.parametrize(
    ("kind", "file"), [("your_tts", "config.json"), ("your_tts", "config_se.json"), ("knnvc", "vocoder/config.json")]
)
def test_statistics_that_coqui_would_unpickle_are_refused(
    models: Path, tmp_path: Path, your_tts: CoquiVoice, kind: str, file: str
) -> None:
    if not (models / kind).exists():
        getattr(tiny_coqui, f"save_{kind}")(models / kind)
    folder = tmp_path / kind
    shutil.copytree(models / kind, folder)
    np.save(folder / "stats.npy", np.array(Malicious(tmp_path / "trace"), dtype=object), allow_pickle=True)
    config = json.loads((folder / file).read_text())
    config["audio"].update({"stats_path": str(folder / "stats.npy"), "signal_norm": True})
    (folder / file).write_text(json.dumps(config))
    with pytest.raises(ConfigError, match="could run code"):
        opened(folder, CONVERTERS if kind in CONVERTERS else VOICES)
    assert not (tmp_path / "trace").exists()


@needs_coqui
def test_the_first_xtts_checkpoints_hold_a_configuration_and_are_read(xtts_folder: Path, tmp_path: Path) -> None:
    import torch
    from TTS.tts.configs.xtts_config import XttsArgs, XttsConfig

    torch.save({"model": {"a": torch.ones(2)}, "config": XttsConfig(model_args=XttsArgs())}, tmp_path / "old.pth")
    assert list(read_state(tmp_path / "old.pth")) == ["a"]


@needs_coqui
@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"PK\x03\x04 cut off", bytes(range(256)) * 9])
def test_a_damaged_checkpoint_is_one_sentence(models: Path, vits: CoquiVoice, tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "vits"
    shutil.copytree(models / "vits", folder)
    (folder / "model.pth").write_bytes(content)
    assert str(folder) in refusal(folder, VOICES)


@needs_coqui
def test_weights_that_do_not_fit_are_one_sentence(
    models: Path, vits: CoquiVoice, your_tts: CoquiVoice, tmp_path: Path
) -> None:
    folder = tmp_path / "mixed"
    shutil.copytree(models / "your_tts", folder)
    shutil.copy(models / "vits" / "model.pth", folder / "model.pth")
    assert "not a VITS model that can be loaded" in refusal(folder, VOICES)
    (folder / "speakers.json").unlink()
    with pytest.raises(ConfigError, match="no speakers.json"):
        make("voice", ENGINES, "coqui", settings(folder))


@needs_coqui
def test_a_wavlm_that_would_run_code_is_refused(tmp_path: Path) -> None:
    check_wavlm(tiny_coqui.save_wavlm(tmp_path))
    path = tiny_coqui.save_wavlm(tmp_path, layers="__import__('os').system('true') or [(16,10,5)]")
    with pytest.raises(MediaError, match="could run code"):
        check_wavlm(path)


@needs_coqui
@pytest.mark.parametrize("kind", ["freevc", "openvoice", "knnvc"])
def test_a_voice_is_converted(models: Path, person: Path, recording: AudioChunk, kind: str) -> None:
    folder = models / kind
    if not folder.exists():
        getattr(tiny_coqui, f"save_{kind}")(folder)
    voice = ConvertedVoice.from_settings(TwoPieces(recording.pcm), settings(convert=folder))
    assert str(voice.learn(person)).endswith("knows this voice from reference.wav")
    assert (person / f"{kind}.safetensors").is_file()
    plain, through, converted = (
        spoken(v, "") for v in (voice._voice, voice.for_speaker(Speaker()), voice.for_speaker(Speaker(folder=person)))
    )
    assert np.array_equal(joined(plain), joined(through))
    for before, after in zip(plain, converted, strict=True):
        assert len(before.audio.pcm) == len(after.audio.pcm)
        assert (before.phones, before.text) == (after.phones, after.text)
    assert np.abs(joined(converted)).max() > 1e-3
    assert abs(np.corrcoef(joined(plain), joined(converted))[0, 1]) < 0.5


@needs_coqui
def test_the_settings_put_a_conversion_behind_the_engine(
    models: Path, person: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = models / "openvoice"
    if not folder.exists():
        tiny_coqui.save_openvoice(folder)
    chosen = Settings(voice={"convert": str(folder)}, engines={"voice": "espeak"})  # type: ignore[arg-type]
    voice = Engines(chosen).voice
    assert isinstance(voice, ConvertedVoice)
    assert str(voice.learn(person)).endswith("OpenVoice knows this voice from reference.wav")
    monkeypatch.setattr(type(voice._converter), "target", lambda *_: pytest.fail("what was kept is read"))
    pieces = spoken(voice.for_speaker(Speaker(folder=person)), "Hello there. 你好。")
    assert all(piece.phones for piece in pieces)


@needs_coqui
def test_coqui_knows_the_hub_names_and_their_licences(monkeypatch: pytest.MonkeyPatch) -> None:
    xtts_v2 = "tts_models/multilingual/multi-dataset/xtts_v2"
    assert "CPML" in str(CoquiVoice.unavailable(settings(xtts_v2)))
    assert "non-commercial" in str(CoquiVoice.unavailable(settings("tts_models/multilingual/multi-dataset/your_tts")))
    assert "no model 'tts_models/en/none/vits'" in str(CoquiVoice.unavailable(settings("tts_models/en/none/vits")))
    assert "not one of the models" in str(CoquiVoice.unavailable(settings("tts_models/en/ljspeech/tacotron2-DDC")))
    assert str(CoquiVoice.licence(settings("tts_models/en/ljspeech/vits"))).startswith("apache 2.0")
    asked: list[str | None] = []
    manager: Any = loading.coqui("TTS.utils.manage", "ModelManager")

    def refuse(*_: object) -> None:
        asked.append(os.environ.get("COQUI_TOS_AGREED"))
        raise OSError("no network here")

    monkeypatch.setattr(manager, "download_model", refuse)
    with pytest.raises(MissingExtra, match="no network here"):
        CoquiVoice.from_settings(settings(xtts_v2, "CPML"))
    with pytest.raises(MissingExtra, match="no network here"):
        CoquiVoice.from_settings(settings("tts_models/en/ljspeech/vits"))
    assert asked == ["1", None]
    assert "COQUI_TOS_AGREED" not in os.environ
