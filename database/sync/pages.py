"""What came of each page of a walk, until its sync ends: what it named, what differed, and what was taken."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.syncs import FindingKind, SyncCounts, SyncFinding

_KEEP = text("""
    INSERT INTO sync_pages AS p (sync_id, page, external_ids, wanted, seen, new, changed, unchanged, gone,
                                  failed)
    SELECT :sync_id, n.*
    FROM jsonb_to_recordset(CAST(:pages AS jsonb)) AS n(
        page integer, external_ids text[], wanted text[], seen bigint, new bigint, changed bigint,
        unchanged bigint, gone bigint, failed bigint)
    ON CONFLICT (sync_id, page) DO UPDATE
    SET external_ids = ARRAY(SELECT unnest(p.external_ids) UNION SELECT unnest(excluded.external_ids)),
        wanted = ARRAY(SELECT unnest(p.wanted) UNION SELECT unnest(excluded.wanted))
    WHERE NOT excluded.external_ids <@ p.external_ids
    RETURNING page
""")

_WANTED = text("""
    SELECT page, wanted FROM sync_pages
    WHERE sync_id = :sync_id AND page = ANY(:pages) AND taken_at IS NULL ORDER BY page
""")

_DIFFERING = text("""
    SELECT page FROM sync_pages
    WHERE sync_id = :sync_id AND page BETWEEN :first AND :last AND taken_at IS NULL AND wanted <> '{}'
    ORDER BY page
""")

_TOOK = ", ".join(
    f"{name} = p.{name} + CASE WHEN p.page = left_over.first THEN :{name} ELSE 0 END"
    for name in ("failed", "embedded", "reused", "tokens_spent")
)

_TAKEN = text(f"""
    WITH left_over AS (
        SELECT min(page) AS first FROM sync_pages
        WHERE sync_id = :sync_id AND page = ANY(:pages) AND taken_at IS NULL
    )
    UPDATE sync_pages p SET taken_at = now(), {_TOOK}
    FROM left_over WHERE sync_id = :sync_id AND page = ANY(:pages) AND taken_at IS NULL
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What comparing a page came to; `wanted` are the products to take over."""

    page: int
    external_ids: Sequence[str]
    wanted: Sequence[str] = ()
    counts: SyncCounts
    findings: Sequence[SyncFinding] = ()


def _row(outcome: Outcome) -> dict[str, object]:
    return {
        "page": outcome.page,
        "external_ids": outcome.external_ids,
        "wanted": outcome.wanted,
        **asdict(outcome.counts),
    }


async def keep(connection: AsyncConnection, sync_id: int, outcomes: Sequence[Outcome]) -> None:
    """Write what pages came to; the first time counts, for the second finds things mended.

    What a page names only then, since something went from those before it, is walked too.
    """
    pages = orjson.dumps([_row(outcome) for outcome in outcomes]).decode()
    written = set((await connection.execute(_KEEP, {"sync_id": sync_id, "pages": pages})).scalars())
    findings = [one for outcome in outcomes if outcome.page in written for one in outcome.findings]
    if findings:
        await keep_findings(connection, sync_id, findings)


async def wanted(connection: AsyncConnection, sync_id: int, pages: Sequence[int]) -> dict[int, list[str]]:
    """The products to take over from these pages, in their order, but for those where that was done."""
    rows = await connection.execute(_WANTED, {"sync_id": sync_id, "pages": list(pages)})
    return {row.page: row.wanted for row in rows}


async def differing(connection: AsyncConnection, sync_id: int, *, first: int, last: int) -> tuple[int, ...]:
    """The pages of a range with products to take over."""
    values = {"sync_id": sync_id, "first": first, "last": last}
    return tuple((await connection.execute(_DIFFERING, values)).scalars())


async def taken(connection: AsyncConnection, sync_id: int, pages: Sequence[int], counts: SyncCounts) -> None:
    """Mark pages as done; those that were not yet came to this together."""
    values = {**asdict(counts), "sync_id": sync_id, "pages": list(pages)}
    await connection.execute(_TAKEN, values)


KEPT = 1_000
"""Of each sync."""

_FOUND = text("""
    INSERT INTO sync_findings (sync_id, external_id, kind, detail)
    SELECT :sync_id, f.* FROM unnest(CAST(:ids AS text[]), CAST(:kinds AS text[]), CAST(:details AS text[])) f
    LIMIT greatest(0, :kept - (SELECT count(*) FROM sync_findings WHERE sync_id = :sync_id))
    ON CONFLICT DO NOTHING
""")

_FINDINGS = text("""
    SELECT external_id, kind, detail FROM sync_findings WHERE sync_id = :id
    ORDER BY found_at, external_id OFFSET :offset LIMIT :limit
""")
_KINDS = text("SELECT kind, count(*) AS found FROM sync_findings WHERE sync_id = :id GROUP BY kind")


async def keep_findings(connection: AsyncConnection, sync_id: int, findings: Sequence[SyncFinding]) -> None:
    await connection.execute(
        _FOUND,
        {
            "sync_id": sync_id,
            "ids": [finding.external_id for finding in findings],
            "kinds": [finding.kind.value for finding in findings],
            "details": [finding.detail for finding in findings],
            "kept": KEPT,
        },
    )


async def read(
    connection: AsyncConnection, sync_id: int, *, offset: int = 0, limit: int = KEPT
) -> list[SyncFinding]:
    """What a sync found, in the order it was written down."""
    rows = await connection.execute(_FINDINGS, {"id": sync_id, "offset": offset, "limit": limit})
    return [
        SyncFinding(external_id=row.external_id, kind=FindingKind(row.kind), detail=row.detail)
        for row in rows
    ]


async def by_kind(connection: AsyncConnection, sync_id: int) -> dict[str, int]:
    return {row.kind: row.found for row in await connection.execute(_KINDS, {"id": sync_id})}
