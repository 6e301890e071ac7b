"""The embedded voice: what is said, when each phone is said, and what happens to text that cannot be said."""

import threading
import time

import numpy as np
import pytest

from tiangong.core.config import Settings
from tiangong.core.errors import MediaError, MissingExtra
from tiangong.core.face import EMOTIONS, EmotionLabel
from tiangong.core.media import Phone, Speech, SpeechStyle
from tiangong.core.registry import choose, load
from tiangong.voice.engines import VOICES
from tiangong.voice.espeak import FEMALE, LONGEST_PIECE_S, MALE, EspeakVariant, EspeakVoice
from tiangong.voice.espeak_library import EspeakLibrary, why_unusable
from tiangong.voice.loudness import SPEECH_RMS, level_over_time, limited
from tiangong.voice.protocol import VOICE_RATE_HZ, Speaker

ENGLISH = "Bob, please put the map back in my paper bag; stop now!"
CHINESE = "我叫小天，今天能帮你什么忙？"
MIXED = "请打开 GitHub 的 issue 页面"
VOWELS = tuple("aɑæʌɔɒeɛoəɐɜɚiɪuʊyɤ")


@pytest.fixture(scope="module")
def voice() -> EspeakVoice:
    return EspeakVoice()


def said(voice: EspeakVoice, text: str, language: str = "en", **style: float | str) -> Speech:
    pieces = list(voice.synthesize(text, SpeechStyle(language=language, **style)))
    assert len(pieces) == 1
    return pieces[0]


def rms(speech: Speech, start_s: float, end_s: float) -> float:
    cut = speech.audio.pcm[round(start_s * VOICE_RATE_HZ) : round(end_s * VOICE_RATE_HZ)]
    return float(np.sqrt(np.mean(np.square(cut)))) if len(cut) else 0.0


def phones(speech: Speech) -> tuple[Phone, ...]:
    assert speech.phones is not None
    return speech.phones


def symbols(speech: Speech) -> list[str]:
    return [phone.symbol for phone in phones(speech)]


def test_the_registry_finds_the_voice_and_it_can_run_here():
    assert load("voice", VOICES, "espeak") is EspeakVoice
    assert choose("voice", VOICES, "auto", Settings(profile="embedded")).name == "espeak"
    assert why_unusable() is None
    assert EspeakVoice.unavailable(Settings()) is None


def test_a_library_without_its_data_is_a_missing_extra(tmp_path):
    with pytest.raises(MissingExtra, match="espeak"):
        EspeakLibrary(tmp_path / "libespeak-ng.so", tmp_path)


@pytest.mark.parametrize(
    ("text", "language"), [(ENGLISH, "en"), (CHINESE, "zh"), (MIXED, "zh"), ("I like 北京 and 3 cakes.", "en")]
)
def test_phones_cover_the_sound_without_gaps(voice, text, language):
    speech = said(voice, text, language)
    assert speech.audio.rate_hz == VOICE_RATE_HZ
    assert speech.text == text
    timeline = phones(speech)
    assert timeline[0].start_s == 0.0
    assert timeline[-1].end_s == pytest.approx(speech.audio.duration_s, abs=0.002)
    for before, after in zip(timeline, timeline[1:], strict=False):
        assert before.end_s == pytest.approx(after.start_s, abs=1e-6)
        assert after.end_s >= after.start_s
    assert not any("(" in phone.symbol or "." in phone.symbol for phone in timeline)


@pytest.mark.parametrize(("text", "language"), [(ENGLISH, "en"), (CHINESE, "zh"), (MIXED, "zh")])
@pytest.mark.parametrize("speaker", ["female", "male"])
def test_pauses_are_silent_and_vowels_are_loud_where_their_times_say(voice, speaker, text, language):
    speech = said(voice.for_speaker(Speaker(speaker)), text, language)
    loud = float(np.percentile(level_over_time(speech.audio.pcm, VOICE_RATE_HZ), 95))
    for phone in phones(speech):
        # 20 ms is what times may be off.
        inside = (phone.start_s + 0.02, phone.end_s - 0.02)
        if not phone.symbol and inside[1] - inside[0] > 0.02 and phone.start_s > 0:
            assert rms(speech, *inside) < 0.06 * loud, phone
        if phone.symbol.strip("ˈˌ").startswith(VOWELS) and phone.end_s - phone.start_s > 0.06:
            middle = (phone.start_s + phone.end_s) / 2
            assert rms(speech, middle - 0.02, middle + 0.02) > 0.12 * loud, phone


def test_a_stop_begins_where_the_mouth_closes_not_at_its_burst(voice):
    speech = said(voice, "A paper bag.")
    stop = next(phone for phone in phones(speech) if phone.symbol == "p")
    assert stop.end_s - stop.start_s > 0.05
    assert rms(speech, stop.start_s + 0.005, stop.start_s + 0.02) < 0.1 * SPEECH_RMS


def test_first_sound_is_early_and_commas_keep_their_pause(voice):
    speech = said(voice, "Well, yes.")
    assert phones(speech)[0] == Phone("", 0.0, pytest.approx(0.03, abs=0.002))
    pauses = [p.end_s - p.start_s for p in phones(speech)[1:] if not p.symbol]
    assert pauses[0] > 0.12
    assert 0.2 <= pauses[-1] <= 0.3


def test_both_languages_of_a_sentence_are_equally_loud(voice):
    speech = said(voice, "我们今天讨论人工智能 artificial intelligence research")
    middle = next(p.start_s for p in phones(speech) if p.symbol == "ˌɑːɹ" or p.symbol.startswith(("ˌɑː", "ɑːɹ")))
    levels = [rms(speech, 0.05, middle - 0.05), rms(speech, middle, speech.audio.duration_s - 0.3)]
    assert 0.6 < levels[0] / levels[1] < 1.6


UNSPEAKABLE = [
    "",
    "   ",
    "\n\t",
    "\0",
    "😀",
    "😀👨‍👩‍👧 🎉",
    "...!?",
    "—",
    "**",
    "\u200b\u202e\u2066",
    "\ufffe\ud800",
    "٣" * 0,
]


@pytest.mark.parametrize("text", UNSPEAKABLE)
def test_text_without_a_letter_or_digit_yields_nothing(voice, text):
    assert list(voice.synthesize(text, SpeechStyle())) == []


STRANGE = ["a\0b", "שלום עולם", "مرحبا بالعالم", "Привет", "こんにちは", "[[hello]]", "<speak>hi</speak>", "&lt;", "\ud800a",
           "x" * 3_000,
           "9" * 3_000, "ก็็็็็", "a\u0301\u0302\u0303" * 50, "%s%n%s", "${jndi}", "Ω≈ç√"]  # fmt: skip


@pytest.mark.parametrize("text", STRANGE)
def test_strange_text_is_spoken_or_passed_over_but_never_breaks(voice, text):
    for language in ("en", "zh"):
        for speech in voice.synthesize(text, SpeechStyle(language=language)):
            assert len(speech.audio.pcm) > 0
            assert float(np.abs(speech.audio.pcm).max()) <= 1.0


def test_a_long_text_comes_in_pieces_and_the_first_one_at_once(voice):
    text = "今天天气很好，我们去公园散步，" * 4_000 + "hello wonderful world " * 1_000
    assert len(text.encode()) > 100_000
    began_s = time.perf_counter()
    first = next(voice.synthesize(text, SpeechStyle(language="zh")))
    assert time.perf_counter() - began_s < 3
    assert 1 < first.audio.duration_s <= LONGEST_PIECE_S


@pytest.mark.parametrize("text", ["天气很好，" * 60, "没有标点" * 100, "word " * 200, "x" * 2_000, "One. Two, " * 80])
def test_no_piece_of_a_long_text_is_long_to_hear(voice, text):
    for speech in voice.synthesize(text, SpeechStyle(language="zh")):
        assert speech.audio.duration_s < 1.3 * LONGEST_PIECE_S


def fundamental_hz(speech: Speech) -> float:
    """Median over voiced stretches, by autocorrelation."""
    found: list[float] = []
    for at in range(0, len(speech.audio.pcm) - 1_200, 600):
        cut = speech.audio.pcm[at : at + 1_200]
        if np.sqrt(np.mean(cut**2)) > 0.03:
            scores = np.correlate(cut, cut, "full")[1_199:]
            low, high = VOICE_RATE_HZ // 400, VOICE_RATE_HZ // 60
            best = low + int(scores[low:high].argmax())
            if scores[best] > 0.5 * scores[0]:
                found.append(VOICE_RATE_HZ / best)
    return float(np.median(found))


VOICED = "My mother and I are always near you in the morning."


def test_style_moves_rate_pitch_and_energy_in_the_named_direction(voice):
    plain = said(voice, VOICED)
    assert said(voice, VOICED, rate=1.4).audio.duration_s < 0.85 * plain.audio.duration_s
    assert said(voice, VOICED, rate=0.7).audio.duration_s > 1.2 * plain.audio.duration_s
    assert fundamental_hz(said(voice, VOICED, pitch=1.25)) > 1.1 * fundamental_hz(plain)
    assert fundamental_hz(said(voice, VOICED, pitch=0.8)) < 0.92 * fundamental_hz(plain)
    soft, loud = said(voice, VOICED, energy=0.5), said(voice, VOICED, energy=1.8)
    assert np.abs(soft.audio.pcm).mean() < 0.6 * np.abs(plain.audio.pcm).mean()
    assert np.abs(loud.audio.pcm).mean() > 1.4 * np.abs(plain.audio.pcm).mean()
    assert np.abs(loud.audio.pcm).max() < 1.0


FELT: list[tuple[EmotionLabel, int, int]] = [("happy", -1, 1), ("sad", 1, -1), ("angry", -1, 1), ("surprised", -1, 1)]


@pytest.mark.parametrize(("emotion", "longer", "higher"), FELT)
def test_a_feeling_is_heard_in_rate_and_pitch(voice, emotion, longer, higher):
    plain, felt = said(voice, VOICED), said(voice, VOICED, emotion=emotion, intensity=1.0)
    assert (felt.audio.duration_s - plain.audio.duration_s) * longer > 0
    assert (fundamental_hz(felt) - fundamental_hz(plain)) * higher > 0


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_no_feeling_however_strong_or_style_however_wild_breaks_the_voice(voice, emotion):
    for wild in (0.0, 100.0):
        speech = said(voice, "Fine.", emotion=emotion, intensity=wild, rate=wild, pitch=wild, energy=wild)
        assert np.abs(speech.audio.pcm).max() < 1.0


def test_a_man_speaks_lower_than_a_woman_and_both_speak_both_languages_at_one_pitch(voice):
    man = voice.for_speaker(Speaker("male"))
    assert voice.for_speaker(Speaker("nobody")) is voice
    assert fundamental_hz(said(man, VOICED)) < 0.75 * fundamental_hz(said(voice.for_speaker(Speaker("female")), VOICED))
    for speaker in (EspeakVoice(FEMALE), EspeakVoice(MALE)):
        english, chinese = said(speaker, VOICED), said(speaker, "我们明天来看你们的新房子，很远很美丽。", "zh")
        assert 0.8 < fundamental_hz(chinese) / fundamental_hz(english) < 1.25


def test_an_unknown_variant_is_refused_in_one_line():
    with pytest.raises(MediaError, match="no voice"):
        list(EspeakVoice(EspeakVariant("nobody-of-this-name", 50, 50)).synthesize("Hi", SpeechStyle()))


def test_the_same_sentence_sounds_the_same_whoever_spoke_before(voice):
    before = said(voice, ENGLISH)
    said(voice, CHINESE, "zh", emotion="sad")
    said(EspeakVoice(MALE), ENGLISH, rate=1.5)
    again = said(voice, ENGLISH)
    # espeak-ng's breath noise and flutter go on from sentence to sentence; times, sounds and loudness do not change.
    assert [p.symbol for p in phones(again)] == [p.symbol for p in phones(before)]
    assert again.audio.duration_s == pytest.approx(before.audio.duration_s, abs=0.03)
    assert fundamental_hz(again) == pytest.approx(fundamental_hz(before), rel=0.08)


def test_threads_do_not_mix_their_sentences(voice):
    alone = {text: symbols(said(voice, text, language)) for text, language in ((ENGLISH, "en"), (CHINESE, "zh"))}
    wrong: list[str] = []

    def speak(text: str, language: str) -> None:
        for _ in range(10):
            if symbols(said(voice, text, language)) != alone[text]:
                wrong.append(text)

    threads = [threading.Thread(target=speak, args=a) for a in ((ENGLISH, "en"), (CHINESE, "zh")) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_three_seconds_of_speech_take_far_less_than_a_twentieth_of_that(voice):
    began_s = time.perf_counter()
    spoken_for_s = sum(said(voice, text, "zh").audio.duration_s for text in (ENGLISH, CHINESE, MIXED))
    assert time.perf_counter() - began_s < 0.05 * spoken_for_s


def test_the_limiter_leaves_quiet_sound_alone_and_never_clips():
    quiet = np.linspace(-0.6, 0.6, 100, dtype=np.float32)
    assert np.array_equal(limited(quiet, 1.0), quiet)
    assert np.abs(limited(quiet, 50.0)).max() <= 1.0
