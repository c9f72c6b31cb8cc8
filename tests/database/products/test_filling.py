"""Rows of an older release get the keys and ranges that they lack."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from alembic import command
from sqlalchemy import text

from database.engine import Database, create_engine
from database.products import filling
from tests.support.environment import empty_database, migrated

BEFORE = "5d9b2e7c4a18"
"""The revision before keys."""

OLDER = """
    INSERT INTO users (email, password_hash) VALUES ('a@example.com', '');
    INSERT INTO stores (user_id, type, name) SELECT id, 'woocommerce', '' FROM users;
    INSERT INTO products (user_id, store_id, external_source, external_id, title, brands, categories,
        attributes, price, currency, status, is_active, metadata, content_hash, variation_ids, received_at)
    SELECT user_id, id, 'woocommerce', 'woo_' || number, 'گوشی', '{سامسونگ}', '{موبایل,گوشی موبایل}',
        '[{"name": "رنگ", "options": ["مشکی"]}]', 10, 'IRT', 'publish', true,
        '{"sku": "SM-S911B", "on_sale": false, "sale_price": null, "regular_price": null,
          "images": {"main": "", "gallery": []}}', '', ids, now()
    FROM stores, (VALUES (1, NULL), (2, '{woo_21,woo_22}'::text[]), (3, '{woo_31,woo_32}'))
        AS n (number, ids);
    INSERT INTO product_variations (store_id, external_id, parent_external_id, options, price, metadata,
        is_active, received_at)
    SELECT id, 'woo_' || number, parent, '[{"name": "سایز", "options": ["۴۲"]}]', price,
        '{"sku": "V-9", "visible": true}', active, now() - interval '1 minute'
    FROM stores, (VALUES (21, 'woo_2', 10, true), (22, 'woo_2', 30, true), (23, 'woo_2', 90, false),
                         (31, 'woo_3', 10, true)) AS n (number, parent, price, active);
"""


@pytest_asyncio.fixture
async def upgraded(postgres_url: str) -> AsyncIterator[Database]:
    """A database with rows of the release before, on the newest revision."""
    address = empty_database(postgres_url, "older_rows")
    config = migrated(address)
    command.upgrade(config, BEFORE)
    database = Database(create_engine(address, pool_size=1))
    async with database.transaction() as connection:
        for statement in OLDER.split(";\n"):
            await connection.exec_driver_sql(statement)
    command.upgrade(config, "head")
    yield database
    await database.close()
    server = Database(create_engine(postgres_url, pool_size=1))
    async with server.single() as connection:
        await connection.exec_driver_sql("DROP DATABASE older_rows WITH (FORCE)")
    await server.close()


async def rows(database: Database, sql: str) -> list[dict[str, Any]]:
    async with database.reading() as connection:
        return [dict(row) for row in (await connection.execute(text(sql))).mappings()]


async def filled(database: Database, *, limit: int) -> int:
    """Returns how many transactions it took."""
    for number in range(1, 20):
        async with database.transaction() as connection:
            if not await filling.fill(connection, limit=limit):
                return number
    raise AssertionError("filling does not end")


async def test_older_rows_are_found_by_their_codes(upgraded: Database) -> None:
    """By their names, brands, attributes and options; a range only where all variations are stored."""
    assert await filled(upgraded, limit=2) == 3
    shown = await rows(upgraded, "SELECT keys, price, min_price, max_price FROM products ORDER BY id")
    assert {tuple(row["keys"]) for row in shown} == {
        (
            "1/attribute/رنگ/مشکی",
            "1/brand/سامسونگ",
            "1/category/موبایل",
            "1/category/گوشیموبایل",
            "1/code/sms911b",
            "1/title/گوشی",
        )
    }
    assert [(row["price"], row["min_price"], row["max_price"]) for row in shown] == [
        (10, None, None),
        (10, 10, 30),
        (10, None, None),
    ]
    variations = await rows(upgraded, "SELECT DISTINCT keys FROM product_variations")
    assert variations == [{"keys": ["1/attribute/سایز/42", "1/code/v9"]}]
    assert await filled(upgraded, limit=2) == 1


async def test_a_row_that_an_older_worker_writes_later_is_filled_too(upgraded: Database) -> None:
    """Workers of both versions run during an upgrade."""
    await filled(upgraded, limit=100)
    async with upgraded.transaction() as connection:
        await connection.exec_driver_sql("""
            UPDATE products SET metadata = metadata - 'gtin' || '{"sku": "NEW-1"}'
            WHERE external_id = 'woo_1'""")
    await filled(upgraded, limit=100)
    (row,) = await rows(upgraded, "SELECT keys FROM products WHERE external_id = 'woo_1'")
    assert "1/code/new1" in row["keys"]
    assert "1/code/sms911b" not in row["keys"]


async def test_after_a_downgrade_rows_are_filled_again(postgres_url: str, upgraded: Database) -> None:
    """The older version knows neither keys nor the GTIN in the metadata."""
    await filled(upgraded, limit=100)
    config = migrated(upgraded.engine.url.render_as_string(hide_password=False))
    command.downgrade(config, BEFORE)
    assert not await rows(upgraded, "SELECT FROM products WHERE jsonb_exists(metadata, 'gtin')")
    command.upgrade(config, "head")
    await filled(upgraded, limit=100)
    assert not await rows(upgraded, "SELECT FROM products WHERE keys = '{}'")
