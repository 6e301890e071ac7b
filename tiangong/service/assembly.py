"""Puts engines and avatars together, once, for all sessions."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, cast

from tiangong.agent.engines import BRAINS
from tiangong.agent.illustrator import Body, Illustrator, still_picture
from tiangong.agent.knowledge import Knowledge
from tiangong.agent.listening import Ear, Listener
from tiangong.agent.mind import Mind
from tiangong.agent.persona import read_persona
from tiangong.agent.protocol import Brain
from tiangong.agent.turns import TurnRules
from tiangong.agent.workers import ThreadWorkers
from tiangong.core.config import Settings
from tiangong.core.errors import BundleError, ConfigError, EngineError
from tiangong.core.registry import Choice, choose, make
from tiangong.perception.engines import FACE_READERS, SPEECH_TO_TEXT, VOICE_ACTIVITY
from tiangong.perception.feelings import FACE_EMOTIONS
from tiangong.perception.protocol import FaceReader, SpeechToText, VoiceActivity
from tiangong.policies.engines import POLICIES
from tiangong.policies.protocol import Policy
from tiangong.policies.records import DecisionLog
from tiangong.rendering.engines import MOTIONS, RENDERERS
from tiangong.rendering.protocol import Face, FaceRenderer, MotionEngine
from tiangong.studio.bundle import STARTER, Bundle, find_bundles, open_bundle
from tiangong.studio.voices import Learn, find_voice, voice_of
from tiangong.voice.arpabet import arpabet
from tiangong.voice.engines import VOICES
from tiangong.voice.protocol import Speaker, Voice

log = logging.getLogger(__name__)
STAGES: Final = {
    "voice_activity": VOICE_ACTIVITY,
    "speech_to_text": SPEECH_TO_TEXT,
    "face_reader": FACE_READERS,
    "face_emotion": FACE_EMOTIONS,
    "policy": POLICIES,
    "brain": BRAINS,
    "voice": VOICES,
    "motion": MOTIONS,
    "renderer": RENDERERS,
}


def _require_gpu() -> None:
    import torch  # late: two seconds that other profiles need not pay

    if not torch.cuda.is_available():
        raise ConfigError("profile 'gpu' asks for a CUDA device and there is none here; use 'auto'")


@dataclass(frozen=True)
class Avatar:
    """One avatar, opened: shared by all its sessions."""

    bundle: Bundle
    mind: Mind
    face: Face
    ear: Ear
    still: Any  # (height, width, 3) uint8: the marked portrait at rest


class Engines:
    """The engines that the settings ask for, each made when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        capacity = settings.serve.capacity
        # Drawing is numpy and OpenCV, which let go of the interpreter lock: two callers draw at once on two cores.
        self.workers = ThreadWorkers(settings.deadlines, {"face": 2, "brain": capacity, "judge": capacity})

    @cached_property
    def choices(self) -> dict[str, Choice]:
        """What was taken for each stage, and why. Raises ConfigError, MissingExtra."""
        if self.settings.profile == "gpu":
            _require_gpu()
        wanted = self.settings.engines
        return {s: choose(s, engines, getattr(wanted, s), self.settings) for s, engines in STAGES.items()}

    def _make(self, stage: str) -> Any:
        return make(stage, STAGES[stage], self.choices[stage].name, self.settings)

    @cached_property
    def voice_activity(self) -> VoiceActivity:
        return cast(VoiceActivity, self._make("voice_activity"))

    @cached_property
    def speech_to_text(self) -> SpeechToText:
        return cast(SpeechToText, self._make("speech_to_text"))

    @cached_property
    def face_reader(self) -> FaceReader:
        return cast(FaceReader, self._make("face_reader"))

    @cached_property
    def policy(self) -> Policy:
        return cast(Policy, self._make("policy"))

    @cached_property
    def decisions(self) -> DecisionLog | None:
        """Where decision records go. Raises ConfigError for a folder that cannot be written."""
        wanted = self.settings.policy
        if wanted.decisions is None:
            return None
        return DecisionLog(wanted.decisions, keep_days=wanted.decisions_days, largest_mb=wanted.decisions_mb)

    @cached_property
    def brain(self) -> Brain:
        return cast(Brain, self._make("brain"))

    @cached_property
    def voice(self) -> Voice:
        voice = cast(Voice, self._make("voice"))
        if self.settings.voice.convert is None:
            return voice
        from tiangong.voice.coqui.converted_voice import ConvertedVoice  # late: an extra that few have

        return ConvertedVoice.from_settings(voice, self.settings)

    @cached_property
    def motion(self) -> MotionEngine:
        return cast(MotionEngine, self._make("motion"))

    @cached_property
    def renderer(self) -> FaceRenderer:
        return cast(FaceRenderer, self._make("renderer"))

    def close(self) -> None:
        """End the threads; what was to be written down is."""
        self.workers.close()
        log: DecisionLog | None = vars(self).get("decisions")  # where one was opened
        if log:
            log.close()

    def listener(self, avatar: Avatar, language: str) -> Listener:
        """Listens to one microphone."""
        return Listener(self.voice_activity.session(), avatar.ear, self.workers, TurnRules(), language)

    def _ear(self, knowledge: Knowledge, names: Sequence[str]) -> Ear:
        """Expects what the avatar knows about; one that cannot be made to is taken as it is."""
        engine, terms = self.speech_to_text, (*names, *knowledge.terms)
        if engine.adapt is None:
            return Ear(engine, terms)
        try:
            return Ear(engine.adapt(knowledge.written("en"), names, arpabet), terms)
        except EngineError as error:
            log.warning("hearing is not adapted to the knowledge: %s", error)
            return Ear(engine, terms)

    def illustrator(self, avatar: Avatar, seed: int) -> Illustrator:
        """Draws `avatar` for one session, living by `seed`."""
        return Illustrator(Body(self.motion.session(seed), avatar.face, avatar.still), self.workers)

    async def open_mind(self, name: str) -> Mind:
        """An avatar's persona, knowledge and voice, without its face. Raises as `open_avatar` does."""
        return (await self._open_mind(self._bundle(name)))[0]

    async def open_avatar(self, name: str, *, listens: bool = True) -> Avatar:
        """`listens` False: nobody will speak to it, so its ear is not adapted to what it knows (seconds, the first time).

        Raises BundleError for an unknown name (naming the known ones) or a broken bundle, ConsentError, MediaError for a
        portrait without exactly one face."""
        bundle = self._bundle(name)
        mind, knowledge = await self._open_mind(bundle)
        names = tuple(mind.persona.name.values())
        ear = await asyncio.to_thread(self._ear, knowledge, names) if listens else Ear(self.speech_to_text)
        # Not on the workers: a portrait that cannot be used is the maker's to mend, not a failed stage.
        face = await asyncio.to_thread(lambda: self.renderer.open(bundle.folder))
        return Avatar(bundle, mind, face, ear, await asyncio.to_thread(still_picture, face))

    def _bundle(self, name: str) -> Bundle:
        bundles = find_bundles(self.settings.avatars)
        if name not in bundles:
            raise BundleError(f"no avatar '{name}'; there are: {', '.join(bundles)}")
        return open_bundle(bundles[name])

    async def _open_mind(self, bundle: Bundle) -> tuple[Mind, Knowledge]:
        persona = read_persona(bundle.persona)
        folders = [STARTER / "knowledge" / pack for pack in persona.knowledge] + [bundle.knowledge]
        # Off the loop: reading documents or a large model's weights must not freeze the calls that go on meanwhile.
        knowledge = await asyncio.to_thread(Knowledge.load, [folder for folder in folders if folder.is_dir()])
        await asyncio.to_thread(lambda: (self.brain, self.voice, self.policy, self.decisions))
        speaker = Speaker(persona.voice, self._cloned_voice(bundle))
        voice = await asyncio.to_thread(self.voice.for_speaker, speaker)
        policy = await asyncio.to_thread(self.policy.of_avatar, bundle.folder, persona.persona.name)
        mind = Mind(self.brain, policy, voice, persona.persona, knowledge, self.workers)
        await mind.prepare()
        return mind, knowledge

    def _cloned_voice(self, bundle: Bundle) -> Path | None:
        """The folder of the voice that the settings ask for, else of the avatar's own."""
        wanted = self.settings.voice
        return find_voice(wanted.speaker, wanted.voices) if wanted.speaker else voice_of(bundle.folder)

    @property
    def learners(self) -> tuple[Learn, ...]:
        """What learns a new voice: the engine in force, and the embedded one, which can always speak."""
        taken = self.choices["voice"].name
        if taken == "espeak" and self.settings.voice.convert is None:
            return (self.voice.learn,)
        return (self.voice.learn, cast(Voice, make("voice", VOICES, "espeak", self.settings)).learn)


def with_voice(settings: Settings, wanted: str) -> Settings:
    """The settings with another voice: an engine's name, "auto", or a cloned voice. Raises ConfigError for none of these."""
    if wanted in (*VOICES, "auto"):
        engines = settings.engines.model_copy(update={"voice": wanted})
        return settings.model_copy(update={"engines": engines})
    find_voice(wanted, settings.voice.voices)
    return settings.model_copy(update={"voice": settings.voice.model_copy(update={"speaker": wanted})})
