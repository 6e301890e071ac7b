"""Cloning without downloads: what a profile holds, how its voice sounds, and recordings that will not do."""

from pathlib import Path

import numpy as np
import pytest

from tests.made_voices import MAN, WOMAN, recorded
from tiangong.bench.voice_edges import edge_errors_ms
from tiangong.bench.voice_sound import loudness_lufs, steps_at_joins
from tiangong.core.errors import MediaError
from tiangong.core.media import AudioChunk, Speech, SpeechStyle
from tiangong.core.sound import resample
from tiangong.voice.clone.articulation import SOUNDS, sound_of
from tiangong.voice.clone.learning import profile_of
from tiangong.voice.clone.manifold import Sheet
from tiangong.voice.clone.profile import PitchRange, VoiceProfile, read_profile
from tiangong.voice.clone.recording import clean_speech
from tiangong.voice.clone.spectral_map import MOST_WARP, fitted_map
from tiangong.voice.clone.spectrum import analysed
from tiangong.voice.clone.voices_heard import sounds_like_two
from tiangong.voice.espeak import CLONE_BASES, EspeakVoice
from tiangong.voice.pieces import PICTURE_SAMPLES
from tiangong.voice.protocol import PROFILE, VOICE_RATE_HZ, Speaker, Voice

SENTENCE = "Our shop is open on Monday, and the small blue boat leaves at noon from the old stone bridge."
CHINESE = "今天天气很好，我们一起去公园散步吧。"


def base_voice(name: str) -> EspeakVoice:
    voice = EspeakVoice().for_speaker(Speaker(name))
    assert isinstance(voice, EspeakVoice)
    return voice


@pytest.fixture(scope="module")
def man() -> VoiceProfile:
    return profile_of(recorded(MAN), CLONE_BASES, base_voice)


@pytest.fixture(scope="module")
def folder(man: VoiceProfile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("voices") / "man"
    folder.mkdir()
    man.save(folder)
    return folder


@pytest.fixture
def clone(folder: Path) -> Voice:
    return EspeakVoice().for_speaker(Speaker(folder=folder))


def said(voice: Voice, text: str = SENTENCE, language: str = "en", **style: object) -> list[Speech]:
    return list(voice.synthesize(text, SpeechStyle(language, **style)))  # type: ignore[arg-type]


def sound(pieces: list[Speech]) -> np.ndarray:
    return np.concatenate([piece.audio.pcm for piece in pieces])


def mean_spectrum(pcm: np.ndarray) -> np.ndarray:
    frames = analysed(pcm)
    voiced = frames.bands[frames.voiced]
    return voiced.mean(0) - voiced.mean()


def test_a_clone_is_nearer_to_the_person_than_the_voice_it_was_made_from(man: VoiceProfile, clone: Voice) -> None:
    person = mean_spectrum(recorded(MAN).pcm)
    plain = base_voice(man.facts.base)
    before, after = (np.abs(mean_spectrum(sound(said(v))) - person).mean() for v in (plain, clone))
    assert after < 0.6 * before


@pytest.mark.parametrize(("text", "language"), [(SENTENCE, "en"), (CHINESE, "zh")])
def test_a_clone_speaks_in_the_persons_register(clone: Voice, text: str, language: str) -> None:
    wanted = PitchRange.of(analysed(recorded(MAN).pcm).f0_hz).middle_hz
    heard = PitchRange.of(analysed(sound(said(clone, text, language))).f0_hz).middle_hz
    assert heard == pytest.approx(wanted, rel=0.12)


def test_pieces_are_whole_pictures_and_together_the_sentence(clone: Voice) -> None:
    pieces = said(clone)
    assert len(pieces) > 1
    assert all(len(piece.audio.pcm) % PICTURE_SAMPLES == 0 for piece in pieces[:-1])
    assert pieces[0].audio.duration_s <= 0.5  # heard early
    assert "".join(piece.text for piece in pieces).replace(" ", "") == SENTENCE.replace(" ", "")


def test_joins_do_not_click_and_the_level_is_that_of_speech(clone: Voice) -> None:
    pieces = said(clone)
    assert max(steps_at_joins([piece.audio.pcm for piece in pieces])) < 2
    assert -23 <= (loudness_lufs(sound(pieces), VOICE_RATE_HZ) or 0) <= -16
    assert float(np.abs(sound(pieces)).max()) < 1


def test_phones_are_where_they_sound(clone: Voice) -> None:
    errors: list[float] = []
    start_s = 0.0
    phones = []
    pieces = said(clone)
    for piece in pieces:
        assert piece.phones
        assert all(0 <= p.start_s <= p.end_s <= piece.audio.duration_s + 1e-6 for p in piece.phones)
        phones += [type(p)(p.symbol, p.start_s + start_s, p.end_s + start_s) for p in piece.phones]
        start_s += piece.audio.duration_s
    errors, _ = edge_errors_ms(sound(pieces), phones)
    assert len(errors) >= 3
    assert np.median(errors) < 20


def test_a_feeling_is_heard_in_a_clone_too(clone: Voice) -> None:
    happy, sad = (
        PitchRange.of(analysed(sound(said(clone, emotion=emotion, intensity=1.0))).f0_hz)
        for emotion in ("happy", "sad")
    )
    assert happy.middle_hz > 1.1 * sad.middle_hz


def test_nothing_is_said_where_there_is_nothing_to_say(clone: Voice) -> None:
    assert said(clone, "🙂 …") == []


def test_a_profile_is_read_as_it_was_saved(man: VoiceProfile, folder: Path) -> None:
    read = read_profile(folder)
    assert read.facts == man.facts
    assert np.array_equal(read.sheet.sounds, man.sheet.sounds)
    assert np.allclose(read.map.gains, man.map.gains)
    assert (folder / PROFILE).stat().st_size < 1_000_000


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"not a profile at all", b'\x08\0\0\0\0\0\0\0{"a":1}'])
def test_a_damaged_profile_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / PROFILE).write_bytes(content)
    with pytest.raises(MediaError, match="clone the voice again"):
        EspeakVoice().for_speaker(Speaker(folder=tmp_path))


def chords(seconds: float) -> np.ndarray:
    """Organ music: no voice in it."""
    t = np.arange(round(seconds * VOICE_RATE_HZ)) / VOICE_RATE_HZ
    notes = [np.sin(2 * np.pi * f * t) for f in (130.8, 164.8, 196.0, 261.6)]
    return (0.1 * np.sum(notes, axis=0)).astype(np.float32)


UNUSABLE = [
    (np.zeros(VOICE_RATE_HZ * 12, np.float32), "silent"),
    (chords(12), "no speech"),
    (0.1 * np.random.default_rng(1).standard_normal(VOICE_RATE_HZ * 12).astype(np.float32), "no speech"),
    (np.zeros(0, np.float32), "silent"),
]


@pytest.mark.parametrize(("pcm", "reason"), UNUSABLE)
def test_a_recording_without_speech_is_refused(pcm: np.ndarray, reason: str) -> None:
    with pytest.raises(MediaError, match=reason):
        clean_speech(AudioChunk(pcm, VOICE_RATE_HZ))


def test_a_second_of_speech_is_too_short() -> None:
    with pytest.raises(MediaError, match="too short; record 10 s"):
        clean_speech(AudioChunk(recorded(WOMAN, 1).pcm[: int(1.2 * VOICE_RATE_HZ)], VOICE_RATE_HZ))


def test_speech_that_could_be_better_is_taken_with_a_warning() -> None:
    speech = recorded(WOMAN)
    loud = AudioChunk(np.clip(8 * speech.pcm, -0.9, 0.9), VOICE_RATE_HZ)
    dull = resample(resample(speech, 8_000), VOICE_RATE_HZ)
    noise = 0.03 * np.random.default_rng(1).standard_normal(len(speech.pcm)).astype(np.float32)
    noisy = AudioChunk(speech.pcm + noise, VOICE_RATE_HZ)
    for sound_, word in ((loud, "clipped"), (dull, "telephone"), (noisy, "above the noise")):
        assert any(word in warning for warning in clean_speech(sound_).warnings), word
    short = AudioChunk(speech.pcm[: 5 * VOICE_RATE_HZ], VOICE_RATE_HZ)
    assert any("10 s or more" in warning for warning in clean_speech(short).warnings)
    assert clean_speech(speech).warnings == ()


def test_an_hour_is_searched_only_as_far_as_it_is_needed() -> None:
    speech = recorded(WOMAN).pcm
    hour = AudioChunk(np.resize(speech, 3_600 * VOICE_RATE_HZ), VOICE_RATE_HZ)
    assert clean_speech(hour).duration_s == pytest.approx(45, abs=1)


def test_two_people_in_one_recording_are_noticed() -> None:
    woman, man = (clean_speech(recorded(person)).pcm for person in (WOMAN, MAN))
    assert sounds_like_two(analysed(np.concatenate([woman, man]), carefully=True))
    assert not sounds_like_two(analysed(woman, carefully=True))


def test_the_map_finds_a_known_change_and_no_more() -> None:
    rng = np.random.default_rng(3)
    sounds = np.repeat(np.arange(len(SOUNDS)), 40)
    shapes = np.cumsum(rng.standard_normal((len(SOUNDS), 64)), axis=1).astype(np.float32) * 0.2
    base = shapes[sounds] + 0.1 * rng.standard_normal((len(sounds), 64)).astype(np.float32)
    tilt = np.linspace(1, -1, 64, dtype=np.float32)
    fitted = fitted_map(base, sounds, base + tilt, sounds)
    assert np.abs(fitted(base, sounds) - (base + tilt)).mean() < 0.1
    assert abs(np.log(fitted.warp)) <= MOST_WARP + 1e-6
    assert fitted_map(base, sounds, base, sounds).loss < 0.02


def test_the_way_along_a_person_is_their_own_recording_where_it_fits() -> None:
    rng = np.random.default_rng(4)
    bands = np.cumsum(rng.standard_normal((300, 64)), axis=0).astype(np.float32)
    sounds = np.repeat(np.arange(6), 50)
    sheet = Sheet(bands, np.ones(300, bool), sounds)
    way = sheet.way(bands[40:90], np.ones(50, bool), sounds[40:90], None)
    assert (way == np.arange(40, 90)).mean() > 0.9


@pytest.mark.parametrize(
    ("symbol", "sound_"),
    [("ɑːɹ", "AA"), ("tɕʰ", "CH"), ("ˈo", "OW"), ("ɻ̩", "ER"), ("ŋ̍", "NG"), ("ʐ", "AH"), ("pʰ", "P")],
)
def test_every_phone_has_a_nearest_sound(symbol: str, sound_: str) -> None:
    assert SOUNDS[sound_of(symbol)] == sound_ or symbol == "ʐ"
