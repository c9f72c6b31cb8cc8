"""The texts of a page of products: chunks are written with their vectors, and found from then on.

One step does it all, so that nothing is staged for the next, as `knowledge` does for an event.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.vectors import Vector
from database.knowledge import ChunkRow
from database.vectors import Vectors

TextKey = tuple[int, str]
"""A product's row and the hash of one of its texts."""

_KNOWN = text("""
    SELECT DISTINCT product_id, text_hash FROM tenant_knowledge
    WHERE product_id = ANY(:products) AND model = :model AND embedding IS NOT NULL
""")

_LAY = text("""
    WITH current AS MATERIALIZED (
        SELECT p.id FROM unnest(CAST(:products AS bigint[]), CAST(:content_hashes AS text[]))
            AS w(product_id, content_hash)
        JOIN products p ON p.id = w.product_id AND p.content_hash = w.content_hash
        ORDER BY p.id FOR NO KEY UPDATE OF p
    ), laid AS (
        INSERT INTO tenant_knowledge AS k (
            user_id, store_id, product_id, content_hash, model, position, text, text_hash, tokens, words,
            embedding, is_live)
        SELECT p.user_id, p.store_id, p.id, c.content_hash, :model, c.position, c.text, c.text_hash, c.tokens,
               to_tsvector('simple', c.words)
                 || array_to_tsvector(ARRAY['user=' || p.user_id, 'store=' || p.store_id]),
               coalesce(CAST(v.embedding AS halfvec),
                        (SELECT known.embedding FROM tenant_knowledge known
                         WHERE known.product_id = p.id AND known.text_hash = c.text_hash
                           AND known.model = :model AND known.embedding IS NOT NULL LIMIT 1)),
               current.id IS NOT NULL
        FROM jsonb_to_recordset(CAST(:chunks AS jsonb)) AS c(
            product_id bigint, content_hash text, position int, text text, text_hash text, tokens int,
            words text, vector int)
        JOIN products p ON p.id = c.product_id
        LEFT JOIN current ON current.id = p.id
        LEFT JOIN unnest(CAST(:vectors AS vector[])) WITH ORDINALITY AS v(embedding, place)
            ON v.place = c.vector
        ON CONFLICT (product_id, content_hash, model, position) DO UPDATE
        SET embedding = coalesce(k.embedding, excluded.embedding), is_live = excluded.is_live
        RETURNING k.embedding IS NULL AS vanished
    )
    SELECT (SELECT bool_or(vanished) FROM laid) AS vanished, array(SELECT id FROM current) AS current
""")


class Vanished(Exception):
    """A vector was forgotten between being found and being taken over; looking again finds what is left."""


async def known(connection: AsyncConnection, products: Sequence[int], model: str) -> set[TextKey]:
    """The texts that have a vector, live or of a former generation."""
    rows = await connection.execute(_KNOWN, {"products": list(products), "model": model})
    return {(row.product_id, row.text_hash) for row in rows}


async def lay(
    connection: AsyncConnection,
    model: str,
    chunks: Sequence[ChunkRow],
    vectors: Mapping[TextKey, Vector],
    *,
    complete: Mapping[int, str],
) -> Collection[int]:
    """Write chunks with these vectors, or with those their products have for equal texts.

    Chunks of `complete` products (row -> content hash) are live, where that is still the text the product
    should have; the answer are those, locked until the transaction ends. Vanished writes nothing.
    """
    places = {key: place for place, key in enumerate(vectors, start=1)}
    rows = [{**asdict(chunk), "vector": places.get((chunk.product_id, chunk.text_hash))} for chunk in chunks]
    laid = await connection.execute(
        _LAY,
        {
            "model": model,
            "chunks": orjson.dumps(rows).decode(),
            "vectors": Vectors(vectors.values()),
            "products": list(complete),
            "content_hashes": list(complete.values()),
        },
    )
    row = laid.one()
    if row.vanished:
        raise Vanished
    current: Sequence[int] = row.current
    return current
