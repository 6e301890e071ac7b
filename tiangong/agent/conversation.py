"""The loop. Read this first.

microphone -> voice activity -> speech-to-text --+                                        +-> WebRTC / mp4
camera ----> face landmarks -> emotion ----------+-> policy -> brain -> sentences -> policy -> voice -> motion -> face

Only `turn_id` and `interrupt()` come back: late work of an older turn is dropped by its number at the one exit.
An engine that fails or stalls costs its turn one spoken apology.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing

from tiangong.agent.ahead import ahead
from tiangong.agent.events import AvatarStopped, Event, Notice, State, StateChanged, UserHeard
from tiangong.agent.floor_words import is_back_channel
from tiangong.agent.listening import Listener, Utterance
from tiangong.agent.memory import Memory
from tiangong.agent.mind import Mind, Turn
from tiangong.agent.mood import Mood
from tiangong.agent.obedience import Obedience
from tiangong.agent.performer import Stage
from tiangong.agent.sentences import split_sentences
from tiangong.agent.tasks import TaskSet
from tiangong.agent.timing import TurnWatch
from tiangong.agent.turns import TurnEvent
from tiangong.core.clock import now_s
from tiangong.core.errors import EngineError
from tiangong.core.language import clean_text
from tiangong.core.media import AudioChunk, Speech
from tiangong.policies.protocol import VISITOR, Caller
from tiangong.rendering.protocol import Attention


class Conversation:
    """One caller talking with one avatar."""

    def __init__(
        self, mind: Mind, listener: Listener, stage: Stage, emit: Callable[[Event], None],
        memory: Memory | None = None, caller: Caller = VISITOR, policy: Obedience | None = None,
    ) -> None:  # fmt: skip
        """`policy`: where the session of the policy outlives this object, as it does for messages answered one by one."""
        self.memory, self.mood, self.turn_id = memory or Memory(), Mood(), 0
        self._mind, self._listener, self._stage, self._emit = mind, listener, stage, emit
        take_back = self._take_back if stage.live else None
        self._policy = policy or Obedience(mind.policy, caller, self.memory, emit, take_back)
        self._turn: asyncio.Task[None] | None = None
        self._tasks = TaskSet()

    async def run(self, microphone: AsyncIterator[AudioChunk]) -> None:
        """Listen until the microphone ends; chunks of 512 samples at 16 kHz."""
        async for chunk in microphone:
            match self._listener.accept(chunk, self._stage.speaking, self.turn_id + 1):
                case TurnEvent.STARTED | TurnEvent.BARGED_IN:
                    self.interrupt()  # also an answer of which nothing was heard yet: the user goes on
                    self._show(State.LISTENING)
                case TurnEvent.OVERLAPPED:
                    self._stage.duck(True)
                case TurnEvent.ENDED:
                    watch = TurnWatch(now_s() - self._listener.silence_s, now_s())
                    self._tasks.spawn(self._hear(self._listener.take(), watch))
                case TurnEvent.PAUSED:
                    self._stage.nod()
                    self._tasks.spawn(self._listener.feel(self.mood.heard))
                case None:
                    if text := self._listener.fresh_text():
                        self._emit(UserHeard(self.turn_id + 1, text, final=False))

    def say(self, text: str) -> None:
        """The user typed. Raises MediaError for text that is too long; empty text is no turn."""
        if text := clean_text(text):
            self._begin(text, TurnWatch(now_s(), now_s()))

    def greet(self) -> None:
        """The avatar speaks first: who it is, and that it is an AI."""
        self._begin("", TurnWatch(now_s(), now_s()))

    def interrupt(self) -> None:
        """Silence now, and nothing more of this turn; memory keeps what was heard of it."""
        if self._turn and not self._turn.done():
            self._stage.cancel(self.turn_id)
            self._turn.cancel()
            self._remember(self.turn_id)

    async def settled(self) -> None:
        """Wait until nobody has anything left to say."""
        await self._tasks.settled()

    async def close(self) -> None:
        """End the session; nothing of it goes on."""
        self._listener.close()
        self.interrupt()
        await self._policy.close()
        await self._tasks.close()

    async def _hear(self, utterance: Utterance | None, watch: TurnWatch) -> None:
        try:
            with watch.stage("hearing"):
                text = (await utterance.finish()).text if utterance else ""
        except EngineError as error:
            return self._begin("", watch, failed=error)
        self._stage.duck(False)
        if self._stage.speaking and is_back_channel(text):
            return None
        if text and self._listener.talking:  # more is coming: answer all of it
            return self.memory.user_said(text)
        if text or self.memory.unanswered:  # unanswered: a cough had cut the answer off before it was heard
            return self._begin(text, watch)
        return self._show(State.IDLE)

    def _take_back(self, turn_id: int, words: str) -> None:
        """A slow judge forbids what was let go: silence at once, and the policy's words unless the user has the floor."""
        if turn_id == self.turn_id and self._listener.talking:
            self.interrupt()
        elif turn_id == self.turn_id:
            self._begin("", TurnWatch(now_s(), now_s()), instead=words)

    def _begin(self, text: str, watch: TurnWatch, failed: EngineError | None = None, instead: str = "") -> None:
        self.interrupt()
        self.turn_id += 1
        if text:
            self.memory.user_said(text)
            self.mood.said(text)
            self._emit(UserHeard(self.turn_id, self.memory.unanswered, final=True))
        language = self._listener.answer_language(self.memory.last_text)
        turn = Turn(self.turn_id, language, self.memory.messages, self.mood.now, watch, self._policy, instead)
        self._show(State.THINKING)
        self._turn = self._tasks.spawn(self._take_turn(turn, failed))

    async def _take_turn(self, turn: Turn, failed: EngineError | None) -> None:
        try:
            if failed:
                raise failed
            async with aclosing(self._answer(turn)) as answer:
                async for speech in answer:
                    await self._stage.perform(turn.id, speech)
            await self._stage.finished(turn.id)
        except EngineError as error:
            self._emit(Notice(str(error)))
            await self._stage.perform(turn.id, self._mind.apology(turn.language), must_be_heard=True)
            await self._stage.finished(turn.id)
        self._emit(turn.watch.report(turn.id, self._remember(turn.id)))
        self._show(State.IDLE)
        self._policy.turn_over()

    def _answer(self, turn: Turn) -> AsyncGenerator[Speech]:
        """brain -> sentences -> policy (two sentences ahead) -> voice (four pieces of speech ahead)."""
        sentences = self._mind.cleared(split_sentences(self._mind.thoughts(turn)), turn)
        return ahead(self._mind.spoken(ahead(sentences, 2), turn), 4)

    def _remember(self, turn_id: int) -> float | None:
        """Keep what was heard of a turn; the clock time of its first sound."""
        heard = self._stage.heard(turn_id)
        if (said := self.memory.avatar_said(heard.pieces, heard.heard_s)) and said.interrupted:
            self._emit(AvatarStopped(turn_id, said.text))
        return heard.first_sound_s

    def _show(self, state: State) -> None:
        listening, thinking = state is State.LISTENING, state is State.THINKING
        self._stage.attend(Attention(listening, None, self.mood.now, thinking, self._policy.limits))
        self._emit(StateChanged(state))
