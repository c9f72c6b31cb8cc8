"""The values of filters, as the store spells them: equal in letters and digits, or with all the words."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import TextClause

from contracts.search import Question, Unmatched, comparisons
from database.search import scope
from knowledge.search.keys import ATTRIBUTE, BRAND, CATEGORY
from knowledge.search.meanings import Asked, Meant, compare

KNOWN_VALUES = 2_000
KNOWN_OPTIONS = 2_000
"""Values of a kind, and options of all attributes, that are compared word by word: the most frequent ones."""

READ = 300
"""Characters of a value that are read, as for its key."""

CONDITION = "condition."
"""The beginning of a field that is a comparison of the question's condition, before its number."""

FEW = 100
"""Values that are compared on the event loop; more take some milliseconds."""

_OPTIONAL = ("exclude.", CONDITION)
"""The beginnings of fields without which something can be found."""

Widened = Callable[[str, str], Set[str]]
"""Kind and value -> other names of the value, such as its synonyms."""


def unwidened(kind: str, value: str) -> Set[str]:
    """Returns no other names."""
    return frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The fields of a question -> their keys; an excluding field begins with `exclude.`.

    A comparison of the question's condition is the field `condition.` and its number.
    """

    fields: Mapping[str, Meant]
    unmatched: Sequence[Unmatched] = ()

    @property
    def is_impossible(self) -> bool:
        """Whether a field has no value that a product has, so that nothing can be found."""
        needed = (meant for name, meant in self.fields.items() if not name.startswith(_OPTIONAL))
        return any(not meant.keys for meant in needed)


def _present(question: Question) -> str:
    """Returns SQL of `present (key)`: the asked keys that active products or variations have."""
    key = "ARRAY[s.id || '/' || a.key]"
    return f"""
        asked AS MATERIALIZED (
            SELECT * FROM unnest(CAST(:places AS int[]), CAST(:kinds AS text[]), CAST(:keys AS text[]))
                AS a (place, kind, key)
        ),
        present AS MATERIALIZED (
            SELECT DISTINCT a.place, a.key, has.varied FROM asked a CROSS JOIN stores s CROSS JOIN LATERAL (
                SELECT EXISTS (SELECT FROM products p WHERE p.keys @> {key} AND p.is_active) AS own,
                       a.kind <> '{CATEGORY}' AND EXISTS (
                           SELECT FROM product_variations v JOIN products p
                               ON p.store_id = v.store_id AND p.external_id = v.parent_external_id
                           WHERE v.keys @> {key} AND v.is_active AND p.is_active) AS varied) AS has
            WHERE {scope.stores(question)} AND (has.own OR has.varied)
        ),
        lacking AS MATERIALIZED (
            SELECT wanted.kind FROM unnest(CAST(:wanted AS text[])) WITH ORDINALITY AS wanted (kind, place)
            WHERE NOT EXISTS (SELECT FROM present WHERE present.place = wanted.place)
        )"""


def _known(question: Question, kinds: Set[str]) -> str:
    """Returns SQL of the store's values of the kinds that are asked and needed, the most frequent first."""
    products = f"products p WHERE {scope.owned(question, 'p')} AND p.is_active"

    def needed(kind: str) -> str:
        return f"(SELECT DISTINCT kind FROM lacking WHERE kind = '{kind}') AS needed CROSS JOIN"

    def column(kind: str, name: str) -> str:
        return f"""(
            SELECT '{kind}', '', value, count(*) FROM (
                SELECT left(unnest(p.{name}), {READ}) AS value FROM {needed(kind)} {products}) AS one
            GROUP BY value ORDER BY count(*) DESC, value LIMIT {KNOWN_VALUES})"""

    def attributes(column: str, rows: str) -> str:
        """Returns SQL of attributes as they are: most products share theirs with many others."""
        return f"""
            SELECT attribute, count(*) AS number FROM (
                SELECT jsonb_array_elements({column}) AS attribute FROM {needed(ATTRIBUTE)} {rows}) AS one
            GROUP BY attribute"""

    variations = f"""product_variations v JOIN products p
        ON p.store_id = v.store_id AND p.external_id = v.parent_external_id
        WHERE {scope.owned(question, "p")} AND p.is_active AND v.is_active"""
    known = {
        CATEGORY: column(CATEGORY, "categories"),
        BRAND: column(BRAND, "brands"),
        ATTRIBUTE: f"""(
            SELECT '{ATTRIBUTE}', left(attribute ->> 'name', {READ}) AS name, left(option, {READ}) AS value,
                   CAST(sum(number) AS bigint) AS number
            FROM ({attributes("p.attributes", products)}
                  UNION ALL {attributes("v.options", variations)}) AS one
            CROSS JOIN jsonb_array_elements_text(attribute -> 'options') AS option
            GROUP BY 2, 3 ORDER BY number DESC, name, value LIMIT {KNOWN_OPTIONS})""",
    }
    return " UNION ALL ".join(sql for kind, sql in known.items() if kind in kinds)


def _statement(question: Question, kinds: Set[str]) -> TextClause:
    return text(f"""
        WITH {_present(question)}
        SELECT 'present' AS kind, CAST(place AS text) AS name, key AS value, CAST(varied AS int) AS count
        FROM present
        UNION ALL {_known(question, kinds)}
    """)


_KINDS = {"category": CATEGORY, "brand": BRAND, "attributes": ATTRIBUTE}
"""The fields of a condition that are compared as values of the store."""


def _asked(question: Question, widened: Widened) -> list[Asked]:
    filters = question.filters
    listed: tuple[tuple[str, str, Iterable[str]], ...] = (
        ("category", CATEGORY, () if filters.category is None else (filters.category,)),
        ("categories", CATEGORY, filters.categories),
        ("brands", BRAND, filters.brands),
        ("exclude.categories", CATEGORY, filters.exclude_categories),
        ("exclude.brands", BRAND, filters.exclude_brands),
    )
    asked = [
        Asked(field=name, kind=kind, value=value, names=(value, *widened(kind, value)))
        for name, kind, values in listed
        for value in values
    ]
    asked += [
        Asked(
            field=f"attributes.{name}",
            kind=ATTRIBUTE,
            value=value,
            names=(value, *widened(ATTRIBUTE, value)),
            attribute=name,
        )
        for name, values in filters.attributes.items()
        for value in values
    ]
    return asked + [
        Asked(
            field=f"{CONDITION}{place}",
            kind=kind,
            value=value,
            names=(value, *widened(kind, value)),
            attribute=one.field.removeprefix("attributes.") if kind == ATTRIBUTE else "",
        )
        for place, one in enumerate(comparisons(filters.condition))
        if (kind := _KINDS.get(one.field.partition(".")[0]))
        for value in map(str, one.values)
    ]


async def resolve(connection: AsyncConnection, question: Question, widened: Widened) -> Resolved:
    """Returns what the values of a question's filters mean in the owner's stores, read in one statement.

    A value means the values that are equal to it, or to one of its other names, in letters and digits; where
    there is none, the values that have all its words.
    """
    asked = _asked(question, widened)
    if not asked:
        return Resolved(fields={})
    wanted = [(place, each.kind, key) for place, each in enumerate(asked, 1) for key in sorted(each.keys)]
    rows = await connection.execute(
        _statement(question, {each.kind for each in asked}),
        {
            **scope.parameters(question),
            "places": [place for place, _, _ in wanted],
            "kinds": [kind for _, kind, _ in wanted],
            "keys": [key for _, _, key in wanted],
            "wanted": [each.kind for each in asked],
        },
    )
    meanings: dict[int, Meant] = {}
    values: list[tuple[str, str, str]] = []
    for kind, name, value, count in rows:
        if kind == "present":
            found = meanings.setdefault(int(name), asked[int(name) - 1].nothing())
            found |= Meant(keys={value}, is_varied=bool(count))
        else:
            values.append((kind, name, value))
    lacking = {place: each for place, each in enumerate(asked, 1) if place not in meanings}
    compared, reports = await _compared(lacking, values)
    unmatched = [report for report in reports if not report.field.startswith(CONDITION)]
    meanings |= compared
    fields: dict[str, Meant] = {}
    for place, each in enumerate(asked, 1):
        meant = fields.setdefault(each.field, Meant())
        meant |= meanings[place]
    return Resolved(fields=fields, unmatched=unmatched)


async def _compared(
    lacking: Mapping[int, Asked], values: Sequence[tuple[str, str, str]]
) -> tuple[dict[int, Meant], list[Unmatched]]:
    """Returns what values mean that no product has, and a report for each that means nothing.

    Many values are compared in a thread, so that the event loop stays free.
    """
    if not lacking:
        return {}, []
    if len(values) + sum(len(each.names) for each in lacking.values()) <= FEW:
        return compare(lacking, values)
    return await asyncio.to_thread(compare, lacking, values)
