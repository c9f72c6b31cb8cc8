"""Products are read and looked up as they are now, in their own store only."""

from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import TextClause, text

from contracts.stored import Resolved, StoredProduct, StoredVariation
from database.engine import Database, create_engine
from database.products import stored
from tests.support.environment import another_database
from tests.support.search_catalogue import (
    BOOT,
    CATALOGUE,
    GIFT,
    LAPTOP,
    PHONE,
    SHOE,
    attribute,
    stocked,
    variation,
)
from tests.support.shop import Shop
from tests.support.system import System

RING: dict[str, Any] = {
    "id": 8,
    "name": "انگشتر",
    "short_description": "<p>کوتاه</p>",
    "description": "<p>بلند</p>" * 5_000,
    "sku": "RING-1",
    "global_unique_id": "400-6381-333931",
    "price": "10",
    "regular_price": "12.5",
    "permalink": "https://shop.example/ring",
    "images": [{"src": "https://shop.example/a.jpg"}, {"src": "https://shop.example/b.jpg"}],
    "attributes": [attribute("Size", "S", "M")],
    "variations": [
        variation(
            81,
            "10",
            options={"Size": "S"},
            sku="RING-S",
            global_unique_id="036000291452",
            regular_price="12.5",
            description="<p>کوچک</p>",
            stock_status="onbackorder",
            backorders="yes",
        ),
        variation(82, "11", options={"Size": "M"}, stock_status="outofstock"),
    ],
}


@pytest_asyncio.fixture(scope="module")
async def store(system: System) -> Shop:
    """A store with products, one of which is private; tests do not change it."""
    opened = await stocked(await system.shop(currency="IRT"))
    assert await opened.sync(RING) == "succeeded"
    hidden = {"id": 9, "name": "پنهان", "sku": "SECRET-9", "status": "private", "price": "1"}
    assert await opened.sync(hidden) in ("succeeded", "ignored")
    return opened


@pytest_asyncio.fixture(scope="module")
async def other(system: System) -> Shop:
    """Another user's store with a product of the same id and codes, and one of its own."""
    opened = await system.shop()
    for product in (RING, {"id": 70, "name": "Other", "sku": "OTHER-1", "price": "1"}):
        assert await opened.sync(product) == "succeeded"
    return opened


async def ids_of(shop: Shop, *numbers: int) -> list[int]:
    rows = {number: await shop.product(number) for number in numbers}
    return [row["id"] for row in rows.values() if row is not None]


async def read(shop: Shop, ids: list[int], **how: Any) -> list[StoredProduct]:
    async with shop.database.reading() as connection:
        return await stored.read(connection, shop.store_id, ids, **how)


async def resolved(shop: Shop, *identifiers: str) -> dict[str, tuple[str, str | None]]:
    """Returns the external ids that identifiers mean: of the product, and of the variation."""
    async with shop.database.reading() as connection:
        found = await stored.resolve(connection, shop.store_id, identifiers)
    names = {one.product_id: "" for one in found.values()}
    for product in await read(shop, list(names)):
        names[product.id] = product.external_id
    assert all(name == one.identifier for name, one in found.items())
    return {name: (names[one.product_id], one.variation) for name, one in found.items()}


async def test_a_product_has_its_facts_of_now(store: Shop) -> None:
    """With its variations; texts have their markup and are cut, numbers are decimals."""
    [ring] = await read(store, await ids_of(store, 8))
    assert (ring.store_id, ring.external_id, ring.title) == (store.store_id, "woo_8", "انگشتر")
    assert ring.short_description == "<p>کوتاه</p>"
    assert len(ring.description) == stored.DESCRIPTION_CHARACTERS
    assert (ring.price, ring.min_price, ring.max_price) == (Decimal(10), Decimal(10), Decimal(11))
    assert ring.regular_price == Decimal("12.5")
    assert (ring.currency, ring.sku, ring.gtin) == ("IRT", "RING-1", "400-6381-333931")
    assert (ring.link, ring.image) == ("https://shop.example/ring", "https://shop.example/a.jpg")
    assert list(ring.gallery) == ["https://shop.example/b.jpg"]
    assert [dict(each) for each in ring.attributes] == [{"name": "Size", "options": ["S", "M"]}]
    assert isinstance(ring.facts_at, datetime)
    assert isinstance(ring.known_at, datetime)
    assert ring.variations_total == 2
    assert ring.variations[0] == StoredVariation(
        external_id="woo_81",
        options={"Size": "S"},
        description="<p>کوچک</p>",
        price=Decimal(10),
        regular_price=Decimal("12.5"),
        in_stock=True,
        availability="backorder",
        stock_quantity=None,
        sku="RING-S",
        gtin="036000291452",
        link="",
        image="",
    )
    assert ring.variations[1].availability == "out_of_stock"


async def test_a_product_may_lack_everything(store: Shop) -> None:
    """Then it has no price, no code and no link."""
    [gift] = await read(store, await ids_of(store, GIFT))
    assert (gift.price, gift.min_price, gift.regular_price, gift.stock_quantity) == (None, None, None, None)
    assert (gift.sku, gift.gtin, gift.link, gift.image, list(gift.gallery)) == ("", "", "", "", [])
    assert (list(gift.variations), gift.variations_total) == ([], 0)


async def test_products_keep_the_order_that_is_asked(store: Shop, other: Shop) -> None:
    """Unknown, inactive and other stores' ones are absent."""
    known = await ids_of(store, LAPTOP, PHONE, BOOT)
    hidden = await ids_of(store, 9)
    foreign = await ids_of(other, 8, 70)
    found = await read(store, [known[0], *foreign, known[1], *hidden, 2**40, known[2], known[1]])
    assert [product.id for product in found][:3] == known
    assert {product.id for product in found} == set(known)
    assert await read(store, []) == []


async def test_variations_that_are_meant_come_first(store: Shop) -> None:
    """Then the ones in stock; inactive ones never. There may be more of them."""
    [shoe] = await read(store, await ids_of(store, SHOE))
    assert [each.external_id for each in shoe.variations] == ["woo_31", "woo_33", "woo_32"]
    [shoe] = await read(store, [shoe.id], variations=2, first=["woo_32", "woo_34", "woo_81"])
    assert [each.external_id for each in shoe.variations] == ["woo_32", "woo_31"]
    assert shoe.variations_total == 3
    assert (shoe.min_price, shoe.max_price) == (Decimal(4_000_000), Decimal(5_000_000))


@pytest.mark.parametrize(
    ("identifier", "meaning"),
    [
        ("woo_8", ("woo_8", None)),
        ("woo_81", ("woo_8", "woo_81")),
        ("RING-1", ("woo_8", None)),
        ("ring 1", ("woo_8", None)),
        ("RING-S", ("woo_8", "woo_81")),
        ("036000291452", ("woo_8", "woo_81")),
        ("0-36000-29145-2", ("woo_8", "woo_81")),
        ("۰۳۶۰۰۰۲۹۱۴۵۲", ("woo_8", "woo_81")),
        ("4006381333931", ("woo_8", None)),
        ("SM-A155F", (f"woo_{PHONE}", None)),
        ("sma155f", (f"woo_{PHONE}", None)),
    ],
)
async def test_identifiers_are_ids_and_codes(
    store: Shop, other: Shop, identifier: str, meaning: tuple[str, str | None]
) -> None:
    """Of products and of variations, codes in any spelling; the same ones of another store do not matter."""
    assert await resolved(store, identifier) == {identifier: meaning}


@pytest.mark.parametrize(
    "identifier",
    [
        *("woo_70", "OTHER-1", "woo_9", "SECRET-9", "woo_34", "woo_404", "", " ", "-", "انگشتر", "Nike", "8"),
        *("\x00", "woo_8\x00", "\ud800", "' OR true --", "woo_%", "x" * 100_000, "{woo_8}", "\\", '"'),
    ],
)
async def test_other_identifiers_are_unknown(store: Shop, other: Shop, identifier: str) -> None:
    """Of other stores, of inactive products and variations, names, and what no shop can have."""
    assert await resolved(store, identifier, "woo_8") == {"woo_8": ("woo_8", None)}


async def test_many_identifiers_are_read_at_once(store: Shop) -> None:
    """Each once, several of which may mean one product."""
    found = await resolved(store, "RING-1", "woo_81", "RING-1", "x", "woo_82", f"woo_{SHOE}", "PEG-42-W")
    assert found == {
        "RING-1": ("woo_8", None),
        "woo_81": ("woo_8", "woo_81"),
        "woo_82": ("woo_8", "woo_82"),
        f"woo_{SHOE}": (f"woo_{SHOE}", None),
        "PEG-42-W": (f"woo_{SHOE}", "woo_31"),
    }
    assert await resolved(store) == {}


async def test_an_id_comes_before_a_code(shop: Shop) -> None:
    """A code that is another product's id means that product."""
    for product in ({"id": 1, "name": "A", "sku": "woo_2"}, {"id": 2, "name": "B", "sku": "woo_1"}):
        assert await shop.sync({**product, "price": "1"}) == "succeeded"
    assert await resolved(shop, "woo_1", "woo_2") == {"woo_1": ("woo_1", None), "woo_2": ("woo_2", None)}


@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_pages_have_each_product_once(store: Shop, limit: int) -> None:
    """In the order of their ids, without inactive ones."""
    found: list[str] = []
    async with store.database.reading() as connection:
        while page := await stored.page(
            connection,
            store.store_id,
            after=found[-1] if found else "",
            limit=limit,
            variations=1,
        ):
            assert len(page) <= limit
            assert all(len(product.variations) <= 1 for product in page)
            found += [product.external_id for product in page]
    assert found == [f"woo_{product['id']}" for product in (*CATALOGUE, RING)]


@pytest_asyncio.fixture(scope="module")
async def crowded(postgres_url: str) -> AsyncIterator[Database]:
    """A database with 100,000 products of 20 stores, each with a variation."""
    database = Database(create_engine(another_database(postgres_url, "crowded"), pool_size=1))
    async with database.transaction() as connection:
        for statement in CROWD:
            await connection.execute(text(statement))
    async with database.single() as connection:
        await connection.execute(text("VACUUM ANALYZE"))
    yield database
    await database.close()
    server = Database(create_engine(postgres_url, pool_size=1))
    async with server.single() as connection:
        await connection.exec_driver_sql("DROP DATABASE crowded WITH (FORCE)")
    await server.close()


CROWD = (
    "INSERT INTO users (email, password_hash) VALUES ('a@example.com', '')",
    "INSERT INTO stores (user_id, type, name)"
    " SELECT id, 'woocommerce', '' FROM users, generate_series(1, 20)",
    """
    INSERT INTO products (user_id, store_id, external_source, external_id, title, currency, status, is_active,
                          keys, content_hash, received_at)
    SELECT s.user_id, s.id, 'woocommerce', 'woo_' || n, 'name', 'IRT', 'publish', true,
           ARRAY[s.id || '/code/sku' || n, s.id || '/category/' || n % 20, s.id || '/brand/' || n % 50],
           '', now()
    FROM stores s, generate_series(1, 5000) AS n
    """,
    """
    INSERT INTO product_variations (store_id, external_id, parent_external_id, keys, received_at)
    SELECT store_id, external_id || '-1', external_id, ARRAY[keys[1] || 'v'], now() FROM products
    """,
)


async def plan_of(database: Database, statement: TextClause, values: dict[str, Any]) -> dict[str, Any]:
    """Returns the plan with which a statement ran, and the pages that it read."""
    explained = text(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement.text}")
    async with database.single() as connection:
        plan: dict[str, Any] = (await connection.execute(explained, values)).scalar_one()[0]["Plan"]
    return plan


def nodes(plan: dict[str, Any]) -> list[tuple[str, str]]:
    """Returns kind and table of each step of a plan."""
    own = [(plan["Node Type"], plan.get("Relation Name", ""))]
    return own + [node for part in plan.get("Plans", ()) for node in nodes(part)]


TABLES = {"products", "product_variations"}


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        (stored._READ, {"ids": [1, 500, 99_999], "variations": 5, "first": ["woo_1-1"]}),
        (stored._PAGE, {"after": "woo_2500", "limit": 500, "variations": 50, "first": []}),
        (stored._PAGE, {"after": "", "limit": 500, "variations": 50, "first": []}),
    ],
)
async def test_reading_does_not_walk_all_products(
    crowded: Database, statement: TextClause, values: dict[str, Any]
) -> None:
    """Nor all of a store: indexes find them."""
    plan = await plan_of(crowded, statement, {"store_id": 7, "ranked": False, **values})
    assert not {("Seq Scan", table) for table in TABLES} & set(nodes(plan))
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 6_000, nodes(plan)


async def test_looking_up_does_not_walk_all_products(crowded: Database) -> None:
    """Twenty identifiers of each kind, and unknown ones."""
    identifiers = [
        f"{kind}{number}{end}" for number in range(1, 6) for kind in ("woo_", "SKU") for end in ("", "v")
    ]
    captured: dict[str, Any] = {}

    class Recorder:
        async def execute(self, _: TextClause, values: dict[str, Any]) -> list[Any]:
            captured.update(values)
            return []

    await stored.resolve(Recorder(), 7, identifiers)  # type: ignore[arg-type]  # it keeps the values
    plan = await plan_of(crowded, stored._RESOLVE, captured)
    assert not {("Seq Scan", table) for table in TABLES} & set(nodes(plan))
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 500, nodes(plan)
    async with crowded.reading() as connection:
        found = await stored.resolve(connection, 7, identifiers)
        assert len(found) == 15
        assert await stored.resolve(connection, 7, ["SKU1"]) == {
            "SKU1": Resolved(identifier="SKU1", product_id=found["woo_1"].product_id, variation=None)
        }
