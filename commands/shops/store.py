"""`pilito store` and `pilito reseal`."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

import typer

from commands.data.export import export_store
from commands.data.removal import Removed, purge_histories, remove_stores
from commands.environment import database, fail, run, secret_box, settings
from commands.output import AsJson, Confirmed, Limit, confirm, print_fields, print_rows, say
from commands.shops.ids import UNKNOWN, StoreId
from contracts.errors import UnknownKey
from contracts.ids import embedding_label
from contracts.wording.counted import counted
from database.access import stores, tokens
from database.access.tokens import TokenFilter
from database.events import log
from database.events.log import EventFilter
from database.products import activity, counts
from database.sync import overview
from database.usage import days

store = typer.Typer(no_args_is_help=True, help="Manage stores.")

COLUMNS = ("id", "type", "name", "owner", "address", "last_event_at", "silent_since", "tokens_30_days")


@store.command("list")
def list_(limit: Limit = 1_000, as_json: AsJson = False) -> None:  # noqa: FBT002 - a command line flag
    """List the stores, newest first, with their last event, silence, and the tokens they spent."""

    async def work() -> tuple[int, list[dict[str, Any]]]:
        async with database(settings(adopt=True)) as opened, opened.reading() as connection:
            count, listed = await stores.list_stores(
                connection, user_id=None, type_=None, offset=0, limit=limit
            )
            ids = [one.id for one in listed]
            seen = await activity.read_all(connection, ids)
            spent = await days.tokens_of(connection, ids)
            return count, [
                {
                    **asdict(one),
                    "owner": one.user_email,
                    "address": one.base_url,
                    **asdict(seen[one.id]),
                    "tokens_30_days": spent[one.id],
                }
                for one in listed
            ]

    count, rows = run(work())
    print_rows(rows, COLUMNS, as_json=as_json, more=count - len(rows))


@store.command("show")
def show(store_id: StoreId, as_json: AsJson = False) -> None:  # noqa: FBT002 - a command line flag
    """Show a store: its settings, tokens, products, events by status, last event and last sync."""
    configured = settings(adopt=True)
    model = embedding_label(
        configured.embedding_model, configured.embedding_dimensions, configured.embedding_variant
    )

    async def work() -> dict[str, Any] | None:
        async with database(configured) as opened, opened.reading() as connection:
            if (found := await stores.read(connection, store_id)) is None:
                return None
            (glance,) = await overview.stores(connection, [store_id])
            count, _ = await tokens.list_tokens(connection, TokenFilter(store_id=store_id), offset=0, limit=1)
            return {
                **asdict(found),
                "tokens": count,
                "products": asdict(await counts.read(connection, store_id, model=model)),
                "events": await log.count_by_status(connection, EventFilter(store_id=store_id)),
                "last_event_at": glance.event_at,
                "last_sync_at": glance.synced_at,
                "last_sync_status": glance.sync_status,
            }

    if (fields := run(work())) is None:
        raise fail(UNKNOWN.format(store_id))
    print_fields(fields, as_json=as_json)


@store.command("rotate-secret")
def rotate_secret(
    store_id: StoreId,
    overlap_hours: Annotated[
        float, typer.Option(min=0, help="Hours for which the previous secret stays valid.")
    ] = 24,
    as_json: AsJson = False,  # noqa: FBT002 - a command line flag
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
        raise fail(UNKNOWN.format(store_id))
    said = f"Secret that signs the webhooks of store {store_id}, shown only once:\n\n  {secret}\n"
    fields = {"id": store_id, "webhook_secret": secret, "overlap_hours": overlap_hours}
    say(said, fields, as_json=as_json)


@store.command("remove")
def remove(
    store_id: StoreId,
    confirmed: Confirmed = False,  # noqa: FBT002 - a command line flag
    as_json: AsJson = False,  # noqa: FBT002 - a command line flag
) -> None:
    """Remove a store with its tokens, events, products and chunks, its webhooks, and its histories.

    Prints what remains where, and until when.
    """
    confirm("Remove the store with all its products and events?", confirmed=confirmed)
    configured = settings(adopt=True)

    async def work() -> Removed:
        async with database(configured) as opened:
            return await remove_stores(opened, configured, [store_id])

    removed = run(work())
    if not removed.stores:
        raise fail(UNKNOWN.format(store_id))
    said = f"Store {store_id} is removed.\n{removed.sentences()}"
    say(said, {"id": store_id, "removed": True, **removed.fields()}, as_json=as_json)


store.command("export")(export_store)
store.command("purge-histories")(purge_histories)


def reseal(as_json: AsJson = False) -> None:  # noqa: FBT002 - a command line flag
    """Encrypt all stored secrets with the first key of PILITO_SECRET_KEY, to let older keys be removed."""
    configured = settings(adopt=True)

    async def work() -> int:
        async with database(configured) as opened, opened.transaction() as connection:
            return await stores.rotate_keys(connection, secret_box(configured))

    try:
        count = run(work())
    except UnknownKey as error:
        raise fail(f"Nothing was changed. {error}") from None
    said = f"The secrets of {counted(count, 'store')} are encrypted with the first key of PILITO_SECRET_KEY."
    say(
        f"{said} Remove older keys after 12 hours, when all sessions have ended.",
        {"stores": count},
        as_json=as_json,
    )
