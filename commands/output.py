"""What verbs print and ask: tables and sentences for people, JSON for programs."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from commands.environment import fail

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Limit = Annotated[int, typer.Option(min=1, max=1_000, help="Most entries that are printed.")]
Confirmed = Annotated[bool, typer.Option("--yes", help="Do not ask.")]

JOINERS = "\u200c\u200d"
"""Invisible letters of Persian words; other invisible characters can change what a terminal shows."""

Fields = Mapping[str, Any]


def print_json(value: object) -> None:
    """Print a value as one line of JSON; times are in UTC, decimals are strings."""
    typer.echo(orjson.dumps(value, default=str, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS).decode())


def say(sentence: str, fields: Fields, *, as_json: bool) -> None:
    """Print a sentence, or the fields as JSON."""
    if as_json:
        print_json(fields)
    else:
        typer.echo(sentence)


def print_rows(rows: Sequence[Fields], columns: Sequence[str], *, as_json: bool, more: int = 0) -> None:
    """Print these columns of rows as a table, or all fields of the rows as a JSON array.

    `more` is how many further entries exist; people are shown their number.
    """
    if as_json:
        print_json(rows)
        return
    table = Table(*(name.replace("_", " ") for name in columns))
    for row in rows:
        table.add_row(*(Text(shown(row[name])) for name in columns))
    Console().print(table)
    if more:
        typer.echo(f"… and {more} more.")


def print_fields(fields: Fields, *, as_json: bool) -> None:
    """Print an object, a line for each field, or as JSON."""
    if as_json:
        print_json(fields)
        return
    table = Table("", "", show_header=False, box=None)
    for name, value in fields.items():
        table.add_row(Text(name.replace("_", " ")), Text(shown(value)))
    Console().print(table)


def shown(value: object) -> str:
    """Returns a value as people read it; a text of a shop cannot steer the terminal."""
    match value:
        case None | "":
            return "–"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        case list() | tuple():
            return ", ".join(map(shown, value)) or "–"
        case dict():
            return ", ".join(f"{shown(name)}: {shown(inner)}" for name, inner in value.items()) or "–"
    return clean(str(value))


def clean(text: str) -> str:
    """Returns a text with spaces in place of what could steer a terminal."""
    return "".join(
        character if character.isprintable() or character in JOINERS else " " for character in text
    )


def confirm(question: str, *, confirmed: bool) -> None:
    """Ask unless `confirmed`; exits with a sentence after a no, and where no terminal can answer."""
    try:
        is_yes = confirmed or typer.confirm(question)
    except typer.Abort:
        raise fail("No terminal answered: add --yes. Nothing was changed.") from None
    if not is_yes:
        raise fail("Nothing was changed.")
