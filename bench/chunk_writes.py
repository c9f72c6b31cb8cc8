"""What compact vectors, lexemes and the vocabulary cost the writes of chunks: the same texts without them."""

from functools import partial

from rich.progress import Progress
from sqlalchemy import text

from bench.corpus import Corpus, Store
from bench.results import Row, Times, at_most, compared, ratio
from bench.system import DIMENSIONS, MODEL
from contracts.events import TextVersion
from contracts.ids import embedding_label
from contracts.search import Vector
from database.chunks import bulk
from database.chunks.generations import ChunkRow, TextKey
from database.engine import Database
from knowledge.search.forms import indexed, vocabulary

ROUNDS = 30
PAGE = 5
"""Products of one write, each with two chunks."""

_PRODUCTS = text("SELECT id FROM products WHERE store_id = :store_id ORDER BY id LIMIT :count")
_REWORD = text("UPDATE products SET content_hash = :content, claimed_hash = :content WHERE id = ANY(:ids)")


async def write_rows(database: Database, corpus: Corpus, store: Store, progress: Progress) -> list[Row]:
    """Returns the row of the writes; afterwards the store has lost some of its compact vectors."""
    task = progress.add_task("writes", total=ROUNDS)
    async with database.transaction() as connection:
        found = await connection.execute(_PRODUCTS, {"store_id": store.id, "count": 2 * PAGE})
        ids = list(found.scalars())
    kept, left = Times(), Times()
    for at in range(ROUNDS):
        for times, products, state in ((kept, ids[:PAGE], "ENABLE"), (left, ids[PAGE:], "DISABLE")):
            async with database.transaction() as connection:
                await connection.execute(text(f"ALTER TABLE tenant_knowledge {state} TRIGGER USER"))
            rows, vectors = _texts(products, f"round {at}", corpus, is_whole=times is kept)
            await times.take(partial(_write, database, products, f"round {at}", rows, vectors))
        progress.advance(task)
    async with database.transaction() as connection:
        await connection.execute(text("ALTER TABLE tenant_knowledge ENABLE TRIGGER USER"))
    return [
        at_most(
            "writes of chunks p50, against version 0.1",
            ratio(kept, left, 50),
            1.2,
            compared(kept, left, 50),
        )
    ]


def _texts(
    products: list[int], content: str, corpus: Corpus, *, is_whole: bool
) -> tuple[list[ChunkRow], dict[TextKey, Vector]]:
    """Returns two chunks of each product, and their vectors; with their words only unless `is_whole`."""
    rows = [
        ChunkRow(
            product_id=product,
            content_hash=content,
            position=position,
            text=(words := corpus.text(80)),
            text_hash=f"{content}/{position}",
            tokens=80,
            words=" ".join(indexed(words)) if is_whole else words,
            spelt=tuple(vocabulary(words)) if is_whole else (),
        )
        for product in products
        for position in range(2)
    ]
    drawn = corpus.vectors(len(rows)).astype(">f2")
    return rows, {
        (row.product_id, row.text_hash): vector.tobytes() for row, vector in zip(rows, drawn, strict=True)
    }


async def _write(
    database: Database,
    products: list[int],
    content: str,
    rows: list[ChunkRow],
    vectors: dict[TextKey, Vector],
) -> None:
    """Write and publish the texts of a page, as a sync does."""
    versions = [TextVersion(event_row=0, product_id=product, content_hash=content) for product in products]
    label = embedding_label(MODEL, DIMENSIONS)
    async with database.transaction() as connection:
        await connection.execute(_REWORD, {"ids": products, "content": content})
        await bulk.upsert_chunks(connection, label, rows, vectors, complete=versions)
