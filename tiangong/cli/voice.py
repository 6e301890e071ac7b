"""`tiangong voice`: clone voices, list them."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tiangong.cli.options import AsJson, Profile

if TYPE_CHECKING:
    from tiangong.studio.voices import VoiceSummary

app = typer.Typer(help="Clone voices, list them.", no_args_is_help=True)


@app.command()
def clone(
    name: Annotated[str, typer.Argument(help="Name of the new voice.")],
    audio: Annotated[
        list[Path], typer.Option(help="A recording of one person, 10 s or more; sound or video. Repeatable.")
    ],
    avatar: Annotated[str | None, typer.Option(help="Also give it to this avatar of yours.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite a voice of this name.")] = False,
    profile: Profile = None,
) -> None:
    """Learn a person's voice from a recording; some ten seconds of work, nothing is downloaded."""
    from tiangong.core.config import load_settings
    from tiangong.service.assembly import Engines
    from tiangong.studio.listing import named_folder
    from tiangong.studio.voices import clone_voice, give_voice, own_avatar, read_recordings

    settings = load_settings(profile=profile)
    bundle = own_avatar(named_folder(avatar, settings.avatars)) if avatar else None
    recording = read_recordings(audio)
    cloned = clone_voice(name, recording, settings.voice.voices, Engines(settings).learners, replace=replace)
    for sentence in cloned.said:
        typer.echo(f"{cloned.folder.name}: {sentence}.")
    typer.echo("You declare that this is your own voice, or that you have this person's permission (consent.json).")
    if bundle:
        give_voice(cloned.folder, bundle.folder)
        typer.echo(f"{bundle.name} now speaks with it: tiangong serve --avatar {bundle.name}")
    else:
        typer.echo(f'Hear it: tiangong say "Hello, this is my voice." --voice {cloned.folder.name} -o hello.wav')


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """Every cloned voice: how long its recording is, which engines learnt it, and whether its consent holds."""
    from dataclasses import asdict

    from tiangong.core.config import load_settings
    from tiangong.studio.voices import list_voices

    found = list_voices(load_settings().voice.voices)
    if as_json:
        typer.echo(json.dumps([asdict(voice) for voice in found], ensure_ascii=False, indent=1))
    elif found:
        wide = max(len(voice.name) for voice in found)
        for voice in found:
            typer.echo(_line(voice, wide))
    else:
        typer.echo("No cloned voices yet; make one: tiangong voice clone me --audio me.wav")


def _line(voice: "VoiceSummary", wide: int) -> str:
    from tiangong.studio.voices import base_of

    base = base_of(Path(voice.folder))
    embedded = f"on the {base} voice" if base else "not for the embedded voice"
    kept = ", ".join(voice.learnt) or "nothing"
    return f"{voice.name:<{wide}}  {voice.reference_s:6.1f} s  {voice.made}  consent {voice.state}  {embedded}  learnt: {kept}"
