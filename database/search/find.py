"""Search: the filters' values, a ranking, and one page of it with the total and the facets."""

from collections.abc import Sequence

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.search import Found, Position, Question, Unmatched
from database.search import facets, page, products, ranking
from database.search.filters import Narrowed, narrowed
from database.search.ranking import Ranking
from database.search.values import Widened, resolve, unwidened


async def find(
    connection: AsyncConnection,
    question: Question,
    *,
    folded: str,
    label: str,
    dimensions: int,
    widened: Widened = unwidened,
) -> Found:
    """Returns a page of the products that answer a question.

    `folded` is its text in the indexed form, `label` the model of its vector. `widened` returns other names
    of a filter's value.
    """
    resolved = await resolve(connection, question, widened)
    if resolved.is_impossible:
        return _found(question, (), resolved.unmatched)
    filters = narrowed(question, resolved)
    if not question.text:
        rows = await _page(connection, question, filters, ranking.listed(question, filters))
        return _found(question, rows, resolved.unmatched)
    exact = await ranking.searches_exactly(connection, question, filters, label=label, dimensions=dimensions)

    def ranked(*, exact: bool) -> Ranking:
        return ranking.by_vectors_and_words(
            question, filters, folded=folded, label=label, dimensions=dimensions, exact=exact
        )

    rows = await _page(connection, question, filters, ranked(exact=exact))
    if not rows[0]["is_enough"]:
        rows = await _page(connection, question, filters, ranked(exact=True))
    return _found(question, rows, resolved.unmatched)


async def _page(
    connection: AsyncConnection, question: Question, filters: Narrowed, ranked: Ranking
) -> Sequence[RowMapping]:
    """Returns the hits in their order, the first row with total and facets; without hits that row alone."""
    page_sql, page_parameters = page.statements(question, filters)
    faced, facet_values, facet_parameters = facets.statements(question.facets)
    statement = text(f"""
        WITH {filters.first} {ranked.sql} {page_sql} {faced}
        SELECT hits.*, {ranked.is_enough} AS is_enough, (SELECT count(*) FROM ranked) AS total,
               CASE WHEN coalesce(hits.place, 1) = 1 THEN {facet_values} END AS facets
        FROM (SELECT) AS always LEFT JOIN hits ON true ORDER BY hits.place
    """)
    rows = await connection.execute(
        statement, {**filters.parameters, **ranked.parameters, **page_parameters, **facet_parameters}
    )
    return rows.mappings().all()


def _found(question: Question, rows: Sequence[RowMapping], unmatched: Sequence[Unmatched]) -> Found:
    shown = [row for row in rows if row["place"] is not None][: question.limit]
    last = shown[-1] if len(rows) > question.limit else None
    return Found(
        total=rows[0]["total"] if rows else 0,
        hits=[products.hit(row) for row in shown],
        facets=facets.read(question.facets, rows[0]["facets"] if rows else None),
        unmatched=unmatched,
        following=None if last is None else Position(value=last["position"], product_id=last["id"]),
    )
