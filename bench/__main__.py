"""`python -m bench` measures everything and writes `results.md`; with names, it only prints these rows."""

import sys
import tempfile
import time
from pathlib import Path

import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench import (
    acknowledgement,
    assistants,
    cell,
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

MEASUREMENTS = {
    "acknowledgement": acknowledgement.measure,
    "throughput": throughput.measure,
    "embedding": embedding.measure,
    "search": search.measure,
    "facets": facets.measure,
    "assistants": assistants.measure,
    "event_log": event_log.measure,
    "sync": sync.measure,
    "cell": cell.measure,
}


async def _measure(names: list[str], servers: Servers, console: Console) -> list[Row]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        return [row for name in names for row in await MEASUREMENTS[name](servers, progress)]


def main() -> int:
    console = Console()
    names = sys.argv[1:] or list(MEASUREMENTS)
    if unknown := set(names) - MEASUREMENTS.keys():
        console.print(f"No such measurement: {', '.join(unknown)}; there are {', '.join(MEASUREMENTS)}.")
        return 2
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="pilito-bench-") as folder, running(Path(folder)) as servers:
        found = uvloop.run(_measure(names, servers, console))
        about = results.circumstances(
            command=results.command(), servers=described(servers), seconds=time.monotonic() - began
        )
    console.print(*(f"{name}: {what}" for name, what in about), sep="\n", markup=False)
    console.print(results.shown(found))
    if names == list(MEASUREMENTS):
        results.write(found, about)
    return 0


if __name__ == "__main__":
    sys.exit(main())
