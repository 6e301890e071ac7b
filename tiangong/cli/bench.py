"""`tiangong bench`: figures that are measured, with the machine and versions beside them."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Measure this machine.", no_args_is_help=True)


@app.callback()
def _measure() -> None:
    """Measure this machine."""


@app.command()
def loop(
    turns: Annotated[int, typer.Option(help="How many turns to speak.", min=1)] = 20,
    speech: Annotated[
        Path | None, typer.Option(help="Folder of sound files to ask with; without it espeak-ng asks.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--json", help="Also write the figures to this file.")] = None,
) -> None:
    """A caller speaks to a real server over WebRTC: time to the first sound and moved mouth, barge-in, late frames, memory."""
    from tiangong.bench.loop import measure_loop
    from tiangong.bench.report import as_json, as_text

    report = measure_loop(turns, speech)
    typer.echo(as_text(report))
    if output:
        output.write_text(as_json(report), encoding="utf-8")


@app.command()
def render(
    portraits: Annotated[
        Path | None, typer.Option(help="Folder of photos to make avatars from; without it the starters' portraits.")
    ] = None,
    video: Annotated[
        list[Path] | None, typer.Option(help="A film of talking: learn three quarters, draw the rest. Repeatable.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(help="How long to train on each film; without it as long as it needs.", min=0.01)
    ] = None,
    frames: Annotated[int, typer.Option(help="How many frames to draw for the speed.", min=5)] = 250,
    sentences: Annotated[int, typer.Option(help="How many sentences to speak, of each language.", min=1, max=4)] = 4,
    only: Annotated[
        list[str] | None, typer.Option(help="A part: create, draw, memory, speak, video or gpu. Repeatable.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--json", help="Also write the figures to this file.")] = None,
) -> None:
    """Avatars made from photos and films: time to make them, speed and memory of drawing, lips in step with sound, likeness."""
    from tiangong.bench.render import PARTS, RenderWishes, measure_render
    from tiangong.bench.report import as_json, as_text

    parts = tuple(only) if only else PARTS
    report = measure_render(RenderWishes(portraits, tuple(video or ()), minutes, frames, sentences, parts))
    typer.echo(as_text(report))
    if output:
        output.write_text(as_json(report), encoding="utf-8")


@app.command()
def voice(
    speakers: Annotated[
        Path | None,
        typer.Option(
            help="A folder of sound for each speaker in this one, or a JSON {speaker: [files]}: to be cloned."
        ),
    ] = None,
    resemblyzer_python: Annotated[
        Path | None, typer.Option(help="An interpreter that has resemblyzer: for the likeness of clones.")
    ] = None,
    sentences: Annotated[int, typer.Option(help="How many sentences to say.", min=1, max=50)] = 50,
    voices: Annotated[int, typer.Option(help="How many clones' words, times and sound to measure.", min=0)] = 4,
    only: Annotated[
        list[str] | None, typer.Option(help="A part: likeness, words, timing, sound, phones or forms. Repeatable.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--json", help="Also write the figures to this file.")] = None,
) -> None:
    """The embedded voice and its clones: likeness, words understood, time to the first sound, loudness, spoken forms."""
    from tiangong.bench.report import as_json, as_text
    from tiangong.bench.voice import PARTS, VoiceWishes, measure_voice

    parts = tuple(only) if only else PARTS
    report = measure_voice(VoiceWishes(speakers, resemblyzer_python, sentences, voices, parts))
    typer.echo(as_text(report))
    if output:
        output.write_text(as_json(report), encoding="utf-8")


@app.command()
def hear(
    transcripts: Annotated[
        Path | None,
        typer.Option(help="A table of recordings, files beside it: columns file, lang, speaker, text, parted by tabs."),
    ] = None,
    voice: Annotated[list[str] | None, typer.Option(help="A cloned voice that also asks. Repeatable.")] = None,
    questions: Annotated[int | None, typer.Option(help="How many questions to ask; all without it.", min=1)] = None,
    minutes: Annotated[float, typer.Option(help="How much of the avatar's own voice comes back.", min=0.2)] = 10.0,
    only: Annotated[
        list[str] | None, typer.Option(help="A part: questions, recordings, engine, turns or echo. Repeatable.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--json", help="Also write the figures to this file.")] = None,
) -> None:
    """The embedded recogniser's words, ends of turns, the avatar's own voice coming back through the loudspeaker."""
    from tiangong.bench.hear import PARTS, HearWishes, measure_hear
    from tiangong.bench.report import as_json, as_text

    parts = tuple(only) if only else PARTS
    report = measure_hear(HearWishes(transcripts, tuple(voice or ()), questions, minutes, parts))
    typer.echo(as_text(report))
    if output:
        output.write_text(as_json(report), encoding="utf-8")


@app.command()
def look(
    labels: Annotated[
        Path | None,
        typer.Option(help="A table of pictures, files beside it: columns file, label, set, parted by tabs."),
    ] = None,
    seconds: Annotated[float, typer.Option(help="How long to watch a steady face.", min=5)] = 60.0,
    only: Annotated[list[str] | None, typer.Option(help="A part: pictures, cost or flicker. Repeatable.")] = None,
    output: Annotated[Path | None, typer.Option("--json", help="Also write the figures to this file.")] = None,
) -> None:
    """Feelings read from labelled pictures, the cost of a camera's picture, flicker on a steady face."""
    from tiangong.bench.look import PARTS, LookWishes, measure_look
    from tiangong.bench.report import as_json, as_text

    report = measure_look(LookWishes(labels, seconds, tuple(only) if only else PARTS))
    typer.echo(as_text(report))
    if output:
        output.write_text(as_json(report), encoding="utf-8")


@app.command()
def policy(
    lists: Annotated[
        list[Path] | None,
        typer.Option(
            "--list", help="A table of labelled sentences: text, language, direction, label, expect. Repeatable."
        ),
    ] = None,
    sets: Annotated[Path | None, typer.Option(help="A folder of labelled sets as JSON lines.")] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="A part: time, hostile, scenarios, lists or sets. Repeatable.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--json", help="Also write the figures to this file.")] = None,
) -> None:
    """What the policy that ships finds and stops, how long a check takes, what leaks."""
    from tiangong.bench.policy import PARTS, PolicyWishes, measure_policy
    from tiangong.bench.report import as_json, as_text

    report = measure_policy(PolicyWishes(tuple(lists or ()), sets, tuple(only) if only else PARTS))
    typer.echo(as_text(report))
    if output:
        output.write_text(as_json(report), encoding="utf-8")
