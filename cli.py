"""`pilito`: the command line of operators."""

from typing import Annotated

import typer

from commands.verbs import Verbs
from contracts.ids import VERSION

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Keep a pgvector knowledge base in sync with the catalogues of shops.",
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - called by typer
    if wanted:
        typer.echo(f"pilito {VERSION}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[  # noqa: FBT002 - a command line flag
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Keep a pgvector knowledge base in sync with the catalogues of shops."""


if __name__ == "__main__":
    app()
