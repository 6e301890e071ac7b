"""What an avatar's callers are heard by expects what the avatar knows about."""

import asyncio

from tests.fakes import InlineWorkers
from tiangong.agent.knowledge import Knowledge
from tiangong.agent.listening import Ear, Listener, Utterance
from tiangong.agent.turns import TurnRules
from tiangong.core.config import EngineNames, Settings
from tiangong.core.media import Transcript
from tiangong.perception.silero import SileroVoiceActivity
from tiangong.service.assembly import Engines
from tiangong.studio.bundle import STARTER


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
