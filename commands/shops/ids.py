"""How commands name a store."""

from typing import Annotated

import typer

UNKNOWN = "There is no store {}."

StoreId = Annotated[
    int, typer.Argument(help="Id of the store, as `pilito store list` shows it.", metavar="STORE")
]

OfStore = Annotated[
    int | None, typer.Option("--store", help="Id of a store, as `pilito store list` shows it.")
]
