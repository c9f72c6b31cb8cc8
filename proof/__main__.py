"""`python -m proof` measures everything and writes `docs/proof.md`; with a section, it prints its rows."""

import os
import platform
import signal
import sys
import time
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from contracts.ids import VERSION
from proof import disk as disk_full
from proof import embedding as embeddings
from proof import freshness as fresh
from proof import growth as growing
from proof import load as loads
from proof import search as searching
from proof import starvation as starving
from proof import suites as outside
from proof.crash import matrix
from proof.crash.faults import FAULTS, SECONDS_FROZEN
from proof.page import PAGE, replaced, write
from proof.plan import ORDER, carry_out, sections
from proof.rows import Row, shown
from proof.rows import write as write_rows
from proof.running.stack import PARTS

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)
console = Console()

Out = Annotated[Path | None, typer.Option(help="File for the rows as JSON.")]


def show(rows: list[Row], out: Path | None) -> None:
    """Print rows, and write them; the exit code is 1 if one fails."""
    console.print(shown(rows))
    if out:
        write_rows(rows, out)
    raise typer.Exit(int(any(row.passed is False for row in rows)))


@app.callback(invoke_without_command=True)
def everything(context: typer.Context) -> None:
    if context.invoked_subcommand is not None:
        return
    began = time.monotonic()
    found = carry_out(say=console.print)
    write(sections(found), circumstances(time.monotonic() - began))
    raise typer.Exit(int(any(row.passed is False for rows in found.values() for row in rows)))


@app.command()
def again(section: Annotated[str, typer.Argument(help="A heading of the page.")]) -> None:
    """Measure one section, and write it into the page."""
    chapter = {each.title.lower(): each for each in ORDER}.get(section.lower())
    if chapter is None:
        raise typer.BadParameter(f"choose of {', '.join(each.title for each in ORDER)}")
    (found,) = sections(carry_out([chapter.jobs], say=console.print), [chapter])
    PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8"), found, _now()), encoding="utf-8")
    raise typer.Exit(int(any(row.passed is False for row in found.rows)))


@app.command()
def freshness(
    rate: Annotated[list[float] | None, typer.Option(help="Events a second.")] = None,
    way: Annotated[list[str] | None, typer.Option(help="`token` or `signed`.")] = None,
    events: Annotated[int | None, typer.Option(help="How many events at each rate.")] = None,
    out: Out = None,
) -> None:
    """Edited → searchable."""
    rows = fresh.measure(tuple(rate or fresh.RATES), _of(way or fresh.WAYS, fresh.WAYS), events)
    show(rows, out)


@app.command()
def embedding(out: Out = None) -> None:
    """Embedding calls avoided."""
    show(embeddings.measure(), out)


@app.command()
def crash(
    fault: Annotated[list[str] | None, typer.Option(help=f"{', '.join(FAULTS)}.")] = None,
    part: Annotated[list[str] | None, typer.Option(help=f"{', '.join(PARTS)}.")] = None,
    frozen: Annotated[float, typer.Option(help="Seconds that a part is frozen.")] = SECONDS_FROZEN,
    out: Out = None,
) -> None:
    """The crash matrix."""
    chosen, parts = _of(fault or FAULTS, FAULTS), _of(part or PARTS, PARTS)
    show(matrix.measure(chosen, parts, seconds_frozen=frozen), out)


@app.command()
def disk(
    of: Annotated[str | None, typer.Option(help="What is on the disk.")] = None, out: Out = None
) -> None:
    """A full disk."""
    show(disk_full.measure(of), out)


@app.command(hidden=True)
def disk_inside(state: Path, of: Annotated[str, typer.Option()], out: Out = None) -> None:
    """The same, where the small disk is mounted."""
    show([disk_full.measure_inside(state, of)], out)


@app.command()
def load(seconds: Annotated[float, typer.Option(help="How long.")] = loads.SECONDS, out: Out = None) -> None:
    """Load held."""
    show(loads.measure(seconds), out)


@app.command()
def memory(
    events: Annotated[int, typer.Option(help="How many.")] = loads.MANY_EVENTS, out: Out = None
) -> None:
    """The memory of a worker over many events."""
    show(loads.measure_memory(events), out)


@app.command()
def starvation(
    tasks: Annotated[int | None, typer.Option(help="Workflow tasks at a time.")] = None,
    shipped: Annotated[bool, typer.Option("--shipped", help="Only as shipped.")] = False,  # noqa: FBT002 - a flag
    out: Out = None,
) -> None:
    """Events while the CPU is burnt."""
    show(starving.measure(tasks, both=not shipped), out)


@app.command()
def growth(
    products: Annotated[list[int] | None, typer.Option(help="Products in the store.")] = None,
    out: Out = None,
) -> None:
    """The cost of an event in large stores."""
    show(growing.measure(products or growing.SIZES), out)


@app.command()
def suites(
    suite: Annotated[list[str] | None, typer.Option(help="mcp, ucp, openapi or plugin.")] = None,
    out: Out = None,
) -> None:
    """The marks of outside suites."""
    show(outside.measure(_of(suite or (), [each.name for each in outside.SUITES])), out)


@app.command()
def search(out: Out = None) -> None:
    """Search quality on the public set."""
    show(searching.measure(), out)


def _of(asked: Iterable[str], existing: Collection[str]) -> tuple[str, ...]:
    """Returns what was asked for; raises typer.BadParameter for an unknown name."""
    chosen = tuple(asked)
    if unknown := [name for name in chosen if name not in existing]:
        raise typer.BadParameter(f"there is no {', '.join(unknown)}; choose of {', '.join(existing)}")
    return chosen


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"


def circumstances(seconds: float) -> Mapping[str, str]:
    """Returns the date, the machine, the version and the command of a run."""
    gibibytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "Date": _now(),
        "Machine": f"{os.cpu_count()} cores, {gibibytes:.0f} GiB, {platform.system()} {platform.machine()},"
        f" load {os.getloadavg()[2]:.1f} over 15 minutes",
        "Version": f"{VERSION}, Python {platform.python_version()}",
        "Command": f"`make proof`, {seconds / 60:.0f} minutes",
    }


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    app()
