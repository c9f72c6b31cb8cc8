"""Pages of a shop's list against the products we hold, in one statement."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.catalog import Product


class Verdict(StrEnum):
    """How a product of the list stands beside ours."""

    NEW = "new"
    NEWER = "newer"
    RETURNED = "returned"
    OLDER = "older"
    RENAMED = "renamed"
    OTHERWISE = "otherwise"
    UNKNOWN = "unknown"
    SAME = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A product of a page, read at `read_at`; `product` is None where only its id could be read."""

    page: int
    read_at: datetime
    external_id: str
    fingerprint: str
    product: Product | None
    with_facts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A product of a page and what is to be thought of it."""

    page: int
    external_id: str
    verdict: Verdict
    theirs: datetime | None
    ours: datetime | None


_SETTLED = "interval '1 hour'"
"""A row older than this was not written by an event that overtook our reading."""

# A time that lies ahead was kept as that of its arrival, so it differs whenever it is looked at again.

_NAMES_DIFFER = " OR ".join(
    f"NOT (p.{name} @> m.{name} AND p.{name} <@ m.{name})" for name in ("categories", "tags", "brands")
)

_KNOWN_TEXT = "(p.knowledge_hash, p.knowledge_model) IS NOT DISTINCT FROM (p.content_hash, :model)"

_KEEP_UNCHANGED = text(f"""
    WITH listed AS MATERIALIZED (
        SELECT CAST(key AS integer) AS page, value AS entries FROM json_each(CAST(:pages AS json))
    ), differing AS MATERIALIZED (
        SELECT l.page, e.external_id
        FROM listed l CROSS JOIN json_each_text(l.entries) AS e(external_id, fingerprint)
        WHERE (SELECT p.listed_hash = e.fingerprint AND (NOT p.is_active OR {_KNOWN_TEXT})
               FROM products p WHERE p.store_id = :store_id AND p.external_id = e.external_id) IS NOT TRUE
    ), kept AS (
        INSERT INTO sync_pages (sync_id, page, external_ids, seen, unchanged)
        SELECT :sync_id, page, named, cardinality(named), cardinality(named)
        FROM listed CROSS JOIN LATERAL (SELECT ARRAY(SELECT json_object_keys(entries)) AS named) AS of_page
        WHERE page NOT IN (SELECT page FROM differing)
        ON CONFLICT DO NOTHING
    )
    SELECT page, external_id FROM differing
""")

_COMPARE = text(f"""
    WITH compared AS MATERIALIZED (
    SELECT p.id, m.page, m.external_id, m.version AS theirs, p.version AS ours, m.fingerprint, p.updated_at,
           m.version IS NOT DISTINCT FROM p.version AND p.received_at <= m.read_at AS settled,
           CASE
               WHEN p.id IS NULL THEN 'new'
               WHEN p.received_at > m.read_at THEN 'same'
               WHEN p.status = 'deleted' THEN 'returned'
               WHEN NOT m.readable THEN 'newer'
               WHEN m.version > coalesce(p.version, p.received_at)
                   AND NOT (m.is_ahead AND p.version = p.received_at) THEN 'newer'
               WHEN m.version < p.version AND p.received_at < m.read_at - {_SETTLED} THEN 'older'
               WHEN p.title <> m.title OR {_NAMES_DIFFER} OR p.attributes <> m.attributes THEN 'renamed'
               WHEN p.status <> m.status OR p.is_active <> m.is_active THEN 'otherwise'
               WHEN m.variation_ids IS NOT NULL AND p.variation_ids IS NOT NULL
                   AND NOT (p.variation_ids @> m.variation_ids AND p.variation_ids <@ m.variation_ids)
                   THEN 'otherwise'
               WHEN m.with_facts AND coalesce(cardinality(m.variation_ids), 0) = 0
                   AND (p.price, p.stock_quantity, p.in_stock)
                       IS DISTINCT FROM (m.price, m.stock_quantity, m.in_stock) THEN 'otherwise'
               WHEN p.is_active AND NOT {_KNOWN_TEXT} THEN 'unknown'
               ELSE 'same'
           END AS verdict
    FROM jsonb_to_recordset(CAST(:listed AS jsonb)) AS m(
        page integer, read_at timestamptz, external_id text, fingerprint text, readable boolean,
        with_facts boolean, version timestamptz, is_ahead boolean, title text, status text,
        is_active boolean, categories text[], tags text[], brands text[], attributes jsonb, price numeric,
        stock_quantity numeric, in_stock boolean, variation_ids text[])
    LEFT JOIN products p ON p.store_id = :store_id AND p.external_id = m.external_id
    ), equal AS (
        UPDATE products p SET listed_hash = c.fingerprint
        FROM compared c
        WHERE p.id = c.id AND c.verdict = 'same' AND c.settled AND p.updated_at = c.updated_at
    )
    SELECT page, external_id, verdict, theirs, ours FROM compared
""")


def _row(listed: Listed) -> dict[str, object]:
    product, read_at = listed.product, listed.read_at
    row = {
        "page": listed.page,
        "read_at": read_at,
        "external_id": listed.external_id,
        "fingerprint": listed.fingerprint,
        "readable": product is not None,
    }
    if product is None:
        return row
    return row | {
        "with_facts": listed.with_facts,
        "version": min(product.version, read_at) if product.version else None,
        "is_ahead": product.version is not None and product.version > read_at,
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
        "variation_ids": product.variation_ids,
    }


async def keep_unchanged(
    connection: AsyncConnection,
    store_id: int,
    sync_id: int,
    pages: Mapping[int, Mapping[str, str]],
    *,
    model: str,
) -> dict[int, set[str]]:
    """Keep pages whose entries (external id -> fingerprint) are all those our products were found equal to.

    The answer are the others, by their pages; of a page that has one, nothing is kept.
    """
    values = {
        "store_id": store_id,
        "sync_id": sync_id,
        "pages": orjson.dumps(pages, option=orjson.OPT_NON_STR_KEYS).decode(),
        "model": model,
    }
    others = defaultdict[int, set[str]](set)
    for page, external_id in await connection.execute(_KEEP_UNCHANGED, values):
        others[page].add(external_id)
    return others


async def compare(
    connection: AsyncConnection, store_id: int, listed: Sequence[Listed], *, model: str
) -> list[Compared]:
    """What to think of each of these products."""
    rows = await connection.execute(
        _COMPARE,
        {
            "store_id": store_id,
            "model": model,
            "listed": orjson.dumps([_row(one) for one in listed], default=str).decode(),
        },
    )
    return [
        Compared(
            page=row.page,
            external_id=row.external_id,
            verdict=Verdict(row.verdict),
            theirs=row.theirs,
            ours=row.ours,
        )
        for row in rows
    ]
