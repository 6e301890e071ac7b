"""`tiangong serve`: the page, the API and WebRTC."""

import time
from typing import Annotated

import typer

from tiangong.cli.options import Avatar, Profile


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; 0.0.0.0 for every one.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the page.")] = None,
    profile: Profile = None,
    avatar: Avatar = None,
    voice: Annotated[str | None, typer.Option(help="A cloned voice, a voice engine, or 'auto'.")] = None,
) -> None:
    """Serve the page on which you talk with the avatar."""
    began_s = time.monotonic()
    typer.echo("Tiangong is starting ...")

    import logging
    import sys

    import uvicorn

    from tiangong.core.config import load_settings
    from tiangong.service.api import create_app
    from tiangong.service.assembly import Engines, with_voice
    from tiangong.service.page import mount_page

    settings = load_settings(profile=profile, avatar=avatar)
    settings = with_voice(settings, voice) if voice else settings
    place = settings.serve.model_copy(update={k: v for k, v in {"host": host, "port": port}.items() if v is not None})
    engines = Engines(settings.model_copy(update={"serve": place}))
    for stage, choice in engines.choices.items():
        typer.echo(f"  {stage.replace('_', ' '):<15} {choice.name:<15} {choice.reason}")
    application = mount_page(create_app(engines), engines)
    # Threads that draw and hear share one interpreter lock with the loop that sends: hand it over after 1 ms, not 5.
    sys.setswitchinterval(0.001)
    shown = "127.0.0.1" if place.host == "0.0.0.0" else place.host
    typer.echo(f"Ready after {time.monotonic() - began_s:.1f} s: open http://{shown}:{place.port}")
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    uvicorn.run(application, host=place.host, port=place.port, log_level="warning", ws="none")
