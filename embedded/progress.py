"""Progress of the start: live on a terminal, else one line per part with its duration."""

import contextlib
import time

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn

PENDING = "[dim]…[/dim]"


class Steps:
    """A fixed list of parts, shown while entered; they may be done in any order."""

    def __init__(self, names: list[str], console: Console) -> None:
        self._names = names
        self._console = console
        self._finished = 0
        self._began: dict[str, float] = {}
        self._live = Progress(
            SpinnerColumn(finished_text="[green]✓[/green]"),
            TextColumn("{task.description}"),
            TextColumn("{task.fields[took]}"),
            console=console,
            auto_refresh=False,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "Steps":
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # the terminal is gone
            self._live.stop()

    def show(self) -> None:
        """Draw the progress on a terminal."""
        with contextlib.suppress(OSError):  # the terminal is gone
            self._live.refresh()

    def begin(self, name: str) -> None:
        self._began[name] = time.monotonic()
        self._tasks[name] = self._live.add_task(name, total=1, took=PENDING)

    def done(self, name: str) -> None:
        self._finished += 1
        took = f"{time.monotonic() - self._began[name]:.1f} s"
        self._live.update(self._tasks[name], completed=1, took=took)
        if not self._console.is_terminal:
            say(self._console, f"[{self._finished}/{len(self._names)}] {name} … {took}")


def say(console: Console, text: str) -> None:
    """Print plain text; a closed terminal or pipe is ignored."""
    with contextlib.suppress(OSError):
        console.print(text, markup=False, highlight=False, soft_wrap=True)
