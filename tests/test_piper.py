"""Piper's voices: tiny ones of the true structure, in which each phoneme is a tone, so that times can be heard."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.ndimage import median_filter
from scipy.signal import hilbert

from tests.tiny_piper import HOP, RATE_HZ, export, tone_hz, write_voice
from tiangong.core.errors import MediaError
from tiangong.core.media import Phone, Speech, SpeechStyle
from tiangong.voice.espeak_library import espeak_library
from tiangong.voice.ipa import is_stop
from tiangong.voice.loudness import SPEECH_RMS, even_loudness
from tiangong.voice.pieces import PICTURE_SAMPLES
from tiangong.voice.piper import PiperVoice, piper_members
from tiangong.voice.piper_net import PiperNet, PiperScales
from tiangong.voice.protocol import VOICE_RATE_HZ, Speaker

ENGLISH = "Hello there, my good friend. Go home now!"
CHINESE = "您好，很高兴见到您。"
MIXED = "请打开 GitHub 的页面。"
AS_PIPER_HAS_IT = {"x": "χ", "ʂ": "s", "ʈ": "t", "ɤ": "o", "ɻ": "i"}
STRESS_S = 2 * HOP / RATE_HZ  # the mark of stress and its pad go before the vowel, silently
LONG = "The desk opens at nine, and closes at six; on Sundays it stays closed all day, as the whole house does. " * 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    voices = tmp_path_factory.mktemp("voices")
    write_voice(voices, "en_US-tiny-medium")
    write_voice(voices, "zh_CN-tiny-x_low", rate_hz=16_000, pitch=0.9)
    return voices


@pytest.fixture(scope="module")
def voice(folder: Path) -> PiperVoice:
    return voice_in(folder)


def voice_in(where: Path) -> PiperVoice:
    return PiperVoice(piper_members(where))


def said(voice: PiperVoice, text: str, language: str = "en", **style: float | str) -> Speech:
    pieces = list(voice.synthesize(text, SpeechStyle(language=language, **style)))
    assert len(pieces) == 1
    return pieces[0]


def phones(speech: Speech) -> tuple[Phone, ...]:
    assert speech.phones is not None
    return speech.phones


def symbols(speech: Speech) -> list[str]:
    return [phone.symbol for phone in phones(speech) if phone.symbol]


def heard_hz(speech: Speech) -> np.ndarray:
    """(samples,) the pitch of the sound over time, 0 in silence."""
    wave = hilbert(speech.audio.pcm)
    pitch = np.diff(np.unwrap(np.angle(wave)), prepend=0.0) * VOICE_RATE_HZ / (2 * np.pi)
    return np.where(np.abs(wave) > 0.02, median_filter(pitch, 121), 0.0)


def onset_s(pitch: np.ndarray, phone: Phone, factor: float) -> float:
    """When the tone of the phone is first heard, near to where it should be."""
    first = phone.symbol.strip("ˈˌ")[0]
    wanted = tone_hz(AS_PIPER_HAS_IT.get(first, first)) * factor
    begin = max(0, round((phone.start_s - 0.1) * VOICE_RATE_HZ))
    near = np.abs(pitch[begin : round(phone.end_s * VOICE_RATE_HZ)] - wanted) < 15
    run = np.convolve(near, np.ones(480), "valid") > 400  # most of the 20 ms that follow
    return (begin + int(np.argmax(run))) / VOICE_RATE_HZ if run.any() else float("nan")


@pytest.mark.parametrize(("text", "language"), [(ENGLISH, "en"), (CHINESE, "zh"), (MIXED, "zh"), ("3 cakes, 5%", "en")])
def test_phones_cover_the_sound_without_gaps(voice: PiperVoice, text: str, language: str) -> None:
    speech = said(voice, text, language)
    assert speech.audio.rate_hz == VOICE_RATE_HZ
    assert speech.text == text
    timeline = phones(speech)
    assert timeline[0].start_s == 0.0
    assert timeline[-1].end_s == pytest.approx(speech.audio.duration_s, abs=0.002)
    for before, after in pairwise(timeline):
        assert before.end_s == pytest.approx(after.start_s, abs=1e-6)
        assert after.end_s >= after.start_s


@pytest.mark.parametrize(("text", "language", "factor"), [(ENGLISH, "en", 1.0), ("他们喝茶，马上吃饭。", "zh", 0.9)])
def test_every_phone_is_heard_when_its_time_says(voice: PiperVoice, text: str, language: str, factor: float) -> None:
    speech = said(voice, text, language)
    pitch = heard_hz(speech)
    spoken = [phone for phone in phones(speech) if phone.symbol]
    assert len(spoken) > 12
    for phone in spoken:
        late_s = onset_s(pitch, phone, factor) - phone.start_s - (STRESS_S if phone.symbol[0] in "ˈˌ" else 0.0)
        # Before a stop is heard the mouth is closed: that is silent, and a part of it.
        assert -0.02 < late_s < (0.1 if is_stop(phone.symbol) else 0.02), (phone, late_s)


def test_the_phones_are_ipa(voice: PiperVoice) -> None:
    assert symbols(said(voice, "Hello, my friend.")) == "h ə l ˈoʊ m aɪ f ɹ ˈɛ n d".split()
    assert symbols(said(voice, CHINESE, "zh"))[:5] == "n i n x ˈɑu".split()
    assert symbols(said(voice, "二", "zh")) == ["ˈɑɚ"]
    assert symbols(said(voice, MIXED, "zh"))[:10] == "tɕʰ ˈi ŋ t ˈɑ kʰ ˈai ɡ ˈɪ t".split()


def test_pauses_between_sentences_are_silent_and_as_long_as_the_other_voices(voice: PiperVoice) -> None:
    speech = said(voice, "Go home. 你好，再见。", "en")
    inside = [p for p in phones(speech)[1:-1] if not p.symbol]
    assert [round(p.end_s - p.start_s, 2) for p in inside] == pytest.approx([0.25, 0.16], abs=0.02)
    for pause in inside:
        cut = speech.audio.pcm[round((pause.start_s + 0.03) * 24_000) : round(pause.end_s * 24_000) - 100]
        assert np.abs(cut).max() < 1e-3


def test_each_language_is_spoken_by_its_own_voice_at_one_loudness(voice: PiperVoice) -> None:
    assert voice.languages == {"en", "zh"}
    speech = said(voice, "hello 你好", "en")
    pitch = heard_hz(speech)
    first = next(p for p in phones(speech) if p.symbol == "h")
    second = next(p for p in phones(speech) if p.symbol == "n")
    assert abs(onset_s(pitch, first, 1.0) - first.start_s) < 0.02
    assert abs(onset_s(pitch, second, 0.9) - second.start_s) < 0.02
    cut = round((second.start_s - 0.02) * VOICE_RATE_HZ)
    for half in (speech.audio.pcm[:cut], speech.audio.pcm[cut:]):
        assert np.abs(half).max() == pytest.approx(np.abs(even_loudness(half, VOICE_RATE_HZ)).max(), rel=0.15)


def test_one_voice_alone_speaks_both_languages(tmp_path: Path) -> None:
    voice = voice_in(write_voice(tmp_path, "en_US-alone-low"))
    speech = said(voice, MIXED, "zh")
    assert voice.languages == {"en"}
    assert {"kʰ", "ˈai", "ɡ", "ˈɪ"} <= set(symbols(speech))


def test_of_two_voices_of_a_language_the_first_by_name_speaks(tmp_path: Path) -> None:
    write_voice(tmp_path, "en_US-b-low", pitch=1.3)
    write_voice(tmp_path, "en_GB-a-low", pitch=1.1, espeak={"voice": "en-gb-x-rp"})
    speech = said(voice_in(tmp_path), "hello")
    phone = next(p for p in phones(speech) if p.symbol == "h")
    assert abs(onset_s(heard_hz(speech), phone, 1.1) - phone.start_s) < 0.02


def test_a_sentence_in_a_third_language_is_spoken_by_its_voice(tmp_path: Path) -> None:
    write_voice(tmp_path, "en_US-a-low")
    write_voice(tmp_path, "de_DE-b-low", language=None)  # as old configurations: espeak's voice says it
    voice = voice_in(tmp_path)
    assert voice.languages == {"en", "de"}
    assert "ʃ" in symbols(said(voice, "Stein", "de"))
    assert "ʃ" not in symbols(said(voice, "Stein", "en"))


def test_a_speaker_is_found_by_name_and_an_unknown_one_changes_nothing(tmp_path: Path) -> None:
    voice = voice_in(write_voice(tmp_path, "en_US-two-low", speakers=["Female", "male"]))
    assert voice.for_speaker(Speaker("robot")) is voice
    for speaker, factor in (("female", 1.0), ("male", 1.5)):
        speech = said(voice.for_speaker(Speaker(speaker)), "hello")
        phone = next(p for p in phones(speech) if p.symbol == "h")
        assert abs(onset_s(heard_hz(speech), phone, factor) - phone.start_s) < 0.02
    assert voice.learn(tmp_path) is None


def test_a_voice_of_one_speaker_is_itself_for_everyone(voice: PiperVoice, tmp_path: Path) -> None:
    assert voice.for_speaker(Speaker("male", tmp_path)) is voice


def test_rate_and_feeling_change_the_pace_and_energy_the_strength(voice: PiperVoice) -> None:
    plain, fast = said(voice, "Hello there"), said(voice, "Hello there", rate=2.0)
    spoken_s = [sum(p.end_s - p.start_s for p in phones(s) if p.symbol) for s in (plain, fast)]
    assert 0.45 < spoken_s[1] / spoken_s[0] < 0.65  # no id is shorter than a frame
    assert said(voice, "Hello there", emotion="sad", intensity=1.0).audio.duration_s > plain.audio.duration_s
    soft = said(voice, "Hello there", energy=0.5).audio.pcm
    assert np.abs(soft).max() == pytest.approx(0.5 * np.abs(plain.audio.pcm).max(), rel=0.05)
    assert np.sqrt(np.mean(np.square(plain.audio.pcm))) < SPEECH_RMS


def test_a_long_text_comes_in_pieces_of_whole_pictures(voice: PiperVoice) -> None:
    pieces = list(voice.synthesize(LONG, SpeechStyle()))
    assert len(pieces) > 3
    assert "".join("".join(piece.text.split()) for piece in pieces) == "".join(LONG.split())
    for piece in pieces[:-1]:
        assert len(piece.audio.pcm) % PICTURE_SAMPLES == 0
        assert phones(piece)[-1].end_s == pytest.approx(piece.audio.duration_s)


@pytest.mark.parametrize("text", ["", "  ", "🙂🎉", "…", "***", "\x00"])
def test_what_cannot_be_spoken_is_nothing(voice: PiperVoice, text: str) -> None:
    assert list(voice.synthesize(text, SpeechStyle())) == []


def test_the_net_of_a_true_vits_tells_how_long_each_id_sounds(tmp_path: Path) -> None:
    from transformers import VitsConfig, VitsModel

    torch.manual_seed(0)
    vits = VitsModel(
        VitsConfig(
            vocab_size=60, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, ffn_dim=16, flow_size=16,
            spectrogram_bins=9, prior_encoder_num_flows=2, prior_encoder_num_wavenet_layers=1,
            posterior_encoder_num_wavenet_layers=1, duration_predictor_num_flows=2,
            duration_predictor_filter_channels=16, depth_separable_num_layers=1, upsample_rates=[8, 8, 2, 2],
            upsample_initial_channel=16, upsample_kernel_sizes=[16, 16, 4, 4], resblock_kernel_sizes=[3],
            resblock_dilation_sizes=[[1]], sampling_rate=RATE_HZ,
        )
    )  # fmt: skip

    class WithPipersInterface(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.vits = vits

        def forward(self, text: torch.Tensor, text_lengths: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
            vits.noise_scale, vits.speaking_rate, vits.noise_scale_duration = scales[0], 1 / scales[1], scales[2]
            mask = (torch.arange(text.size(1)).unsqueeze(0) < text_lengths.unsqueeze(1)).long()
            return vits(text, attention_mask=mask).waveform.unsqueeze(1)

    export(WithPipersInterface(), 60, tmp_path / "vits.onnx")
    net = PiperNet(tmp_path / "vits.onnx", RATE_HZ)
    for count in (5, 40):
        sound = net.run(list(range(1, count + 1)), PiperScales(0.667, 1.0, 0.8), 0)
        assert sound.lengths is not None
        frames = sound.lengths / HOP
        assert len(frames) == count
        assert np.allclose(frames, frames.round())
        assert frames.sum() * HOP == pytest.approx(len(sound.pcm))


@pytest.mark.parametrize(
    ("text", "voice", "marks"),
    [
        ("Hello there, how are you? Fine: yes; it costs $3.50 in the U.S. today.", "en-us", [",", "?", ":", ";", "."]),
        ('He said "hi." Then he left', "en-us", [".", ""]),
        ("您好，今天怎么样？好、是；知识！", "cmn", ["，", "？", "、", "；", "！"]),
        ("...", "en-us", []),
    ],
)
def test_espeak_tells_phonemes_clause_by_clause(text: str, voice: str, marks: list[str]) -> None:
    assert [clause.mark for clause in espeak_library().phonemes(text, voice)] == marks


def test_telling_phonemes_leaves_the_embedded_voice_as_it_was() -> None:
    from tiangong.voice.espeak import EspeakVoice

    before = next(EspeakVoice().synthesize("Hello there.", SpeechStyle()))
    for _ in range(100):
        espeak_library().phonemes("您好，很高兴", "cmn")
        espeak_library().phonemes("...", "en-us")
    after = next(EspeakVoice().synthesize("Hello there.", SpeechStyle()))
    assert symbols(before) == symbols(after)  # its noise makes no two sounds quite alike
    assert before.audio.duration_s == pytest.approx(after.audio.duration_s, abs=0.005)
    with pytest.raises(MediaError, match="no voice 'nobody'"):
        espeak_library().phonemes("a", "nobody")
