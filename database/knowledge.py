"""Chunks of text and their vectors: staged beside the live ones, then swapped in at once."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import KnowledgeVersion
from database.engine import Database

GENERATIONS_KEPT = 3
"""How many texts of a product keep their vectors, so that going back to one costs nothing."""

_WANTED = text("""
    SELECT content_hash = :content_hash FROM products WHERE id = :product_id
""")

_STAGE = text("""
    INSERT INTO tenant_knowledge (user_id, store_id, product_id, content_hash, model, position, text,
                                  text_hash, tokens, words, embedding)
    SELECT p.user_id, p.store_id, p.id, :content_hash, :model, c.position, c.text, c.text_hash, c.tokens,
           to_tsvector('simple', c.words)
             || array_to_tsvector(ARRAY['user=' || p.user_id, 'store=' || p.store_id]),
           (SELECT known.embedding FROM tenant_knowledge known
            WHERE known.product_id = p.id AND known.text_hash = c.text_hash AND known.model = :model
              AND known.embedding IS NOT NULL LIMIT 1)
    FROM products p, jsonb_to_recordset(CAST(:chunks AS jsonb)) AS c(
        position int, text text, text_hash text, tokens int, words text)
    WHERE p.id = :product_id
    ON CONFLICT DO NOTHING
""")

_COUNT = text("""
    SELECT count(DISTINCT text_hash) FILTER (WHERE embedding IS NULL) AS missing,
           count(DISTINCT text_hash) FILTER (WHERE embedding IS NOT NULL) AS reused
    FROM tenant_knowledge
    WHERE product_id = :product_id AND content_hash = :content_hash AND model = :model
""")

_ADOPT = text("""
    UPDATE tenant_knowledge k SET embedding = known.embedding
    FROM tenant_knowledge known
    WHERE k.product_id = :product_id AND k.content_hash = :content_hash AND k.model = :model
      AND k.embedding IS NULL
      AND known.product_id = :product_id AND known.text_hash = k.text_hash AND known.model = :model
      AND known.embedding IS NOT NULL
""")

_MISSING = text("""
    SELECT text_hash, min(text) AS text, min(tokens) AS tokens FROM tenant_knowledge
    WHERE product_id = :product_id AND content_hash = :content_hash AND model = :model
      AND embedding IS NULL
    GROUP BY text_hash ORDER BY min(position)
""")

_FILL = text("""
    UPDATE tenant_knowledge k SET embedding = v.embedding
    FROM json_to_recordset(CAST(:vectors AS json)) AS v(text_hash text, embedding halfvec)
    WHERE k.product_id = :product_id AND k.content_hash = :content_hash AND k.model = :model
      AND k.text_hash = v.text_hash
""")

_PUBLISH = text("""
    UPDATE products SET knowledge_hash = :content_hash, knowledge_model = :model, knowledge_at = now()
    WHERE id = :product_id AND content_hash = :content_hash
      AND NOT EXISTS (SELECT FROM tenant_knowledge
                      WHERE product_id = :product_id AND content_hash = :content_hash AND model = :model
                        AND embedding IS NULL)
    RETURNING (SELECT greatest(extract(epoch FROM now() - coalesce(version, received_at)), 0)
               FROM events WHERE id = :event_row) AS seconds
""")

_SWAP = text("""
    UPDATE tenant_knowledge SET is_live = NOT is_live
    WHERE product_id = :product_id
      AND is_live <> (content_hash = :content_hash AND model = :model)
""")

_FORGET = text("""
    DELETE FROM tenant_knowledge k
    WHERE k.product_id = :product_id AND NOT k.is_live AND (k.content_hash, k.model) NOT IN (
        SELECT content_hash, model FROM tenant_knowledge WHERE product_id = :product_id
        GROUP BY content_hash, model ORDER BY max(id) DESC LIMIT :kept)
""")


_TAKE = text("SELECT pg_try_advisory_lock(:id)")
_RELEASE = text("SELECT pg_advisory_unlock(:id)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkRow:
    """A chunk before it has a vector; `words` is its folded text."""

    position: int
    text: str
    text_hash: str
    tokens: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """How many texts have no vector, and how many have one already."""

    missing: int
    reused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingVector:
    """A text without a vector, however many chunks have it."""

    text_hash: str
    text: str
    tokens: int


def _key(version: KnowledgeVersion, model: str) -> dict[str, object]:
    return {"product_id": version.product_id, "content_hash": version.content_hash, "model": model}


async def is_wanted(connection: AsyncConnection, version: KnowledgeVersion) -> bool:
    """Whether this is still the text the product should have."""
    row = await connection.execute(
        _WANTED, {"product_id": version.product_id, "content_hash": version.content_hash}
    )
    return bool(row.scalar_one_or_none())


async def stage(
    connection: AsyncConnection, version: KnowledgeVersion, model: str, chunks: Sequence[ChunkRow]
) -> Staged:
    """Lay chunks beside the live ones, with the vectors their product has for equal texts."""
    key = _key(version, model)
    await connection.execute(_STAGE, {**key, "chunks": orjson.dumps(chunks).decode()})
    return Staged(**(await connection.execute(_COUNT, key)).mappings().one())


async def missing_vectors(
    connection: AsyncConnection, version: KnowledgeVersion, model: str
) -> list[MissingVector]:
    """The texts left to embed, once chunks took over the vectors their product has for equal texts."""
    key = _key(version, model)
    await connection.execute(_ADOPT, key)
    rows = await connection.execute(_MISSING, key)
    return [MissingVector(**row) for row in rows.mappings()]


async def fill_vectors(
    connection: AsyncConnection,
    version: KnowledgeVersion,
    model: str,
    vectors: Sequence[tuple[str, Sequence[float]]],
) -> None:
    """Give texts their vectors: pairs of a text's hash and its floats."""
    rows = [{"text_hash": text_hash, "embedding": vector} for text_hash, vector in vectors]
    await connection.execute(_FILL, {**_key(version, model), "vectors": orjson.dumps(rows).decode()})


async def publish(connection: AsyncConnection, version: KnowledgeVersion, model: str) -> float | None:
    """Make a staged text the one that is found; None where it is no longer wanted or not complete.

    Answers how many seconds ago the shop made the change, or, where it did not say, we heard of it.
    """
    key = _key(version, model)
    published = await connection.execute(_PUBLISH, {**key, "event_row": version.event_row})
    row = published.one_or_none()
    if row is None:
        return None
    await connection.execute(_SWAP, key)
    await connection.execute(_FORGET, {"product_id": version.product_id, "kept": GENERATIONS_KEPT})
    return float(row.seconds or 0.0)


@asynccontextmanager
async def embedding_lock(database: Database, product_id: int) -> AsyncIterator[AsyncConnection | None]:
    """A connection on which we alone embed this product now, or None; gone if the process dies.

    Every statement on it is a transaction of its own.
    """
    async with database.reading() as connection:
        try:
            alone = bool((await connection.execute(_TAKE, {"id": product_id})).scalar_one())
            yield connection if alone else None
            if alone:
                await connection.execute(_RELEASE, {"id": product_id})
        except BaseException:
            await connection.invalidate()
            raise
