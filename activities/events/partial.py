"""A change with a part of a product, completed from the older events that it supersedes."""

from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.reading import Prepared
from connectors.base import Deletion
from contracts.catalog import Product, Variation
from contracts.errors import InvalidField
from contracts.products.details import DETAILS
from contracts.stores import StoreType
from database.events import unapplied
from database.events.write import OpenedEvent

Part = TypeVar("Part", Product, Variation)

_SELDOM_SENT = frozenset(("currency",)) | DETAILS


async def over_unapplied(
    connection: AsyncConnection, change: OpenedEvent, part: Part, prepared: Prepared
) -> Part:
    """Returns a product or variation over the older events that were not applied, the newest first.

    A debounced change of the name is not lost if a change of the price follows. Raises Unread for a large
    payload of an older event.
    """
    if not part.absent - _SELDOM_SENT:
        return part
    for older in await unapplied.find(connection, change):
        if not part.absent - _SELDOM_SENT:
            break
        try:
            read = prepared.read_older(older.id, StoreType(change.platform), older.event_type, older.payload)
        except InvalidField:
            continue
        if isinstance(read.change, Deletion):
            return part.deleted()
        if isinstance(read.change, type(part)):
            part = part.over(read.change)
    return part
