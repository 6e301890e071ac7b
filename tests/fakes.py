"""Engines of a few lines, and a stage on virtual time: what is said when goes in, what is heard when comes out."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tiangong.agent.conversation import Conversation
from tiangong.agent.events import AvatarSaid, Event
from tiangong.agent.illustrator import Body, Illustrator
from tiangong.agent.listening import Ear, Listener
from tiangong.agent.mind import Mind
from tiangong.agent.performer import Performer
from tiangong.agent.playout import Playout
from tiangong.agent.protocol import Passage, Persona, Prompt
from tiangong.agent.turns import TurnRules
from tiangong.agent.workers import deadline
from tiangong.core.clock import now_s, run_virtual
from tiangong.core.config import Deadlines
from tiangong.core.media import (
    AudioChunk,
    Emotion,
    FaceMotion,
    Message,
    Phone,
    Speech,
    SpeechStyle,
    Stage,
    Transcript,
    Verdict,
)
from tiangong.perception.protocol import HEARING_RATE_HZ, VAD_SAMPLES
from tiangong.policies.decision import Decision
from tiangong.policies.protocol import Caller
from tiangong.rendering.protocol import FPS, Attention
from tiangong.voice.protocol import VOICE_RATE_HZ, Speaker

CHUNK_S = VAD_SAMPLES / HEARING_RATE_HZ
CHARACTER_S = 0.05  # FakeVoice speaks this fast
PERSONA = Persona({"en": "Test"}, {"en": "Hello, I am an AI."}, {"en": "I am an AI."})


@dataclass(frozen=True)
class Say:
    """The user speaks from `start_s` to `end_s`."""

    start_s: float
    end_s: float
    text: str


@dataclass
class InlineWorkers:
    """No threads: a stage takes `takes_s` of virtual time, then runs."""

    takes_s: dict[Stage, float] = field(default_factory=dict)
    deadlines: Deadlines = Deadlines()

    async def run(self, stage: Stage, turn_id: int, call: Callable[[], Any]) -> Any:
        async def work() -> Any:
            if self.takes_s.get(stage):
                await asyncio.sleep(self.takes_s[stage])
            return call()

        within_s = {"brain": self.deadlines.brain_s, "face": self.deadlines.face_s}.get(stage, 5.0)
        return await deadline(asyncio.ensure_future(work()), stage, turn_id, within_s, lambda: None)


class Script:
    """Voice activity and recogniser that know what the user will say."""

    name = "script"
    languages = frozenset({"en", "zh"})
    read_many = None
    adapt = None

    def __init__(self, lines: Sequence[Say]) -> None:
        self.lines = lines
        self.at_s = 0.0

    def probability(self, chunk: AudioChunk) -> float:
        self.at_s = chunk.end_s
        middle_s = chunk.start_s + CHUNK_S / 2
        return 0.9 if any(line.start_s <= middle_s < line.end_s for line in self.lines) else 0.02

    def reset(self) -> None: ...

    def session(self, language: str, hot_words: Sequence[str] = ()) -> "ScriptedUtterance":
        begun = [line for line in self.lines if line.start_s <= self.at_s + 0.05]
        return ScriptedUtterance(max(begun, key=lambda line: line.start_s), self)


@dataclass
class ScriptedUtterance:
    line: Say
    script: Script

    def accept(self, chunk: AudioChunk) -> str:
        line = self.line
        words = line.text.split()
        share = (chunk.end_s - line.start_s) / max(line.end_s - line.start_s, 1e-6)
        return " ".join(words[: max(0, round(share * len(words)))])

    def finish(self) -> Transcript:
        # An utterance with a pause in it spans several lines.
        said = [s.text for s in self.script.lines if self.line.start_s <= s.start_s <= self.script.at_s]
        return Transcript(" ".join(said), "en", 0.9, 1.0)


@dataclass
class FakeBrain:
    answers: dict[str, str] = field(default_factory=dict)
    default: str = "All right."
    prompts: list[Prompt] = field(default_factory=list)
    closed: int = 0
    name: str = "fake"

    def reply(self, prompt: Prompt) -> Iterator[str]:
        self.prompts.append(prompt)
        answer = self.answers.get(prompt.messages[-1].text, self.default)
        try:
            yield from (answer[i : i + 4] for i in range(0, len(answer), 4))
        finally:
            self.closed += 1


@dataclass
class FakeVoice:
    """Each text is a constant level of its own, so that what is heard can be read back from the samples."""

    texts: list[str] = field(default_factory=list)
    name: str = "fake"
    languages: frozenset[str] = frozenset({"en", "zh"})

    def for_speaker(self, speaker: Speaker) -> "FakeVoice":
        return self

    def learn(self, folder: Path) -> str | None:
        return None

    def synthesize(self, sentence: str, style: SpeechStyle) -> Iterator[Speech]:
        if sentence not in self.texts:
            self.texts.append(sentence)
        level = 0.5 + 0.01 * self.texts.index(sentence)
        pcm = np.full(round(len(sentence) * CHARACTER_S * VOICE_RATE_HZ), level, np.float32)
        chunk = AudioChunk(pcm, VOICE_RATE_HZ)
        yield Speech(chunk, (Phone("a", 0.0, chunk.duration_s),), sentence, style)

    def text_of(self, level: float) -> tuple[str, bool] | None:
        """(text, ducked) of a sample's level; None while the level changes."""
        ducked = level < 0.4
        number = (level * (4 if ducked else 1) - 0.5) * 100
        if abs(number - round(number)) > 0.02 or not 0 <= round(number) < len(self.texts):
            return None
        return self.texts[round(number)], ducked


class FakePolicy:
    """Stateless: its own session."""

    name = "fake"

    def of_avatar(self, folder: Path, names: dict[str, str]) -> "FakePolicy":
        return self

    def session(self, caller: Caller, record: Callable[[Decision], None]) -> "FakePolicy":
        return self

    def open(self, language: str) -> Verdict:
        return Verdict("allow")

    def check_answer(self, language: str) -> Verdict:
        return Verdict("allow")

    def check_input(self, text: str, language: str, emotion: Emotion | None) -> Verdict:
        return Verdict("refuse", "input", "I would rather not.") if "forbidden" in text else Verdict("allow")

    def check_output(self, sentence: str, language: str) -> Verdict:
        return Verdict("replace", "output", "Let us not.") if "secret" in sentence else Verdict("allow")


class FakeKnowledge:
    def search(self, text: str, language: str, messages: Sequence[Message] = ()) -> list[Passage]:
        return []


class FakeMotion:
    """Opens the mouth while speech lasts."""

    def speak(self, speech: Speech, start_s: float) -> FaceMotion:
        return self._moves(int(np.ceil(speech.audio.duration_s * FPS)), 0.5)

    def rest(self, frames: int, start_s: float, attention: Attention) -> FaceMotion:
        return self._moves(frames, 0.0)

    @staticmethod
    def _moves(frames: int, opening: float) -> FaceMotion:
        expression = np.zeros((frames, 52), np.float32)
        expression[:, 24] = opening
        return FaceMotion(expression, np.zeros((frames, 3), np.float32), FPS)


class FakeFace:
    """4 x 6 pixels whose grey is the opening of the jaw."""

    height_px, width_px = 40, 60
    needs_sound = False

    def draw(self, motion: FaceMotion, sound: AudioChunk | None = None) -> np.ndarray:
        assert sound is None, "this face does not need sound"
        grey = (motion.expression[:, 24] * 200).astype(np.uint8)
        return np.broadcast_to(grey[:, None, None, None], (len(grey), 40, 60, 3)).copy()


@dataclass(frozen=True)
class Heard:
    """A stretch of one text as it left the speaker."""

    text: str
    start_s: float
    end_s: float
    ducked: bool = False


@dataclass
class Played:
    """All that came of a conversation."""

    heard: list[Heard]
    mouth: list[tuple[float, bool]]  # (time, open)
    events: list[tuple[float, Event]]
    conversation: Conversation

    def texts(self) -> list[str]:
        return [h.text for h in self.heard if not h.ducked]


class Room:
    """Everything a conversation needs, with fakes; fields may be replaced before `play`."""

    def __init__(self, lines: Sequence[Say] = (), **answers: str) -> None:
        self.script = Script(lines)
        self.brain = FakeBrain()
        self.voice = FakeVoice()
        self.policy: Any = FakePolicy()
        self.motion: Any = FakeMotion()
        self.face: Any = FakeFace()
        self.workers = InlineWorkers()
        self.actions: list[tuple[float, Callable[[Conversation], None]]] = []
        self.tell: Callable[[Event], None] = lambda event: None  # told all events as they come

    def at(self, second: float, action: Callable[[Conversation], None]) -> None:
        self.actions.append((second, action))

    def play(self, seconds: float) -> Played:
        return run_virtual(self._play(seconds))

    async def _play(self, seconds: float) -> Played:
        events: list[tuple[float, Event]] = []
        still = np.zeros((40, 60, 3), np.uint8)
        playout = Playout(still, VOICE_RATE_HZ, FPS)
        illustrator = Illustrator(Body(self.motion, self.face, still), self.workers)
        performer = Performer(illustrator, playout, lambda turn, speech: tell(AvatarSaid(turn, speech.text)))
        mind = Mind(self.brain, self.policy, self.voice, PERSONA, FakeKnowledge(), self.workers)  # type: ignore[arg-type]
        await mind.prepare()
        listener = Listener(self.script, Ear(self.script), self.workers, TurnRules(), "en")

        def tell(event: Event) -> None:
            events.append((now_s(), event))
            self.tell(event)

        conversation = Conversation(mind, listener, performer, tell)
        tasks = [asyncio.ensure_future(performer.run()), asyncio.ensure_future(conversation.run(self._microphone()))]
        loop = asyncio.get_running_loop()
        for second, action in self.actions:
            loop.call_at(second, partial(action, conversation))
        played = Played([], [], events, conversation)
        await self._speaker(playout, seconds, played)
        await conversation.close()
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, asyncio.CancelledError):
                raise result
        return played

    async def _microphone(self):  # type: ignore[no-untyped-def]
        quiet = np.zeros(VAD_SAMPLES, np.float32)
        for i in range(10**6):
            await asyncio.sleep(max(0.0, (i + 1) * CHUNK_S - now_s()))
            yield AudioChunk(quiet, HEARING_RATE_HZ, i * CHUNK_S)

    async def _speaker(self, playout: Playout, seconds: float, played: Played) -> None:
        step_s = 0.02
        while now_s() < seconds:
            at_s = now_s()
            pcm = playout.pull(round(step_s * VOICE_RATE_HZ))
            played.mouth.append((at_s, bool(playout.frame[30, 5, 0] > 40)))
            level = float(np.sort(pcm)[len(pcm) // 2])
            if said := self.voice.text_of(level):
                self._note(played.heard, *said, at_s, at_s + step_s)
            await asyncio.sleep(step_s)

    @staticmethod
    def _note(heard: list[Heard], text: str, ducked: bool, start_s: float, end_s: float) -> None:
        last = heard[-1] if heard else None
        if last and (last.text, last.ducked) == (text, ducked) and start_s - last.end_s < 0.03:
            heard[-1] = Heard(text, last.start_s, end_s, ducked)
        else:
            heard.append(Heard(text, start_s, end_s, ducked))
