"""Lexical ranking: rare words weigh more than common ones, and a common word costs no more than a rare one.

Every word is searched separately for at most `MATCHES` chunks, and its weight follows from the number of
matches. Words with more are common: some of their chunks are taken, and some chunks that contain all of them.
"""

from collections.abc import Iterator, Sequence

from contracts.search import Question

MATCHES = 200
LOOKED_AT = 2_000
"""`MATCHES` chunks are taken for each word, out of `LOOKED_AT` that are checked against the filters."""

CANDIDATES = 60
"""Chunks that are ranked."""

QUERY_WORDS = 32


def ranking(*, owned: str, found: str) -> str:
    """Common table expressions; the last one is `worded (id, product_id, rank)`.

    `owned` is the condition on chunks `k`, `found` the one on their products `p`.
    """

    def chunks(matching: str) -> str:
        return f"""
            SELECT k.id, k.product_id, strip(k.words) AS words,
                   ts_rank(k.words, CAST(:any_word AS tsquery), 1) AS density
            FROM (SELECT k.id, k.product_id, k.words FROM tenant_knowledge k
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
            ORDER BY rank, c.id LIMIT {CANDIDATES}
        )"""


def parameters(question: Question, folded: str) -> dict[str, object]:
    """Returns the parameters of `ranking`; `folded` is the question in the form that is indexed."""
    words = folded.replace("'", " ").replace("\\", " ").split()[:QUERY_WORDS]
    scope = f"'user={question.user_id}'" if question.store_id is None else f"'store={question.store_id}'"
    forms = list(dict.fromkeys(_forms(words)))
    loose = [f"{scope} & ({' | '.join(form)})" for form in forms]
    strict = [form[0] if len(form) == 1 else f"{form[0]} | ({' & '.join(form[1:])})" for form in forms]
    any_word = " | ".join(word for form in forms for word in form) or "'nothing='"
    return {"loose": loose, "strict": strict, "any_word": any_word}


def _forms(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yields each word as lexemes; a half-spaced word, which comes joined and then in parts, is one word."""
    at = 0
    while at < len(words):
        parts = _parts(words[at], words[at + 1 :])
        yield tuple(f"'{word}'" for word in (words[at], *parts))
        at += 1 + len(parts)


def _parts(joined: str, following: Sequence[str]) -> Sequence[str]:
    """Returns the following words that the joined word consists of, if it does."""
    length = 0
    for count, word in enumerate(following, start=1):
        length += len(word)
        if length >= len(joined):
            return following[:count] if count > 1 and "".join(following[:count]) == joined else ()
    return ()
