"""`tiangong hear` and `tiangong look`: the avatar's ears and eyes on files."""

import json
from pathlib import Path
from typing import Annotated

import typer

from tiangong.cli.options import AsJson, Language, Profile


def hear(
    files: Annotated[list[Path], typer.Argument(help="Sound or video files.")],
    language: Language = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Speech to text, with times. Exit code 1 where no file holds speech."""
    from tiangong.core.config import load_settings
    from tiangong.perception.hear_file import hear_file
    from tiangong.service.assembly import Engines

    settings = load_settings(profile=profile, language=language)
    engines = Engines(settings)
    heard = [hear_file(f, engines.speech_to_text, engines.voice_activity, settings.language) for f in files]
    if as_json:
        typer.echo(json.dumps([h.as_json() for h in heard], ensure_ascii=False, indent=1))
    else:
        for file in heard:
            typer.echo(f"{file.file} ({file.engine}, {file.language})")
            for segment in file.segments:
                typer.echo(f"  {segment.start_s:7.2f} - {segment.end_s:7.2f}  {segment.text}")
            if not file.segments:
                typer.echo("  (no speech)")
    if not any(h.segments for h in heard):
        raise typer.Exit(1)


def look(
    files: Annotated[list[Path], typer.Argument(help="Pictures or videos.")],
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Picture or video -> face, blend shapes, head pose, emotion. Exit code 1 where no file shows a face."""
    from tiangong.core.config import load_settings
    from tiangong.perception.look_file import look_file
    from tiangong.service.assembly import Engines

    engines = Engines(load_settings(profile=profile))
    seen = [look_file(f, engines.face_reader) for f in files]
    if as_json:
        typer.echo(json.dumps([s.as_json() for s in seen], ensure_ascii=False, indent=1))
    else:
        for file in seen:
            typer.echo(file.summary())
    if not any(s.has_face for s in seen):
        raise typer.Exit(1)
