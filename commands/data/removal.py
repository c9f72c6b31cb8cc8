"""Remove stores as the API does, and report what remains elsewhere; `pilito store purge-histories`."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from temporalio.client import Client
from temporalio.service import RPCError

from api.actions.removal import delete_histories, remove_from_shop_and_database
from api.actions.shop_webhooks import LeftWebhooks
from commands.data.remains import Remains, elsewhere, in_shop, in_temporal
from commands.environment import database, fail, run, settings, temporal
from commands.output import AsJson, Confirmed, confirm, say
from connectors.http.outbound import Outbound
from contracts.stores import Store
from contracts.wording.counted import counted
from crypto import SecretBox
from database.access import stores
from database.data import existing
from database.engine import Database
from settings import Settings
from temporal.client import connect
from temporal.histories import Deleted, Histories, kept_for

WITHIN = 600.0
"""Seconds that the deletion of histories may take."""

NO_STORES = (
    "The database has no store, so the workflows of every store would be deleted. Check PILITO_DATABASE_URL."
    " Nothing was changed."
)

ALL = Deleted(workflows=0, is_complete=True)
"""What is deleted of no store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a removal works on; without Temporal, less is removed and more is reported."""

    settings: Settings
    database: Database
    temporal: Client | None
    secret_box: SecretBox
    outbound: Outbound


@dataclass(slots=True, kw_only=True)
class Removed:
    """What was removed, and what remains where; `histories` is the number of deleted workflows."""

    stores: list[int] = field(default_factory=list)
    webhooks: dict[int, LeftWebhooks] = field(default_factory=dict)
    histories: int = 0
    remains: list[Remains] = field(default_factory=list)

    def fields(self) -> dict[str, Any]:
        """Returns the deleted workflows and what remains, for JSON."""
        return {"histories_deleted": self.histories, "remains": [asdict(one) for one in self.remains]}

    def sentences(self) -> str:
        """Returns the same as lines for people."""
        deleted = counted(self.histories, "workflow was", "workflows were")
        lines = [f"Temporal: {deleted} deleted, with all histories."]
        if self.remains:
            lines.append("What remains:")
        return "\n".join(
            [*lines, *(f"- {one.where}: {one.what}; until {one.until}." for one in self.remains)]
        )


@asynccontextmanager
async def parts(opened: Database, configured: Settings) -> AsyncIterator[Parts]:
    """Connect to what else a removal works on; Temporal is connected to with the first call."""
    address = configured.temporal_address
    yield Parts(
        settings=configured,
        database=opened,
        temporal=await connect(address, configured.temporal_namespace, prompt=True) if address else None,
        secret_box=SecretBox(configured.secret_keys),
        outbound=Outbound(allow_private=configured.allow_private_shops),
    )


async def remove_stores(opened: Database, configured: Settings, store_ids: Sequence[int]) -> Removed:
    """Remove stores with everything in them. Returns which of them existed, and what remains where."""
    removed = Removed()
    async with parts(opened, configured) as state:
        for store_id in store_ids:
            store = await _read(opened, store_id)
            left = await remove_from_shop_and_database(state, store) if store else None
            if left is not None:
                removed.stores.append(store_id)
                removed.webhooks[store_id] = left
        deleted = await delete_histories(state, removed.stores, within=WITHIN) if removed.stores else ALL
        removed.histories = deleted.workflows if deleted else 0
        removed.remains = [
            *(in_shop(store_id, left) for store_id, left in removed.webhooks.items() if left.hooks),
            *await _in_temporal(state, deleted),
            *elsewhere(configured),
        ]
    return removed


async def _read(opened: Database, store_id: int) -> Store | None:
    async with opened.reading() as connection:
        return await stores.read(connection, store_id)


async def _in_temporal(state: Parts, deleted: Deleted | None) -> list[Remains]:
    if deleted is not None and deleted.is_complete:
        return []
    days: int | None = None
    if state.temporal is not None:
        try:
            days = (await kept_for(state.temporal)).days
        except (RPCError, RuntimeError):
            days = None
    return [in_temporal(days)]


def purge_histories(
    confirmed: Confirmed = False,  # noqa: FBT002 - a command line flag
    as_json: AsJson = False,  # noqa: FBT002 - a command line flag
) -> None:
    """Delete from Temporal the workflows of stores that do not exist, with their histories.

    Needed where Temporal did not answer while a store was removed. May be repeated.
    """
    configured = settings(adopt=True)

    async def known() -> int:
        async with database(configured) as opened, opened.reading() as connection:
            return await existing.number_of_stores(connection)

    if (number := run(known())) == 0:
        raise fail(NO_STORES)
    confirm(f"Delete the workflows of all stores but the {number} of this database?", confirmed=confirmed)

    async def work() -> int:
        async with database(configured) as opened:

            async def there(store_ids: Collection[int]) -> Collection[int]:
                async with opened.reading() as connection:
                    return await existing.stores(connection, store_ids)

            client = await temporal(configured, prompt=True)
            return await Histories(client, task_queue=configured.task_queue).delete_orphans(there)

    deleted = run(work())
    count = counted(deleted, "workflow")
    say(f"Deleted {count} of removed stores.", {"deleted": deleted}, as_json=as_json)
