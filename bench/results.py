"""Results of a run: timed calls, resources of processes, and the rows of `results.md`."""

import asyncio
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from rich.table import Table

RESULTS = Path(__file__).with_name("results.md")
VERSIONS = ("temporalio", "fastapi", "uvicorn", "sqlalchemy", "psycopg", "pgvector", "numpy")
COLUMNS = ("Measurement", "Result", "Made of", "Target", "Met")


Call = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the results; `met` is None if there is no target."""

    measurement: str
    result: str
    made_of: str
    target: str = ""
    met: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        met = {True: "yes", False: "no", None: ""}[self.met]
        return (self.measurement, self.result, self.made_of, self.target, met)


def at_most(measurement: str, ratio: float, limit: float | None, made_of: str) -> Row:
    """Returns the row of a ratio that should be small; there is no target if `limit` is None."""
    if limit is None:
        return Row(measurement=measurement, result=f"{ratio:.2f}×", made_of=made_of)
    return Row(
        measurement=measurement,
        result=f"{ratio:.2f}×",
        made_of=made_of,
        target=f"≤ {limit:g}×",
        met=ratio <= limit,
    )


def at_least(measurement: str, ratio: float, limit: float, made_of: str, *, unit: str = "×") -> Row:
    """Returns the row of a ratio that should be large."""
    shown = f"{ratio:.3f}" if unit == "" else f"{ratio:.2f}{unit}"
    return Row(
        measurement=measurement,
        result=shown,
        made_of=made_of,
        target=f"≥ {limit:g}{unit}",
        met=ratio >= limit,
    )


def count(measurement: str, number: int, made_of: str, *, exactly: int | None = None) -> Row:
    """Returns the row of a count, which should be `exactly` that number if it is given."""
    if exactly is None:
        return Row(measurement=measurement, result=f"{number:,}", made_of=made_of)
    return Row(
        measurement=measurement,
        result=f"{number:,}",
        made_of=made_of,
        target=f"{exactly:,}",
        met=number == exactly,
    )


def shown(rows: Sequence[Row]) -> Table:
    """Returns the rows as a table for the terminal."""
    table = Table(*COLUMNS)
    for row in rows:
        table.add_row(*row.cells, style={False: "red", True: "green", None: ""}[row.met])
    return table


def circumstances(*, command: str, servers: str, seconds: float) -> list[tuple[str, str]]:
    """Returns the date, the machine, the versions and the command of the run."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        ("Date", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"),
        ("Machine", f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}"),
        (
            "Versions",
            ", ".join(
                [f"Python {platform.python_version()}", servers, *(f"{n} {version(n)}" for n in VERSIONS)]
            ),
        ),
        ("Command", f"`{command}`, {seconds / 60:.1f} minutes"),
    ]


def write(rows: Sequence[Row], about: Sequence[tuple[str, str]]) -> None:
    """Write `results.md`."""
    lines = [
        "# Results",
        "",
        "Written by `make bench`; every row is a ratio or a count of one run.",
        "",
        *(f"- {name}: {what}" for name, what in about),
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{'---|' * len(COLUMNS)}",
        *(f"| {' | '.join(row.cells)} |" for row in rows),
    ]
    RESULTS.write_text("\n".join(lines) + "\n")


def command() -> str:
    return " ".join(["python -m bench", *sys.argv[1:]])


@dataclass(slots=True)
class Times:
    """The seconds of every call of one kind."""

    seconds: list[float] = field(default_factory=list)

    async def take(self, call: Call) -> None:
        began = time.perf_counter()
        await call()
        self.seconds.append(time.perf_counter() - began)

    def percentile(self, percent: int) -> float:
        return statistics.quantiles(self.seconds, n=100, method="inclusive")[percent - 1]

    def __str__(self) -> str:
        return f"{self.percentile(50) * 1000:.1f} ms"


async def sequentially(times: Times, calls: Sequence[Call]) -> None:
    for call in calls:
        await times.take(call)


async def in_lanes(times: Times, calls: Sequence[Call], lanes: int) -> None:
    """Make all calls, in up to `lanes` at a time."""
    left = iter(calls)

    async def lane() -> None:
        for call in left:
            await times.take(call)

    await asyncio.gather(*(lane() for _ in range(lanes)))


def ratio(ours: Times, theirs: Times, percent: int) -> float:
    return ours.percentile(percent) / theirs.percentile(percent)


def compared(ours: Times, theirs: Times, percent: int) -> str:
    mine, other = ours.percentile(percent) * 1000, theirs.percentile(percent) * 1000
    return f"{mine:.1f} ms / {other:.1f} ms, {len(ours.seconds)} calls each"


def peak_memory(pid: int) -> int:
    """Returns the peak resident memory in MiB, or the current one if the system does not record the peak."""
    if sys.platform == "linux":
        status = Path(f"/proc/{pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        kib = int(found[1]) if found else 0
    else:
        kib = int(subprocess.check_output(["/bin/ps", "-o", "rss=", "-p", str(pid)]))
    return round(kib / 1024)


def cpu_seconds(pid: int) -> float:
    """Returns the CPU seconds that a process has used."""
    if sys.platform == "linux":
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    shown = subprocess.check_output(["/bin/ps", "-o", "cputime=", "-p", str(pid)], text=True)
    seconds = 0.0
    for part in shown.strip().split(":"):
        seconds = seconds * 60 + float(part)
    return seconds
