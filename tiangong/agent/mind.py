"""Between the ear and the stage: judge what was said, find an answer, judge each sentence of it, speak it."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from tiangong.agent.obedience import Obedience
from tiangong.agent.protocol import Brain, Persona, Prompt, Retriever
from tiangong.agent.timing import TurnWatch
from tiangong.agent.workers import Workers, iterate
from tiangong.core.errors import EngineError
from tiangong.core.face import EmotionLabel
from tiangong.core.language import language_of
from tiangong.core.media import Emotion, Message, Speech, SpeechStyle, Verdict
from tiangong.core.style import StyleLimits
from tiangong.policies.protocol import Caller, Policy
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
_REACHES_THE_BRAIN: Final = frozenset({"allow", "redact", "rewrite"})
_SURE: Final = 0.5  # a feeling less certain than this is not answered


@dataclass(frozen=True)
class Turn:
    """What is known when an answer begins."""

    id: int
    language: str  # to answer in
    messages: Sequence[Message]  # ending with the user's; empty or ending with the avatar's: the avatar opens
    emotion: Emotion | None
    watch: TurnWatch
    policy: Obedience
    instead: str = ""  # of an answer: what the policy says where it has stopped one


@dataclass(frozen=True)
class Cleared:
    """A sentence that may be heard, and what the policy demands of its tone."""

    text: str
    style: StyleLimits = StyleLimits()


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
        judge = self.policy.session(Caller(), lambda decision: None)
        for language, text in APOLOGIES.items():
            verdict = await self.workers.run("policy", 0, partial(judge.check_output, text, language))
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
        if turn.instead:
            yield turn.instead
            return
        said = turn.messages[-1] if turn.messages else None
        if said is None or said.role != "user":
            opening = await self._judged(turn, partial(turn.policy.judge.open, turn.language))
            if opening.text:
                yield opening.text + " "
            if opening.action != "end":
                yield self.greeting(turn.language)
            return
        check = partial(turn.policy.judge.check_input, said.text, turn.language, turn.emotion)
        verdict = await self._judged(turn, check, turn.policy.heard)
        if verdict.action not in _REACHES_THE_BRAIN:
            yield verdict.text or ""
            return
        # What the policy masked, neither the brain nor the knowledge gets to read.
        heard = said.text if verdict.text is None else verdict.text
        messages = (*turn.messages[:-1], Message("user", heard))
        found = await self.workers.run("brain", turn.id, partial(self.knowledge.search, heard, turn.language, messages))
        prompt = Prompt(messages, turn.language, self.persona, turn.emotion, found)
        spoke = False
        async with aclosing(iterate(self.workers, "brain", turn.id, partial(self.brain.reply, prompt))) as pieces:
            async for piece in turn.watch.stream("brain", pieces):
                spoke = spoke or bool(piece.strip())
                yield piece
        if not spoke:
            raise EngineError("brain", turn.id, "the answer was empty")

    async def cleared(
        self, sentences: AsyncIterator[str], turn: Turn, *, in_a_talk: bool = True
    ) -> AsyncGenerator[Cleared]:
        """Only what the policy lets pass, a whole sentence at a time, before any sound of it is made.

        A script is no answer to anybody: outside of a talk nothing is added to it, and its sentences are judged all the same.
        """
        async for sentence in sentences:
            verdict = await self._judged(turn, partial(turn.policy.judge.check_output, sentence, turn.language))
            if passed := sentence if verdict.action == "allow" else verdict.text:
                yield Cleared(passed, verdict.style)
            if verdict.action in ("care", "refuse", "hand_off", "end"):
                return
        if not in_a_talk or turn.instead:
            return
        verdict = await self._judged(turn, partial(turn.policy.judge.check_answer, turn.language))
        if verdict.text:
            yield Cleared(verdict.text, verdict.style)

    async def _judged(
        self, turn: Turn, check: Callable[[], Verdict], obey: Callable[[Verdict], None] | None = None
    ) -> Verdict:
        with turn.watch.stage("policy"):
            verdict = await self.workers.run("policy", turn.id, check)
            if not turn.instead:
                of_user = obey is not None
                verdict = await turn.policy.settled(verdict, self.workers, turn.id, of_user=of_user)
        (obey or turn.policy.decided)(verdict)
        return verdict

    async def spoken(self, sentences: AsyncIterator[Cleared], turn: Turn) -> AsyncGenerator[Speech]:
        """Sound and phones."""
        async for sentence in sentences:
            style = sentence.style.applied(_style(sentence.text, turn))
            pieces = iterate(self.workers, "voice", turn.id, partial(self.voice.synthesize, sentence.text, style))
            async with aclosing(turn.watch.stream("voice", pieces)) as speeches:
                async for speech in speeches:
                    yield speech


def _style(sentence: str, turn: Turn) -> SpeechStyle:
    sure = turn.emotion is not None and turn.emotion.confidence >= _SURE
    emotion, intensity = _ANSWERING[turn.emotion.label if turn.emotion and sure else "neutral"]
    return SpeechStyle(language_of(sentence, turn.language), emotion=emotion, intensity=intensity)
