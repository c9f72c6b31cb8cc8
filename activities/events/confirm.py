"""Confirm events with their shop: what the shop says replaces what was delivered."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.errors import application_error, event_errors
from activities.heartbeat import heartbeating
from activities.reading import read_current
from activities.retry_limits import TimeLeft, is_final, longer_each_time
from activities.stores.shop_reader import OpenShop, ShopReader
from activities.this_workflow import workflow_id
from compute import Compute
from connectors.base import Change
from contracts.catalog import Product, Variation
from contracts.events import ConfirmedProduct, EventType
from contracts.retry import Failure, Retry
from database.engine import Database
from database.events import confirm
from database.events.confirm import ShopSnapshot, Subject

STILL_THERE = ConfirmedProduct(note="The shop still has this product.")


class ConfirmActivities:
    """Confirms events; `confirm_timeout` is how long temporary failures may delay an event."""

    def __init__(
        self, database: Database, shops: ShopReader, compute: Compute, *, confirm_timeout: timedelta
    ) -> None:
        self._database = database
        self._shops = shops
        self._compute = compute
        self._confirm_timeout = confirm_timeout

    @activity.defn
    async def confirm_event(self, event_row: int) -> ConfirmedProduct:
        """Replace what an event says by its product as the shop has it now.

        Raises a non-retryable error if the event must be accepted as delivered. That is so after any error
        that lasts, also one that is not the shop's: an event does not wait without an end.
        """
        left = TimeLeft(self._confirm_timeout)
        async with event_errors(self._database, event_row, after=1), heartbeating():
            try:
                return await self._confirm(event_row, left)
            except ApplicationError as error:
                is_last = is_final(error, left)
                raise ApplicationError(
                    error.message,
                    type=error.type,
                    non_retryable=is_last or error.non_retryable,
                    next_retry_delay=None if is_last else longer_each_time(error),
                    category=error.category,
                ) from None
            except SQLAlchemyError:
                raise  # `event_errors` translates it
            except Exception as error:
                if left.now() > timedelta():
                    raise
                activity.logger.exception("event %s cannot be confirmed", event_row)
                reason = f"Its confirmation failed unexpectedly ({type(error).__name__})."
                raise application_error(Failure(retry=Retry.FATAL, reason=reason, expected=True)) from None

    async def _confirm(self, event_row: int, left: TimeLeft) -> ConfirmedProduct:
        async with self._database.single() as connection:
            subject = await confirm.subject(connection, event_row, workflow_id=workflow_id())
        if subject.is_followed and not subject.is_deletion:
            return ConfirmedProduct()
        async with self._shops.open(subject.store_id) as shop:
            read_at = await self._database.clock.read()
            snapshot = await fetch_current(shop, self._compute, subject, read_at=read_at)
        if snapshot is None:
            return ConfirmedProduct()
        async with self._database.single() as connection:
            await confirm.store_snapshot(connection, event_row, snapshot, workflow_id=workflow_id())
        return STILL_THERE if subject.is_deletion and snapshot.payload is not None else ConfirmedProduct()


async def fetch_current(
    shop: OpenShop, compute: Compute, subject: Subject, *, read_at: datetime
) -> ShopSnapshot | None:
    """Returns the product of an event as of now, `read_at`; None for a variation of an unknown product.

    A variation is read with its whole product, because the shop sends no event for the product itself. The
    time that the shop has is for its requests only, because our child processes may have a queue. A signed
    deletion is not refuted by a copy that a cache made before it arrived.
    """
    read = partial(read_current, compute, subject.store_id, shop.terms.type)
    deleted_ago = read_at - subject.received_at if subject.is_deletion else None
    payload = await _product(shop, subject.product_key, deleted_ago)
    if payload is None:
        return _gone(subject, read_at) if subject.is_deletion or not subject.is_variation else None
    change = await read(payload)
    if isinstance(change, Variation):
        whole = await _product(shop, change.parent, deleted_ago)
        if whole is not None:
            payload, change = whole, await read(whole)
    if subject.is_deletion and not _has(change, subject.external_id):
        return _gone(subject, read_at)
    return ShopSnapshot(
        event_type=EventType.UPDATED if subject.is_deletion else subject.event_type,
        product_key=change.parent if isinstance(change, Variation) else change.external_id,
        payload=payload,
        version=change.version,
        read_at=read_at,
    )


async def _product(
    shop: OpenShop, external_id: str, deleted_ago: timedelta | None
) -> Mapping[str, Any] | None:
    async with shop.time.limited():
        return await shop.catalogue.product(external_id, deleted_ago=deleted_ago)


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
