"""Stage a text: write its chunks next to the live ones, and find out which of them have no vector."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from operator import attrgetter

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import TextVersion
from database.chunks.generations import (
    OF_VERSION,
    OWN_VECTOR,
    VERSIONS,
    ChunkRow,
    MissingVector,
    chunk_values,
    insert_chunks,
    values_of,
)
from database.events.ownership import is_owned
from database.search import vocabulary
from database.usage.budgets import HAS_SPENT

_OPEN = text(f"""
    SELECT p.store_id, p.content_hash = :content_hash AS is_current,
           (:event_row = 0 OR EXISTS (SELECT FROM events e WHERE e.id = :event_row AND {is_owned("e.")}))
               AS is_ours,
           {HAS_SPENT} AS has_spent_budget, {vocabulary.keep("p.store_id")}
    FROM products p JOIN stores s ON s.id = p.store_id WHERE p.id = :product_id
""")

_STAGE = text(f"""
    {insert_chunks(OWN_VECTOR)}
    ON CONFLICT (product_id, content_hash, model, position) DO UPDATE SET embedding = excluded.embedding
    WHERE k.embedding IS NULL AND excluded.embedding IS NOT NULL AND k.text_hash = excluded.text_hash
    RETURNING k.text_hash, k.xmax = 0 AS is_new, k.embedding IS NULL AS is_missing
""")

_READ = text(f"""
    SELECT min(k.store_id) AS store_id, k.product_id, k.content_hash, k.text_hash, min(k.text) AS text,
           min(k.tokens) AS tokens, min(k.position) AS position, bool_or(k.embedding IS NULL) AS is_missing
    FROM {VERSIONS} JOIN tenant_knowledge k ON {OF_VERSION}
    GROUP BY k.product_id, k.content_hash, k.text_hash ORDER BY k.product_id, min(k.position)
""")

_FIELDS = tuple(field.name for field in fields(MissingVector))


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The product of a text to stage; its store's vocabulary is not swept for now.

    `is_current` is whether the text is the current one, and `is_ours` whether the event's row is the
    workflow's own, as in `ownership.check`.
    """

    store_id: int
    is_current: bool
    is_ours: bool
    has_spent_budget: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """The texts of a product without a vector, how many reuse one, and the estimated tokens of these."""

    missing: tuple[MissingVector, ...] = ()
    reused: int = 0
    reused_tokens: int = 0


async def open_text(connection: AsyncConnection, version: TextVersion, *, workflow_id: str) -> Opened | None:
    """Returns what staging a text needs to know, read in one statement; None without a product."""
    values = {
        "event_row": version.event_row,
        "product_id": version.product_id,
        "content_hash": version.content_hash,
        "workflow_id": workflow_id,
    }
    row = (await connection.execute(_OPEN, values)).one_or_none()
    if row is None:
        return None
    return Opened(
        store_id=row.store_id,
        is_current=row.is_current,
        is_ours=row.is_ours,
        has_spent_budget=row.has_spent_budget,
    )


async def stage(
    connection: AsyncConnection, store_id: int, version: TextVersion, model: str, chunks: Sequence[ChunkRow]
) -> Staged:
    """Insert chunks that are not live yet, with the vectors that their product has for equal texts.

    Chunks that were staged before get such vectors too. `open_text` comes before, in the same transaction.
    """
    spelt = {word for chunk in chunks for word in chunk.spelt}
    if spelt:
        await vocabulary.add_kept(connection, {store_id: spelt})
    written = (await connection.execute(_STAGE, chunk_values(model, chunks, {}))).all()
    if len(written) == len(chunks) and all(row.is_new for row in written):
        lacking = {row.text_hash for row in written if row.is_missing}
        first = {chunk.text_hash: chunk for chunk in reversed(chunks)}
        texts = sorted((_text_of(chunk, store_id) for chunk in first.values()), key=attrgetter("position"))
    else:
        rows = (await connection.execute(_READ, {**values_of([version]), "model": model})).mappings().all()
        lacking = {row["text_hash"] for row in rows if row["is_missing"]}
        texts = [MissingVector(**{name: row[name] for name in _FIELDS}) for row in rows]
    reused = [one.tokens for one in texts if one.text_hash not in lacking]
    return Staged(
        missing=tuple(one for one in texts if one.text_hash in lacking),
        reused=len(reused),
        reused_tokens=sum(reused),
    )


def _text_of(chunk: ChunkRow, store_id: int) -> MissingVector:
    return MissingVector(
        store_id=store_id,
        product_id=chunk.product_id,
        content_hash=chunk.content_hash,
        text_hash=chunk.text_hash,
        text=chunk.text,
        tokens=chunk.tokens,
        position=chunk.position,
    )
