"""Lips of avatars that speak: the whole way from a text through voice, motion and face into a film, which is then looked at."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tiangong.agent.performer import Recorder
from tiangong.bench.lips import LipsMeasure, measure_lips
from tiangong.bench.report import Figure
from tiangong.bench.stock import Outcome, tell
from tiangong.core.config import Deadlines, Settings
from tiangong.core.media import Phone, SpeechStyle
from tiangong.service.assembly import Avatar, Engines
from tiangong.service.film import Film
from tiangong.service.recording import spoken_text

SENTENCES: Final = {
    "en": (
        "My name is Tian, and I am pleased to meet you.",
        "Please put the blue map back on the top shelf.",
        "Most people pay by phone, but a bank card works as well.",
        "May I help you pick a warm jumper for Monday?",
    ),
    "zh": (
        "您好，很高兴在这里为您服务。",
        "请把包裹的编号发给我，我帮您查一下。",
        "我们每天早上八点半开门，晚上九点半关门。",
        "买满八百元免运费，明天就能到北京。",
    ),
}
_SEED: Final = 7
_REST_BLOCKS, _BLOCK = 4, 5  # 0.8 s around each sentence: a silence long enough to be measured in
_PATIENCE_S: Final = 60.0  # nobody waits for a film: a busy machine draws it late, but draws it


@dataclass(frozen=True)
class Said:
    """One film's lips."""

    avatar: str
    language: str
    told: bool  # the motion was given the phones; False: it had the sound alone
    lips: LipsMeasure


def measure_speaking(settings: Settings, avatars: Sequence[str], sentences: int, workplace: Path) -> Outcome:
    """`sentences` of each language by each avatar, once with phones known to the motion and once without.

    The true phones are the reference in both. Raises as `Engines.open_avatar` does, and EngineError.
    """
    said = asyncio.run(_all(settings, avatars, sentences, workplace))
    outcome = Outcome()
    for told in (True, False):
        for language in SENTENCES:
            group = [one for one in said if one.told == told and one.language == language]
            outcome.figures += _figures(group, f"{language}, {'phones' if told else 'sound alone'}")
    outcome.notes += [_sentence(one) for one in said]
    return outcome


async def _all(settings: Settings, avatars: Sequence[str], sentences: int, workplace: Path) -> list[Said]:
    patient = {name: _PATIENCE_S for name in Deadlines.model_fields}
    engines = Engines(settings.model_copy(update={"deadlines": Deadlines(**patient)}))
    said: list[Said] = []
    try:
        for name in avatars:
            avatar = await engines.open_avatar(name, listens=False)
            for language, texts in SENTENCES.items():
                for told in (True, False):
                    tell(f"{name} speaks {language}, {'phones known' if told else 'sound alone'}")
                    film = workplace / f"{name}-{language}-{'phones' if told else 'sound'}.mp4"
                    phones = await record(engines, avatar, language, texts[:sentences], film, told=told)
                    lips = await asyncio.to_thread(measure_lips, film, phones)
                    said.append(Said(name, language, told, lips))
    finally:
        engines.workers.close()
    return said


async def record(
    engines: Engines, avatar: Avatar, language: str, texts: Sequence[str], output: Path, *, told: bool
) -> list[Phone]:
    """As `tiangong say` does, at rest between sentences; returns the phones, in seconds from the film's start.

    `told` False: the motion is not given the phones. Raises EngineError.
    """
    phones: list[Phone] = []
    with Film(output) as film:
        recorder = Recorder(engines.illustrator(avatar, _SEED), film.keep)
        await _rest(recorder)
        for text in texts:
            async for said in spoken_text(avatar.mind, engines, text, SpeechStyle(language)):
                start_s, speech = recorder.seconds, said.speech
                phones += [Phone(p.symbol, p.start_s + start_s, p.end_s + start_s) for p in speech.phones or ()]
                await recorder.perform(1, speech if told else replace(speech, phones=None))
            await _rest(recorder)
    return phones


async def _rest(recorder: Recorder) -> None:
    for _ in range(_REST_BLOCKS):
        await recorder.rest(_BLOCK)


def _figures(group: Sequence[Said], how: str) -> list[Figure]:
    lips = [one.lips for one in group]
    silent, bilabials = sum(one.silent_frames for one in lips), sum(one.bilabials for one in lips)
    closed = sum((one.closed_in_silence or 0) * one.silent_frames for one in lips)
    shut = sum((one.closed_on_bilabials or 0) * one.bilabials for one in lips)
    lags = [float(one.lag_ms) for one in lips if one.lag_ms is not None]
    together = [c for one in lips if (c := one.openness_gap_correlation) is not None]
    return [
        Figure.single(f"lips closed in silence ({how})", "share", closed / silent if silent else None, silent),
        Figure.single(f"lips closed on p, b, m ({how})", "share", shut / bilabials if bilabials else None, bilabials),
        Figure.of(f"lips late behind the sound ({how})", "ms", lags),
        Figure.of(f"openness and gap, correlation ({how})", "r", together),
    ]


def _sentence(said: Said) -> str:
    def number(value: float | None) -> str:
        return "-" if value is None else f"{value:.3f}"

    lips = said.lips
    return (
        f"{said.avatar}, {said.language}, {'phones' if said.told else 'sound alone'}: "
        f"closed in silence {number(lips.closed_in_silence)} of {lips.silent_frames} frames, "
        f"on p, b, m {number(lips.closed_on_bilabials)} of {lips.bilabials}, lag {lips.lag_ms} ms, "
        f"correlation {number(lips.openness_gap_correlation)}"
    )
