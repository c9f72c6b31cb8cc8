"""Which products answer a question, and how well: vector and lexical ranking, fused."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import TextClause

from contracts.search import Question
from database.chunks import lexical
from database.chunks.vector_index import INDEXED_DIMENSIONS, index_name, quoted
from database.search.filters import Narrowed
from database.search.scope import owned

RANK_CONSTANT = 60
"""Reciprocal rank fusion: a chunk scores 1 / (60 + rank) in each ranking that has it."""

BEST = f"{RANK_CONSTANT + 1} / 2"
"""SQL of what a score is multiplied with, so that the first of both rankings scores 1."""

EXACT_CHUNKS = 10_000
EXACT_PRODUCTS = 2_000
"""A store with at most so many chunks, or products that satisfy the filters, is searched exactly.

The vector index is shared by all stores, so a search for a small part of it would miss some chunks.
"""

EXACT_SHARE = 30_000
"""A store with at most so many chunks is searched exactly, too, if others have more chunks than it.

The index would look at many chunks of the others first: that takes longer, and finds less.
"""

SCANNED = 20_000
"""Chunks of all stores that the vector index looks at for one question.

A store of which it finds fewer than `lexical.CANDIDATES` among these is searched exactly after all.
"""

_SETTINGS = """
    set_config('hnsw.iterative_scan', 'relaxed_order', true),
    set_config('hnsw.ef_search', '400', true),
    set_config('hnsw.max_scan_tuples', CAST(:scanned AS text), true),
    set_config('plan_cache_mode', 'force_custom_plan', true)
"""
"""Every question gets its own plan: a generic plan would read all chunks of a large store."""

_NO_CANDIDATES = """
    SELECT NULL::bigint AS id, NULL::bigint AS product_id, NULL::float8 AS distance, NULL::bigint AS rank
    WHERE false"""


def _few(rows: str, limit: int) -> str:
    """Returns SQL: whether there are at most so many rows; it counts no further."""
    return f"(SELECT count(*) FROM (SELECT FROM {rows} LIMIT {limit + 1}) AS counted) <= {limit}"


def _preparation(question: Question, narrowed: Narrowed, *, label: str) -> TextClause:
    """Returns a statement that sets up the transaction; its `exact` is whether to search exactly."""
    chunks = f"tenant_knowledge k WHERE k.is_live AND {owned(question, 'k')}"
    indexed = f"(SELECT reltuples FROM pg_class WHERE oid = to_regclass({quoted(index_name(label))}))"
    exact = f"""{_few(chunks, EXACT_CHUNKS)}
        OR CASE WHEN {indexed} > {2 * EXACT_CHUNKS} THEN
               (SELECT count(*) FROM (SELECT FROM {chunks} LIMIT {EXACT_SHARE + 1}) AS counted)
               <= least({EXACT_SHARE}, {indexed} / 2)
           ELSE false END"""
    if narrowed.is_filtered:
        products = f"products p WHERE {owned(question, 'p')} AND {narrowed.found}"
        exact += " OR " + _few(products, EXACT_PRODUCTS)
    first = f"WITH {narrowed.first.rstrip().removesuffix(',')}" if narrowed.first else ""
    return text(f"{first} SELECT {_SETTINGS}, {exact} AS exact")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Common table expressions that rank products, and their parameters.

    The last one is `ranked (product_id bigint, chunk_id bigint, score float8, similarity float8,
    share float8, missing text[])`: the products that pass the filters and answer the question, once each.
    `is_enough` is SQL, false if the vector index found too little and all vectors must be compared.
    """

    sql: str
    parameters: dict[str, object]
    is_enough: str = "true"


async def searches_exactly(
    connection: AsyncConnection, question: Question, narrowed: Narrowed, *, label: str, dimensions: int
) -> bool:
    """Prepare the transaction for a question; returns whether all vectors should be compared."""
    statement = _preparation(question, narrowed, label=label)
    prepared = await connection.execute(statement, {**narrowed.parameters, "scanned": SCANNED})
    return bool(prepared.one().exact) or dimensions > INDEXED_DIMENSIONS


def by_vectors_and_words(
    question: Question, narrowed: Narrowed, *, folded: str, label: str, dimensions: int, exact: bool
) -> Ranking:
    """Returns the ranking of a question; `folded` is its text in the indexed form."""
    chunks = f"k.is_live AND {owned(question, 'k')}"
    found = narrowed.found
    products = f"{owned(question, 'p')} AND {found}" if exact else found
    vector = f"k.embedding::halfvec({dimensions})"
    distance = f"{vector} <=> CAST(:vector AS halfvec({dimensions}))"
    nearest = f"""
        SELECT id, product_id, distance, row_number() OVER (ORDER BY distance) AS rank FROM (
            SELECT k.id, k.product_id, {distance} AS distance
            FROM tenant_knowledge k JOIN products p ON p.id = k.product_id
            WHERE {chunks} AND k.model = {quoted(label)} AND k.embedding IS NOT NULL AND {products}
            ORDER BY {f"({distance}) + 0" if exact else distance} LIMIT {lexical.CANDIDATES}
        ) AS closest"""
    sql = f"""
        near AS MATERIALIZED ({nearest if question.vector else _NO_CANDIDATES}),
        {lexical.ranking(owned=chunks, found=found)},
        fused AS (
            SELECT id, coalesce(near.product_id, worded.product_id) AS product_id, near.rank AS nearness,
                   near.distance,
                   coalesce(1.0 / ({RANK_CONSTANT} + near.rank), 0)
                     + coalesce(1.0 / ({RANK_CONSTANT} + worded.rank), 0) AS score
            FROM near FULL JOIN worded USING (id)
        ),
        ranked AS MATERIALIZED (
            SELECT DISTINCT ON (product_id) product_id, id AS chunk_id,
                   CAST(score * {BEST} AS float8) AS score, CAST(1 - distance AS float8) AS similarity,
                   NULL::float8 AS share, CAST('{{}}' AS text[]) AS missing
            FROM fused ORDER BY product_id, score DESC, nearness, id
        )"""
    parameters = lexical.parameters(question, folded)
    if question.vector is None:
        return Ranking(sql=sql, parameters=parameters)
    return Ranking(
        sql=sql,
        parameters={**parameters, "vector": str(question.vector)},
        is_enough="true" if exact else f"(SELECT count(*) FROM near) >= {lexical.CANDIDATES}",
    )


def listed(question: Question, narrowed: Narrowed) -> Ranking:
    """Returns all products that pass the filters, for a question without words; they have the score 0."""
    return Ranking(
        sql=f"""
            ranked AS MATERIALIZED (
                SELECT p.id AS product_id, NULL::bigint AS chunk_id, CAST(0 AS float8) AS score,
                       NULL::float8 AS similarity, NULL::float8 AS share, CAST('{{}}' AS text[]) AS missing
                FROM products p WHERE {owned(question, "p")} AND {narrowed.found}
            )""",
        parameters={},
    )
