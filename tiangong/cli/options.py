"""Options that several commands share."""

from typing import Annotated

import typer

Avatar = Annotated[str | None, typer.Option(help="Which avatar: 'tian', 'gong' or one of your own.")]
Profile = Annotated[str | None, typer.Option(help="'auto', 'embedded' (nothing downloaded) or 'gpu'.")]
Language = Annotated[str | None, typer.Option(help="'en', 'zh' or 'auto'.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
