"""Search: the filters' values, a ranking, and one page of it with the total and the facets."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.search import Found, Position, Question, Unmatched
from database.search import facets, page, products, scope, vectors, vocabulary
from database.search.filters import Narrowed, narrowed
from database.search.ranking import Asked, Ranking, is_confident, listed, ranked
from database.search.values import resolve
from database.search.vectors import Space
from knowledge.search.forms import asked, asked_codes
from knowledge.search.keys import compact
from knowledge.search.stems import stems
from knowledge.search.synonyms import Synonyms

FEW = 2_000
"""So few products that pass the filters are named by their ids, and all their chunks are compared."""


async def find(
    connection: AsyncConnection,
    question: Question,
    synonyms: Synonyms,
    *,
    label: str,
    dimensions: int,
) -> Found:
    """Returns a page of the products that answer a question; `label` is the model of its vector."""
    resolved = await resolve(connection, question, lambda _, value: synonyms.alternatives(value))
    if resolved.is_impossible:
        return _found(question, (), resolved.unmatched)
    filters = narrowed(question, resolved)
    if not question.text:
        rows = await _page(connection, question, filters, listed(question, filters))
        return _found(question, rows, resolved.unmatched)
    if filters.is_filtered and len(ids := await _passing(connection, question, filters)) <= FEW:
        filters = filters.only(ids)
    words = asked(question.text, synonyms)
    presumed = await vocabulary.complete(connection, question, words)
    wanted = Asked(
        words=words,
        presumed=presumed,
        codes=sorted(asked_codes(question.text)),
        title=compact(question.text),
        kinds=_kinds(question.text, synonyms),
    )
    space = Space(
        one_store=question.store_id is not None,
        first="" if filters.few else filters.first,
        filters=filters.found if filters.is_filtered else "",
        label=label,
        dimensions=dimensions,
    )
    has_vector = question.vector is not None
    exact = await vectors.prepare(connection, space if has_vector else None, filters.parameters)
    rows = await _page(connection, question, filters, ranked(question, filters, wanted, space, exact=exact))
    unknown = [one for one in words if one.word in rows[0]["unknown"]]
    is_corrected = bool(unknown) and await vocabulary.correct(connection, question, unknown)
    if is_corrected or not rows[0]["is_enough"]:
        exact = exact or not rows[0]["is_enough"]
        wanted = replace(wanted, presumed=())
        rows = await _page(
            connection, question, filters, ranked(question, filters, wanted, space, exact=exact)
        )
    return _found(question, rows, resolved.unmatched)


def _kinds(question: str, synonyms: Synonyms) -> list[str]:
    """Returns the spellings of a category that a question may name as a whole, also in the singular."""
    own = compact(question)
    names = {name for spelling in (own, *stems(own)) for name in (spelling, *synonyms.alternatives(spelling))}
    return sorted(names - {""})


async def _passing(connection: AsyncConnection, question: Question, filters: Narrowed) -> list[int]:
    """Returns the ids of products that pass the filters: all, or more than `FEW`."""
    first = f"WITH {filters.first.rstrip().removesuffix(',')}" if filters.first else ""
    statement = text(f"""
        {first} SELECT p.id FROM products p
        WHERE {scope.owned(question, "p")} AND {filters.found} LIMIT {FEW + 1}
    """)
    return list((await connection.execute(statement, filters.parameters)).scalars())


async def _page(
    connection: AsyncConnection, question: Question, filters: Narrowed, ranking: Ranking
) -> Sequence[RowMapping]:
    """Returns the hits in their order, the first row with total and facets; without hits that row alone."""
    page_sql, page_parameters = page.statements(question, filters)
    faced, facet_values, facet_parameters = facets.statements(question)
    statement = text(f"""
        WITH {filters.first} {ranking.sql} {page_sql} {faced}
        SELECT hits.*, {ranking.is_enough} AS is_enough, {ranking.unknown} AS unknown,
               (SELECT count(*) FROM ranked) AS total,
               (SELECT max(score) FROM ranked) AS best,
               CASE WHEN coalesce(hits.place, 1) = 1 THEN {facet_values} END AS facets
        FROM (SELECT) AS always LEFT JOIN hits ON true ORDER BY hits.place
    """)
    rows = await connection.execute(
        statement, {**filters.parameters, **ranking.parameters, **page_parameters, **facet_parameters}
    )
    return rows.mappings().all()


def _found(question: Question, rows: Sequence[RowMapping], unmatched: Sequence[Unmatched]) -> Found:
    shown = [row for row in rows if row["place"] is not None][: question.limit]
    last = shown[-1] if len(rows) > question.limit else None
    return Found(
        total=rows[0]["total"] if rows else 0,
        is_confident=is_confident(question, rows[0]["best"] if rows else None),
        hits=[products.hit(row) for row in shown],
        facets=facets.read(question.facets, rows[0]["facets"] if rows else None),
        unmatched=unmatched,
        following=None if last is None else Position(value=last["position"], product_id=last["id"]),
    )
