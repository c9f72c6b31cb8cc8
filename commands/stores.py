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

store = typer.Typer(no_args_is_help=True, help="Shops.")

AT_MOST = 1_000
QUESTION = "Remove it with all its products and events?"


@store.command("list")
def list_() -> None:
    """List the stores, the newest first."""

    async def work() -> tuple[int, list[Store]]:
        async with database(settings(adopt=True)).reading() as connection:
            return await stores.list_stores(connection, user_id=None, type_=None, offset=0, limit=AT_MOST)

    count, found = run(work())
    table = Table("id", "type", "name", "owner", "address")
    for shop in found:
        table.add_row(str(shop.id), shop.type, shop.name, shop.user_email, shop.base_url)
    Console().print(table)
    if count > len(found):
        typer.echo(f"… and {count - len(found)} older ones.")


@store.command("rotate-secret")
def rotate_secret(
    store_id: Annotated[int, typer.Argument(help="its id, as `pilito store list` shows it")],
    overlap_hours: Annotated[float, typer.Option(min=0, help="how long the present one counts yet")] = 24,
) -> None:
    """Give a store a new webhook secret; it is shown this once."""
    found = settings(adopt=True)
    secret, box = stores.new_webhook_secret(), secret_box(found)

    async def work() -> bool:
        async with database(found).transaction() as connection:
            return await stores.rotate_secret(
                connection, store_id, box.encrypt(secret), overlap=timedelta(hours=overlap_hours)
            )

    if not run(work()):
        raise fail(f"There is no store {store_id}.")
    typer.echo(f"Secret the webhooks of store {store_id} are signed with, shown only now:\n\n  {secret}\n")


@store.command("remove")
def remove(
    store_id: Annotated[int, typer.Argument(help="its id, as `pilito store list` shows it")],
    sure: Annotated[bool, typer.Option("--yes", prompt=QUESTION, help="do not ask")],
) -> None:
    """Remove a store with its tokens, events, products and knowledge."""
    if not sure:
        raise fail("Nothing was removed.")

    async def work() -> bool:
        async with database(settings(adopt=True)).transaction() as connection:
            return await stores.remove(connection, store_id)

    if not run(work()):
        raise fail(f"There is no store {store_id}.")
    typer.echo(f"Store {store_id} is gone.")


def reseal() -> None:
    """Encrypt every kept secret anew with the first key of PILITO_SECRET_KEY, so that older keys may go."""
    found = settings(adopt=True)

    async def work() -> int:
        async with database(found).transaction() as connection:
            return await stores.rotate_keys(connection, secret_box(found))

    try:
        count = run(work())
    except UnknownKey as error:
        raise fail(f"Nothing was changed: {error}. Add the key that was used before.") from None
    typer.echo(f"The secrets of {count} stores are sealed with the first key.")
