"""The texts of a page of products: chunks are written with their vectors, and found from then on.

One step does it all, so that nothing is staged for the next, as `knowledge` does for an event.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import TextVersion
from contracts.search import Vector
from database.chunks import generations
from database.chunks.generations import OWN_VECTOR, ChunkRow, TextKey, chunk_values, insert_chunks

_KNOWN = text("""
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


_BEAR = text(insert_chunks("v.embedding"))

_LAY = text(f"""
    WITH laid AS (
        {insert_chunks(f"coalesce(v.embedding, {OWN_VECTOR})")}
        ON CONFLICT (product_id, content_hash, model, position) DO UPDATE
        SET embedding = coalesce(k.embedding, excluded.embedding)
        RETURNING k.embedding IS NULL AS vanished
    )
    SELECT coalesce(bool_or(vanished), false) AS vanished FROM laid
""")


class Vanished(Exception):
    """A vector was forgotten between being found and being taken over; looking again finds what is left."""


async def known(
    connection: AsyncConnection, versions: Sequence[TextVersion], model: str
) -> dict[int, set[str]]:
    """The hashes of the texts that have a vector, live or of a former generation.

    By the rows of those products that should still have these versions.
    """
    rows = await connection.execute(_KNOWN, {**_values(versions), "model": model})
    return {row.id: set(row.texts) for row in rows}


async def lay(
    connection: AsyncConnection,
    model: str,
    chunks: Sequence[ChunkRow],
    vectors: Mapping[TextKey, Vector],
    *,
    complete: Sequence[TextVersion],
) -> None:
    """Write chunks with these vectors, or with those their products have for equal texts.

    Texts that are complete with them are those search finds from then on, but for products that should have
    another by now. Vanished writes nothing.
    """
    published: set[int] = set()
    if complete:
        rows = await connection.execute(_PUBLISH, {**_values(complete), "model": model})
        published = set(rows.scalars())
    if chunks:
        values = chunk_values(model, chunks, vectors, live=published)
        if (await connection.execute(_LAY, values)).scalar_one():
            raise Vanished
    if published:
        current = [version for version in complete if version.product_id in published]
        await generations.swap(connection, current, model)


async def bear(
    connection: AsyncConnection, model: str, chunks: Sequence[ChunkRow], vectors: Mapping[TextKey, Vector]
) -> None:
    """Write all chunks of products that this transaction made, whose rows say that they are known."""
    if chunks:
        live = {chunk.product_id for chunk in chunks}
        await connection.execute(_BEAR, chunk_values(model, chunks, vectors, live=live))


def _values(versions: Sequence[TextVersion]) -> dict[str, object]:
    return {
        "products": [version.product_id for version in versions],
        "content_hashes": [version.content_hash for version in versions],
    }
