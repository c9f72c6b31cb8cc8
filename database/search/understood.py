"""A question after what it asks for besides its words became filters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.search import Filters, Question, Sort
from database.search import exclusions, scope
from database.search.values import resolve, unwidened
from knowledge.search.polite import says_nothing
from knowledge.search.synonyms import Synonyms
from knowledge.search.understanding import PRICE, PRICE_DESCENDING, Understood, understand


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A question without the phrases that were understood; `shown` is what they mean, for the answer."""

    question: Question
    shown: Mapping[str, object]


async def understood(
    connection: AsyncConnection, question: Question, synonyms: Synonyms, *, understand: bool
) -> Read:
    """Returns a question with filters in place of its words about prices, order and exclusions.

    A filter that the question has already wins over its words. Without `understand`, all words stay. Where
    only polite words are left, the question is a list of what passes the filters.
    """
    if not understand or not question.text:
        return Read(question=question, shown={})
    found = _understand(question.text, await _currency(connection, question))
    excluded = await exclusions.resolve(connection, question, found.excluded, synonyms)
    filters = question.filters
    shown: dict[str, object] = {}
    if found.lowest is not None and filters.min_price is None:
        filters, shown["min_price"] = replace(filters, min_price=found.lowest), found.lowest
    if found.highest is not None and filters.max_price is None:
        filters, shown["max_price"] = replace(filters, max_price=found.highest), found.highest
    sort = question.sort
    if found.order and sort is Sort.RELEVANCE:
        sort = Sort(found.order)
        shown["sort"] = sort.value
    if found.order in (PRICE, PRICE_DESCENDING) and (
        kinds := await _category(connection, question, found.rest)
    ):
        filters = replace(filters, categories=kinds)
    named = {"brands": excluded.brands, "categories": excluded.categories, "words": excluded.words}
    if any(named.values()):
        shown["exclude"] = {kind: values for kind, values in named.items() if values}
    rest = " ".join([found.rest, *excluded.rest]).strip()
    return Read(
        question=replace(
            question,
            text="" if shown and says_nothing(rest) else rest,
            filters=replace(
                filters,
                exclude_brands=(*filters.exclude_brands, *excluded.brands),
                exclude_categories=(*filters.exclude_categories, *excluded.categories),
            ),
            excluded_words=excluded.words,
            sort=sort,
        ),
        shown=shown,
    )


async def _category(connection: AsyncConnection, question: Question, rest: str) -> Sequence[str]:
    """Returns the rest of a question about the cheapest or dearest product if it is a category.

    Otherwise the cheapest result for a phone would be a case for one.
    """
    if not rest or question.filters.categories or question.filters.category:
        return ()
    asked = replace(question, filters=Filters(categories=(rest,)))
    return () if (await resolve(connection, asked, unwidened)).is_impossible else (rest,)


def _understand(question: str, currency: str | None) -> Understood:
    return understand(question, currency or "")


async def _currency(connection: AsyncConnection, question: Question) -> str | None:
    """Returns the currency of the owner's stores; None if they have several."""
    statement = f"""
        SELECT min(currency) FROM (
            SELECT coalesce(s.currency, 'IRT') AS currency FROM stores s
            WHERE {scope.stores(question)}) AS each
        HAVING count(DISTINCT currency) = 1"""
    row = await connection.execute(text(statement), scope.parameters(question))
    return row.scalar_one_or_none()
