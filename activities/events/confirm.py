"""A look into the shop before an event is believed.

What the shop says then takes the place of what was delivered.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.errors import application_error, event_errors
from activities.heartbeat import heartbeating
from activities.stores.shop_reader import OpenShop, ShopReader
from connectors.base import Change
from connectors.registry import PLATFORMS
from contracts.catalog import Product, Variation
from contracts.events import ConfirmedProduct, EventType
from contracts.retry import Failure, Retry
from database.engine import Database
from database.events import confirm
from database.events.confirm import ShopSnapshot, Subject

AT_ONCE, OF_ONE_SHOP = 10, 3
"""How many events of all shops and of one a worker looks into at a time; calls that embed need places too."""

BUSY = Failure(
    retry=Retry.RETRY,
    reason="The worker is reading as many shops as it may at a time.",
    pause=timedelta(seconds=5),
)
LATE = Failure(retry=Retry.RETRY, reason="The shop could not be read in time.")

MAX_WAIT = timedelta(seconds=10)
"""What a turn may be waited for in one of those places, as where a shop asked all of us for time."""

LEAST_TRY = timedelta(seconds=60)
"""What an attempt may take however late it is: the worker may have been away for long."""

STILL_THERE = ConfirmedProduct(note="The shop still has this product.")


class ConfirmActivities:
    """Steps that read shops; `patience` is how long a passing failure may hold an event up."""

    def __init__(self, database: Database, shops: ShopReader, *, confirm_timeout: timedelta) -> None:
        self._database = database
        self._shops = shops
        self._confirm_timeout = confirm_timeout
        self._reading: Counter[int] = Counter()

    @activity.defn
    async def confirm_event(self, event_row: int) -> ConfirmedProduct:
        """Read an event's product in the shop and keep that as what the event says.

        Fails for good where the event must be believed as it was delivered.
        """
        async with event_errors(self._database, event_row, after=1), heartbeating():
            try:
                return await self._pull(event_row)
            except ApplicationError as error:
                if self._is_final(error):
                    raise ApplicationError(error.message, type=error.type, non_retryable=True) from None
                raise

    def _is_final(self, error: ApplicationError) -> bool:
        """Somebody must act first, or the shop was waited for long enough."""
        return error.type != Retry.RETRY or self._waited() + (error.next_retry_delay or timedelta()) > (
            self._confirm_timeout
        )

    def _waited(self) -> timedelta:
        return datetime.now(UTC) - activity.info().scheduled_time

    async def _pull(self, event_row: int) -> ConfirmedProduct:
        async with self._database.single() as connection:
            thing = await confirm.subject(connection, event_row)
        if thing.is_followed and not thing.is_deletion:
            return ConfirmedProduct()
        try:
            with self._turn(thing.store_id):
                async with asyncio.timeout(
                    max(self._confirm_timeout - self._waited(), LEAST_TRY).total_seconds()
                ):
                    async with self._shops.open(thing.store_id, max_wait=MAX_WAIT) as shop:
                        seen = await fetch_current(shop, thing)
        except TimeoutError:
            raise application_error(LATE) from None
        if seen is None:
            return ConfirmedProduct()
        async with self._database.single() as connection:
            await confirm.store_snapshot(connection, event_row, seen)
        return STILL_THERE if thing.is_deletion and seen.payload is not None else ConfirmedProduct()

    @contextmanager
    def _turn(self, store_id: int) -> Iterator[None]:
        if self._reading.total() >= AT_ONCE or self._reading[store_id] >= OF_ONE_SHOP:
            raise application_error(BUSY)
        self._reading[store_id] += 1
        try:
            yield
        finally:
            self._reading[store_id] -= 1
            self._reading += Counter()  # forgets the shops that nobody reads


async def fetch_current(shop: OpenShop, thing: Subject) -> ShopSnapshot | None:
    """What the shop says of an event's product; None where it knows nothing of a changed variation's.

    A variation is read with its whole product, for nobody else tells what the change made of that.
    """
    connector = PLATFORMS[shop.terms.type]
    read_at = datetime.now(UTC)
    payload = await shop.catalogue.product(thing.product_key)
    if payload is None:
        return _gone(thing, read_at) if thing.is_deletion or not thing.is_variation else None
    change = connector.change(EventType.UPDATED, payload)
    if isinstance(change, Variation):
        whole = await shop.catalogue.product(change.parent)
        if whole is not None:
            payload, change = whole, connector.change(EventType.UPDATED, whole)
    if thing.is_deletion and not _has(change, thing.external_id):
        return _gone(thing, read_at)
    return ShopSnapshot(
        event_type=EventType.UPDATED if thing.is_deletion else thing.event_type,
        product_key=change.parent if isinstance(change, Variation) else change.external_id,
        payload=payload,
        version=change.version,
        read_at=read_at,
    )


def _has(change: Change, external_id: str) -> bool:
    """Whether it is what is told, or a variation of that."""
    inside = change.variation_ids or () if isinstance(change, Product) else ()
    return external_id in (change.external_id, *inside)


def _gone(thing: Subject, read_at: datetime) -> ShopSnapshot:
    return ShopSnapshot(
        event_type=EventType.DELETED,
        product_key=thing.product_key,
        payload=None,
        version=None,
        read_at=read_at,
    )
