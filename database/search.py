"""Hybrid search: nearest by meaning and best by words, fused, then joined with the live product."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import TextClause

from contracts.search import FoundProduct, Hit, Question
from database.vector_index import quoted

CANDIDATES = 60
"""Chunks taken from either ranking before they are fused."""

RANK_CONSTANT = 60
"""Reciprocal rank fusion: a chunk scores 1 / (60 + rank) in each ranking that has it."""

QUERY_WORDS = 32

_SETTINGS = text(
    "SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true),"
    " set_config('hnsw.ef_search', '100', true)"
)

_FILTERS = {
    "store_id": "p.store_id = :store_id",
    "in_stock": "p.in_stock = :in_stock",
    "min_price": "p.price >= :min_price",
    "max_price": "p.price <= :max_price",
    "category": "lower(:category) = ANY(SELECT lower(c) FROM unnest(p.categories) AS c)",
}

_NO_CANDIDATES = "SELECT NULL::bigint AS id, NULL::bigint AS product_id, NULL::bigint AS rank WHERE false"


def _statement(question: Question, *, label: str, dimensions: int) -> TextClause:
    model = quoted(label)
    asked = [sql for name, sql in _FILTERS.items() if getattr(question, name) is not None]
    found = " AND ".join(["p.is_active", *asked])
    owned = "k.is_live AND k.user_id = :user_id" + (
        " AND k.store_id = :store_id" if question.store_id is not None else ""
    )
    vector = f"k.embedding::halfvec({dimensions})"
    nearest = f"""
        SELECT id, product_id, row_number() OVER (ORDER BY distance) AS rank FROM (
            SELECT k.id, k.product_id, {vector} <=> CAST(:vector AS halfvec({dimensions})) AS distance
            FROM tenant_knowledge k JOIN products p ON p.id = k.product_id
            WHERE {owned} AND k.model = {model} AND {found}
            ORDER BY {vector} <=> CAST(:vector AS halfvec({dimensions})) LIMIT {CANDIDATES}
        ) AS near"""
    worded = f"""
        SELECT id, product_id, row_number() OVER (ORDER BY score DESC, id) AS rank FROM (
            SELECT k.id, k.product_id, ts_rank(k.words, CAST(:any_word AS tsquery), 1) AS score
            FROM tenant_knowledge k JOIN products p ON p.id = k.product_id
            WHERE {owned} AND k.words @@ CAST(:any_word AS tsquery) AND {found}
            ORDER BY score DESC, k.id LIMIT {CANDIDATES}
        ) AS matched"""
    return text(f"""
        WITH near AS MATERIALIZED ({nearest if question.vector else _NO_CANDIDATES}),
        worded AS MATERIALIZED ({worded}),
        fused AS (
            SELECT id, coalesce(near.product_id, worded.product_id) AS product_id,
                   coalesce(1.0 / ({RANK_CONSTANT} + near.rank), 0)
                     + coalesce(1.0 / ({RANK_CONSTANT} + worded.rank), 0) AS score
            FROM near FULL JOIN worded USING (id)
        ),
        best AS (SELECT DISTINCT ON (product_id) product_id, id, score FROM fused
                 ORDER BY product_id, score DESC, id)
        SELECT best.score::float8 AS score, k.text, p.id, p.external_id, p.title, p.price, p.currency,
               p.in_stock, p.stock_quantity, p.link, p.image
        FROM best JOIN tenant_knowledge k ON k.id = best.id JOIN products p ON p.id = best.product_id
        ORDER BY best.score DESC, p.id LIMIT :limit
    """)


def _any_word(question: Question, folded: str) -> str:
    """The folded words of a question as an OR query within one owner's or store's lexemes."""
    words = dict.fromkeys(folded.replace("'", " ").replace("\\", " ").split()[:QUERY_WORDS])
    if not words:
        return "'nothing='"
    scope = f"user={question.user_id}" if question.store_id is None else f"store={question.store_id}"
    any_word = " | ".join(f"'{word}'" for word in words)
    return f"'{scope}' & ({any_word})"


async def find(
    connection: AsyncConnection, question: Question, *, folded: str, label: str, dimensions: int
) -> list[Hit]:
    """The best products for a question, one hit each; `folded` is its text as full text knows it."""
    await connection.execute(_SETTINGS)
    values = {
        "user_id": question.user_id,
        "any_word": _any_word(question, folded),
        "limit": question.limit,
        **{name: getattr(question, name) for name in _FILTERS if getattr(question, name) is not None},
    }
    if question.vector is not None:
        values["vector"] = str(question.vector)
    rows = await connection.execute(_statement(question, label=label, dimensions=dimensions), values)
    return [
        Hit(
            score=row["score"],
            text=row["text"],
            product=FoundProduct(**{name: row[name] for name in FoundProduct.__dataclass_fields__}),
        )
        for row in rows.mappings()
    ]
