"""The words of each store's texts: what a misspelt word may have meant, and words of the other script.

A word is added with the first text that has it, in the same transaction. It may outlive its texts until
`sweep` finds that no text has it any more; until then a search for it finds nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from rapidfuzz.distance import OSA
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.search import Question
from database.search import scope
from database.sql import as_json, recordset
from knowledge.search.forms import FAR, NEAR, AskedWord, is_spelt, mistakes
from knowledge.search.sounds import is_latin, sound
from knowledge.search.spelling import parts
from knowledge.search.stems import stems

LOCK_CLASS = 1_646
"""The first key of advisory locks on the vocabulary of a store; the second is the store."""

ALIKE = 8
"""The most words for one sound."""

COMPARED = 60
CORRECTIONS = 6
"""Words that share a part with a misspelt one: so many are compared, and so many are meant."""

CORRECTED = 12
"""The most words of a question that are corrected, the longest ones."""

CHECK_EVERY = timedelta(days=1)


def _scoped(parts: str, store: str) -> str:
    """Returns SQL of parts as they are stored: the same part differs from store to store."""
    return f"ARRAY(SELECT part # hashint8extended({store}, 0) FROM unnest({parts}) AS part)"


def keep(store: str) -> str:
    """Returns SQL that keeps the vocabulary of a store from being swept until the transaction ends."""
    return f"pg_advisory_xact_lock_shared({LOCK_CLASS}, CAST({store} % 2147483647 AS int))"


_STORES = text(f"""
    SELECT id, store_id, {keep("store_id")} FROM products WHERE id = ANY(CAST(:products AS bigint[]))
""")
"""The stores of products; their vocabularies are not swept until the transaction ends."""

_KNOWN = text("""
    SELECT v.store_id, array_agg(v.word) AS words FROM vocabulary v
    WHERE v.store_id = ANY(CAST(:stores AS bigint[])) AND v.word = ANY(CAST(:words AS text[]))
    GROUP BY v.store_id
""")
"""The words that are known already, a row for each store: rows of single words would take as long again."""

_ROW = {"store_id": "bigint", "word": "text", "sound": "text", "parts": "bigint[]"}

_ADD = text(f"""
    INSERT INTO vocabulary (store_id, word, sound, parts)
    SELECT n.store_id, n.word, n.sound, {_scoped("n.parts", "n.store_id")}
    FROM {recordset("rows", "n", _ROW)}
    ORDER BY n.store_id, n.word
    ON CONFLICT DO NOTHING
""")

_DUE = text(f"""
    WITH due AS MATERIALIZED (
        SELECT store_id, word FROM vocabulary
        WHERE checked_at < now() - CAST(:every AS interval) ORDER BY checked_at LIMIT :limit
    ), idle AS MATERIALIZED (
        SELECT s.store_id FROM (SELECT DISTINCT store_id FROM due) AS s
        WHERE NOT EXISTS (
            SELECT FROM products p WHERE p.store_id = s.store_id AND p.is_active
            AND p.knowledge_hash IS DISTINCT FROM p.content_hash)
        AND pg_try_advisory_xact_lock({LOCK_CLASS}, CAST(s.store_id % 2147483647 AS int))
    )
    SELECT due.*, due.store_id IN (SELECT store_id FROM idle) AS idle FROM due
""")
"""Words to check. A store is idle if no transaction adds words to it, and no text of it waits to be found."""

_SWEEP = text("""
    WITH judged AS (
        SELECT o.store_id, o.word, NOT o.idle OR EXISTS (
            SELECT FROM tenant_knowledge k
            WHERE k.is_live
              AND k.words @@ CAST(format('%L & %L', 'store=' || o.store_id, o.word) AS tsquery)) AS used
        FROM unnest(CAST(:stores AS bigint[]), CAST(:words AS text[]), CAST(:idle AS boolean[]))
            AS o(store_id, word, idle)
    ), kept AS (
        UPDATE vocabulary v SET checked_at = now() FROM judged j
        WHERE j.used AND v.store_id = j.store_id AND v.word = j.word
    ), gone AS (
        DELETE FROM vocabulary v USING judged j
        WHERE NOT j.used AND v.store_id = j.store_id AND v.word = j.word RETURNING v.word
    )
    SELECT count(*) FROM gone
""")


@dataclass(frozen=True, slots=True)
class Swept:
    """How many words were looked at, and how many of them were deleted."""

    checked: int
    deleted: int


async def add(connection: AsyncConnection, texts: Iterable[tuple[int, Collection[str]]]) -> None:
    """Add words of products' texts to the vocabularies of their stores, in an order that cannot deadlock.

    Texts are (product id, words).
    """
    of_products = {product_id: set(words) for product_id, words in texts if words}
    if not of_products:
        return
    store_of = {
        row.id: row.store_id for row in await connection.execute(_STORES, {"products": sorted(of_products)})
    }
    of_stores = defaultdict[int, set[str]](set)
    for product_id, store_id in store_of.items():
        of_stores[store_id] |= of_products[product_id]
    await add_kept(connection, of_stores)


async def add_kept(connection: AsyncConnection, of_stores: Mapping[int, set[str]]) -> None:
    """Add words to the vocabularies of stores, which an earlier statement of the transaction keeps.

    Words that are known already are removed from the sets.
    """
    wanted = {"stores": sorted(of_stores), "words": sorted(set().union(*of_stores.values()))}
    for row in await connection.execute(_KNOWN, wanted):
        of_stores[row.store_id].difference_update(row.words)
    rows = [
        {"store_id": store_id, "word": word, "sound": sound(word), "parts": parts(word)}
        for store_id, words in of_stores.items()
        for word in words
    ]
    if rows:
        await connection.execute(_ADD, {"rows": as_json(rows)})


async def sweep(connection: AsyncConnection, *, limit: int) -> Swept:
    """Delete words that no live text has, out of `limit` words that were not checked for a day.

    Words of stores that are being written are left for the next day.
    """
    due = (await connection.execute(_DUE, {"every": CHECK_EVERY, "limit": limit})).all()
    if not due:
        return Swept(0, 0)
    values = {
        "stores": [row.store_id for row in due],
        "words": [row.word for row in due],
        "idle": [row.idle for row in due],
    }
    return Swept(len(due), int((await connection.execute(_SWEEP, values)).scalar_one()))


_TRIED = {"asked": "text", "word": "text", "mistakes": "int", "parts": "bigint[]", "forms": "text[]"}


def _lookup(question: Question) -> str:
    """Returns SQL of words that complete a question.

    Each store has other parts, so the index of parts alone finds the words: `+ 0` keeps Postgres from
    reading all words of the store, too.
    """
    return f"""
        WITH searched AS MATERIALIZED (SELECT s.id FROM stores s WHERE {scope.stores(question)}),
        tried AS MATERIALIZED (
            SELECT * FROM {recordset("tried", "a", _TRIED)} WHERE NOT EXISTS (
                SELECT FROM searched s JOIN vocabulary v ON v.store_id = s.id
                WHERE v.word = ANY(a.forms)))
        SELECT 'near' AS kind, a.word AS asked, near.word
        FROM tried a
        CROSS JOIN searched s CROSS JOIN LATERAL (
            SELECT v.word FROM vocabulary v
            WHERE v.store_id + 0 = s.id AND v.parts && {_scoped("a.parts", "s.id")}
              AND length(v.word) BETWEEN length(a.word) - a.mistakes AND length(a.word) + a.mistakes
            LIMIT {COMPARED}) AS near
        UNION ALL
        SELECT 'tried', a.asked, a.word FROM tried a
        UNION ALL
        SELECT 'alike', wanted.sound, alike.word
        FROM unnest(CAST(:sounds AS text[])) AS wanted(sound) CROSS JOIN searched s CROSS JOIN LATERAL (
            SELECT v.word FROM vocabulary v
            WHERE v.store_id = s.id AND v.sound = wanted.sound AND v.sound <> ''
            ORDER BY v.word LIMIT {ALIKE}) AS alike"""


async def complete(connection: AsyncConnection, question: Question, asked: Sequence[AskedWord]) -> set[str]:
    """Add forms to the words of a question that texts of its owner have.

    These are words of the other script that sound alike, and words that a word may be a misspelling of.
    Returns the words that are right as far as the vocabulary knows, which got no corrections.
    """
    spelt = sorted((one for one in asked if is_spelt(one.word)), key=lambda one: -len(one.word))
    tried = spelt[:CORRECTED]
    found = await _found(connection, question, tried, {heard for one in spelt for heard in one.sounds})
    for one in spelt:
        _add_alike(one, found)
    _correct(tried, found)
    return {one.word for one in tried if mistakes(one.word) and ("tried", one.word) not in found}


async def correct(connection: AsyncConnection, question: Question, asked: Sequence[AskedWord]) -> bool:
    """Add corrections to words that no text has, though the vocabulary still does; returns whether any."""
    found = await _found(connection, question, asked, (), known=False)
    _correct(asked, found)
    return any(one.corrections for one in asked)


async def _found(
    connection: AsyncConnection,
    question: Question,
    tried: Sequence[AskedWord],
    sounds: Iterable[str],
    *,
    known: bool = True,
) -> Mapping[tuple[str, str], Sequence[str]]:
    """Returns words by their kind and what they were found for; of `known` words, nothing near is found."""
    words = [
        {
            "asked": one.word,
            "word": word,
            "mistakes": mistakes(word),
            "parts": parts(word),
            "forms": [form[0] for form in one.forms if len(form) == 1] if known else [],
        }
        for one in tried
        for word in _misspelt(one)
    ]
    found = defaultdict[tuple[str, str], list[str]](list)
    if words or sounds:
        values = {**scope.parameters(question), "tried": as_json(words), "sounds": sorted(sounds)}
        for kind, key, word in await connection.execute(text(_lookup(question)), values):
            found[kind, key].append(word)
    return found


def _misspelt(asked: AskedWord) -> list[str]:
    """Returns the spellings of a word in which there may be a mistake: its own, and its stem's."""
    return [word for word in (asked.word, *stems(asked.word)[:1]) if mistakes(word)]


def _correct(asked: Iterable[AskedWord], found: Mapping[tuple[str, str], Sequence[str]]) -> None:
    for one in asked:
        for word in _misspelt(one):
            _add_corrections(one, word, found.get(("near", word), ()))


def _add_alike(asked: AskedWord, found: Mapping[tuple[str, str], Sequence[str]]) -> None:
    for heard in asked.sounds:
        for word in found.get(("alike", heard), ()):
            if is_latin(word) != is_latin(asked.word):
                asked.add((word,), NEAR)


def _add_corrections(asked: AskedWord, misspelt: str, candidates: Iterable[str]) -> None:
    allowed = mistakes(misspelt)
    measured = ((OSA.distance(misspelt, word, score_cutoff=allowed), word) for word in set(candidates))
    close = sorted((made, word) for made, word in measured if 0 < made <= allowed)
    for made, word in close[:CORRECTIONS]:
        if (word,) not in asked.forms:
            asked.corrections[(word,)] = NEAR if made == 1 else FAR
