"""The words of each store's texts: what a misspelt word may have meant, and words of the other script.

A word is added with the first text that has it, in the same transaction. It may outlive its texts until
`sweep` finds that no text has it any more; until then a search for it finds nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from rapidfuzz.distance import OSA
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.search import Question
from database.search import scope
from knowledge.search.forms import FAR, NEAR, AskedWord, is_spelt, mistakes
from knowledge.search.sounds import is_latin, sound
from knowledge.search.stems import stems

LOCK_CLASS = 1_646
"""The first key of advisory locks on the vocabulary of a store; the second is the store."""

ALIKE = 8
"""The most words for one sound."""

COMPARED = 40
CORRECTIONS = 6
"""Words that share most letters with a misspelt one: so many are compared, and so many are meant."""

CHECK_EVERY = timedelta(days=1)


def _grams(store: str, word: str) -> str:
    """Returns SQL of the runs of three letters of a word, with the store that they belong to."""
    return (
        f"ARRAY(SELECT DISTINCT {store} || '/' || substr('_' || {word} || '_', run, 3)"
        f" FROM generate_series(1, length({word})) AS run)"
    )


_LOCK = text(f"""
    SELECT pg_advisory_xact_lock_shared({LOCK_CLASS}, CAST(store_id % 2147483647 AS int))
    FROM (SELECT DISTINCT store_id FROM products WHERE id = ANY(:product_ids) ORDER BY store_id) AS s
""")

_ADD = text(f"""
    INSERT INTO vocabulary (store_id, word, sound, grams)
    SELECT n.store_id, n.word, n.sound, {_grams("n.store_id", "n.word")}
    FROM (
        SELECT DISTINCT p.store_id, w.word, w.sound
        FROM unnest(CAST(:products AS bigint[]), CAST(:words AS text[]), CAST(:sounds AS text[]))
            AS w(product_id, word, sound)
        JOIN products p ON p.id = w.product_id
        WHERE NOT EXISTS (SELECT FROM vocabulary v WHERE v.store_id = p.store_id AND v.word = w.word)
    ) AS n
    ORDER BY n.store_id, n.word
    ON CONFLICT DO NOTHING
""")

_CHECKED = text("""
    SELECT store_id, word FROM vocabulary
    WHERE checked_at < now() - CAST(:every AS interval) ORDER BY checked_at LIMIT :limit
""")

_IDLE = text(f"""
    SELECT o.store_id FROM (SELECT DISTINCT unnest(CAST(:stores AS bigint[])) AS store_id) AS o
    WHERE NOT EXISTS (
        SELECT FROM products p WHERE p.store_id = o.store_id AND p.is_active
        AND p.knowledge_hash IS DISTINCT FROM p.content_hash)
    AND pg_try_advisory_xact_lock({LOCK_CLASS}, CAST(o.store_id % 2147483647 AS int))
""")
"""Stores that no transaction adds words to, and of which no text waits to be found."""

_SWEEP = text("""
    WITH judged AS (
        SELECT o.store_id, o.word, EXISTS (
            SELECT FROM tenant_knowledge k
            WHERE k.is_live
              AND k.words @@ CAST(format('%L & %L', 'store=' || o.store_id, o.word) AS tsquery)) AS used
        FROM unnest(CAST(:stores AS bigint[]), CAST(:words AS text[])) AS o(store_id, word)
    ), kept AS (
        UPDATE vocabulary v SET checked_at = now() FROM judged j
        WHERE j.used AND v.store_id = j.store_id AND v.word = j.word
    ), gone AS (
        DELETE FROM vocabulary v USING judged j
        WHERE NOT j.used AND v.store_id = j.store_id AND v.word = j.word RETURNING v.word
    )
    SELECT count(*) FROM gone
""")


async def add(connection: AsyncConnection, texts: Iterable[tuple[int, Iterable[str]]]) -> None:
    """Add words of products' texts to the vocabularies of their stores, in an order that cannot deadlock.

    Texts are (product id, words).
    """
    pairs = {(product_id, word) for product_id, words in texts for word in words}
    if not pairs:
        return
    products, words = zip(*pairs, strict=True)
    await connection.execute(_LOCK, {"product_ids": sorted(set(products))})
    values = {"products": list(products), "words": list(words), "sounds": list(map(sound, words))}
    await connection.execute(_ADD, values)


async def sweep(connection: AsyncConnection, *, limit: int) -> int:
    """Delete words that no live text has; returns how many. At most `limit` words are checked.

    Stores that are being written are left for the next time.
    """
    old = (await connection.execute(_CHECKED, {"every": CHECK_EVERY, "limit": limit})).all()
    idle = set((await connection.execute(_IDLE, {"stores": [row.store_id for row in old]})).scalars())
    rows = [row for row in old if row.store_id in idle]
    if not rows:
        return 0
    values = {"stores": [row.store_id for row in rows], "words": [row.word for row in rows]}
    return int((await connection.execute(_SWEEP, values)).scalar_one())


def _lookup(question: Question) -> str:
    return f"""
        WITH searched AS MATERIALIZED (SELECT s.id FROM stores s WHERE {scope.stores(question)}),
        asked AS MATERIALIZED (
            SELECT word, mistakes, string_to_array(forms, ' ') AS forms
            FROM unnest(CAST(:words AS text[]), CAST(:mistakes AS int[]), CAST(:forms AS text[]))
                AS a(word, mistakes, forms)
        ),
        unknown AS MATERIALIZED (
            SELECT a.word, a.mistakes FROM asked a
            WHERE a.mistakes > 0 AND NOT EXISTS (
                SELECT FROM searched s JOIN vocabulary v ON v.store_id = s.id WHERE v.word = ANY(a.forms))
        )
        SELECT 'near' AS kind, u.word AS asked, near.word
        FROM unknown u CROSS JOIN LATERAL (
            SELECT v.word FROM (
                SELECT array_agg(gram) AS grams FROM searched s
                CROSS JOIN unnest({_grams("s.id", "u.word")}) AS gram) AS q
            JOIN vocabulary v ON v.grams && q.grams
                AND length(v.word) BETWEEN length(u.word) - u.mistakes AND length(u.word) + u.mistakes
            GROUP BY v.word, v.grams, q.grams
            ORDER BY (SELECT count(*) FROM unnest(v.grams) AS gram WHERE gram = ANY(q.grams)) DESC, v.word
            LIMIT {COMPARED}) AS near
        UNION ALL
        SELECT 'alike', wanted.sound, alike.word
        FROM unnest(CAST(:sounds AS text[])) AS wanted(sound) CROSS JOIN searched s CROSS JOIN LATERAL (
            SELECT v.word FROM vocabulary v
            WHERE v.store_id = s.id AND v.sound = wanted.sound AND v.sound <> ''
            ORDER BY v.word LIMIT {ALIKE}) AS alike"""


async def complete(connection: AsyncConnection, question: Question, asked: Sequence[AskedWord]) -> None:
    """Add forms to the words of a question that texts of its owner have.

    These are words of the other script that sound alike, and for a word that no text has, words that it may
    be a misspelling of.
    """
    spelt = [one for one in asked if is_spelt(one.word)]
    if not spelt:
        return
    tried = [(one, word) for one in spelt for word in (one.word, *stems(one.word)[:1]) if mistakes(word)]
    rows = await connection.execute(
        text(_lookup(question)),
        {
            **scope.parameters(question),
            "words": [word for _, word in tried],
            "mistakes": [mistakes(word) for _, word in tried],
            "forms": [" ".join(form[0] for form in one.forms if len(form) == 1) for one, _ in tried],
            "sounds": sorted(set().union(*(one.sounds for one in spelt))),
        },
    )
    near: dict[str, list[str]] = {}
    alike: dict[str, list[str]] = {}
    for kind, key, word in rows:
        (near if kind == "near" else alike).setdefault(key, []).append(word)
    for one in spelt:
        _add_alike(one, alike)
    for one, word in tried:
        _add_corrections(one, word, near.get(word, ()))


def _add_alike(asked: AskedWord, alike: Mapping[str, Sequence[str]]) -> None:
    for heard in asked.sounds:
        for word in alike.get(heard, ()):
            if is_latin(word) != is_latin(asked.word):
                asked.add((word,), NEAR)


def _add_corrections(asked: AskedWord, misspelt: str, candidates: Iterable[str]) -> None:
    allowed = mistakes(misspelt)
    measured = ((OSA.distance(misspelt, word, score_cutoff=allowed), word) for word in candidates)
    close = sorted((made, word) for made, word in measured if 0 < made <= allowed)
    for made, word in close[:CORRECTIONS]:
        asked.add((word,), NEAR if made == 1 else FAR)
