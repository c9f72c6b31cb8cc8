"""A question after what it asks for besides its words became filters."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.search import Filters, Question, Sort
from database.search import exclusions, scope
from database.search.values import resolve
from knowledge.normalise import search_form
from knowledge.search.keys import TITLE, compact, keys
from knowledge.search.polite import says_nothing
from knowledge.search.stems import singulars
from knowledge.search.synonyms import Synonyms
from knowledge.search.understanding import Understood, understand


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A question without the phrases that were understood; `shown` is what they mean, for the answer."""

    question: Question
    shown: Mapping[str, object]


async def understood(
    connection: AsyncConnection, question: Question, synonyms: Synonyms, *, understand: bool
) -> Read:
    """Returns a question with filters in place of its words about prices, order and exclusions.

    A filter that the question has already wins over its words. Without `understand`, all words stay, and so
    they do where they are the name of a product. Where only polite words are left, the question is a list of
    what passes the filters.
    """
    if not understand or not question.text:
        return Read(question=question, shown={})
    found = _understand(question.text, await _currency(connection, question))
    if not found or await _is_name(connection, question):
        return Read(question=question, shown={})
    excluded = await exclusions.resolve(connection, question, found.excluded, synonyms)
    rest = found.text.without(found.taken | excluded.taken)
    shown: dict[str, object] = {}
    filters = _limited(question.filters, found, shown)
    sort = question.sort
    if found.order and sort is Sort.RELEVANCE:
        sort = Sort(found.order)
        shown["sort"] = sort.value
    if found.order and (kind := await _category(connection, question, rest, synonyms)):
        filters = replace(filters, categories=(kind,))
        shown["categories"] = [kind]
    named = {"brands": excluded.brands, "categories": excluded.categories, "words": excluded.words}
    if any(named.values()):
        shown["exclude"] = {kind: list(dict.fromkeys(values)) for kind, values in named.items() if values}
    return Read(
        question=replace(
            question,
            text="" if shown and says_nothing(rest) else rest,
            filters=replace(
                filters,
                exclude_brands=(*filters.exclude_brands, *excluded.brands),
                exclude_categories=(*filters.exclude_categories, *excluded.categories),
            ),
            excluded_words=[word for value in excluded.words for word in search_form(value).split()[:1]],
            sort=sort,
        ),
        shown=shown,
    )


def _limited(filters: Filters, found: Understood, shown: dict[str, object]) -> Filters:
    """Returns filters with the limits of the price that they lack, and adds these to what is shown.

    A limit that contradicts one of the filters is left out.
    """
    lowest, highest = filters.min_price, filters.max_price
    if lowest is None and found.lowest is not None and (highest is None or found.lowest <= highest):
        filters, shown["min_price"] = replace(filters, min_price=found.lowest), found.lowest
    if highest is None and found.highest is not None and (lowest is None or lowest <= found.highest):
        filters, shown["max_price"] = replace(filters, max_price=found.highest), found.highest
    return filters


async def _category(connection: AsyncConnection, question: Question, rest: str, synonyms: Synonyms) -> str:
    """Returns the category that the rest of a question about an order names as a whole, or an empty text.

    Otherwise the cheapest result for a phone would be a case for one. A plural is one of its category too.
    """
    named = " ".join(word for word in rest.split() if not says_nothing(word))
    if not named or question.filters.categories or question.filters.category:
        return ""
    for name in (named, *singulars(compact(named))[1:]):
        asked = replace(question, filters=Filters(categories=(name,)))
        meant = await resolve(connection, asked, lambda _, value: synonyms.alternatives(value))
        if not meant.is_impossible:
            return name
    return ""


def _understand(question: str, currency: str | None) -> Understood:
    return understand(question, currency or "")


async def _is_name(connection: AsyncConnection, question: Question) -> bool:
    """Returns whether the whole question is the name of an active product of the owner."""
    names = keys(TITLE, (question.text,))
    statement = f"""
        SELECT EXISTS (
            SELECT FROM products p WHERE p.keys && {scope.keys(question, "names")} AND p.is_active)"""
    row = await connection.execute(text(statement), {**scope.parameters(question), "names": sorted(names)})
    return bool(row.scalar_one())


async def _currency(connection: AsyncConnection, question: Question) -> str | None:
    """Returns the currency of the owner's stores.

    None if they have several: a number would be another price in each, so prices stay words.
    """
    statement = f"""
        SELECT min(currency) FROM (
            SELECT coalesce(s.currency, 'IRT') AS currency FROM stores s
            WHERE {scope.stores(question)}) AS each
        HAVING count(DISTINCT currency) = 1"""
    row = await connection.execute(text(statement), scope.parameters(question))
    return row.scalar_one_or_none()
