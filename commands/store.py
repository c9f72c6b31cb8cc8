"""`pilito store` and `pilito reseal`."""

from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from commands.environment import database, fail, run, secret_box, settings
from contracts.errors import UnknownKey
from contracts.stores import Store
from database.access import stores

store = typer.Typer(no_args_is_help=True, help="Manage stores.")

LIMIT = 1_000
"""At most so many stores are listed."""

StoreId = Annotated[
    int, typer.Argument(help="Id of the store, as `pilito store list` shows it.", metavar="STORE")
]


@store.command("list")
def list_() -> None:
    """List the stores, newest first."""

    async def work() -> tuple[int, list[Store]]:
        async with database(settings(adopt=True)) as opened, opened.reading() as connection:
            return await stores.list_stores(connection, user_id=None, type_=None, offset=0, limit=LIMIT)

    count, listed = run(work())
    table = Table("id", "type", "name", "owner", "address")
    for entry in listed:
        table.add_row(str(entry.id), entry.type, entry.name, entry.user_email, entry.base_url)
    Console().print(table)
    if count > len(listed):
        typer.echo(f"… and {count - len(listed)} older ones.")


@store.command("rotate-secret")
def rotate_secret(
    store_id: StoreId,
    overlap_hours: Annotated[
        float, typer.Option(min=0, help="Hours for which the previous secret stays valid.")
    ] = 24,
) -> None:
    """Give a store a new webhook secret. It is shown only once."""
    configured = settings(adopt=True)
    secret, box = stores.new_webhook_secret(), secret_box(configured)

    async def work() -> bool:
        async with database(configured) as opened, opened.transaction() as connection:
            return await stores.rotate_secret(
                connection, store_id, box.encrypt(secret), overlap=timedelta(hours=overlap_hours)
            )

    if not run(work()):
        raise fail(f"There is no store {store_id}.")
    typer.echo(f"Secret that signs the webhooks of store {store_id}, shown only once:\n\n  {secret}\n")


@store.command("remove")
def remove(
    store_id: StoreId,
    confirmed: Annotated[
        bool,
        typer.Option(
            "--yes", prompt="Remove the store with all its products and events?", help="Do not ask."
        ),
    ],
) -> None:
    """Remove a store with its tokens, events, products and chunks."""
    if not confirmed:
        raise fail("Nothing was removed.")

    async def work() -> bool:
        async with database(settings(adopt=True)) as opened, opened.transaction() as connection:
            return await stores.remove(connection, store_id)

    if not run(work()):
        raise fail(f"There is no store {store_id}.")
    typer.echo(f"Store {store_id} is removed.")


def reseal() -> None:
    """Encrypt all stored secrets with the first key of PILITO_SECRET_KEY, to let older keys be removed."""
    configured = settings(adopt=True)

    async def work() -> int:
        async with database(configured) as opened, opened.transaction() as connection:
            return await stores.rotate_keys(connection, secret_box(configured))

    try:
        count = run(work())
    except UnknownKey as error:
        raise fail(f"Nothing was changed: {error}. Add the key that was used before.") from None
    typer.echo(f"The secrets of {count} stores are encrypted with the first key.")
