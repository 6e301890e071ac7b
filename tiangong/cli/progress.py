"""A progress bar for a person at a terminal; silent where the output goes to a program or a file."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

Tell = Callable[[float, str], None]  # share done 0-1, and a word on how it goes


@contextmanager
def bar(label: str) -> Generator[Tell]:
    """Yields what moves the bar."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    shown = Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)
    with shown:
        task = shown.add_task(label, total=1.0, note="", start=True, visible=False)

        def tell(share: float, note: str = "") -> None:
            shown.update(task, completed=share, note=note, visible=True)

        yield tell
