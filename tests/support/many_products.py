"""Products of a store in any number, written with SQL."""

from sqlalchemy import text

from database.engine import Database

_PRODUCTS = text("""
    INSERT INTO products (user_id, store_id, external_source, external_id, title, description, brands,
        categories, price, currency, in_stock, status, is_active, link, image, metadata, content_hash,
        claimed_hash, received_at)
    SELECT s.user_id, s.id, 'woocommerce', 'woo_' || n, 'گوشی ' || n,
        '<p>' || left(repeat('متن بلند ' || n || ' ', CAST(:characters AS int) / 10 + 1),
                      CAST(:characters AS int)) || '</p>',
        '{سامسونگ}', '{موبایل}', n * 1000, 'IRT', true, 'publish', n % CAST(:inactive AS bigint) <> 0,
        'https://shop.example/p/' || n, 'https://shop.example/' || n || '.jpg',
        '{"sku": "", "gtin": "", "on_sale": false, "sale_price": null, "regular_price": null,
          "images": {"main": "", "gallery": []}}', '', '', now()
    FROM stores s, generate_series(CAST(:first AS int), CAST(:last AS int)) AS n WHERE s.id = :store_id
""")

_VARIATIONS = text("""
    INSERT INTO product_variations (store_id, external_id, parent_external_id, options, description, price,
        metadata, is_active, received_at)
    SELECT :store_id, 'woo_' || CAST(:product AS text) || '_' || n, 'woo_' || CAST(:product AS text),
        jsonb_build_array(jsonb_build_object('name', 'سایز', 'options', jsonb_build_array(n::text))),
        '', n, '{"sku": "", "gtin": ""}', true, now()
    FROM generate_series(1, CAST(:count AS int)) AS n
""")

NEVER = 2**62


async def add_products(
    database: Database,
    store_id: int,
    count: int,
    *,
    first: int = 1,
    characters: int = 100,
    inactive: int = NEVER,
) -> None:
    """Add products `woo_1`, `woo_2`, …, each with a description of so many characters.

    Numbers that `inactive` divides are hidden products. Their texts count as claimed, so that recovery in
    other tests of the same database does not index them first.
    """
    values = {"first": first, "last": first + count - 1, "characters": characters, "inactive": inactive}
    async with database.transaction() as connection:
        await connection.execute(_PRODUCTS, {"store_id": store_id, **values})


async def add_variations(database: Database, store_id: int, product: int, count: int) -> None:
    """Add variations `woo_7_1`, `woo_7_2`, … of product 7, of sizes 1, 2, … and with prices 1, 2, …"""
    async with database.transaction() as connection:
        await connection.execute(_VARIATIONS, {"store_id": store_id, "product": str(product), "count": count})
