"""Hybrid search: vector and lexical ranking, fused, and joined with the current product."""

from collections.abc import Sequence

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import TextClause

from contracts.search import FoundProduct, Hit, Question
from database import shown
from database.chunks import lexical
from database.chunks.vector_index import INDEXED_DIMENSIONS, index_name, quoted

RANK_CONSTANT = 60
"""Reciprocal rank fusion: a chunk scores 1 / (60 + rank) in each ranking that has it."""

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

_FOLDED_LETTERS = ("يىكةۀأإٱ۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩\u200c\u200d", "ییکههااا01234567890123456789")


def _folded(name: str) -> str:
    """Returns SQL of a category's name in the spelling used for comparison."""
    return f"translate(lower({name}), {', '.join(map(quoted, _FOLDED_LETTERS))})"


_FILTERS = {
    "in_stock": "p.in_stock = :in_stock",
    "min_price": "p.price >= :min_price",
    "max_price": "p.price <= :max_price",
    "category": f"{_folded(':category')} = ANY(SELECT {_folded('c')} FROM unnest(p.categories) AS c)",
}

_NO_CANDIDATES = "SELECT NULL::bigint AS id, NULL::bigint AS product_id, NULL::bigint AS rank WHERE false"


def _owned(question: Question, chunk: str) -> str:
    """Returns SQL: whether a chunk or a product belongs to the owner of the question."""
    if question.store_id is None:
        return f"{chunk}.user_id = :user_id"
    return (
        f"{chunk}.store_id = :store_id AND :user_id = (SELECT s.user_id FROM stores s WHERE s.id = :store_id)"
    )


def _found(question: Question) -> str:
    """Returns SQL: whether a product is active and satisfies the filters."""
    filters = [sql for name, sql in _FILTERS.items() if getattr(question, name) is not None]
    return " AND ".join(["p.is_active", *filters])


def _few(rows: str, limit: int) -> str:
    """Returns SQL: whether there are at most so many rows; it counts no further."""
    return f"(SELECT count(*) FROM (SELECT FROM {rows} LIMIT {limit + 1}) AS counted) <= {limit}"


def _preparation(question: Question, *, label: str) -> TextClause:
    """Returns a statement that sets up the transaction; its `exact` is whether to search exactly."""
    owned = f"tenant_knowledge k WHERE k.is_live AND {_owned(question, 'k')}"
    indexed = f"(SELECT reltuples FROM pg_class WHERE oid = to_regclass({quoted(index_name(label))}))"
    exact = f"""{_few(owned, EXACT_CHUNKS)}
        OR CASE WHEN {indexed} > {2 * EXACT_CHUNKS} THEN
               (SELECT count(*) FROM (SELECT FROM {owned} LIMIT {EXACT_SHARE + 1}) AS counted)
               <= least({EXACT_SHARE}, {indexed} / 2)
           ELSE false END"""
    if any(getattr(question, name) is not None for name in _FILTERS):
        exact += " OR " + _few(
            f"products p WHERE {_owned(question, 'p')} AND {_found(question)}", EXACT_PRODUCTS
        )
    return text(f"SELECT {_SETTINGS}, {exact} AS exact")


def _statement(question: Question, *, label: str, dimensions: int, exact: bool) -> TextClause:
    owned = f"k.is_live AND {_owned(question, 'k')}"
    found = _found(question)
    products = f"{_owned(question, 'p')} AND {found}" if exact else found
    vector = f"k.embedding::halfvec({dimensions})"
    distance = f"{vector} <=> CAST(:vector AS halfvec({dimensions}))"
    nearest = f"""
        SELECT id, product_id, row_number() OVER (ORDER BY distance) AS rank FROM (
            SELECT k.id, k.product_id, {distance} AS distance
            FROM tenant_knowledge k JOIN products p ON p.id = k.product_id
            WHERE {owned} AND k.model = {quoted(label)} AND k.embedding IS NOT NULL AND {products}
            ORDER BY {f"({distance}) + 0" if exact else distance} LIMIT {lexical.CANDIDATES}
        ) AS closest"""
    return text(f"""
        WITH near AS MATERIALIZED ({nearest if question.vector else _NO_CANDIDATES}),
        {lexical.ranking(owned=owned, found=found)},
        fused AS (
            SELECT id, coalesce(near.product_id, worded.product_id) AS product_id, near.rank AS nearness,
                   coalesce(1.0 / ({RANK_CONSTANT} + near.rank), 0)
                     + coalesce(1.0 / ({RANK_CONSTANT} + worded.rank), 0) AS score
            FROM near FULL JOIN worded USING (id)
        ),
        best AS (SELECT DISTINCT ON (product_id) product_id, id, score, nearness FROM fused
                 ORDER BY product_id, score DESC, nearness, id)
        SELECT best.score::float8 AS score, k.text, p.id, p.external_id, p.title, p.price, p.currency,
               p.in_stock, {shown.availability("p")} AS availability, p.stock_quantity,
               {shown.link("p")} AS link, p.image, (SELECT count(*) FROM near) AS nearest
        FROM best JOIN tenant_knowledge k ON k.id = best.id JOIN products p ON p.id = best.product_id
        ORDER BY best.score DESC, best.nearness, p.id LIMIT :limit
    """)


async def find(
    connection: AsyncConnection, question: Question, *, folded: str, label: str, dimensions: int
) -> list[Hit]:
    """Returns the best products for a question, one hit each; `folded` is its text in the indexed form."""
    values = {
        "user_id": question.user_id,
        "store_id": question.store_id,
        **{name: getattr(question, name) for name in _FILTERS if getattr(question, name) is not None},
    }
    prepared = await connection.execute(_preparation(question, label=label), {**values, "scanned": SCANNED})
    exact = prepared.one().exact or dimensions > INDEXED_DIMENSIONS
    parameters = {**values, **lexical.parameters(question, folded), "limit": question.limit}
    if question.vector is not None:
        parameters["vector"] = str(question.vector)

    async def ranked(*, exact: bool) -> Sequence[RowMapping]:
        statement = _statement(question, label=label, dimensions=dimensions, exact=exact)
        return (await connection.execute(statement, parameters)).mappings().all()

    rows = await ranked(exact=exact)
    if question.vector is not None and not exact and not (rows and rows[0]["nearest"] >= lexical.CANDIDATES):
        rows = await ranked(exact=True)
    return [
        Hit(
            score=row["score"],
            text=row["text"],
            product=FoundProduct(**{name: row[name] for name in FoundProduct.__dataclass_fields__}),
        )
        for row in rows
    ]
