"""A page of products is written together, even if products share a variation."""

from dataclasses import replace

from contracts.catalog import Variation
from tests.support.sync.pages import Page, shoe


async def test_a_variation_that_two_products_name_is_that_of_the_last(page: Page) -> None:
    """The variation moved while the pages were read."""
    shoes = [
        replace(
            shoe(number),
            variations=(Variation(external_id="woo_9", parent=f"woo_{number}"),),
            variation_ids=("woo_9",),
        )
        for number in (1, 2)
    ]
    assert (await page.save(*shoes)).new == {"woo_1", "woo_2"}
    rows = await page.shop.rows(
        "SELECT external_id, parent_external_id FROM product_variations WHERE store_id = :store"
    )
    assert rows == [{"external_id": "woo_9", "parent_external_id": "woo_2"}]
