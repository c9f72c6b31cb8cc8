"""A result: a ratio or a count of this run, what it was made of, and what it should be."""

import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from rich.table import Table

RESULTS = Path(__file__).with_name("results.md")
VERSIONS = ("temporalio", "fastapi", "uvicorn", "sqlalchemy", "psycopg", "pgvector", "numpy")
COLUMNS = ("Measurement", "Result", "Made of", "Target", "Met")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the results; `met` is None where nothing is promised."""

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
    """A ratio that should be small; `limit` None promises nothing."""
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
    """A ratio that should be large."""
    shown = f"{ratio:.3f}" if unit == "" else f"{ratio:.2f}{unit}"
    return Row(
        measurement=measurement,
        result=shown,
        made_of=made_of,
        target=f"≥ {limit:g}{unit}",
        met=ratio >= limit,
    )


def count(measurement: str, number: int, made_of: str, *, exactly: int | None = None) -> Row:
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
    """The rows for a terminal."""
    table = Table(*COLUMNS)
    for row in rows:
        table.add_row(*row.cells, style={False: "red", True: "green", None: ""}[row.met])
    return table


def circumstances(*, command: str, servers: str, seconds: float) -> list[tuple[str, str]]:
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
    """Write `results.md` anew."""
    lines = [
        "# Results",
        "",
        "Written by `make bench`; every row is a ratio or a count of that one run.",
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
