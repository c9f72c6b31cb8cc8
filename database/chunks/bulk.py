"""Chunks of a page of products: written with their vectors, and searchable from then on.

Unlike `generations`, which indexes the product of an event in several activities, nothing is staged.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import TextVersion
from contracts.search import Vector
from database.chunks import generations
from database.chunks.generations import OWN_VECTOR, ChunkRow, TextKey, chunk_values, insert_chunks
from database.search import vocabulary

_EMBEDDED = text("""
    SELECT p.id, array(SELECT DISTINCT k.text_hash FROM tenant_knowledge k
                       WHERE k.product_id = p.id AND k.model = :model AND k.embedding IS NOT NULL) AS texts
    FROM unnest(CAST(:products AS bigint[]), CAST(:content_hashes AS text[])) AS w(product_id, content_hash)
    JOIN products p ON p.id = w.product_id AND p.content_hash = w.content_hash
""")

_PUBLISH = text("""
    UPDATE products p SET knowledge_hash = w.content_hash, knowledge_model = :model, knowledge_at = now()
    FROM unnest(CAST(:products AS bigint[]), CAST(:content_hashes AS text[])) AS w(product_id, content_hash)
    WHERE p.id = w.product_id AND p.content_hash = w.content_hash
    RETURNING p.id
""")


_UPSERT = text(f"""
    WITH upserted AS (
        {insert_chunks(f"coalesce(v.embedding, {OWN_VECTOR})")}
        ON CONFLICT (product_id, content_hash, model, position) DO UPDATE
        SET embedding = coalesce(k.embedding, excluded.embedding)
        RETURNING k.embedding IS NULL AS vanished
    )
    SELECT coalesce(bool_or(vanished), false) AS vanished FROM upserted
""")


class Vanished(Exception):
    """A vector was deleted after it was found and before it was reused; a retry embeds the text again."""


async def embedded_texts(
    connection: AsyncConnection, versions: Sequence[TextVersion], model: str
) -> dict[int, set[str]]:
    """Returns the hashes of texts that have a vector, by the row of their product.

    Products that have another content hash by now are left out.
    """
    rows = await connection.execute(_EMBEDDED, {**_values(versions), "model": model})
    return {row.id: set(row.texts) for row in rows}


async def upsert_chunks(
    connection: AsyncConnection,
    model: str,
    chunks: Sequence[ChunkRow],
    vectors: Mapping[TextKey, Vector],
    *,
    complete: Sequence[TextVersion],
) -> None:
    """Write chunks with these vectors, or with the vectors that their products have for equal texts.

    Complete versions become searchable, except for products that have another content hash by now. Raises
    Vanished if a vector to reuse no longer exists; the caller's transaction is then rolled back.
    """
    published: set[int] = set()
    if complete:
        rows = await connection.execute(_PUBLISH, {**_values(complete), "model": model})
        published = set(rows.scalars())
    if chunks:
        await vocabulary.add(connection, ((chunk.product_id, chunk.spelt) for chunk in chunks))
        values = chunk_values(model, chunks, vectors, live=published)
        if (await connection.execute(_UPSERT, values)).scalar_one():
            raise Vanished
    if published:
        current = [version for version in complete if version.product_id in published]
        if await generations.swap(connection, current, model):
            await generations.delete_old(connection, sorted(published))


def _values(versions: Sequence[TextVersion]) -> dict[str, object]:
    return {
        "products": [version.product_id for version in versions],
        "content_hashes": [version.content_hash for version in versions],
    }
