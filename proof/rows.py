"""Rows of the proof: what was measured, with which command, against which target."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import quantiles

from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row; `passed` is None where there is no target or nothing could be measured.

    `command` follows `python -m proof` and measures this row alone. `cells` are further columns by their
    headings.
    """

    name: str
    command: str
    measured: str
    target: str = ""
    passed: bool | None = None
    cells: Mapping[str, str] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        return {True: "pass", False: "**FAIL**", None: "—"}[self.passed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A bound for a number, in the unit of the number; `least` and `most` may both be set."""

    least: float | None = None
    most: float | None = None
    unit: str = ""

    def __str__(self) -> str:
        if self.least is not None and self.least == self.most:
            return f"{self.least:g}{self.unit}"
        bounds = ((self.least, "≥"), (self.most, "≤"))
        return ", ".join(f"{sign} {bound:g}{self.unit}" for bound, sign in bounds if bound is not None)

    def holds(self, value: float) -> bool:
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    def row(self, name: str, command: str, value: float, measured: str) -> Row:
        """Returns a row that passes if the value is within the bounds."""
        return Row(
            name=name,
            command=command,
            measured=measured,
            target=str(self),
            passed=self.holds(value),
        )


def failed(name: str, command: str, why: str, target: str = "") -> Row:
    """Returns the row of a measurement that could not be completed, which fails."""
    return Row(name=name, command=command, measured=why, target=target, passed=False)


def absent(name: str, command: str, why: str) -> Row:
    """Returns the row of something that this machine cannot measure, without a verdict."""
    return Row(name=name, command=command, measured=why)


def percentile(values: Sequence[float], percent: int) -> float:
    """Returns a percentile of one or more values, by linear interpolation."""
    if len(values) < 2:
        return values[0]
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def write(rows: Iterable[Row], file: Path) -> None:
    """Write rows for `read`, in one step."""
    draft = file.with_name(f".{file.name}.draft")
    draft.write_text(json.dumps([asdict(row) for row in rows], ensure_ascii=False), encoding="utf-8")
    draft.replace(file)


def read(file: Path) -> list[Row]:
    return [Row(**row) for row in json.loads(file.read_text(encoding="utf-8"))]


def shown(rows: Sequence[Row]) -> Table:
    """Returns the rows as a table for the terminal."""
    table = Table("What", "Measured", "Target", "Verdict")
    for row in rows:
        cells = [f"{heading}: {cell}" for heading, cell in row.cells.items()]
        style = {True: "green", False: "red", None: ""}[row.passed]
        measured = "\n".join([row.measured, *cells])
        table.add_row(row.name, measured, row.target, row.verdict.strip("*"), style=style)
    return table


def headings(rows: Iterable[Row]) -> list[str]:
    """Returns the headings of the further columns, in the order of their first use."""
    return list(dict.fromkeys(heading for row in rows for heading in row.cells))
