"""Products of Shopify's webhooks: what a missing field means, and addresses."""

from decimal import Decimal
from typing import Any

import pytest

from connectors.shopify.bodies import full
from connectors.shopify.parse import parse
from contracts.catalog import Product
from contracts.events import EventType


def product(*variants: dict[str, Any], **fields: Any) -> Product:
    sent = [{"id": at, "title": f"v{at}", **variant} for at, variant in enumerate(variants, start=1)]
    change = parse(EventType.UPDATED, {"id": 7, "title": "Scarf", "variants": sent, **fields})
    assert isinstance(change, Product)
    return change


IN, OUT, BACKORDER = (True, False), (False, False), (True, True)


@pytest.mark.parametrize(
    ("variant", "stock", "quantity"),
    [
        ({"inventory_quantity": 0, "inventory_policy": "deny"}, OUT, 0),
        ({"inventory_quantity": -2, "inventory_policy": "deny"}, OUT, -2),
        ({"inventory_quantity": 0}, OUT, 0),
        ({"inventory_quantity": 3, "inventory_policy": "deny"}, IN, 3),
        ({"inventory_quantity": 3, "inventory_policy": "continue"}, IN, 3),
        ({"inventory_quantity": 0, "inventory_policy": "continue"}, BACKORDER, 0),
        ({"inventory_quantity": -2, "inventory_policy": " CONTINUE"}, BACKORDER, -2),
        ({"inventory_management": None, "inventory_quantity": 0, "inventory_policy": "deny"}, IN, None),
        ({"inventory_management": "shopify", "inventory_quantity": 0, "inventory_policy": "deny"}, OUT, 0),
        (
            {"inventory_management": "shopify", "inventory_quantity": 0, "inventory_policy": "continue"},
            BACKORDER,
            0,
        ),
        ({"inventory_management": "amazon_marketplace_web", "inventory_quantity": 0}, OUT, 0),
        ({"inventory_management": "shopify"}, OUT, None),
        ({}, IN, None),
    ],
)
def test_only_an_explicit_null_means_that_stock_is_not_tracked(
    variant: dict[str, Any], stock: tuple[bool, bool], quantity: int | None
) -> None:
    """Webhooks of version 2024-07 and later lack `inventory_management`."""
    found = product({**variant, "inventory_item_id": 5})
    for facts in (found.facts, found.variations[0].facts):
        assert (facts.in_stock, facts.backorder) == stock
        assert facts.stock_quantity == (None if quantity is None else Decimal(quantity))


@pytest.mark.parametrize(
    ("quantities", "policies", "stock"),
    [
        ((0, 0), ("deny", "deny"), OUT),
        ((0, 1), ("deny", "deny"), IN),
        ((0, 0), ("deny", "continue"), BACKORDER),
        ((0, 1), ("continue", "deny"), IN),
    ],
)
def test_a_product_has_the_best_stock_of_its_variants(
    quantities: tuple[int, ...], policies: tuple[str, ...], stock: tuple[bool, bool]
) -> None:
    variants = [
        {"inventory_quantity": quantity, "inventory_policy": policy}
        for quantity, policy in zip(quantities, policies, strict=True)
    ]
    facts = product(*variants).facts
    assert (facts.in_stock, facts.backorder) == stock
    assert facts.stock_quantity == sum(quantities)


@pytest.mark.parametrize(
    ("written", "read"), [("1299,00", "1299.00"), ("1.299,00", "1299.00"), ("12.50", "12.50")]
)
def test_prices_keep_their_scale(written: str, read: str) -> None:
    assert product({"price": written}).facts.price == Decimal(read)


def test_a_handle_is_one_part_of_a_path() -> None:
    """The shop's address is added when the product is shown."""
    found = product({}, handle='wool scarf/../"x"')
    assert found.facts.link == "/products/wool%20scarf%2F..%2F%22x%22"
    assert found.variations[0].facts.link == f"{found.facts.link}?variant=1"


@pytest.mark.parametrize(
    ("item", "stock"),
    [
        ({"inventoryItem": {"tracked": True}}, OUT),
        ({"inventoryItem": {"tracked": False}}, IN),
        ({"inventoryItem": {"tracked": None}}, OUT),
        ({"inventoryItem": None}, OUT),
        ({}, OUT),
    ],
)
def test_a_variant_that_is_read_without_its_tracking_is_decided_by_its_quantity(
    item: dict[str, Any], stock: tuple[bool, bool]
) -> None:
    """An answer may lack what the token may not read."""
    variant = {"id": "gid://shopify/ProductVariant/1", "inventoryQuantity": 0, "inventoryPolicy": "DENY"}
    body = full({"id": "gid://shopify/Product/7", "title": "Scarf"}, [{**variant, **item}], [])
    found = parse(EventType.UPDATED, body)
    assert isinstance(found, Product)
    assert (found.facts.in_stock, found.facts.backorder) == stock
