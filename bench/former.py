"""The whole search of version 0.1, over the chunks of `former`: the reference of questions."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bench import scan
from contracts.search import Question
from database import shown
from database.search.vectors import Space

RANK_CONSTANT = 60
MATCHES = 200
LOOKED_AT = 2_000

_NOWHERE = "SELECT NULL::bigint AS id, NULL::bigint AS product_id, NULL::bigint AS rank WHERE false"


def _worded(*, owned: str, found: str) -> str:
    def chunks(matching: str) -> str:
        return f"""
            SELECT k.id, k.product_id, strip(k.words) AS words,
                   ts_rank(k.words, CAST(:any_word AS tsquery), 1) AS density
            FROM (SELECT k.id, k.product_id, k.words FROM former k
                  WHERE {owned} AND k.words @@ {matching} LIMIT {LOOKED_AT}) AS k
            JOIN products p ON p.id = k.product_id
            WHERE {found} LIMIT {MATCHES}"""

    common = f"""(SELECT CAST(string_agg(CAST(loose AS text), ' & ') AS tsquery) FROM weighed
                  WHERE chunks = {MATCHES})"""
    return f"""
        asked AS MATERIALIZED (
            SELECT * FROM unnest(CAST(:loose AS tsquery[]), CAST(:strict AS tsquery[]))
                WITH ORDINALITY AS q(loose, strict, word)
        ),
        matched AS MATERIALIZED (
            SELECT word, chunk.* FROM asked CROSS JOIN LATERAL ({chunks("asked.loose")}) AS chunk
        ),
        weighed AS MATERIALIZED (
            SELECT asked.*, found.chunks, ln(1 + {MATCHES}.0 / greatest(found.chunks, 1)) AS weight
            FROM asked, LATERAL (SELECT count(*) AS chunks FROM matched WHERE word = asked.word) AS found
        ),
        together AS MATERIALIZED ({chunks(common)}),
        worded AS MATERIALIZED (
            SELECT c.id, c.product_id,
                   rank() OVER (ORDER BY sum(CASE WHEN c.words @@ w.strict THEN w.weight
                                                  ELSE w.weight / 2 END) DESC, c.density DESC) AS rank
            FROM (SELECT id, product_id, words, density FROM matched
                  UNION SELECT id, product_id, words, density FROM together) AS c
            JOIN weighed w ON c.words @@ w.loose
            GROUP BY c.id, c.product_id, c.density
            ORDER BY rank, c.id LIMIT {scan.CANDIDATES}
        )"""


def _statement(question: Question, space: Space, *, exact: bool) -> TextClause:
    near = f"""
        SELECT id, product_id, row_number() OVER (ORDER BY distance) AS rank
        FROM ({scan.closest(space, exact=exact)}) AS closest"""
    return text(f"""
        WITH near AS MATERIALIZED ({_NOWHERE if question.vector is None else near}),
        {_worded(owned=f"k.is_live AND {space.owned('k')}", found=space.matching)},
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
        FROM best JOIN former k ON k.id = best.id JOIN products p ON p.id = best.product_id
        ORDER BY best.score DESC, best.nearness, p.id LIMIT :limit
    """)


async def find(connection: AsyncConnection, question: Question, space: Space) -> Sequence[Row[Any]]:
    """Returns the best products for a question without filters, one row each."""
    words = [f"'{word}'" for word in dict.fromkeys(question.text.split())]
    values: dict[str, object] = {"user_id": question.user_id, "store_id": question.store_id}
    exact = await scan.prepare(connection, space, values)
    values |= {
        "loose": [f"'store={question.store_id}' & {word}" for word in words],
        "strict": words,
        "any_word": " | ".join(words),
        "limit": question.limit,
    }
    if question.vector is not None:
        values["vector"] = str(question.vector)
    rows = (await connection.execute(_statement(question, space, exact=exact), values)).all()
    if question.vector is not None and not exact and not (rows and rows[0].nearest >= scan.CANDIDATES):
        rows = (await connection.execute(_statement(question, space, exact=True), values)).all()
    return rows
