"""What an avatar's callers are heard by expects what the avatar knows about."""

import asyncio
from typing import Final

import numpy as np
import pytest

from tests.fakes import InlineWorkers
from tiangong.agent.knowledge import Knowledge
from tiangong.agent.listening import Ear, Listener, Utterance
from tiangong.agent.patience import RULES as ENDS
from tiangong.agent.turns import TurnEvent, TurnRules
from tiangong.core.config import EngineNames, Settings
from tiangong.core.media import AudioChunk, Transcript
from tiangong.perception.protocol import HEARING_RATE_HZ, VAD_SAMPLES
from tiangong.perception.silero import SileroVoiceActivity
from tiangong.service.assembly import Engines
from tiangong.studio.bundle import STARTER

STEP_S: Final = VAD_SAMPLES / HEARING_RATE_HZ


class Attentive:
    """Remembers what it was told to expect."""

    name = "attentive"
    languages = frozenset({"en", "zh"})
    read_many = None
    adapt = None

    def __init__(self) -> None:
        self.expects: tuple[str, ...] = ()

    def warm_up(self) -> None: ...

    def session(self, language: str, hot_words: object = ()) -> "Attentive":
        self.expects = tuple(hot_words)  # type: ignore[arg-type]
        return self

    def accept(self, chunk: object) -> str:
        return ""

    def finish(self) -> Transcript:
        return Transcript("", "en", None, 0.0)


def test_names_and_titles_of_the_knowledge_are_told_to_the_engine() -> None:
    async def hear() -> tuple[str, ...]:
        engine = Attentive()
        utterance = Utterance(Ear(engine, ("Tian", "gift card")), "en", InlineWorkers(), 1)
        await utterance.finish()
        return engine.expects

    assert asyncio.run(hear()) == ("Tian", "gift card")


def test_the_embedded_ear_is_adapted_to_the_avatar() -> None:
    engines = Engines(Settings(engines=EngineNames(speech_to_text="pocketsphinx")))
    knowledge = Knowledge.load([STARTER / "knowledge" / "shop"])
    ear = engines._ear(knowledge, ("Tian",))  # pyright: ignore[reportPrivateUsage]
    assert ear.engine is not engines.speech_to_text
    assert "Tian" in ear.hot_words
    assert all(len(term) <= 24 for term in ear.hot_words)
    assert knowledge.written("en")
    listener = Listener(SileroVoiceActivity().session(), ear, InlineWorkers(), TurnRules(), "en")
    assert listener.text == ""


class Slow(Attentive):
    """Tells its words once, after the first half second, and no more."""

    heard_s = 0.0

    def accept(self, chunk: AudioChunk) -> str:  # type: ignore[override]
        self.heard_s += chunk.duration_s
        return "can I pay with a gift card" if self.heard_s > 0.5 else ""


class Loud:
    """Voice activity that goes by the level."""

    def probability(self, chunk: AudioChunk) -> float:
        return 0.9 if float(np.abs(chunk.pcm).max()) > 0.01 else 0.0

    def reset(self) -> None: ...


@pytest.mark.parametrize(("spoken_s", "waited_s"), [(0.9, ENDS.finished_s), (3.0, ENDS.unsure_s)])
def test_old_words_do_not_tell_that_an_utterance_is_finished(spoken_s: float, waited_s: float) -> None:
    async def silence_that_ends_it() -> float:
        listener = Listener(Loud(), Ear(Slow()), InlineWorkers(), TurnRules(), "en")
        noise = np.random.default_rng(0).normal(0, 0.1, VAD_SAMPLES).astype(np.float32)
        for i in range(200):
            pcm = noise if i * STEP_S < spoken_s else np.zeros(VAD_SAMPLES, np.float32)
            event = listener.accept(AudioChunk(pcm, HEARING_RATE_HZ, i * STEP_S), False, 1)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            if event is TurnEvent.ENDED:
                listener.close()
                return listener.silence_s
        raise AssertionError("the turn did not end")

    assert asyncio.run(silence_that_ends_it()) == pytest.approx(waited_s, abs=0.04)
