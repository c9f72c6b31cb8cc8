"""Codes of products are facts: each way of reading a shop brings them, and none embeds anything."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.syncs import SyncMode
from fakes.openai import EmbeddingServer
from tests.support.shop import Shop
from tests.support.sync.syncs import Synced


async def codes_of(shop: Shop, number: int) -> tuple[Any, ...]:
    """Returns SKU, GTIN and the keys of codes of a product."""
    row = await shop.product(number)
    assert row
    keys = [key.partition("/")[2] for key in row["keys"] if "/code/" in key]
    return row["metadata"]["sku"], row["metadata"]["gtin"], keys


async def test_a_changed_code_embeds_nothing(shop: Shop, embeddings: EmbeddingServer) -> None:
    """Of a product or a variation; what is not sent stays."""
    await shop.sync(
        {"id": 5, "name": "گوشی سامسونگ", "sku": "SM-1", "variations": [{"id": 51, "sku": "V-1"}]}
    )
    requests = len(embeddings.requests)
    changes: list[dict[str, Any]] = [
        {"id": 5, "name": "گوشی سامسونگ", "sku": "SM 2", "global_unique_id": "۶۲۶۰-۱"},
        {"id": 5, "name": "گوشی سامسونگ", "sku": "SM 3"},
        {"id": 51, "type": "variation", "parent_id": 5, "gtin": 6260002},
        {"id": 51, "type": "variation", "parent_id": 5, "sku": "V-2", "brands": ["پارس"]},
        {"id": 51, "type": "variation", "parent_id": 5, "attributes": [{"name": "Size", "option": "XL"}]},
    ]
    for change in changes[:-1]:
        assert await shop.sync(change) == "unchanged"
    assert len(embeddings.requests) == requests
    assert await codes_of(shop, 5) == ("SM 3", "۶۲۶۰-۱", ["code/62601", "code/sm3"])
    await shop.sync(changes[-1])
    variation = await shop.one("SELECT keys, metadata FROM product_variations WHERE store_id = :store")
    assert variation
    assert [key.partition("/")[2] for key in variation["keys"]] == [
        "attribute/size/xl",
        "brand/پارس",
        "code/6260002",
        "code/v2",
    ]
    kept = {name: variation["metadata"][name] for name in ("sku", "gtin", "brands", "on_sale")}
    assert kept == {"sku": "V-2", "gtin": "6260002", "brands": ["پارس"], "on_sale": False}


async def test_an_emptied_code_is_no_code(shop: Shop) -> None:
    """Absent is not empty."""
    await shop.sync({"id": 5, "name": "Phone", "sku": "SM-1", "barcode": "6260001"})
    await shop.sync({"id": 5, "name": "Phone", "sku": "", "barcode": ""})
    assert await codes_of(shop, 5) == ("", "", [])


@pytest.mark.parametrize("mode", SyncMode)
@pytest.mark.parametrize("field", ["sku", "global_unique_id"])
async def test_a_resync_notices_a_changed_code(
    synced: Synced, embeddings: EmbeddingServer, mode: SyncMode, field: str
) -> None:
    """Of a product, and of a variation: its product has a later time of change then."""
    earlier = datetime.now(UTC) - timedelta(minutes=1)
    synced.shop.clock = lambda: earlier
    lamp = synced.shop.add(name="چراغ", sku="L-1", global_unique_id="1")
    shoe = synced.shop.add(name="Shoe", variations=[{"sku": "V-1", "global_unique_id": "11"}])
    (size,) = synced.shop.products[shoe]["variations"]
    await synced.sync()
    synced.shop.clock = lambda: datetime.now(UTC)
    requests = len(embeddings.requests)
    synced.shop.change(lamp, **{field: "۶۲۶-۰۰"})
    synced.shop.change(size, **{field: "626 01"})
    sync = await synced.sync(mode)
    assert sync.counts.changed == 2
    assert len(embeddings.requests) == requests
    assert "code/62600" in (await codes_of(synced.store, lamp))[2]
    variation = await synced.store.one("SELECT keys FROM product_variations WHERE store_id = :store")
    assert variation
    assert f"{synced.store.store_id}/code/62601" in variation["keys"]


@pytest.mark.parametrize("field", ["sku", "global_unique_id"])
async def test_a_full_resync_notices_a_code_that_was_written_directly(synced: Synced, field: str) -> None:
    """Then the shop's time of change stays as it was."""
    lamp = synced.shop.add(name="چراغ", sku="L-1", global_unique_id="1")
    await synced.sync()
    synced.shop.products[lamp][field] = "626-00"
    synced.shop._touched()
    assert (await synced.sync()).counts.changed == 1
    assert "code/62600" in (await codes_of(synced.store, lamp))[2]
    assert (await synced.sync()).counts.changed == 0


async def test_a_shop_without_gtins_leaves_the_stored_one(synced: Synced) -> None:
    """WooCommerce before 9.2 does not know them; a plugin may have sent one."""
    lamp = synced.shop.add(name="چراغ")
    del synced.shop.products[lamp]["global_unique_id"]
    await synced.store.sync({**synced.shop.products[lamp], "gtin": "626-00"})
    for _ in range(2):
        assert (await synced.sync()).counts.changed == 0
    synced.shop.change(lamp, price="7")
    assert (await synced.sync()).counts.changed == 1
    assert (await codes_of(synced.store, lamp))[1] == "626-00"


async def test_codes_that_an_older_version_did_not_read_are_read_once(
    synced: Synced, embeddings: EmbeddingServer
) -> None:
    """By the next full resync, which reports nothing of it: the shop has not changed."""
    lamp = synced.shop.add(name="چراغ", global_unique_id="626-00")
    shoe = synced.shop.add(name="Shoe", variations=[{"global_unique_id": "626-01"}])
    await synced.sync()
    async with synced.store.database.transaction() as connection:
        for table in ("products", "product_variations"):
            older = f"UPDATE {table} SET metadata = metadata - 'gtin', keys = '{{}}'"
            await connection.exec_driver_sql(older)
        await connection.exec_driver_sql("UPDATE products SET listed_hash = 'of another reading'")
    requests = len(embeddings.requests)
    sync = await synced.sync()
    assert sync.counts.changed == 2
    assert await synced.findings(sync) == []
    assert await codes_of(synced.store, lamp) == ("", "626-00", ["code/62600"])
    detail = await synced.store.one("SELECT keys FROM product_variations WHERE store_id = :store")
    assert detail
    assert any(key.endswith("/code/62601") for key in detail["keys"]), shoe
    assert (await synced.sync()).counts.changed == 0
    assert len(embeddings.requests) == requests
