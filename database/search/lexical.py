"""The words half of a ranking: which share of a question's words a chunk has, rare words counting more.

Every word is searched separately for at most `MATCHES` chunks, and its weight follows from the number of
matches. Words with more are common: some of their chunks are taken, and some chunks that contain all of them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from contracts.search import Question
from knowledge.search.forms import EXACT, FAR, NEAR, PREFIX, TITLE, AskedWord, Lexemes

MATCHES = 200
LOOKED_AT = 2_000
"""`MATCHES` chunks are taken for each word, out of `LOOKED_AT` that are checked against the filters."""

WORDED = 150
"""Chunks that are judged, the ones with the rarest words first."""

UNKNOWN = 1.5
"""How much more a word weighs that no chunk has: what the store does not have matters most."""

NOTHING = "'nothing='"
"""A query that no chunk satisfies."""


def words(*, owned: str, found: str, few: bool) -> str:
    """Returns common table expressions; the last one is `worded (id)`, chunks with words of the question.

    `weighed (loose, exact, near, heading, word, place, weight)` has the words. `owned` is the condition on
    chunks `k`, `found` the one on their products `p`; `few` is whether few products satisfy it, the ids of
    which are the parameter `passing`.
    """
    passing = "AND k.product_id = ANY(CAST(:passing AS bigint[]))" if few else ""

    def chunks(matching: str) -> str:
        return f"""
            SELECT k.id FROM (
                SELECT k.id, k.product_id FROM tenant_knowledge k
                WHERE {owned} AND k.words @@ {matching} {passing} LIMIT {LOOKED_AT}) AS k
            JOIN products p ON p.id = k.product_id
            WHERE {found} LIMIT {MATCHES}"""

    common = f"""(SELECT CAST(string_agg(CAST(loose AS text), ' & ') AS tsquery) FROM weighed
                  WHERE chunks = {MATCHES} HAVING count(*) > 1)"""
    is_unknown = f"""NOT EXISTS (
        SELECT FROM tenant_knowledge k JOIN products p ON p.id = k.product_id
        WHERE {owned} AND k.words @@ found.loose AND p.is_active)"""
    return f"""
        asked AS MATERIALIZED (
            SELECT * FROM unnest(CAST(:loose AS tsquery[]), CAST(:exact AS tsquery[]),
                                 CAST(:near AS tsquery[]), CAST(:heading AS tsquery[]),
                                 CAST(:corrected AS tsquery[]), CAST(:corrected_near AS tsquery[]),
                                 CAST(:presumed AS boolean[]), CAST(:words AS text[])) WITH ORDINALITY
                AS q(loose, exact, near, heading, corrected, corrected_near, presumed, word, place)
        ),
        found AS MATERIALIZED (
            SELECT asked.*, ARRAY({chunks("asked.loose")}) AS ids FROM asked
        ),
        known AS MATERIALIZED (
            SELECT found.*, cardinality(ids) = 0 AND (presumed OR corrected IS NOT NULL) AND {is_unknown}
                   AS is_unknown FROM found
        ),
        meant AS (
            SELECT place, word, exact, heading, is_unknown, ids, loose, near FROM known
            WHERE corrected IS NULL OR NOT is_unknown
            UNION ALL
            SELECT place, word, exact, heading, false, ARRAY({chunks("corrected")}), corrected, corrected_near
            FROM known WHERE corrected IS NOT NULL AND is_unknown
        ),
        weighed AS MATERIALIZED (
            SELECT meant.*, cardinality(ids) AS chunks,
                   CASE cardinality(ids) WHEN 0 THEN {UNKNOWN} ELSE 1 END
                     * CAST(ln(1 + {MATCHES}.0 / greatest(cardinality(ids), 1)) AS float8) AS weight
            FROM meant
        ),
        together AS MATERIALIZED ({chunks(common)}),
        worded AS MATERIALIZED (
            SELECT id FROM (
                SELECT unnest(ids) AS id, weight FROM weighed
                UNION ALL
                SELECT together.id, (SELECT sum(weight) FROM weighed WHERE chunks = {MATCHES}) FROM together
            ) AS each
            GROUP BY id ORDER BY sum(weight) DESC, id LIMIT {WORDED}
        )"""


UNKNOWN_WORDS = "ARRAY(SELECT word FROM weighed WHERE is_unknown)"
"""SQL: presumed words that no text of an active product has, after all."""


def share(chunk: str) -> str:
    """Returns SQL of a lateral join of `words (share, titled, missing)` for a chunk, from `weighed`.

    `share` is the part of the words, by weight, that the chunk has; `titled` the part that the name of its
    product has; both are 0 for a question without words. The chunk's lexemes are unpacked once, by setting a
    weight: comparing the stored ones would unpack them for each word again.
    """
    matched = f"""CASE WHEN NOT unpacked.words @@ w.loose THEN 0 WHEN unpacked.words @@ w.exact THEN {EXACT}
                       WHEN unpacked.words @@ w.near THEN {NEAR} ELSE {FAR} END"""
    return f"""CROSS JOIN LATERAL (SELECT setweight({chunk}.words, 'A') AS words OFFSET 0) AS unpacked
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(weight * strength) / nullif(sum(weight), 0), 0) AS share,
               coalesce(sum(weight) FILTER (WHERE unpacked.words @@ heading) / nullif(sum(weight), 0), 0)
                 AS titled,
               coalesce(array_agg(word ORDER BY place) FILTER (WHERE strength = 0), '{{}}') AS missing
        FROM (SELECT w.word, w.place, w.weight, w.heading, CAST({matched} AS float8) AS strength
              FROM weighed w OFFSET 0) AS each
    ) AS words"""


def parameters(
    question: Question, asked: Sequence[AskedWord], presumed: Collection[str] = ()
) -> dict[str, object]:
    """Returns the parameters of `words`; `presumed` words are right if a text has them."""
    owner = f"'user={question.user_id}'" if question.store_id is None else f"'store={question.store_id}'"
    columns: dict[str, list[str | None]] = {name: [] for name in ("loose", "exact", "near", "heading")}
    columns |= {"corrected": [], "corrected_near": []}
    for one in asked:
        columns["loose"].append(f"{owner} & ({_any(one.forms)})")
        columns["exact"].append(_any(_of(one.forms, EXACT)))
        columns["near"].append(_any(_of(one.forms, NEAR)))
        heading = (tuple(TITLE + word for word in form) for form in _of(one.forms, EXACT, NEAR))
        columns["heading"].append(_any(heading))
        corrected = one.corrections
        columns["corrected"].append(f"{owner} & ({_any(corrected)})" if corrected else None)
        columns["corrected_near"].append(_any(_of(corrected, NEAR)) if corrected else None)
    words = [one.word for one in asked]
    return {**columns, "words": words, "presumed": [word in presumed for word in words]}


def _of(forms: Mapping[Lexemes, float], *strengths: float) -> list[Lexemes]:
    return [form for form, strength in forms.items() if strength in strengths]


def _any(forms: Iterable[Lexemes]) -> str:
    """Returns a query that one of the forms satisfies."""
    return " | ".join(f"({' & '.join(map(quoted, form))})" for form in forms) or NOTHING


def quoted(lexeme: str) -> str:
    """Returns a lexeme as a part of a full-text query."""
    bare = lexeme.replace("\\", "").replace("'", "")
    return f"'{bare.removesuffix(PREFIX)}':*" if bare.endswith(PREFIX) else f"'{bare}'"
