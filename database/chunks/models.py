"""How many chunks there are of each model, quickly: counted where they are few, else estimated."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

MOST_COUNTED = 20_000
"""Chunks up to which all are counted; to read millions of them would take a minute."""

_COUNT = text("""
    SELECT model, count(*) AS chunks FROM (SELECT model FROM tenant_knowledge LIMIT :limit) AS sample
    GROUP BY model ORDER BY 2 DESC, 1
""")

_ESTIMATE = text("""
    SELECT one.model, CAST(c.reltuples * one.share AS bigint) AS chunks
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = 'model'
        AND NOT s.inherited
    CROSS JOIN LATERAL unnest(CAST(CAST(s.most_common_vals AS text) AS text[]), s.most_common_freqs)
        AS one(model, share)
    WHERE c.oid = to_regclass('tenant_knowledge') AND c.reltuples > 0
    ORDER BY 2 DESC, 1
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunksOfModels:
    """Chunks by the label of their model, the most first; `is_exact` unless Postgres estimated them.

    An estimate leaves out labels that hardly any chunk has. Without an analysis by Postgres, a number is the
    least that there are.
    """

    counts: Mapping[str, int]
    is_exact: bool


async def by_model(connection: AsyncConnection, *, most: int = MOST_COUNTED) -> ChunksOfModels:
    """Returns how many chunks there are of each model; more than `most` in all are estimated."""
    rows = await connection.execute(_COUNT, {"limit": most + 1})
    counts = {row.model: row.chunks for row in rows}
    if sum(counts.values()) <= most:
        return ChunksOfModels(counts=counts, is_exact=True)
    estimated = {row.model: row.chunks for row in await connection.execute(_ESTIMATE)}
    return ChunksOfModels(counts=estimated or counts, is_exact=False)
