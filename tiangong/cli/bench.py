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
