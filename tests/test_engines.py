"""Every registered engine, found by walking the registries: a new one is tested here without a line of its own."""

import inspect
from itertools import pairwise

import numpy as np
import pytest

from tiangong.agent.protocol import Persona, Prompt
from tiangong.core.config import Settings
from tiangong.core.errors import MissingExtra
from tiangong.core.media import AudioChunk, Message, Speech, SpeechStyle, VideoFrame
from tiangong.core.registry import load, make, unavailable
from tiangong.perception.protocol import HEARING_RATE_HZ, VAD_SAMPLES
from tiangong.policies.protocol import VISITOR
from tiangong.rendering.protocol import FPS, Attention
from tiangong.service.assembly import STAGES
from tiangong.studio.bundle import STARTER
from tiangong.voice.protocol import VOICE_RATE_HZ

ALL = [(stage, name) for stage, engines in STAGES.items() for name in engines]
SETTINGS = Settings()
PERSONA = Persona({"en": "Ann", "zh": "安"}, {"en": "Hello."}, {"en": "I am an AI.", "zh": "我是人工智能。"})


def engines_of(stage: str) -> list[str]:
    return list(STAGES[stage])


def ready(stage: str, name: str):  # type: ignore[no-untyped-def]
    """The engine, or a skip that says why it cannot run here."""
    reason = unavailable(stage, STAGES[stage], name, SETTINGS)
    if reason:
        pytest.skip(reason)
    return make(stage, STAGES[stage], name, SETTINGS)


@pytest.mark.parametrize(("stage", "name"), ALL)
def test_every_engine_says_what_it_is(stage: str, name: str) -> None:
    try:
        engine = load(stage, STAGES[stage], name)
    except MissingExtra as error:
        pytest.skip(str(error))
    assert engine.name == name
    assert isinstance(engine.embedded, bool)
    assert inspect.getdoc(engine)
    assert unavailable(stage, STAGES[stage], name, SETTINGS) is None or not engine.embedded


@pytest.mark.parametrize("name", engines_of("voice_activity"))
def test_voice_activity_hears_no_voice_in_silence(name: str) -> None:
    session = ready("voice_activity", name).session()
    quiet = AudioChunk(np.zeros(VAD_SAMPLES, np.float32), HEARING_RATE_HZ)
    assert max(session.probability(quiet) for _ in range(10)) < 0.5
    session.reset()


@pytest.mark.parametrize("name", engines_of("speech_to_text"))
def test_speech_to_text_reads_nothing_out_of_silence(name: str) -> None:
    session = ready("speech_to_text", name).session("en")
    session.accept(AudioChunk(np.zeros(HEARING_RATE_HZ, np.float32), HEARING_RATE_HZ))
    assert session.finish().text == ""


@pytest.mark.parametrize("name", engines_of("face_reader"))
def test_a_face_reader_sees_a_face_and_no_face(name: str) -> None:
    from tiangong.core.pictures import read_picture

    session = ready("face_reader", name).session(tracking=False)
    seen = session.observe(read_picture(STARTER / "avatars" / "tian" / "portrait.png"))
    assert seen is not None
    assert seen.expression.shape == (52,)
    assert seen.faces == 1
    assert session.observe(VideoFrame(np.zeros((240, 320, 3), np.uint8))) is None
    session.close()


@pytest.mark.parametrize("name", engines_of("policy"))
def test_a_policy_lets_a_greeting_pass(name: str) -> None:
    policy = ready("policy", name)
    session = policy.session(VISITOR, lambda decision: None)
    assert session.open("en").action == "allow"
    assert session.check_input("hello", "en", None).action == "allow"
    assert session.check_output("Hello, I am an AI.", "en").action == "allow"
    assert session.check_answer("en").text is None


@pytest.mark.parametrize("name", engines_of("brain"))
@pytest.mark.parametrize(("text", "language"), [("hello", "en"), ("你好", "zh"), ("who are you", "en")])
def test_a_brain_answers(name: str, text: str, language: str) -> None:
    brain = ready("brain", name)
    assert "".join(brain.reply(Prompt([Message("user", text)], language, PERSONA))).strip()


@pytest.mark.parametrize("name", engines_of("voice"))
@pytest.mark.parametrize("text", ["Hello there, how are you?", "您好，很高兴见到您。", "请打开 GitHub 的页面。"])
def test_a_voice_speaks_at_24_khz_with_phones_in_order(name: str, text: str) -> None:
    pieces: list[Speech] = list(ready("voice", name).synthesize(text, SpeechStyle("zh" if text[0] > "z" else "en")))
    assert sum(p.audio.duration_s for p in pieces) > 0.4
    for piece in pieces:
        assert piece.audio.rate_hz == VOICE_RATE_HZ
        times = [t for phone in piece.phones or () for t in (phone.start_s, phone.end_s)]
        assert all(later >= earlier - 1e-9 for earlier, later in pairwise(times))
        assert not times or times[-1] <= piece.audio.duration_s + 0.01


@pytest.mark.parametrize("name", engines_of("voice"))
@pytest.mark.parametrize("text", ["", "   ", "🙂", "…", "\x00", "***"])
def test_a_voice_says_nothing_where_there_is_nothing_to_say(name: str, text: str) -> None:
    assert list(ready("voice", name).synthesize(text, SpeechStyle())) == []


@pytest.mark.parametrize("name", engines_of("motion"))
def test_motion_fits_the_speech_and_joins_at_any_cut(name: str) -> None:
    session = ready("motion", name).session(3)
    sound = AudioChunk(np.zeros(VOICE_RATE_HZ, np.float32), VOICE_RATE_HZ)
    assert len(session.speak(Speech(sound, (), "hm"), 0.0)) == FPS
    whole = session.rest(50, 10.0, Attention())
    halves = [session.rest(25, 10.0, Attention()), session.rest(25, 11.0, Attention())]
    assert np.allclose(whole.head_rad, np.concatenate([h.head_rad for h in halves]), atol=1e-5)
    assert np.allclose(whole.expression, np.concatenate([h.expression for h in halves]), atol=1e-5)


@pytest.mark.parametrize("name", engines_of("renderer"))
def test_a_renderer_draws_a_starter_avatar(name: str) -> None:
    face = ready("renderer", name).open(STARTER / "avatars" / "tian")
    motion = ready("motion", engines_of("motion")[-1]).session(1).rest(3, 0.0, Attention())
    frames = face.draw(motion)
    assert frames.shape == (3, face.height_px, face.width_px, 3)
    assert frames.dtype == np.uint8
