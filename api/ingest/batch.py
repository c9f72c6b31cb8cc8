"""Batches: many events of one store, stored together, with a result for each."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy.exc import DataError

from api.ingest.accept import EventIngest, StorageDown
from connectors.reading import ReadItem
from contracts.deliveries import ItemCode, ItemStatus
from contracts.errors import InvalidBody, InvalidField
from contracts.events import ProductEvent
from database.events.inbox import UnreadEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResult:
    """The result of one event; `error` is why an invalid one is refused."""

    event_id: str
    topic: str
    code: ItemCode
    error: InvalidBody | InvalidField | None = None

    @property
    def status(self) -> ItemStatus:
        return self.code.status


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchItem:
    """An event of a batch as it was read, and as it is stored; None if the item names no product."""

    read: ReadItem
    event: ProductEvent | None


async def accept_batch(ingest: EventIngest, items: Sequence[BatchItem]) -> list[ItemResult]:
    """Returns the results of the events of a batch in its order; raises StorageDown if nothing was stored.

    The first of several events with one id counts.
    """
    first: dict[str, int] = {}
    for place, item in enumerate(items):
        if item.event is not None:
            first.setdefault(item.event.event_id, place)
    counted = set(first.values())
    own = [(items[place].event, items[place].read) for place in sorted(counted)]
    events = [event for event, read in own if event and read.parsed]
    unread = [
        UnreadEvent(event=event, reason=f"The product cannot be read: {read.error}.")
        for event, read in own
        if event and not read.parsed
    ]
    codes = await _stored(ingest, events, unread)
    return [_result(item, is_first=place in counted, codes=codes) for place, item in enumerate(items)]


async def _stored(
    ingest: EventIngest, events: Sequence[ProductEvent], unread: Sequence[UnreadEvent]
) -> dict[str, ItemCode]:
    """Returns the codes of readable events by their ids; raises StorageDown if nothing was stored.

    If a value of any event cannot be stored, each is stored in its own transaction, so that the others are.
    Unreadable ones are refused in any case, and logged where they can be.
    """
    try:
        return _codes(events, await ingest.accept_batch(events, unread))
    except StorageDown as error:
        if not isinstance(error.__cause__, DataError):
            raise
    codes: dict[str, ItemCode] = {}
    for event in events:
        try:
            codes |= _codes([event], await ingest.accept_batch([event]))
        except StorageDown as error:
            is_unstorable = isinstance(error.__cause__, DataError)
            codes[event.event_id] = ItemCode.UNSTORABLE if is_unstorable else ItemCode.NOT_STORED
    for one in unread:
        with suppress(StorageDown):  # the sender reads the reason in the result
            await ingest.accept_batch((), [one])
    return codes


def _codes(events: Sequence[ProductEvent], new: frozenset[str]) -> dict[str, ItemCode]:
    return {event.event_id: ItemCode.STORED if event.event_id in new else ItemCode.KNOWN for event in events}


def _result(item: BatchItem, *, is_first: bool, codes: Mapping[str, ItemCode]) -> ItemResult:
    read, code = item.read, ItemCode.INVALID
    if read.parsed is not None:
        code = codes[read.parsed.event_id] if is_first else ItemCode.TWICE
    return ItemResult(event_id=read.event_id, topic=read.topic, code=code, error=read.error)
