"""Confirm events with their shop: what the shop says replaces what was delivered."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.errors import application_error, event_errors
from activities.heartbeat import heartbeating
from activities.retry_limits import TimeLeft, is_final
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
"""How many events a worker confirms at a time, in all and of one shop; embedding needs slots too."""

BUSY = Failure(
    retry=Retry.RETRY,
    reason="The worker is reading as many shops as it may at a time.",
    pause=timedelta(seconds=5),
)
LATE = Failure(retry=Retry.RETRY, reason="The shop could not be read in time.")

MAX_WAIT = timedelta(seconds=10)
"""How long a confirmation may wait for its rate-limit slot."""

LEAST_TRY = timedelta(seconds=60)
"""The least time for an attempt, even a late one: the worker may have been down for long."""

STILL_THERE = ConfirmedProduct(note="The shop still has this product.")


class ConfirmActivities:
    """Confirms events; `confirm_timeout` is how long temporary failures may delay an event."""

    def __init__(self, database: Database, shops: ShopReader, *, confirm_timeout: timedelta) -> None:
        self._database = database
        self._shops = shops
        self._confirm_timeout = confirm_timeout
        self._reading: Counter[int] = Counter()

    @activity.defn
    async def confirm_event(self, event_row: int) -> ConfirmedProduct:
        """Replace what an event says by its product as the shop has it now.

        Raises a non-retryable error if the event must be accepted as delivered.
        """
        left = TimeLeft(self._confirm_timeout)
        async with event_errors(self._database, event_row, after=1), heartbeating():
            try:
                return await self._confirm(event_row, left)
            except ApplicationError as error:
                if is_final(error, left):
                    raise ApplicationError(error.message, type=error.type, non_retryable=True) from None
                raise

    async def _confirm(self, event_row: int, left: TimeLeft) -> ConfirmedProduct:
        async with self._database.single() as connection:
            subject = await confirm.subject(connection, event_row)
        if subject.is_followed and not subject.is_deletion:
            return ConfirmedProduct()
        try:
            with self._slot(subject.store_id):
                async with asyncio.timeout(max(left.now(), LEAST_TRY).total_seconds()):
                    async with self._shops.open(subject.store_id, max_wait=MAX_WAIT) as shop:
                        read_at = await self._database.clock.read()
                        snapshot = await fetch_current(shop, subject, read_at=read_at)
        except TimeoutError:
            raise application_error(LATE) from None
        if snapshot is None:
            return ConfirmedProduct()
        async with self._database.single() as connection:
            await confirm.store_snapshot(connection, event_row, snapshot)
        return STILL_THERE if subject.is_deletion and snapshot.payload is not None else ConfirmedProduct()

    @contextmanager
    def _slot(self, store_id: int) -> Iterator[None]:
        if self._reading.total() >= AT_ONCE or self._reading[store_id] >= OF_ONE_SHOP:
            raise application_error(BUSY)
        self._reading[store_id] += 1
        try:
            yield
        finally:
            self._reading[store_id] -= 1
            self._reading += Counter()  # removes the shops with a count of 0


async def fetch_current(shop: OpenShop, subject: Subject, *, read_at: datetime) -> ShopSnapshot | None:
    """Returns the product of an event as of now, `read_at`; None for a variation of an unknown product.

    A variation is read with its whole product, because the shop sends no event for the product itself.
    """
    connector = PLATFORMS[shop.terms.type].deliveries
    payload = await shop.catalogue.product(subject.product_key)
    if payload is None:
        return _gone(subject, read_at) if subject.is_deletion or not subject.is_variation else None
    change = connector.change(EventType.UPDATED, payload)
    if isinstance(change, Variation):
        whole = await shop.catalogue.product(change.parent)
        if whole is not None:
            payload, change = whole, connector.change(EventType.UPDATED, whole)
    if subject.is_deletion and not _has(change, subject.external_id):
        return _gone(subject, read_at)
    return ShopSnapshot(
        event_type=EventType.UPDATED if subject.is_deletion else subject.event_type,
        product_key=change.parent if isinstance(change, Variation) else change.external_id,
        payload=payload,
        version=change.version,
        read_at=read_at,
    )


def _has(change: Change, external_id: str) -> bool:
    """Returns whether the id is that of the changed product or of one of its variations."""
    inside = change.variation_ids or () if isinstance(change, Product) else ()
    return external_id in (change.external_id, *inside)


def _gone(subject: Subject, read_at: datetime) -> ShopSnapshot:
    return ShopSnapshot(
        event_type=EventType.DELETED,
        product_key=subject.product_key,
        payload=None,
        version=None,
        read_at=read_at,
    )
