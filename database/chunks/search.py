"""Hybrid search: vector and lexical ranking, fused, and joined with the current product."""

from collections.abc import Sequence

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import TextClause

from contracts.search import FoundProduct, Hit, Question
from database import shown
from database.chunks import lexical
from database.search import vectors
from database.search.vector_index import quoted

RANK_CONSTANT = 60
"""Reciprocal rank fusion: a chunk scores 1 / (60 + rank) in each ranking that has it."""

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

_NO_VECTOR = """
    near AS (SELECT NULL::bigint AS id, NULL::bigint AS product_id, NULL::float8 AS similarity WHERE false)
"""


def _space(question: Question, *, label: str, dimensions: int) -> vectors.Space:
    filters = [sql for name, sql in _FILTERS.items() if getattr(question, name) is not None]
    return vectors.Space(
        one_store=question.store_id is not None,
        filters=" AND ".join(filters),
        label=label,
        dimensions=dimensions,
    )


def _statement(space: vectors.Space, *, near: str, counted: str) -> TextClause:
    """Returns the search; `counted` is the expression with the rows of which enough must be found."""
    return text(f"""
        WITH {near},
        nearest AS (
            SELECT id, product_id, row_number() OVER (ORDER BY similarity DESC, id) AS rank
            FROM near ORDER BY rank LIMIT {lexical.CANDIDATES}
        ),
        {lexical.ranking(owned=f"k.is_live AND {space.owned('k')}", found=space.matching)},
        fused AS (
            SELECT id, coalesce(nearest.product_id, worded.product_id) AS product_id,
                   nearest.rank AS nearness,
                   coalesce(1.0 / ({RANK_CONSTANT} + nearest.rank), 0)
                     + coalesce(1.0 / ({RANK_CONSTANT} + worded.rank), 0) AS score
            FROM nearest FULL JOIN worded USING (id)
        ),
        best AS (SELECT DISTINCT ON (product_id) product_id, id, score, nearness FROM fused
                 ORDER BY product_id, score DESC, nearness, id)
        SELECT best.score::float8 AS score, k.text, p.id, p.external_id, p.title, p.price, p.currency,
               p.in_stock, {shown.availability("p")} AS availability, p.stock_quantity,
               {shown.link("p")} AS link, p.image, (SELECT count(*) FROM {counted}) AS nearest
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
    space = _space(question, label=label, dimensions=dimensions)
    exact = await vectors.prepare(connection, None if question.vector is None else space, values)
    parameters = {**values, **lexical.parameters(question, folded), "limit": question.limit}
    if question.vector is not None:
        parameters["vector"] = str(question.vector)

    async def ranked(*, exact: bool) -> Sequence[RowMapping]:
        near = _NO_VECTOR if question.vector is None else vectors.near(space, exact=exact)
        statement = _statement(space, near=near, counted="near" if exact else "by_index")
        return (await connection.execute(statement, parameters)).mappings().all()

    rows = await ranked(exact=exact)
    if not exact and not (rows and rows[0]["nearest"] >= vectors.ENOUGH):
        rows = await ranked(exact=True)
    return [
        Hit(
            score=row["score"],
            text=row["text"],
            product=FoundProduct(**{name: row[name] for name in FoundProduct.__dataclass_fields__}),
        )
        for row in rows
    ]
