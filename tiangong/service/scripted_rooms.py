"""Rooms for scripted tests of a policy: the real loop of thoughts, sentences, policy and style, with a scripted model.

Nothing is played: a voice of no sound tells the style of each sentence, and where a scenario looks at the picture, the real
motion engine moves a plain face that bears the real mark.
"""

import asyncio
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tiangong.agent.events import Decided, Event, HandOffAsked, SessionEnded
from tiangong.agent.illustrator import Body, Illustrator, still_picture
from tiangong.agent.memory import Memory, SpokenPiece
from tiangong.agent.mind import Mind, Turn
from tiangong.agent.obedience import Obedience
from tiangong.agent.protocol import Brain, Passage, Persona, Prompt
from tiangong.agent.sentences import split_sentences
from tiangong.agent.timing import TurnWatch
from tiangong.agent.workers import deadline
from tiangong.core.config import Settings
from tiangong.core.face import BLEND_SHAPE_INDEX
from tiangong.core.media import AudioChunk, Emotion, FaceMotion, Message, Speech, SpeechStyle, Stage
from tiangong.core.sound import silence
from tiangong.perception.hear_file import hear_file
from tiangong.policies.scenarios.outcome import Room, Setting, SpokenSentence, TurnOutcome
from tiangong.rendering.protocol import MotionEngine
from tiangong.service.assembly import Engines
from tiangong.voice.protocol import VOICE_RATE_HZ, Speaker

_DEADLINE_S: Final = 60.0
_SECONDS_PER_CHARACTER: Final = 0.06
_SMILES: Final = [BLEND_SHAPE_INDEX["mouthSmileLeft"], BLEND_SHAPE_INDEX["mouthSmileRight"]]
_ABOUT: Final = {"en": "I am an AI.", "zh": "我是人工智能。"}
_GREETING: Final = {"en": "Hello, what can I do for you?", "zh": "您好，请问有什么可以帮您？"}
_SEED: Final = 7


class _Workers:
    """No threads: a scenario runs as fast as its checks do."""

    async def run(self, stage: Stage, turn_id: int, call: Callable[[], Any]) -> Any:
        async def work() -> Any:
            return call()

        return await deadline(asyncio.ensure_future(work()), stage, turn_id, _DEADLINE_S, lambda: None)


@dataclass
class _ScriptedBrain:
    """Answers with the pieces that it is handed, and keeps what it was asked."""

    live: Brain | None
    pieces: Iterator[str] | None = None
    prompted: str | None = None
    name: str = "scripted"

    def reply(self, prompt: Prompt) -> Iterator[str]:
        self.prompted = prompt.messages[-1].text
        if self.pieces is not None:
            return self.pieces
        assert self.live, "the runner asks for a live answer only where a model is set up"
        return self.live.reply(prompt)


class _SilentVoice:
    """A Speech of plausible length and no sound."""

    name = "silent"
    languages = frozenset({"en", "zh"})

    def for_speaker(self, speaker: Speaker) -> "_SilentVoice":
        return self

    def learn(self, folder: Path) -> str | None:
        return None

    def synthesize(self, sentence: str, style: SpeechStyle) -> Iterator[Speech]:
        yield Speech(silence(len(sentence) * _SECONDS_PER_CHARACTER, VOICE_RATE_HZ), None, sentence, style)


class _NoKnowledge:
    def search(self, text: str, language: str, messages: Sequence[Message] = ()) -> list[Passage]:
        return []


class _PlainFace:
    """A grey picture: whatever else is seen in it was put there on the way out. Keeps the expressions that it was given."""

    height_px, width_px = 256, 256
    needs_sound = False

    def __init__(self) -> None:
        self.drawn: list[NDArray[np.float32]] = []  # (frames, 52) each

    def draw(self, motion: FaceMotion, sound: AudioChunk | None = None) -> NDArray[np.uint8]:
        self.drawn.append(motion.expression)
        return np.full((len(motion), self.height_px, self.width_px, 3), 128, np.uint8)


class ScriptedRooms:
    """Opens rooms for the scenario runner."""

    def __init__(
        self, *, brain: Brain | None = None, motion: Callable[[], MotionEngine], hearing: Callable[[Path, str], str]
    ) -> None:
        """`brain`: a real language model, for live scenarios; `motion` and `hearing` are asked only where they are needed."""
        self.live = brain is not None
        self._brain, self._motion, self._hearing = brain, motion, hearing

    @contextmanager
    def open(self, setting: Setting) -> Generator[Room]:
        illustrator = self._illustrator() if setting.draws else None
        with asyncio.Runner() as runner:
            yield _ScriptedRoom(runner, setting, _ScriptedBrain(self._brain), illustrator, self._hearing)

    def _illustrator(self) -> "_Watched":
        face = _PlainFace()
        body = Body(self._motion().session(_SEED), face, still_picture(face))
        return _Watched(Illustrator(body, _Workers()), face)


@dataclass(frozen=True)
class _Watched:
    illustrator: Illustrator
    face: _PlainFace


@dataclass
class _ScriptedRoom:
    """One conversation."""

    runner: asyncio.Runner
    setting: Setting
    brain: _ScriptedBrain
    watched: _Watched | None
    hearing: Callable[[Path, str], str]
    memory: Memory = field(default_factory=Memory)
    events: list[Event] = field(default_factory=list[Event])
    number: int = 0

    def __post_init__(self) -> None:
        names = self.setting.names or {"en": "Tian", "zh": "小天"}
        persona = Persona(names, _GREETING, _ABOUT)
        policy = self.setting.policy
        self._mind = Mind(self.brain, policy, _SilentVoice(), persona, _NoKnowledge(), _Workers())
        self._obedience = Obedience(policy, self.setting.caller, self.memory, self.events.append)

    def hear(self, recording: Path) -> str:
        return self.hearing(recording, self.setting.language)

    def turn(self, said: str | None, felt: Emotion | None, answer: Iterator[str] | None) -> TurnOutcome:
        return self.runner.run(self._turn(said, felt, answer))

    async def _turn(self, said: str | None, felt: Emotion | None, answer: Iterator[str] | None) -> TurnOutcome:
        self.number += 1
        self.events.clear()
        self.brain.pieces, self.brain.prompted = _spoken(answer), None
        if said:
            self.memory.user_said(said)
        turn = Turn(
            self.number,
            self.setting.language,
            self.memory.messages if said else (),
            felt,
            TurnWatch(0, 0),
            self._obedience,
        )
        spoken: list[SpokenSentence] = []
        labelled: bool | None = None
        sentences = self._mind.cleared(split_sentences(self._mind.thoughts(turn)), turn)
        async with aclosing(self._mind.spoken(sentences, turn)) as speeches:
            async for speech in speeches:
                smile, seen = await self._look(speech)
                labelled = seen if labelled is None else labelled and bool(seen)
                spoken.append(SpokenSentence(speech.text, speech.style, smile))
        self.memory.avatar_said([SpokenPiece(s.text, 1.0) for s in spoken], float(len(spoken)))
        self._obedience.turn_over()
        return self._outcome(said or "", spoken, labelled)

    def _outcome(self, said: str, spoken: list[SpokenSentence], labelled: bool | None) -> TurnOutcome:
        decisions = tuple(event.decision for event in self.events if isinstance(event, Decided))
        summaries = [event.summary for event in self.events if isinstance(event, HandOffAsked)]
        ended = any(isinstance(event, SessionEnded) for event in self.events)
        flow = getattr(self._obedience.judge, "flow_place", "")
        return TurnOutcome(
            said,
            tuple(spoken),
            decisions,
            flow,
            summaries[0] if summaries else None,
            ended,
            self.brain.prompted,
            labelled,
        )

    async def _look(self, speech: Speech) -> tuple[float | None, bool | None]:
        """(mean smile of the sentence, whether every picture bears the mark)."""
        if self.watched is None:
            return None, None
        self.watched.face.drawn.clear()
        labelled = True
        async with aclosing(self.watched.illustrator.speech(self.number, speech, 0.0)) as clips:
            async for clip in clips:
                labelled = labelled and bool((clip.frames != 128).any(axis=(1, 2, 3)).all())
        return float(np.concatenate(self.watched.face.drawn)[:, _SMILES].mean()), labelled


def _spoken(answer: Iterator[str] | None) -> Iterator[str] | None:
    """A model that says nothing would be an error of the brain: a scenario whose turn needs no answer may leave it out."""
    if answer is None:
        return None
    pieces = list(answer)
    return iter(pieces if any(piece.strip() for piece in pieces) else ["OK."])


def scripted_rooms(settings: Settings) -> ScriptedRooms:
    """Rooms with the engines of these settings; a live language model only where one is set."""
    engines = Engines(settings)  # makes each engine when it is first asked for, and keeps it

    def hear(recording: Path, language: str) -> str:
        heard = hear_file(recording, engines.speech_to_text, engines.voice_activity, language)
        return " ".join(segment.text for segment in heard.segments)

    live = engines.brain if settings.brain.base_url or settings.brain.model else None
    return ScriptedRooms(brain=live, motion=lambda: engines.motion, hearing=hear)
