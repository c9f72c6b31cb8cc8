"""What a question says that a product must not be: a brand, a category, or any other word."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.search import Question
from database.search import scope
from knowledge.search.keys import BRAND, CATEGORY, keys
from knowledge.search.synonyms import Synonyms


@dataclass(slots=True)
class Exclusions:
    """Values that a product must not have, as they were asked; `rest` are words that named none of them."""

    brands: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)


def _statement(question: Question) -> str:
    return f"""
        SELECT DISTINCT a.key FROM unnest(CAST(:asked AS text[])) AS a(key) CROSS JOIN stores s
        WHERE {scope.stores(question)} AND EXISTS (
            SELECT FROM products p WHERE p.keys @> ARRAY[s.id || '/' || a.key] AND p.is_active)"""


async def resolve(
    connection: AsyncConnection, question: Question, phrases: Iterable[Sequence[str]], synonyms: Synonyms
) -> Exclusions:
    """Returns what phrases mean in the owner's stores.

    The longest beginning of a phrase that is a brand or a category is it, and the other words are part of the
    question. Without one, the first word is a word that the names of products must not have.
    """
    named = {
        value: {kind: keys(kind, (value, *synonyms.alternatives(value))) for kind in (BRAND, CATEGORY)}
        for phrase in phrases
        for value in _beginnings(phrase)
    }
    found = Exclusions()
    if not named:
        return found
    asked = sorted(set().union(*(each for kinds in named.values() for each in kinds.values())))
    rows = await connection.execute(
        text(_statement(question)), {**scope.parameters(question), "asked": asked}
    )
    present = set(rows.scalars())
    for phrase in phrases:
        for value in _beginnings(phrase):
            is_brand, is_category = (not present.isdisjoint(named[value][kind]) for kind in (BRAND, CATEGORY))
            if is_brand or is_category:
                found.brands += [value] if is_brand else []
                found.categories += [value] if is_category else []
                found.rest += phrase[len(value.split()) :]
                break
        else:
            found.words.append(phrase[0])
            found.rest += phrase[1:]
    return found


def _beginnings(phrase: Sequence[str]) -> list[str]:
    return [" ".join(phrase[:length]) for length in range(len(phrase), 0, -1)]
