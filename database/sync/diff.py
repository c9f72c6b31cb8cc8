"""The difference between a page of a shop's list and the stored products, in one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.catalog import Product
from contracts.events import is_far_ahead, time_of_change


class Verdict(StrEnum):
    """How a listed product compares with the stored one."""

    NEW = "new"
    NEWER = "newer"
    RETURNED = "returned"
    OLDER = "older"
    RENAMED = "renamed"
    OTHERWISE = "otherwise"
    UNINDEXED = "unindexed"
    INCOMPLETE = "incomplete"
    """An older version saved it, which read less of the shop."""
    SAME = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedProduct:
    """A product of a page; `product` is None if only its id can be read.

    `with_facts` is whether the list has price and stock.
    """

    external_id: str
    fingerprint: str
    product: Product | None
    with_facts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A listed product that differs from the stored one."""

    external_id: str
    verdict: Verdict
    shop_version: datetime | None
    stored_version: datetime | None


_SETTLED = "interval '1 hour'"
"""A row that is older than this was not written by an event that arrived while the page was read."""

# A time of change far in the future is stored as the time of arrival, so it differs on every comparison.

_NAMES_DIFFER = " OR ".join(
    f"NOT (p.{name} @> m.{name} AND p.{name} <@ m.{name})" for name in ("categories", "tags", "brands")
)

_IS_INDEXED = "(p.knowledge_hash, p.knowledge_model) IS NOT DISTINCT FROM (p.content_hash, :model)"

_SKIP_UNCHANGED = text(f"""
    SELECT l.external_id
    FROM json_each_text(CAST(:fingerprints AS json)) AS l(external_id, fingerprint)
    WHERE (SELECT p.listed_hash = l.fingerprint AND (NOT p.is_active OR {_IS_INDEXED})
           FROM products p WHERE p.store_id = :store_id AND p.external_id = l.external_id) IS NOT TRUE
""")

_COMPARE = text(f"""
    WITH compared AS MATERIALIZED (
    SELECT p.id, m.external_id, m.version AS shop_version, p.version AS stored_version, m.fingerprint,
           p.updated_at,
           m.version IS NOT DISTINCT FROM p.version AND p.received_at <= :requested_at AS settled,
           CASE
               WHEN p.id IS NULL THEN 'new'
               WHEN p.received_at > :requested_at THEN 'same'
               WHEN p.status = 'deleted' THEN 'returned'
               WHEN NOT m.readable THEN 'newer'
               WHEN m.version > coalesce(p.version, p.received_at)
                   AND NOT (m.is_ahead AND p.version = p.received_at) THEN 'newer'
               WHEN m.version < p.version
                   AND p.received_at < CAST(:requested_at AS timestamptz) - {_SETTLED} THEN 'older'
               WHEN p.title <> m.title OR {_NAMES_DIFFER} OR p.attributes <> m.attributes THEN 'renamed'
               WHEN p.status <> m.status OR p.is_active <> m.is_active THEN 'otherwise'
               WHEN m.variation_ids IS NOT NULL AND p.variation_ids IS NOT NULL
                   AND NOT (p.variation_ids @> m.variation_ids AND p.variation_ids <@ m.variation_ids)
                   THEN 'otherwise'
               WHEN m.with_facts AND coalesce(cardinality(m.variation_ids), 0) = 0
                   AND (p.price, p.stock_quantity, p.in_stock, p.backorder)
                       IS DISTINCT FROM (m.price, m.stock_quantity, m.in_stock, m.backorder) THEN 'otherwise'
               WHEN m.with_facts AND (m.sku <> p.metadata ->> 'sku'
                                      OR m.gtin <> p.metadata ->> 'gtin') THEN 'otherwise'
               WHEN p.is_active AND NOT {_IS_INDEXED} THEN 'unindexed'
               WHEN p.metadata ->> 'gtin' IS NULL THEN 'incomplete'
               ELSE 'same'
           END AS verdict
    FROM jsonb_to_recordset(CAST(:listed AS jsonb)) AS m(
        external_id text, fingerprint text, readable boolean, with_facts boolean, version timestamptz,
        is_ahead boolean, title text, status text, is_active boolean, categories text[], tags text[],
        brands text[], attributes jsonb, price numeric, stock_quantity numeric, in_stock boolean,
        backorder boolean, sku text, gtin text, variation_ids text[])
    LEFT JOIN products p ON p.store_id = :store_id AND p.external_id = m.external_id
    ), equal AS (
        UPDATE products p SET listed_hash = c.fingerprint
        FROM compared c
        WHERE p.id = c.id AND c.verdict = 'same' AND c.settled AND p.updated_at = c.updated_at
    )
    SELECT external_id, verdict, shop_version, stored_version FROM compared WHERE verdict <> 'same'
""")


def _row(listed: ListedProduct, requested_at: datetime) -> dict[str, object]:
    product = listed.product
    row = {
        "external_id": listed.external_id,
        "fingerprint": listed.fingerprint,
        "readable": product is not None,
    }
    if product is None:
        return row
    return row | {
        "with_facts": listed.with_facts,
        "version": time_of_change(product.version, arrived=requested_at),
        "is_ahead": is_far_ahead(product.version, arrived=requested_at),
        "title": product.title,
        "status": product.status,
        "is_active": product.visible,
        "categories": product.categories,
        "tags": product.tags,
        "brands": product.brands,
        "attributes": [asdict(attribute) for attribute in product.attributes],
        "price": product.facts.price,
        "stock_quantity": product.facts.stock_quantity,
        "in_stock": product.facts.in_stock,
        "backorder": product.facts.backorder,
        "sku": None if product.lacks("sku") else product.facts.sku,
        "gtin": None if product.lacks("gtin") else product.facts.gtin,
        "variation_ids": product.variation_ids,
    }


async def skip_unchanged(
    connection: AsyncConnection, store_id: int, fingerprints: Mapping[str, str], *, model: str
) -> set[str]:
    """Returns the ids of entries that must be compared, out of fingerprints by external id.

    An entry is skipped if it has the fingerprint that its product had when both were last found equal.
    """
    values = {"store_id": store_id, "fingerprints": orjson.dumps(fingerprints).decode(), "model": model}
    return set((await connection.execute(_SKIP_UNCHANGED, values)).scalars())


async def compare(
    connection: AsyncConnection,
    store_id: int,
    listed: Sequence[ListedProduct],
    *,
    requested_at: datetime,
    model: str,
) -> list[Difference]:
    """Returns the listed products that differ, and stores the fingerprints of equal products."""
    if not listed:
        return []
    values = {
        "store_id": store_id,
        "model": model,
        "requested_at": requested_at,
        "listed": orjson.dumps([_row(one, requested_at) for one in listed], default=str).decode(),
    }
    rows = await connection.execute(_COMPARE, values)
    return [Difference(**{**row, "verdict": Verdict(row["verdict"])}) for row in rows.mappings()]
