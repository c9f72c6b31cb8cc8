"""Products of a store for people: by state, in pages with a cursor, the latest change first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, case, exists, func, literal_column, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import SUCCESSFUL, UNFINISHED, EventStatus
from database import shown
from database.products.counts import IS_KNOWN
from database.products.listing import ProductFilter
from database.tables import events, products

MOST_EVENTS = 2_000
"""The newest unfinished and failed events that decide about the states of products."""


class ProductState(StrEnum):
    """What search knows of a product, in short; its explanation has the reason."""

    KNOWN = "known"
    WAITING = "waiting"
    FAILED = "failed"
    HIDDEN = "hidden"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A product in a list; `min_price` and `max_price` are the range of its variations, or its price."""

    id: int
    external_id: str
    title: str
    state: ProductState
    min_price: Decimal | None
    max_price: Decimal | None
    currency: str
    availability: str
    stock_quantity: Decimal | None
    image: str
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The last product of a page; the next page begins after it."""

    updated_at: datetime
    id: int


def _newest(store_id: int, *statuses: EventStatus) -> Select[Any]:
    """Returns the newest events with one of these statuses."""
    return (
        select(events)
        .where(events.c.store_id == store_id, events.c.status.in_(statuses))
        .order_by(events.c.received_at.desc())
        .limit(MOST_EVENTS)
    )


def _waiting(store_id: int) -> Select[Any]:
    """Returns the keys of products with an unfinished event."""
    return select(_newest(store_id, *UNFINISHED).subquery().c.product_key)


def _failed(store_id: int, among: Select[Any] | None = None) -> Select[Any]:
    """Returns the keys of products with a failed event that no later event made up for.

    `among` selects the keys of the products to judge; None judges all.
    """
    newest = _newest(store_id, EventStatus.FAILED).subquery()
    later = events.alias("later")
    made_up_for = exists().where(
        later.c.store_id == newest.c.store_id,
        later.c.external_id == newest.c.external_id,
        later.c.received_at > newest.c.received_at,
        later.c.status.in_(SUCCESSFUL),
    )
    keys = select(newest.c.product_key).where(~made_up_for)
    return keys if among is None else keys.where(newest.c.product_key.in_(among))


async def list_products(
    connection: AsyncConnection,
    user_id: int,
    filters: ProductFilter,
    *,
    model: str,
    state: ProductState | None = None,
    after: Place | None = None,
    limit: int,
) -> tuple[Sequence[Listed], Place | None]:
    """Returns a page of the products of one store of this owner, and the place where the next one begins.

    `filters` names the store; a page of another owner's store is empty. `model` is the label of the current
    embedding model.
    """
    store_id = filters.store_id or 0
    row = products.c
    conditions = [row.user_id == user_id, row.store_id == store_id, *filters.conditions(user_id)]
    if after is not None:
        conditions.append(tuple_(row.updated_at, row.id) < (after.updated_at, after.id))
    newest_first = (row.updated_at.desc(), row.id.desc())
    shown_rows = (
        select(row.id, row.external_id)
        .where(*conditions)
        .order_by(*newest_first)
        .limit(limit + 1)
        .cte("shown")
    )
    failed = _failed(store_id, among=select(shown_rows.c.external_id) if state is None else None)
    found_state = case(
        (row.external_id.in_(_waiting(store_id)), ProductState.WAITING.value),
        (row.external_id.in_(failed), ProductState.FAILED.value),
        (and_(~row.is_active, row.status == "deleted"), ProductState.DELETED.value),
        (~row.is_active, ProductState.HIDDEN.value),
        (text(IS_KNOWN).bindparams(model=model), ProductState.KNOWN.value),
        else_=ProductState.WAITING.value,
    )
    page = (
        select(
            *(row[name] for name in ("id", "external_id", "title", "currency", "stock_quantity", "image")),
            *(func.coalesce(row[name], row.price).label(name) for name in ("min_price", "max_price")),
            literal_column(shown.availability("products")).label("availability"),
            row.updated_at,
            found_state.label("state"),
        )
        .order_by(*newest_first)
        .limit(limit + 1)
    )
    if state is None:
        page = page.where(row.id.in_(select(shown_rows.c.id)))
    else:
        page = page.where(*conditions, found_state == state.value)
    if state is ProductState.FAILED:  # Postgres looks up the few instead of judging all
        page = page.where(row.external_id.in_(failed))
    rows = (await connection.execute(page)).mappings().all()
    listed = [Listed(**{**one, "state": ProductState(one["state"])}) for one in rows[:limit]]
    following = Place(updated_at=listed[-1].updated_at, id=listed[-1].id) if len(rows) > limit else None
    return listed, following
