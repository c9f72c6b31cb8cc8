"""`python -m bench` measures everything and writes `results.md`; with names, it only prints these rows.

`--events 20000` shortens the log of the console's pages, and only prints, too.
"""

import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench import (
    acknowledgement,
    assistants,
    batches,
    cell,
    console,
    embedding,
    event_log,
    facets,
    results,
    search,
    sync,
    throughput,
)
from bench.results import Row
from bench.system import Servers, described, running

MEASUREMENTS: dict[str, Callable[[Servers, Progress], Awaitable[list[Row]]]] = {
    "acknowledgement": acknowledgement.measure,
    "batches": batches.measure,
    "throughput": throughput.measure,
    "embedding": embedding.measure,
    "search": search.measure,
    "facets": facets.measure,
    "assistants": assistants.measure,
    "event_log": event_log.measure,
    "console": console.measure,
    "sync": sync.measure,
    "cell": cell.measure,
}


async def _measure(names: list[str], servers: Servers, terminal: Console) -> list[Row]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=terminal) as progress:
        return [row for name in names for row in await MEASUREMENTS[name](servers, progress)]


def main() -> int:
    terminal = Console()
    parser = ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"what to measure, of {', '.join(MEASUREMENTS)}")
    parser.add_argument("--events", type=int, default=console.EVENTS, help="of the console's log")
    given = parser.parse_args()
    names = given.names or list(MEASUREMENTS)
    if unknown := set(names) - MEASUREMENTS.keys():
        terminal.print(f"No such measurement: {', '.join(unknown)}; there are {', '.join(MEASUREMENTS)}.")
        return 2
    MEASUREMENTS["console"] = partial(console.measure, events=given.events)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="pilito-bench-") as folder, running(Path(folder)) as servers:
        found = uvloop.run(_measure(names, servers, terminal))
        about = results.circumstances(
            command=results.command(), servers=described(servers), seconds=time.monotonic() - began
        )
    terminal.print(*(f"{name}: {what}" for name, what in about), sep="\n", markup=False)
    terminal.print(results.shown(found))
    if names == list(MEASUREMENTS) and given.events == console.EVENTS:
        results.write(found, about)
    return 0


if __name__ == "__main__":
    sys.exit(main())
