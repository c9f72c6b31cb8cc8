"""The nearest chunks as version 0.1 found them, in the wide rows of `former`: the reference."""

from collections.abc import Mapping

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from database.search.vector_index import index_name, quoted
from database.search.vectors import Space

EXACT_CHUNKS = 10_000
EXACT_PRODUCTS = 2_000
EXACT_SHARE = 30_000
CANDIDATES = 60

SETTINGS = """
    set_config('hnsw.iterative_scan', 'relaxed_order', true),
    set_config('hnsw.ef_search', '400', true),
    set_config('hnsw.max_scan_tuples', '20000', true),
    set_config('plan_cache_mode', 'force_custom_plan', true)
"""


def _few(rows: str, limit: int) -> str:
    return f"(SELECT count(*) FROM (SELECT FROM {rows} LIMIT {limit + 1}) AS counted) <= {limit}"


def _preparation(space: Space) -> TextClause:
    owned = f"former k WHERE k.is_live AND {space.owned('k')}"
    indexed = f"(SELECT reltuples FROM pg_class WHERE oid = to_regclass({quoted(index_name(space.label))}))"
    exact = f"""{_few(owned, EXACT_CHUNKS)}
        OR CASE WHEN {indexed} > {2 * EXACT_CHUNKS} THEN
               (SELECT count(*) FROM (SELECT FROM {owned} LIMIT {EXACT_SHARE + 1}) AS counted)
               <= least({EXACT_SHARE}, {indexed} / 2)
           ELSE false END"""
    if space.filters:
        exact += " OR " + _few(f"products p WHERE {space.owned('p')} AND {space.matching}", EXACT_PRODUCTS)
    return text(f"SELECT {SETTINGS}, {exact} AS exact")


def closest(space: Space, *, exact: bool) -> str:
    """Returns SQL of the nearest chunks; the HNSW index is the one of today's chunks."""
    distance = f"k.embedding::halfvec({space.dimensions}) <=> CAST(:vector AS halfvec({space.dimensions}))"
    products = f"{space.owned('p')} AND {space.matching}" if exact else space.matching
    return f"""
        SELECT k.id, k.product_id, {distance} AS distance
        FROM {"former" if exact else "tenant_knowledge"} k JOIN products p ON p.id = k.product_id
        WHERE k.is_live AND {space.owned("k")} AND k.model = {quoted(space.label)}
          AND k.embedding IS NOT NULL AND {products}
        ORDER BY {f"({distance}) + 0" if exact else distance} LIMIT {CANDIDATES}"""


async def prepare(connection: AsyncConnection, space: Space, parameters: Mapping[str, object]) -> bool:
    """Set up the transaction; returns whether all chunks of the store are compared."""
    return bool((await connection.execute(_preparation(space), parameters)).one().exact)


async def nearest(
    connection: AsyncConnection, space: Space, parameters: Mapping[str, object], *, exact: bool = False
) -> list[Row[tuple[int, int, float]]]:
    """Returns the nearest chunks (id, product, distance); `exact` compares all chunks of the store."""
    whole = await prepare(connection, space, parameters)

    async def rows(*, exact: bool) -> list[Row[tuple[int, int, float]]]:
        return list((await connection.execute(text(closest(space, exact=exact)), parameters)).all())

    found = await rows(exact=exact or whole)
    return found if exact or whole or len(found) >= CANDIDATES else await rows(exact=True)
