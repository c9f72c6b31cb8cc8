"""What a question says that a product must not be: a brand, a category, or any other word."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.search import Question
from database.search import scope
from database.search.lexical import quoted
from knowledge.normalise import search_form
from knowledge.search.forms import TITLE
from knowledge.search.keys import BRAND, CATEGORY, keys
from knowledge.search.questions.refusals import Exclusion, is_colour
from knowledge.search.stems import stems
from knowledge.search.synonyms import Synonyms

_NEGATIONS = ("غیر", "not")


@dataclass(slots=True)
class Exclusions:
    """Values that a product must not have, as they were asked; `taken` are their places in the question."""

    brands: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Value:
    """Some words of an exclusion, from its word `start` on, and their keys as a brand and a category.

    It starts before the first word, at -1 or -2, where earlier words are a part of it.
    """

    text: str
    start: int
    length: int
    brand: set[str]
    category: set[str]


def _present(question: Question) -> str:
    """Returns SQL of the asked keys that active products have, or active variations of theirs."""
    key = "ARRAY[s.id || '/' || a.key]"
    return f"""
        SELECT DISTINCT a.key FROM unnest(CAST(:asked AS text[])) AS a(key) CROSS JOIN stores s
        WHERE {scope.stores(question)} AND (
            EXISTS (SELECT FROM products p WHERE p.keys @> {key} AND p.is_active)
            OR EXISTS (
                SELECT FROM product_variations v JOIN products p
                    ON p.store_id = v.store_id AND p.external_id = v.parent_external_id
                WHERE v.keys @> {key} AND v.is_active AND p.is_active))"""


def _named(question: Question) -> str:
    """Returns SQL of whether the name of one of the owner's products matches `:query`."""
    return f"""
        SELECT EXISTS (
            SELECT FROM tenant_knowledge k
            WHERE k.is_live AND {scope.owned(question, "k")}
              AND k.words @@ ({scope.marked(question)} && CAST(:query AS tsquery)))"""


async def resolve(
    connection: AsyncConnection, question: Question, excluded: Sequence[Exclusion], synonyms: Synonyms
) -> Exclusions:
    """Returns what the exclusions of a question mean in the owner's stores.

    The first words of one that are a brand, a category or a colour are it, the longest of them; what follows
    is asked for. Without them, its first word is one that the names of products must not have, and the others
    are dropped. An uncertain exclusion must begin with one of them, or with a word that names have: see
    `_is_kind`. Otherwise its words are words of the question.
    """
    found = Exclusions()
    if not excluded:
        return found
    values = [list(_values(each, synonyms)) for each in excluded]
    asked = sorted(set().union(*(value.brand | value.category for each in values for value in each)))
    rows = await connection.execute(text(_present(question)), {**scope.parameters(question), "asked": asked})
    present = set(rows.scalars())
    for exclusion, candidates in zip(excluded, values, strict=True):
        end = exclusion.end
        known = next((value for value in candidates if _is_known(value, present)), None)
        if known:
            is_brand, is_category = (
                not present.isdisjoint(known.brand),
                not present.isdisjoint(known.category),
            )
            found.brands += [known.text] if is_brand else []
            found.categories += [known.text] if is_category else []
            found.words += [] if is_brand or is_category else [known.text]
            following = exclusion.first + known.start + known.length
            if following < exclusion.first + len(exclusion.words):
                end = following
        elif exclusion.is_certain or await _is_kind(connection, question, exclusion):
            found.words.append(exclusion.words[0])
        else:
            continue
        start = exclusion.first + known.start if known and known.start < 0 else exclusion.start
        found.taken.update(range(start, end))
    return found


def _values(exclusion: Exclusion, synonyms: Synonyms) -> Iterator[_Value]:
    """Yields the values that an exclusion may name: the ones that begin first and are longest first.

    Those with earlier words come last, so that گوشی stays asked in گوشی سامسونگ نباشه.
    """
    before, count = len(exclusion.earlier), len(exclusion.words)
    words = (*exclusion.earlier, *exclusion.words)
    last = before + (count if exclusion.is_certain else min(count, 1))
    ranges = [(start, end) for start in range(before, last) for end in range(before + count, start, -1)]
    ranges += [(start, before + count) for start in range(before - 1, -1, -1)]
    for start, end in ranges:
        value = " ".join(words[start:end])
        names = (value, *synonyms.alternatives(value))
        yield _Value(value, start - before, end - start, keys(BRAND, names), keys(CATEGORY, names))


def _is_known(value: _Value, present: set[str]) -> bool:
    return not present.isdisjoint(value.brand | value.category) or (
        value.length == 1 and is_colour(value.text)
    )


async def _is_kind(connection: AsyncConnection, question: Question, exclusion: Exclusion) -> bool:
    """Returns whether an uncertain exclusion names a kind of what is asked, by the names of products.

    One has its word and the subject, as a pocket modem does for مودم غیر جیبی, and none has its word and a
    negation, as مداد غیر سمی does.
    """
    word = search_form(exclusion.words[0])
    if not word or not exclusion.subject:
        return False
    is_it = _in_name(word)
    for query, expected in (
        (f"{is_it} & {_in_name(exclusion.subject)}", True),
        (f"{is_it} & {_in_name(*_NEGATIONS)}", False),
    ):
        row = await connection.execute(text(_named(question)), {**scope.parameters(question), "query": query})
        if row.scalar_one() is not expected:
            return False
    return True


def _in_name(*words: str) -> str:
    """Returns a query for names with one of the words, or its stem; of a word in parts, with the first."""
    firsts = [word.split()[0] for word in words]
    forms = sorted({form for word in firsts for form in (word, *stems(word)[:1])})
    return f"({' | '.join(quoted(TITLE + form) for form in forms)})"
