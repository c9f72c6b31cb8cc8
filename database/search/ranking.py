"""Which products answer a question, and how well.

The score of a chunk is half how close its vector is to the question's, and half the share of the question's
words that it has; words in the name of its product count a little more. How close a vector is, is measured in
standard deviations above the mean of the store's chunks, so that scores of one model are comparable.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from contracts.search import Question, Sort
from database.search import lexical, vectors
from database.search.filters import Narrowed
from database.search.scope import keys, owned
from database.search.vectors import Space
from knowledge.search.forms import AskedWord
from knowledge.search.keys import CATEGORY, CODE, TITLE

NEAREST = 100
"""Chunks with the nearest vectors that are judged; those with words of the question come on top."""

CLOSENESS = 0.5
SHARE = 0.5
TITLED = 0.15
"""The parts of a score, see `_score`."""

KIND = 0.2
"""How far the score of a product moves up that is in the category that the question names."""

SOUGHT = 1_000
NAMESAKES = 100
"""Products with the same code or name that are checked against the filters, and that are judged as such."""

MIDDLE = 3.0
"""A similarity of so many standard deviations above the mean is half close."""

LEAST_DEVIATION = 0.005
"""Where all chunks are about as similar, small differences say nothing."""

FEW = 30
"""Among so few chunks the closest one itself decides about mean and deviation, which is corrected. Among one
or two there is nothing to compare with: the similarity gives an order, and none is more than half close."""

SAME_TITLE = 0.9
SAME_CODE = 0.95
NAMED = 0.05
"""The least score of a product that the question names, and of one that it has a code of; and what the score
of its text adds to that. Other products score less."""

FLOOR = 0.2
STRICT_FLOOR = 0.5
FACETS_FLOOR = 0.4
"""The least score of a result, as a part of the best one's: in the order of scores, in other orders, and of
one that facets count."""

CONFIDENT = 0.325
CONFIDENT_BY_WORDS = 0.24
"""The least score of a best result that probably answers the question, with and without vectors.

They were set by the questions of `bench/search_set` that the catalogue cannot answer: at most one of twenty
answerable questions is below.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Common table expressions that rank products, and their parameters.

    The last one is `ranked (product_id bigint, chunk_id bigint, score float8, similarity float8,
    share float8, missing text[])`: the products that pass the filters and answer the question, once each.
    `is_enough` is SQL, false if the vector index found too little and all vectors must be compared; `unknown`
    is SQL of the presumed words that no text has.
    """

    sql: str
    parameters: dict[str, object]
    is_enough: str = "true"
    unknown: str = "CAST('{}' AS text[])"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question as it is ranked: its words, and what of it may name a product or a category exactly.

    `presumed` are words that texts have, as far as the vocabulary knows. `codes`, `title` and `kinds` are
    values of keys; `kinds` are spellings of a category.
    """

    words: Sequence[AskedWord]
    presumed: Collection[str] = ()
    codes: Sequence[str]
    title: str
    kinds: Sequence[str] = ()

    @property
    def keys(self) -> list[str]:
        """All keys by which a product may be named."""
        return [*(f"{CODE}/{code}" for code in self.codes), *self.titles]

    @property
    def titles(self) -> list[str]:
        return [f"{TITLE}/{self.title}"] if self.title else []

    @property
    def categories(self) -> list[str]:
        return [f"{CATEGORY}/{kind}" for kind in self.kinds]


_NOWHERE = """
    near AS (SELECT NULL::bigint AS id, NULL::float8 AS similarity WHERE false),
    spread AS (SELECT NULL::float8 AS mean, NULL::float8 AS deviation, 0 AS chunks)"""
"""Takes the place of the vectors of a question without one."""


def ranked(question: Question, narrowed: Narrowed, asked: Asked, space: Space, *, exact: bool) -> Ranking:
    """Returns the ranking of a question; `exact` is whether all vectors of the `space` are compared."""
    has_vector = question.vector is not None
    nearest = f"{vectors.near(space, exact=exact)}, {vectors.spread(space)}" if has_vector else _NOWHERE
    compared = space.similarity("k") if has_vector else "NULL::float8"
    chunks = f"k.is_live AND {owned(question, 'k')}"
    floor = FLOOR if question.sort is Sort.RELEVANCE else STRICT_FLOOR
    sql = f"""
        {nearest},
        {lexical.words(owned=chunks, found=narrowed.found, few=narrowed.few)},
        named AS MATERIALIZED ({_named(question, narrowed)}),
        judged AS MATERIALIZED (
            SELECT k.id, k.product_id, words.share, words.titled, words.missing, named.floor AS named,
                   EXISTS (SELECT FROM products p WHERE p.id = k.product_id
                           AND p.keys && {keys(question, "kinds")}) AS of_kind,
                   coalesce(near.similarity, CAST({compared} AS float8)) AS similarity
            FROM (SELECT id FROM (SELECT id FROM near ORDER BY similarity DESC, id LIMIT {NEAREST}) AS nearest
                  UNION SELECT id FROM worded
                  UNION SELECT k.id FROM named JOIN tenant_knowledge k ON k.product_id = named.id
                        WHERE {chunks} AND k.position = 0) AS one
            JOIN tenant_knowledge k ON k.id = one.id
            LEFT JOIN near ON near.id = k.id
            LEFT JOIN named ON named.id = k.product_id
            {lexical.share("k")}
        ),
        scored AS MATERIALIZED (
            SELECT DISTINCT ON (product_id) product_id, id AS chunk_id, similarity, share, missing,
                   coalesce(named + {NAMED} * score, {SAME_TITLE} * score) AS score
            FROM (SELECT judged.*,
                         one.score + CASE WHEN of_kind THEN {KIND} * (1 - one.score) ELSE 0 END AS score
                  FROM judged CROSS JOIN spread
                  CROSS JOIN LATERAL (SELECT {_score(has_vector=has_vector)} AS score) AS one) AS judged
            ORDER BY product_id, score DESC, similarity DESC NULLS LAST, id
        ),
        ranked AS MATERIALIZED (
            SELECT product_id, chunk_id, CAST(score AS float8) AS score, similarity, share, missing
            FROM scored WHERE score > 0 AND score >= {floor} * (SELECT max(score) FROM scored)
        )"""
    parameters = {
        **lexical.parameters(question, asked.words, asked.presumed),
        "named": asked.keys,
        "titles": asked.titles,
        "kinds": asked.categories,
    }
    if question.vector is not None:
        parameters["vector"] = vectors.parameter(question.vector)
    is_enough = "true" if exact or not has_vector else f"(SELECT count(*) FROM near) >= {vectors.ENOUGH}"
    return Ranking(sql=sql, parameters=parameters, is_enough=is_enough, unknown=lexical.UNKNOWN_WORDS)


def _named(question: Question, narrowed: Narrowed) -> str:
    """Returns SQL of the products that the question names by a code or by their whole title."""
    names = keys(question, "named")
    return f"""
        SELECT p.id, CASE WHEN p.keys && {keys(question, "titles")} THEN {SAME_TITLE}
                          ELSE {SAME_CODE} END AS floor
        FROM (
            SELECT id FROM (
                SELECT p.id FROM products p WHERE p.keys && {names}
                UNION
                SELECT p.id FROM product_variations v JOIN products p
                    ON p.store_id = v.store_id AND p.external_id = v.parent_external_id
                WHERE v.is_active AND v.keys && {names}) AS either
            ORDER BY id LIMIT {SOUGHT}) AS sought
        JOIN products p ON p.id = sought.id WHERE {narrowed.found} LIMIT {NAMESAKES}"""


def _score(*, has_vector: bool) -> str:
    """Returns SQL of the score of a chunk of `judged`, from 0 to 1."""
    if not has_vector:
        return f"(share + {TITLED} * titled) / {1 + TITLED}"
    above = f"(similarity - mean) / greatest(deviation, {LEAST_DEVIATION})"
    corrected = f"""CASE WHEN chunks >= {FEW} THEN {above}
        ELSE {above} * sqrt((chunks - 2) / greatest(chunks - 1 - power({above}, 2), 0.1)) END"""
    spread = f"1 / (1 + exp(least(greatest({MIDDLE} - ({corrected}), -50), 50)))"
    closeness = f"coalesce(CASE WHEN chunks < 3 THEN (1 + similarity) / 4 ELSE {spread} END, 0)"
    return f"({CLOSENESS} * {closeness} + {SHARE} * share + {TITLED} * titled) / {CLOSENESS + SHARE + TITLED}"


def is_confident(question: Question, best: float | None) -> bool:
    """Returns whether a question is probably answered, by the score of its best result."""
    if best is None or not question.text:
        return best is not None
    return best >= (CONFIDENT if question.vector is not None else CONFIDENT_BY_WORDS)


def listed(question: Question, narrowed: Narrowed) -> Ranking:
    """Returns all products that pass the filters, for a question without words; they have the score 0."""
    return Ranking(
        sql=f"""
            ranked AS MATERIALIZED (
                SELECT p.id AS product_id, NULL::bigint AS chunk_id, CAST(0 AS float8) AS score,
                       NULL::float8 AS similarity, NULL::float8 AS share, CAST('{{}}' AS text[]) AS missing
                FROM products p WHERE {owned(question, "p")} AND {narrowed.found}
            )""",
        parameters={},
    )
