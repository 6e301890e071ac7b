"""Talking without a call: a text, or the answer to one, as clips for a file."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from tiangong.agent.conversation import Conversation
from tiangong.agent.memory import Memory
from tiangong.agent.mind import Mind, Turn
from tiangong.agent.obedience import Obedience
from tiangong.agent.performer import Recorder
from tiangong.agent.sentences import split_sentences
from tiangong.agent.timing import TurnWatch
from tiangong.agent.workers import iterate
from tiangong.core.language import language_of
from tiangong.core.media import AvatarClip, Phone, Speech, SpeechStyle
from tiangong.policies.protocol import Caller
from tiangong.service.assembly import Avatar, Engines
from tiangong.service.typed_talk import TypedTalk

Keep = Callable[[AvatarClip], Awaitable[None]]
_LEAD_FRAMES: Final = 8  # 0.32 s of rest before and after: a clip that starts mid-word looks cut off
_SEED: Final = 7  # the same text gives the same film


def _recorder(avatar: Avatar, engines: Engines, keep: Keep) -> Recorder:
    return Recorder(engines.illustrator(avatar, _SEED), keep)


async def record_rest(avatar: Avatar, engines: Engines, duration_s: float, keep: Keep) -> None:
    """The avatar at rest, clip by clip to `keep`. Raises EngineError."""
    recorder = _recorder(avatar, engines, keep)
    while recorder.seconds < duration_s:
        await recorder.rest(_LEAD_FRAMES)


async def record_answer(avatar: Avatar, engines: Engines, language: str, talk: TypedTalk, text: str, keep: Keep) -> str:
    """What the avatar says to `text`; its clips go to `keep`, the exchange to the talk's memory. Raises MediaError."""
    recorder = _recorder(avatar, engines, keep)
    listener = engines.listener(avatar, language)
    conversation = Conversation(avatar.mind, listener, recorder, talk.happened, talk.memory, policy=talk.policy)
    await recorder.rest(_LEAD_FRAMES)
    conversation.say(text)
    await conversation.settled()
    await recorder.rest(_LEAD_FRAMES)
    return talk.memory.last_text


@dataclass(frozen=True)
class SpokenSentence:
    """Where a piece of text stands in a recording, in seconds from its start."""

    text: str
    start_s: float
    end_s: float
    phones: tuple[Phone, ...]  # times from the start of the recording too


@dataclass(frozen=True)
class Said:
    """A piece of a sentence's sound; an engine that streams hands out several."""

    sentence: str  # the whole of it
    number: int  # of the sentence, from 0
    speech: Speech


@dataclass
class Transcript:
    """What was said where in a recording."""

    sentences: list[SpokenSentence] = field(default_factory=list[SpokenSentence])
    _last: int = -1

    def add(self, said: Said, start_s: float) -> None:
        """A piece that begins at `start_s`; pieces of one sentence become one."""
        phones = tuple(Phone(p.symbol, p.start_s + start_s, p.end_s + start_s) for p in said.speech.phones or ())
        end_s = start_s + said.speech.audio.duration_s
        if said.number == self._last:
            before = self.sentences[-1]
            self.sentences[-1] = replace(before, end_s=end_s, phones=before.phones + phones)
        else:
            self.sentences.append(SpokenSentence(said.sentence, start_s, end_s, phones))
        self._last = said.number


async def spoken_text(mind: Mind, engines: Engines, text: str, style: SpeechStyle) -> AsyncGenerator[Said]:
    """A text in the avatar's voice, sentence by sentence, as far as its policy lets it. Raises EngineError."""

    async def whole() -> AsyncGenerator[str]:
        yield text

    policy = Obedience(mind.policy, Caller(asker="owner"), Memory(), lambda event: None)
    turn = Turn(1, style.language, (), None, TurnWatch(0.0, 0.0), policy)
    number = 0
    async for sentence in mind.cleared(split_sentences(whole()), turn, in_a_talk=False):
        spoken = sentence.style.applied(replace(style, language=language_of(sentence.text, style.language)))
        async for speech in iterate(
            engines.workers, "voice", turn.id, partial(mind.voice.synthesize, sentence.text, spoken)
        ):
            yield Said(sentence.text.strip(), number, speech)
        number += 1


async def record_text(
    avatar: Avatar, engines: Engines, text: str, style: SpeechStyle, keep: Keep
) -> list[SpokenSentence]:
    """The avatar says this text; empty where there is nothing to say. Raises EngineError."""
    recorder = _recorder(avatar, engines, keep)
    transcript = Transcript()
    await recorder.rest(_LEAD_FRAMES)
    async for said in spoken_text(avatar.mind, engines, text, style):
        transcript.add(said, recorder.seconds)
        await recorder.perform(1, said.speech)
    await recorder.rest(_LEAD_FRAMES)
    return transcript.sentences
