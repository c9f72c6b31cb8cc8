"""What a fault has done: every product, chunk, search hit and event row is compared with what shops sent."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from proof.running.store import Row, Store
from proof.running.traffic import side_by_side

SEARCHES_AT_ONCE = 4

_PRODUCTS = """
    SELECT p.external_id, p.title, p.price, p.is_active,
           p.knowledge_hash IS NOT DISTINCT FROM p.content_hash AS is_indexed,
           (SELECT count(*) FROM tenant_knowledge k WHERE k.product_id = p.id AND k.is_live) AS chunks,
           (SELECT count(DISTINCT k.position) FROM tenant_knowledge k
             WHERE k.product_id = p.id AND k.is_live) AS positions,
           (SELECT count(*) FROM tenant_knowledge k
             WHERE k.product_id = p.id AND k.is_live AND position(p.title IN k.text) = 0) AS foreign_chunks
    FROM products p WHERE p.store_id = %(store)s AND p.external_id = ANY(%(ids)s)
"""


@dataclass(slots=True)
class Damage:
    """Counts over some events and products, with a sentence for each of the first ones."""

    lost: int = 0
    doubled: int = 0
    stale: int = 0
    checked: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.lost + self.doubled + self.stale

    def __add__(self, other: "Damage") -> "Damage":
        return Damage(
            lost=self.lost + other.lost,
            doubled=self.doubled + other.doubled,
            stale=self.stale + other.stale,
            checked=self.checked + other.checked,
            notes=[*self.notes, *other.notes],
        )

    def __str__(self) -> str:
        return f"{self.lost} lost, {self.doubled} doubled, {self.stale} stale of {self.checked} checked"


def of_events(store: Store, event_ids: Iterable[str]) -> Damage:
    """Returns the accepted events that have no row, more than one, or a row that did not end well."""
    found = Damage()
    wanted = sorted(set(event_ids))
    rows = store.rows(
        "SELECT event_id, count(*) AS number, bool_and(finished_at IS NOT NULL) AS has_ended,"
        " string_agg(status || ' ' || reason, '; ') AS said, bool_or(status = 'failed') AS has_failed"
        " FROM events WHERE store_id = %(store)s AND event_id = ANY(%(ids)s) GROUP BY event_id",
        store=store.id,
        ids=wanted,
    )
    by_id = {row["event_id"]: row for row in rows}
    for event_id in wanted:
        found.checked += 1
        row = by_id.get(event_id)
        if row is None or not row["has_ended"] or row["has_failed"]:
            found.lost += 1
            found.notes.append(f"event {event_id}: {row['said'] if row else 'no row'}")
        elif row["number"] != 1:
            found.doubled += 1
            found.notes.append(f"event {event_id} has {row['number']} rows")
    return found


def of_products(
    store: Store,
    titles: Mapping[str, str],
    queries: Mapping[str, str],
    prices: Mapping[str, str] = MappingProxyType({}),
) -> Damage:
    """Compares products, their chunks and the hits of searches with the newest titles.

    All are by external id; a product without a query is not searched for.
    """
    found = Damage()
    rows = store.rows(_PRODUCTS, store=store.id, ids=list(titles))
    by_id = {row["external_id"]: row for row in rows}
    for external_id, title in titles.items():
        found.checked += 1
        _compare(found, external_id, title, prices.get(external_id), by_id.get(external_id))
    for external_id, hit in zip(
        queries, side_by_side(_hit(store), queries.items(), lanes=SEARCHES_AT_ONCE), strict=True
    ):
        found.checked += 1
        if hit is None:
            found.lost += 1
            found.notes.append(f"{external_id} is not found by a search")
        elif hit["title"] != titles[external_id]:
            found.stale += 1
            found.notes.append(f"a search shows {external_id} as {hit['title']!r}")
    return found


def _compare(found: Damage, external_id: str, title: str, price: str | None, row: Row | None) -> None:
    if row is None or not row["is_active"] or not row["chunks"]:
        found.lost += 1
        found.notes.append(f"{external_id}: {'no product' if row is None else 'not visible'}")
    elif row["title"] != title or not row["is_indexed"] or row["foreign_chunks"]:
        found.stale += 1
        found.notes.append(f"{external_id} is {row['title']!r}, indexed: {row['is_indexed']}")
    elif price is not None and row["price"] != Decimal(price):
        found.stale += 1
        found.notes.append(f"{external_id} costs {row['price']} instead of {price}")
    elif row["chunks"] != row["positions"]:
        found.doubled += 1
        found.notes.append(f"{external_id} has {row['chunks']} chunks at {row['positions']} positions")


def _hit(store: Store) -> Callable[[tuple[str, str]], Row | None]:
    def ask(wanted: tuple[str, str]) -> Row | None:
        external_id, query = wanted
        return next((hit for hit in store.found(query) if hit["external_id"] == external_id), None)

    return ask
