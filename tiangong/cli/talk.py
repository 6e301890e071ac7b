"""`tiangong chat` and `tiangong say`."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from tiangong.cli.options import Avatar, Language, Profile

if TYPE_CHECKING:
    from tiangong.agent.mind import Mind
    from tiangong.service.recording import SpokenSentence
    from tiangong.service.typed_talk import TypedTalk

_LEAVE: Final = {"/quit", "/exit", "/q"}


def chat(avatar: Avatar = None, language: Language = None, profile: Profile = None) -> None:
    """Talk with the avatar's mind in the terminal, by text. Leave with /quit."""
    asyncio.run(_chat(avatar, language, profile))


async def _chat(avatar_name: str | None, language: str | None, profile: str | None) -> None:
    from tiangong.core.config import load_settings
    from tiangong.core.errors import MediaError
    from tiangong.core.language import clean_text, language_of
    from tiangong.service.assembly import Engines
    from tiangong.service.notes import Notes
    from tiangong.service.typed_talk import TypedTalk

    settings = load_settings(profile=profile, avatar=avatar_name, language=language)
    engines = Engines(settings)
    mind = await engines.open_mind(settings.avatar)
    talk = TypedTalk(mind.policy, Notes(engines.decisions, settings.avatar))
    opening = "en" if settings.language == "auto" else settings.language
    typer.echo(f"{mind.persona.name.get(opening, settings.avatar)}: ", nl=False)
    await _answer(mind, talk, 0, opening)
    number = 0
    while not talk.ended and (line := await asyncio.to_thread(_read_line)) not in (None, *_LEAVE):
        try:
            text = clean_text(line or "")
        except MediaError as error:
            typer.echo(f"({error})", err=True)
            continue
        if not text:
            continue
        number += 1
        talk.memory.user_said(text)
        spoken = language_of(text, opening) if settings.language == "auto" else settings.language
        await _answer(mind, talk, number, spoken)
    engines.close()


async def _answer(mind: "Mind", talk: "TypedTalk", number: int, language: str) -> None:
    """Print what may be said, sentence by sentence, and what the policy asks for besides."""
    from tiangong.agent.memory import SpokenPiece
    from tiangong.agent.mind import Turn
    from tiangong.agent.sentences import split_sentences
    from tiangong.agent.timing import TurnWatch
    from tiangong.core.errors import EngineError

    turn = Turn(number, language, talk.memory.messages, None, TurnWatch(0.0, 0.0), talk.policy)
    said: list[str] = []
    try:
        async for sentence in mind.cleared(split_sentences(mind.thoughts(turn)), turn):
            between = " " if said and language == "en" else ""
            typer.echo(between + sentence.text, nl=False)
            said.append(sentence.text)
    except EngineError as error:
        typer.echo(f"({error})", err=True)
    typer.echo("")
    talk.memory.avatar_said([SpokenPiece(sentence, 1.0) for sentence in said], float(len(said)))
    talk.policy.turn_over()
    if talk.hand_off:
        typer.echo(f"(a human colleague has been asked for, and is told: {talk.hand_off})")
        talk.hand_off = ""
    if talk.ended:
        typer.echo("(the avatar has ended this talk)")


def _read_line() -> str | None:
    try:
        return input("> ")
    except EOFError:
        return None


def say(
    text: Annotated[str, typer.Argument(help="What to say; '-' reads it from standard input.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="out.mp4, or out.wav for the voice alone.")],
    avatar: Avatar = None,
    voice: Annotated[str | None, typer.Option(help="A cloned voice, a voice engine, or 'auto'.")] = None,
    emotion: Annotated[
        str, typer.Option(help="neutral, happy, sad, angry, fearful, disgusted or surprised.")
    ] = "neutral",
    language: Language = None,
    timings: Annotated[Path | None, typer.Option(help="Also write when each phone is spoken, as JSON.")] = None,
    profile: Profile = None,
) -> None:
    """Make a talking video (H.264 + AAC, 25 fps) or a WAV file from text."""
    from tiangong.core.errors import ConfigError

    if output.suffix.lower() not in (".mp4", ".wav"):
        raise ConfigError(f"cannot write '{output.suffix or output.name}' files; end the output in .mp4 or .wav")
    if not output.parent.is_dir():
        raise ConfigError(f"there is no folder {output.parent}")
    typed = typer.get_text_stream("stdin").read() if text == "-" else text
    seconds, sentences = asyncio.run(_record(typed, output, avatar, voice, emotion, language, profile))
    if timings:
        timings.write_text(_timings_json(sentences), encoding="utf-8")
    typer.echo(f"{output}: {seconds:.1f} s")


async def _record(
    text: str,
    output: Path,
    avatar_name: str | None,
    voice: str | None,
    emotion: str,
    language: str | None,
    profile: str | None,
) -> "tuple[float, list[SpokenSentence]]":
    from tiangong.core.config import load_settings
    from tiangong.core.errors import ConfigError, MediaError
    from tiangong.core.face import EMOTIONS
    from tiangong.core.language import clean_script, language_of
    from tiangong.core.media import SpeechStyle
    from tiangong.service.assembly import Engines, with_voice
    from tiangong.service.film import Film
    from tiangong.service.recording import Transcript, record_text, spoken_text

    if emotion not in EMOTIONS:
        raise ConfigError(f"no emotion '{emotion}'; there are: {', '.join(EMOTIONS)}")
    settings = load_settings(profile=profile, avatar=avatar_name, language=language)
    if voice:
        settings = with_voice(settings, voice)
    script = clean_script(text)
    spoken = language_of(script) if settings.language == "auto" else settings.language
    engines = Engines(settings)
    try:
        style = SpeechStyle(spoken, emotion=emotion, intensity=0.0 if emotion == "neutral" else 0.7)
        with Film(output) as film:
            if output.suffix.lower() == ".wav":
                mind = await engines.open_mind(settings.avatar)
                transcript = Transcript()
                async for said in spoken_text(mind, engines, script, style):
                    transcript.add(said, film.seconds)
                    film.add_sound(said.speech.audio)
                sentences = transcript.sentences
            else:
                avatar = await engines.open_avatar(settings.avatar, listens=False)
                sentences = await record_text(avatar, engines, script, style, film.keep)
            if not sentences:
                raise MediaError("there is nothing to say in this text")
        return film.seconds, sentences
    finally:
        engines.workers.close()


def _timings_json(sentences: "list[SpokenSentence]") -> str:
    from tiangong.rendering.protocol import FPS
    from tiangong.voice.protocol import VOICE_RATE_HZ

    return json.dumps(
        {
            "sample_rate_hz": VOICE_RATE_HZ,
            "fps": FPS,
            "phones": [
                {"symbol": p.symbol, "start_s": round(p.start_s, 4), "end_s": round(p.end_s, 4)}
                for sentence in sentences
                for p in sentence.phones
                if p.symbol  # pauses are where no phone is
            ],
            "sentences": [
                {"text": s.text, "start_s": round(s.start_s, 4), "end_s": round(s.end_s, 4)} for s in sentences
            ],
        },
        ensure_ascii=False,
        indent=1,
    )
