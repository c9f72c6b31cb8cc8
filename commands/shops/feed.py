"""`pilito feed`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from catalogue.feeds.formats import FORMATS, Format
from catalogue.feeds.gaps import MEANINGS
from catalogue.feeds.parts import Limits
from catalogue.feeds.rendering import render
from catalogue.feeds.report import Report, report_line
from catalogue.feeds.terms import Condition, FeedFormat, FeedTerms, terms_of
from commands.environment import database, fail, run, settings
from commands.output import AsJson, print_json
from commands.shops.feed_files import FeedFiles, Unwritable, feed_files
from commands.shops.ids import StoreId
from contracts.errors import InvalidField
from contracts.stores import OpenStore
from contracts.wording.counted import counted
from database.access import assistants
from database.products import walk


def feed(
    store_id: StoreId,
    kind: Annotated[FeedFormat, typer.Option("--format", help="Format of the feed.")],
    out: Annotated[Path, typer.Option(help="Folder of the files; created if it does not exist.")],
    country: Annotated[
        str | None,
        typer.Option(help="Country of the store in two letters; else the only country of its currency."),
    ] = None,
    target: Annotated[
        str, typer.Option(help="Countries the shop sells to, separated by commas; else the store's own.")
    ] = "",
    condition: Annotated[Condition | None, typer.Option(help="Condition of all goods.")] = None,
    own_goods: Annotated[  # noqa: FBT002 - a command line flag
        bool, typer.Option("--own-goods", help="Say that products without a GTIN have none (Google).")
    ] = False,
    rows_per_file: Annotated[
        int | None, typer.Option(min=1, help="Most rows of a file; else the limit of the format.")
    ] = None,
    as_json: AsJson = False,  # noqa: FBT002 - a command line flag
) -> None:
    """Write the products of a store as a feed for OpenAI or Google, and report what they lack."""
    form = FORMATS[kind]
    limits = Limits(rows=rows_per_file or form.limits.rows, size=form.limits.size)

    async def work() -> OpenStore | None:
        async with database(settings(adopt=True)) as opened:
            async with opened.reading() as connection:
                store = await assistants.read(connection, store_id)
                total = await walk.count(connection, store_id)
            if store is None:
                return None
            terms = _terms(
                store, kind, country=country, target=target, condition=condition, own_goods=own_goods
            )
            report = Report()
            with (
                feed_files(out, form, store_id, limits) as files,
                _progress(total, is_shown=not as_json) as (bar, task),
            ):
                async for products in walk.walk(opened, store_id):
                    rendered = render(products, kind, terms)
                    for row in rendered.rows:
                        files.write(row)
                    for gaps in rendered.gaps:
                        files.note(report_line(gaps))
                    report.add(rendered)
                    bar.update(task, completed=report.products)
            if as_json:
                print_json(_fields(report, files))
            else:
                _print(report, files, form)
            return store

    try:
        written = run(work())
    except Unwritable as error:
        raise fail(
            f"The feed cannot be written to {out}: {error}. Free the disk, or name another --out."
        ) from None
    if written is None:
        raise fail(f"There is no store {store_id}.")


def _terms(
    store: OpenStore,
    kind: FeedFormat,
    *,
    country: str | None,
    target: str,
    condition: Condition | None,
    own_goods: bool,
) -> FeedTerms:
    targets = [one for one in target.split(",") if one.strip()]
    try:
        return terms_of(
            store, kind, country=country, targets=targets, condition=condition, own_goods=own_goods
        )
    except InvalidField as error:
        option = f"--{error.field}" if error.field in ("country", "target") else f"Store {store.id}"
        raise fail(f"{option}: {error.problem}.") from None


@contextmanager
def _progress(total: int, *, is_shown: bool) -> Iterator[tuple[Progress, TaskID]]:
    """Show a progress bar on a terminal. Yields it with its task, which counts products."""
    columns = (TextColumn("products"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console()
    with Progress(*columns, console=console, disable=not (is_shown and console.is_terminal)) as bar:
        yield bar, bar.add_task("products", total=total)


def _fields(report: Report, files: FeedFiles) -> dict[str, Any]:
    lacking = [asdict(one) for one in report.lacking()]
    return {
        "files": files.names,
        "report": files.report_name,
        "products": report.products,
        "rows": report.rows,
        "left_out": report.left_out,
        "lacking": lacking,
    }


def _print(report: Report, files: FeedFiles, form: Format) -> None:
    """Print what was written, and what products lack."""
    names = files.names
    where = names[0] if len(names) == 1 else f"{len(names)} files, {names[0]} to {names[-1]}"
    typer.echo(f"{counted(report.rows, 'row')} of {counted(report.products, 'product')} in {where}.")
    if report.left_out:
        left_out = counted(report.left_out, "row was", "rows were")
        typer.echo(f"{left_out} left out for lack of what the format requires.")
    table = Table("lacking", "products", "rows", "then the row is")
    for lacking in report.lacking():
        outcome = "left out" if lacking.gap in form.required else "written"
        table.add_row(MEANINGS[lacking.gap], str(lacking.products), str(lacking.rows), outcome)
    if table.row_count:
        Console().print(table)
        typer.echo(f"{files.report_name} names the products.")
