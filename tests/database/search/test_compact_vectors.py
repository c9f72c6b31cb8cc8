"""After every write, exactly the live chunks of active products have compact vectors."""

import asyncio
import random
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import TextVersion
from contracts.search import Vector
from database.access import stores
from database.chunks import bulk, generations, staging
from database.chunks.generations import ChunkRow, TextKey
from database.engine import Database
from tests.support.eventually import eventually
from tests.support.shop import Shop
from tests.support.system import System

LABELS = ("small@4", "large@4")

EXPECTED = text("""
    SELECT k.store_id, k.model, k.product_id, k.id, compact_vector(k.embedding)::text
    FROM tenant_knowledge k JOIN products p ON p.id = k.product_id
    WHERE k.is_live AND k.embedding IS NOT NULL AND p.is_active AND k.store_id = ANY(:stores) ORDER BY 1, 2, 4
""")

KEPT = text("""
    SELECT store_id, model, product_id, chunk_id, vector::text FROM compact_vectors
    WHERE store_id = ANY(:stores) ORDER BY 1, 2, 4
""")

ADD = text("""
    INSERT INTO products (user_id, store_id, external_source, external_id, title, currency, status, is_active,
                          received_at, content_hash, claimed_hash)
    VALUES (:user_id, :store_id, 'custom', :name, 'x', 'IRT', 'publish', true, now(), 'first', 'first')
    RETURNING id
""")

REWORD = text("UPDATE products SET content_hash = :content, claimed_hash = :content WHERE id = :id")
ACTIVATE = text("UPDATE products SET is_active = :active WHERE id = :id")
REMOVE = text("DELETE FROM products WHERE id = :id")


def vector(*numbers: float) -> Vector:
    return struct.pack(f">{len(numbers)}e", *numbers)


def chunks(product: int, content: str, *, count: int = 2) -> list[ChunkRow]:
    """Chunks of a text; the first one is the same in every text of the product."""
    return [
        ChunkRow(
            product_id=product,
            content_hash=content,
            position=position,
            text=content,
            text_hash=f"{content if position else ''}/{position}",
            tokens=1,
            words="x",
            spelt=("x",),
        )
        for position in range(count)
    ]


async def stage(
    connection: AsyncConnection, product: int, content: str, label: str = LABELS[0], **how: int
) -> TextVersion:
    """Stage the text of a product, as an event does."""
    version = TextVersion(event_row=0, product_id=product, content_hash=content)
    opened = await staging.open_text(connection, version, workflow_id="")
    if opened is not None:
        await staging.stage(connection, opened.store_id, version, label, chunks(product, content, **how))
    return version


async def publish(
    connection: AsyncConnection, product: int, content: str, label: str = LABELS[0], **how: int
) -> None:
    """Stage, embed and publish the text of a product, as an event does."""
    version = await stage(connection, product, content, label, **how)
    missing = await generations.missing_vectors(connection, [version], label)
    vectors = [vector(1, 2, 3, len(content) + at) for at, _ in enumerate(missing)]
    await generations.fill_vectors(connection, label, (missing, vectors))
    await generations.publish(connection, [version], label)


async def upsert(connection: AsyncConnection, product: int, content: str, label: str) -> None:
    """Write and publish the text of a product, as a sync does."""
    rows = chunks(product, content)
    vectors: Mapping[TextKey, Vector] = {
        (product, row.text_hash): vector(4, 3, 2, row.position) for row in rows
    }
    version = TextVersion(event_row=0, product_id=product, content_hash=content)
    await bulk.upsert_chunks(connection, label, rows, vectors, complete=[version])


async def add(connection: AsyncConnection, shop: Shop, name: str) -> int:
    values = {"user_id": shop.user_id, "store_id": shop.store_id, "name": name}
    return int((await connection.execute(ADD, values)).scalar_one())


async def kept(database: Database, *shops: Shop) -> list[Any]:
    """Returns the compact vectors of shops; they equal the vectors of their live chunks."""
    values = {"stores": [shop.store_id for shop in shops]}
    async with database.transaction() as connection:
        rows = (await connection.execute(KEPT, values)).all()
        assert rows == (await connection.execute(EXPECTED, values)).all()
    return list(rows)


async def test_a_published_text_replaces_the_former_one(system: System, shop: Shop) -> None:
    """Staged chunks have none; a text with fewer chunks leaves none behind."""
    async with system.database.transaction() as connection:
        product = await add(connection, shop, "گوشی")
        await stage(connection, product, "first", count=3)
    assert await kept(system.database, shop) == []
    async with system.database.transaction() as connection:
        await publish(connection, product, "first", count=3)
    first = await kept(system.database, shop)
    assert [(row.model, row.product_id) for row in first] == [(LABELS[0], product)] * 3
    async with system.database.transaction() as connection:
        await connection.execute(REWORD, {"id": product, "content": "second"})
        await publish(connection, product, "second", count=1)
    (only,) = await kept(system.database, shop)
    assert only.chunk_id not in {row.chunk_id for row in first}


async def test_the_model_follows_the_chunk(system: System, shop: Shop) -> None:
    """A text that is embedded by another model is found under it only."""
    async with system.database.transaction() as connection:
        product = await add(connection, shop, "phone")
        await publish(connection, product, "first")
        await publish(connection, product, "first", LABELS[1])
    assert {row.model for row in await kept(system.database, shop)} == {LABELS[1]}


async def test_a_product_that_is_not_active_has_none(system: System, shop: Shop) -> None:
    """They return with it, without another embedding; text that is published while it is away, too."""
    async with system.database.transaction() as connection:
        product = await add(connection, shop, "phone")
        await publish(connection, product, "first")
    before = await kept(system.database, shop)
    async with system.database.transaction() as connection:
        await connection.execute(ACTIVATE, {"id": product, "active": False})
    assert await kept(system.database, shop) == []
    async with system.database.transaction() as connection:
        await connection.execute(ACTIVATE, {"id": product, "active": True})
    assert await kept(system.database, shop) == before
    async with system.database.transaction() as connection:
        await connection.execute(ACTIVATE, {"id": product, "active": False})
        await connection.execute(REWORD, {"id": product, "content": "second"})
        await publish(connection, product, "second")
    assert await kept(system.database, shop) == []
    async with system.database.transaction() as connection:
        await connection.execute(ACTIVATE, {"id": product, "active": True})
    assert len(await kept(system.database, shop)) == 2


async def test_a_removed_store_takes_its_own_along(system: System, shop: Shop) -> None:
    other = await system.shop()
    async with system.database.transaction() as connection:
        for each in (shop, other):
            await publish(connection, await add(connection, each, "phone"), "first")
    assert len(await kept(system.database, shop, other)) == 4
    async with system.database.transaction() as connection:
        await stores.remove(connection, shop.store_id)
    assert {row.store_id for row in await kept(system.database, shop, other)} == {other.store_id}


@pytest.mark.parametrize("seed", range(4))
async def test_any_sequence_of_writes_keeps_them_true(system: System, shop: Shop, seed: int) -> None:
    """Events, syncs, models, visibility and removals, in any order, and some rolled back."""
    other = await system.shop()
    chance = random.Random(seed)  # noqa: S311 - a sequence, not a secret
    products: list[int] = []

    async def write(connection: AsyncConnection) -> None:
        step, product = chance.randrange(7), chance.choice(products)
        content, label = chance.choice("abcdef"), chance.choice(LABELS)
        if step == 0:
            products.append(await add(connection, chance.choice([shop, other]), str(len(products))))
        elif step == 1:
            await connection.execute(ACTIVATE, {"id": product, "active": chance.random() < 0.5})
        elif step == 2 and chance.random() < 0.2:
            await connection.execute(REMOVE, {"id": product})
        else:
            await connection.execute(REWORD, {"id": product, "content": content})
            if step < 5:
                await publish(connection, product, content, label)
            else:
                await upsert(connection, product, content, label)

    async with system.database.transaction() as connection:
        products += [await add(connection, shop, "one"), await add(connection, other, "two")]
    for _ in range(60):
        async with system.database.engine.connect() as connection:
            await write(connection)
            await (connection.commit() if chance.random() < 0.9 else connection.rollback())
        await kept(system.database, shop, other)


@pytest.mark.parametrize("active", [True, False], ids=["shown", "hidden"])
async def test_two_writers_at_once(system: System, shop: Shop, *, active: bool) -> None:
    """A text becomes live in one transaction while another one hides or shows its product."""
    async with system.database.transaction() as connection:
        product = await add(connection, shop, "phone")
        await publish(connection, product, "first")
        await connection.execute(ACTIVATE, {"id": product, "active": not active})
    async with system.database.transaction() as writing:
        await writing.execute(
            text("""
                INSERT INTO tenant_knowledge (user_id, store_id, product_id, content_hash, model, position,
                                              text, text_hash, tokens, words, embedding, is_live)
                SELECT user_id, store_id, id, 'first', :model, 7, 'x', 'x', 1, '', '[1,2,3,4]', true
                FROM products WHERE id = :id
            """),
            {"id": product, "model": LABELS[0]},
        )
        showing = asyncio.create_task(change(system.database, product, active=active))
        await eventually(lambda: waits(system.database), what="the other transaction waits")
    await showing
    assert len(await kept(system.database, shop)) == (3 if active else 0)


async def change(database: Database, product: int, *, active: bool) -> None:
    async with database.transaction() as connection:
        await connection.execute(ACTIVATE, {"id": product, "active": active})


async def waits(database: Database) -> bool:
    """Whether a session of this database waits for a lock."""
    async with database.reading() as connection:
        rows = await connection.execute(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND cardinality(pg_blocking_pids(pid)) > 0"
            )
        )
        return bool(rows.scalar_one())


@pytest.mark.parametrize(
    ("dimensions", "blocks"),
    [
        (1, ["1:1"]),
        (384, ["1:384"]),
        (385, ["1:193", "193:385"]),
        (768, ["1:384", "385:768"]),
        (1024, ["1:342", "343:684", "683:1024"]),
        (1536, ["1:384", "385:768", "769:1152", "1153:1536"]),
    ],
)
async def test_a_long_vector_is_added_up_in_blocks(
    system: System, dimensions: int, blocks: Sequence[str]
) -> None:
    """The blocks are equal and of at most 384 numbers; the last one overlaps where it must."""
    numbers = [60_000 - 7_000.0 * (number % 7) for number in range(dimensions)]
    edges = [tuple(map(int, block.split(":"))) for block in blocks]
    expected = [sum(column) for column in zip(*(numbers[a - 1 : b] for a, b in edges), strict=True)]
    async with system.database.reading() as connection:
        found = await connection.execute(
            text("SELECT compact_vector(CAST(:vector AS halfvec))::text"), {"vector": str(numbers)}
        )
        sums = [float(number) for number in found.scalar_one()[1:-1].split(",")]
    scale = expected[0] / sums[0]
    assert [number * scale for number in sums] == pytest.approx(expected, rel=5e-3)
