"""Between the ear and the stage: judge what was said, find an answer, judge each sentence of it, speak it."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from tiangong.agent.protocol import Brain, Persona, Prompt, Retriever
from tiangong.agent.timing import TurnWatch
from tiangong.agent.workers import Workers, iterate
from tiangong.core.errors import EngineError
from tiangong.core.face import EmotionLabel
from tiangong.core.language import language_of
from tiangong.core.media import Emotion, Message, Speech, SpeechStyle
from tiangong.policies.protocol import Policy
from tiangong.voice.protocol import Voice

APOLOGIES: Final = {
    "en": "Sorry, something went wrong on my side. Could you say that again?",
    "zh": "抱歉，我这边出了点问题，请您再说一遍好吗？",
}
# How the avatar's own face and voice answer the user's: (emotion, intensity). It does not mirror anger.
_ANSWERING: Final[dict[EmotionLabel, tuple[EmotionLabel, float]]] = {
    "happy": ("happy", 0.5),
    "sad": ("sad", 0.25),
    "fearful": ("sad", 0.2),
    "angry": ("neutral", 0.5),
    "disgusted": ("neutral", 0.5),
    "surprised": ("happy", 0.3),
    "neutral": ("happy", 0.2),
}
_SURE: Final = 0.5  # a feeling less certain than this is not answered


@dataclass(frozen=True)
class Turn:
    """What is known when an answer begins."""

    id: int
    language: str  # to answer in
    messages: Sequence[Message]  # ending with the user's; empty or ending with the avatar's: the avatar opens
    emotion: Emotion | None
    watch: TurnWatch


@dataclass(frozen=True)
class Mind:
    """Shared engines with one avatar's persona and knowledge; keeps no state of a session."""

    brain: Brain
    policy: Policy
    voice: Voice
    persona: Persona
    knowledge: Retriever
    workers: Workers
    apologies: dict[str, Speech] = field(default_factory=dict[str, Speech])

    async def prepare(self) -> None:
        """Speak and judge the apologies once, so that they are there when an engine is not. Raises EngineError."""
        for language, text in APOLOGIES.items():
            verdict = await self.workers.run("policy", 0, partial(self.policy.check_output, text, language))
            style = SpeechStyle(language=language)
            pieces = iterate(self.workers, "voice", 0, partial(self.voice.synthesize, verdict.text or text, style))
            async with aclosing(pieces) as spoken:
                async for speech in spoken:
                    self.apologies.setdefault(language, speech)

    def apology(self, language: str) -> Speech:
        return self.apologies.get(language) or next(iter(self.apologies.values()))

    def greeting(self, language: str) -> str:
        return self.persona.greeting.get(language) or next(iter(self.persona.greeting.values()))

    # --- the stages, each an async iterator over the one before it -----------------------------------------------------

    async def thoughts(self, turn: Turn) -> AsyncGenerator[str]:
        """The answer in pieces of text, as the brain makes them; the policy's own words where it does not let the brain answer."""
        said = turn.messages[-1] if turn.messages else None
        if said is None or said.role != "user":
            yield self.greeting(turn.language)
            return
        with turn.watch.stage("policy"):
            verdict = await self.workers.run(
                "policy", turn.id, partial(self.policy.check_input, said.text, turn.language, turn.emotion)
            )
        if verdict.action != "allow":
            yield verdict.text or ""
            return
        found = await self.workers.run(
            "brain", turn.id, partial(self.knowledge.search, said.text, turn.language, turn.messages)
        )
        prompt = Prompt(turn.messages, turn.language, self.persona, turn.emotion, found)
        spoke = False
        async with aclosing(iterate(self.workers, "brain", turn.id, partial(self.brain.reply, prompt))) as pieces:
            async for piece in turn.watch.stream("brain", pieces):
                spoke = spoke or bool(piece.strip())
                yield piece
        if not spoke:
            raise EngineError("brain", turn.id, "the answer was empty")

    async def cleared(self, sentences: AsyncIterator[str], turn: Turn) -> AsyncGenerator[str]:
        """Only what the policy lets pass, a whole sentence at a time, before any sound of it is made."""
        async for sentence in sentences:
            with turn.watch.stage("policy"):
                verdict = await self.workers.run(
                    "policy", turn.id, partial(self.policy.check_output, sentence, turn.language)
                )
            if verdict.action == "allow":
                yield sentence
            elif verdict.text:
                yield verdict.text
            if verdict.action in ("refuse", "hand_off", "end"):
                return

    async def spoken(self, sentences: AsyncIterator[str], turn: Turn) -> AsyncGenerator[Speech]:
        """Sound and phones."""
        async for sentence in sentences:
            style = self._style(sentence, turn)
            pieces = iterate(self.workers, "voice", turn.id, partial(self.voice.synthesize, sentence, style))
            async with aclosing(turn.watch.stream("voice", pieces)) as speeches:
                async for speech in speeches:
                    yield speech

    def _style(self, sentence: str, turn: Turn) -> SpeechStyle:
        sure = turn.emotion is not None and turn.emotion.confidence >= _SURE
        emotion, intensity = _ANSWERING[turn.emotion.label if turn.emotion and sure else "neutral"]
        return SpeechStyle(language_of(sentence, turn.language), emotion=emotion, intensity=intensity)
