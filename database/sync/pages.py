"""The outcome of each page until its sync ends: listed products, differing products, and counts."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.syncs import SyncCounts, SyncFinding
from database.sync import findings

_KEEP = text("""
    INSERT INTO sync_pages AS p (sync_id, page, external_ids, differing, seen, new, changed, unchanged, gone,
                                 failed)
    VALUES (:sync_id, :page, :external_ids, :differing, :seen, :new, :changed, :unchanged, :gone, :failed)
    ON CONFLICT (sync_id, page) DO UPDATE
    SET external_ids = ARRAY(SELECT unnest(p.external_ids) UNION SELECT unnest(excluded.external_ids)),
        differing = ARRAY(SELECT unnest(p.differing) UNION SELECT unnest(excluded.differing))
    WHERE NOT excluded.external_ids <@ p.external_ids
    RETURNING page
""")

_TO_APPLY = "sync_id = :sync_id AND applied_at IS NULL"

_DIFFERING_PRODUCTS = text(f"""
    SELECT page, differing FROM sync_pages WHERE {_TO_APPLY} AND page = ANY(:pages) ORDER BY page
""")

_COUNT_LISTED = text("""
    SELECT count(DISTINCT l.external_id)
    FROM sync_pages p CROSS JOIN LATERAL unnest(p.external_ids) AS l(external_id)
    WHERE p.sync_id = :sync_id
""")

_LISTED_BEFORE = text("""
    SELECT DISTINCT n.external_id FROM unnest(CAST(:external_ids AS text[])) AS n(external_id)
    WHERE EXISTS (SELECT FROM sync_pages p
                  WHERE p.sync_id = :sync_id AND p.page < :page AND n.external_id = ANY(p.external_ids))
""")

_DIFFERING_PAGES = text(f"""
    SELECT page FROM sync_pages
    WHERE {_TO_APPLY} AND page BETWEEN :first AND :last AND differing <> '{{}}' ORDER BY page
""")

_SPENT = ", ".join(
    f"{name} = p.{name} + CASE WHEN p.page = left_over.first THEN :{name} ELSE 0 END"
    for name in ("failed", "embedded", "reused", "tokens_spent")
)

_MARK_APPLIED = text(f"""
    WITH left_over AS (
        SELECT min(page) AS first FROM sync_pages WHERE {_TO_APPLY} AND page = ANY(:pages)
    )
    UPDATE sync_pages p SET applied_at = now(), {_SPENT}
    FROM left_over WHERE {_TO_APPLY} AND page = ANY(:pages)
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOutcome:
    """The outcome of a page; `differing` are the ids of its products that are still to apply."""

    page: int
    external_ids: Sequence[str]
    differing: Sequence[str] = ()
    counts: SyncCounts
    findings: Sequence[SyncFinding] = ()


async def keep(connection: AsyncConnection, sync_id: int, outcome: PageOutcome) -> None:
    """Store the outcome of a page. If a retry repeats the page, the counts of the first attempt stay.

    A retry can list more products than the first attempt, if products shifted to preceding pages: these are
    added.
    """
    row = await connection.execute(
        _KEEP,
        {
            **asdict(outcome.counts),
            "sync_id": sync_id,
            "page": outcome.page,
            "external_ids": list(outcome.external_ids),
            "differing": list(outcome.differing),
        },
    )
    if row.scalar_one_or_none() is not None:
        await findings.keep(connection, sync_id, outcome.findings)


async def count_listed(connection: AsyncConnection, sync_id: int) -> int:
    """Returns how many different products the pages of a sync listed."""
    found: int = (await connection.execute(_COUNT_LISTED, {"sync_id": sync_id})).scalar_one()
    return found


async def listed_before(
    connection: AsyncConnection, sync_id: int, page: int, external_ids: Sequence[str]
) -> frozenset[str]:
    """Returns which of these products pages before this one listed."""
    values = {"sync_id": sync_id, "page": page, "external_ids": list(external_ids)}
    return frozenset((await connection.execute(_LISTED_BEFORE, values)).scalars())


async def differing_pages(
    connection: AsyncConnection, sync_id: int, *, first: int, last: int
) -> tuple[int, ...]:
    """Returns the pages of a range that have products to apply."""
    values = {"sync_id": sync_id, "first": first, "last": last}
    return tuple((await connection.execute(_DIFFERING_PAGES, values)).scalars())


async def differing_products(
    connection: AsyncConnection, sync_id: int, pages: Sequence[int]
) -> dict[int, list[str]]:
    """Returns the ids of products to apply, by page, without pages that were applied already."""
    rows = await connection.execute(_DIFFERING_PRODUCTS, {"sync_id": sync_id, "pages": list(pages)})
    return {row.page: row.differing for row in rows}


async def mark_applied(
    connection: AsyncConnection, sync_id: int, pages: Sequence[int], counts: SyncCounts
) -> None:
    """Mark pages as applied; the counts are added once, to the first page that was not applied yet."""
    values = {**asdict(counts), "sync_id": sync_id, "pages": list(pages)}
    await connection.execute(_MARK_APPLIED, values)
