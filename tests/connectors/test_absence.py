"""What a body does not have is absent from its product, and completed from what is stored."""

from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.custom.parse import parse as parse_custom
from connectors.shopify.parse import parse as parse_shopify
from connectors.woocommerce.parse import parse
from contracts.catalog import Facts, Product
from contracts.events import EventType
from contracts.products.details import Details

WHOLE: dict[str, Any] = {
    "id": 7,
    "name": "Blue lamp",
    "status": "publish",
    "catalog_visibility": "visible",
    "post_password": "",
    "description": "<p>Warm light</p>",
    "short_description": "Small",
    "price": "100",
    "regular_price": "120",
    "sale_price": "100",
    "on_sale": True,
    "sku": "L-7",
    "global_unique_id": "4006381333931",
    "gtin": "4006381333931",
    "barcode": "4006381333931",
    "currency": "EUR",
    "stock_quantity": 5,
    "stock_status": "instock",
    "in_stock": True,
    "permalink": "https://shop.example/lamp",
    "image": "https://shop.example/1.jpg",
    "images": [{"src": "https://shop.example/1.jpg"}],
    "gallery": ["https://shop.example/2.jpg"],
    "categories": ["Lamps"],
    "tags": ["reading"],
    "brands": ["Acme"],
    "attributes": [{"name": "Color", "options": ["Blue"]}],
    "weight": {"value": "250", "unit": "g"},
    "dimensions": {"length": "8", "width": "9", "height": "10", "unit": "cm"},
    "sale_end_gmt": "2026-12-01T00:00:00",
    "backorders": "notify",
    "average_rating": "4.5",
    "rating_count": 2,
    "review_count": 3,
    "grouped_children": [{"id": 8, "name": "Bulb"}],
    "external_url": "https://elsewhere.example/lamp",
    "button_text": "Buy",
    "featured": True,
    "custom_fields": [{"name": "warranty", "value": "2 years"}],
    "price_includes_tax": True,
    "text_cut": True,
}
OTHER: dict[str, Any] = {
    "id": 7,
    "name": "Red chair",
    "status": "draft",
    "catalog_visibility": "hidden",
    "post_password": "x",
    "description": "<p>Soft</p>",
    "short_description": "Large",
    "price": "7",
    "regular_price": "9",
    "sale_price": "7",
    "on_sale": False,
    "sku": "C-9",
    "global_unique_id": "9780132350884",
    "gtin": "9780132350884",
    "barcode": "9780132350884",
    "currency": "USD",
    "stock_quantity": 0,
    "stock_status": "outofstock",
    "in_stock": False,
    "permalink": "https://shop.example/chair",
    "image": "https://shop.example/3.jpg",
    "images": [{"src": "https://shop.example/3.jpg"}],
    "gallery": ["https://shop.example/4.jpg"],
    "categories": ["Chairs"],
    "tags": ["sitting"],
    "brands": ["Other"],
    "attributes": [{"name": "Color", "options": ["Red"]}],
    "weight": {"value": "12", "unit": "kg"},
    "dimensions": None,
    "sale_end_gmt": None,
    "backorders": "no",
    "average_rating": "0",
    "rating_count": 0,
    "review_count": 0,
    "grouped_children": [],
    "external_url": "",
    "button_text": "",
    "featured": False,
    "custom_fields": [],
    "price_includes_tax": False,
    "text_cut": False,
}
SCARF: dict[str, Any] = {
    "id": 9,
    "title": "Scarf",
    "body_html": "<p>Warm</p>",
    "vendor": "Acme",
    "product_type": "Scarves",
    "handle": "scarf",
    "status": "active",
    "published_at": "2026-01-01T10:00:00Z",
    "tags": "wool",
    "options": [{"name": "Title", "values": ["Default Title"]}],
    "images": [{"src": "https://shop.example/9.jpg"}],
    "variants": [
        {
            "id": 1,
            "title": "Default Title",
            "price": "20",
            "compare_at_price": "25",
            "sku": "S",
            "barcode": "4006381333931",
            "inventory_management": "shopify",
            "inventory_policy": "deny",
            "inventory_quantity": 3,
        }
    ],
}


RULED = {
    *("status", "visible", "hidden_by", "currency", "facts", "details", "absent"),
    *("price", "sale_price", "in_stock", "backorder"),
}
"""Fields with rules of their own."""


def product(body: dict[str, Any]) -> Product:
    read = parse(EventType.UPDATED, body)
    assert isinstance(read, Product)
    return read


def flat(read: Product) -> dict[str, Any]:
    """Returns the fields of a product, of its facts and of its details by name."""
    own = {field.name: getattr(read, field.name) for field in fields(Product)}
    details = {field.name: getattr(read.details, field.name) for field in fields(Details)}
    return own | details | {field.name: getattr(read.facts, field.name) for field in fields(Facts)}


@given(st.sets(st.sampled_from(sorted(OTHER.keys() - {"id"}))))
def test_a_part_over_a_whole_is_what_was_sent_and_what_was_stored(sent: set[str]) -> None:
    """Each field is one of the two, by whether a source of it was sent; without any, nothing changes."""
    stored, part = product(WHOLE), product({"id": 7, **{name: OTHER[name] for name in sent}})
    completed = flat(part.completed(stored))
    before, delivered = flat(stored), flat(part)
    for name in completed.keys() - RULED:
        assert completed[name] == (before if name in part.absent else delivered)[name], name
    assert completed["currency"] == (
        "USD" if "currency" in sent else "EUR" if "price" in part.absent else None
    )
    assert completed["visible"] == (sent.isdisjoint({"status", "catalog_visibility", "post_password"}))


@given(st.sets(st.sampled_from(sorted(OTHER.keys() - {"id"}))))
def test_a_part_never_shows_what_was_hidden(sent: set[str]) -> None:
    """Only a status shows a draft, and only a visibility shows a hidden product."""
    part = product({"id": 7, **{name: WHOLE[name] for name in sent}})
    draft, hidden = product({**WHOLE, "status": "draft"}), product({**WHOLE, "catalog_visibility": "hidden"})
    assert part.completed(draft).visible <= ("status" in sent)
    assert part.completed(hidden).visible == ("catalog_visibility" in sent)
    locked = product({**WHOLE, "post_password": "x"})
    assert part.completed(locked).visible == ("post_password" in sent)


@pytest.mark.parametrize("nothing", [None, "", False])
@pytest.mark.parametrize(
    "stored", [{"status": "draft"}, {"catalog_visibility": "hidden"}, {"status": "private"}]
)
def test_empty_fields_show_nothing(stored: dict[str, Any], nothing: object) -> None:
    """Neither an empty status nor an empty visibility is one."""
    part = product({"id": 7, "name": "Lamp", "status": nothing, "catalog_visibility": nothing})
    assert not part.completed(product({**WHOLE, **stored})).visible


def test_what_hides_a_draft_hides_it_when_it_is_published() -> None:
    """Each of the fields that hide a product is kept."""
    draft = product({**WHOLE, "status": "draft", "catalog_visibility": "hidden", "post_password": "x"})
    published = product({"id": 7, "status": "publish"}).over(draft)
    assert not published.visible
    shown = product({"id": 7, "catalog_visibility": "visible"}).over(published)
    assert not shown.visible
    assert product({"id": 7, "post_password": ""}).over(shown).visible


def test_a_new_product_is_unknown_until_it_has_a_name() -> None:
    """Where the shop was to be asked and was not, it needs a status too."""
    assert product({"id": 7, "status": "publish", "price": "5"}).completed(None).status == "unknown"
    named = product({"id": 7, "name": "Lamp"})
    assert named.completed(None).visible
    assert not named.completed(None, is_doubtful=True).visible
    without = {name: value for name, value in SCARF.items() if name != "published_at"}
    scarf = parse_shopify(EventType.UPDATED, without)
    assert isinstance(scarf, Product)
    assert not scarf.completed(None, is_doubtful=True).visible


@pytest.mark.parametrize(
    ("sent", "price", "sale_price"),
    [
        ({"regular_price": "120"}, 100, 100),
        ({"sale_price": "70"}, 70, 70),
        ({"on_sale": False}, 120, 100),
        ({"on_sale": False, "regular_price": "130"}, 130, 100),
        ({"price": "90"}, 90, 90),
        ({"sku": "L-8"}, 100, 100),
    ],
)
def test_prices_that_are_sent_in_part_stay_consistent(
    sent: dict[str, Any], price: int, sale_price: int
) -> None:
    """A product on sale has its sale price."""
    facts = product({"id": 7, **sent}).completed(product(WHOLE)).facts
    assert (facts.price, facts.sale_price) == (Decimal(price), Decimal(sale_price))


@pytest.mark.parametrize(
    "silence",
    [
        {"stock_quantity": None},
        {"stock_status": None},
        {"in_stock": None},
        {"stock_quantity": "", "price": "5"},
    ],
)
def test_null_says_nothing_of_the_stock(silence: dict[str, Any]) -> None:
    """WooCommerce sends a quantity of null for products that it does not count."""
    out = product({**WHOLE, "stock_status": "outofstock", "in_stock": False, "stock_quantity": 0})
    assert not product({"id": 7, **silence}).completed(out).facts.in_stock


def test_a_quantity_alone_ends_no_backorder() -> None:
    """Unless there is something in stock again."""
    ordered = product({**WHOLE, "stock_status": "onbackorder", "stock_quantity": 0})
    assert ordered.facts.backorder
    still = product({"id": 7, "stock_quantity": -2}).completed(ordered).facts
    assert (still.in_stock, still.backorder) == (True, True)
    again = product({"id": 7, "stock_quantity": 4}).completed(ordered).facts
    assert (again.in_stock, again.backorder) == (True, False)
    out = product({"id": 7, "stock_status": "outofstock"}).completed(ordered).facts
    assert (out.in_stock, out.backorder) == (False, False)


def test_a_part_after_a_deletion_restores_nothing() -> None:
    """A name without a status describes a product that exists."""
    assert product({"id": 7, "price": "9"}).deleted().status == "deleted"
    assert product({"id": 7, "name": "Lamp"}).deleted().visible
    assert product({"id": 7, "status": "publish"}).deleted().visible


def test_variations_that_are_only_listed_keep_what_was_sent_before() -> None:
    """Only if they are still listed."""
    older = product({"id": 7, "variations": [{"id": 8, "price": "1"}, {"id": 9, "price": "2"}]})
    joined = product({"id": 7, "variations": [8]}).over(older)
    assert [(one.external_id, one.facts.price) for one in joined.variations] == [("woo_8", Decimal(1))]
    assert joined.variation_ids == ("woo_8",)


@given(st.lists(st.sets(st.sampled_from(sorted(OTHER.keys() - {"id"}))), min_size=3, max_size=3))
def test_parts_join_in_any_grouping(sent: list[set[str]]) -> None:
    """Whether newer parts are joined first or older ones, the newest value of each field remains."""
    first, second, third = (
        product({"id": 7, **{name: body[name] for name in names}})
        for body, names in zip((WHOLE, OTHER, WHOLE), sent, strict=True)
    )
    left, right = flat(third.over(second).over(first)), flat(third.over(second.over(first)))
    assert {name: left[name] for name in left.keys() - RULED} == {
        name: right[name] for name in right.keys() - RULED
    }
    assert left["absent"] - RULED == right["absent"] - RULED


def test_a_whole_body_lacks_nothing() -> None:
    """By either platform; Shopify's bodies have neither a currency nor a short description."""
    assert product(WHOLE).absent == frozenset()
    custom = parse_custom(EventType.UPDATED, WHOLE)
    assert isinstance(custom, Product)
    assert custom.absent == frozenset()
    scarf = parse_shopify(EventType.UPDATED, SCARF)
    assert isinstance(scarf, Product)
    assert scarf.absent == {"currency"}


@given(st.sets(st.sampled_from(sorted(SCARF.keys() - {"id"}))))
def test_a_part_of_a_shopify_product_changes_what_it_has(sent: set[str]) -> None:
    """With any of its fields, it is the same product."""
    whole, part = (
        parse_shopify(EventType.UPDATED, {"id": 9, **{name: SCARF[name] for name in names}})
        for names in (SCARF.keys() - {"id"}, sent)
    )
    assert isinstance(whole, Product)
    assert isinstance(part, Product)
    stored = replace(whole, currency="USD")
    completed = part.completed(stored)
    kept = replace(completed, currency="USD", variations=(), variation_ids=())
    assert kept == replace(stored, variations=(), variation_ids=())


def test_a_fact_that_one_variant_lacks_is_absent() -> None:
    """All variants together have the price and the stock of the product."""
    other = {"id": 2, "title": "L", "price": "5"}
    read = parse_shopify(EventType.UPDATED, {**SCARF, "variants": [*SCARF["variants"], other]})
    assert isinstance(read, Product)
    assert {"stock_quantity", "in_stock", "sku"} <= read.absent
    assert "price" not in read.absent
    assert read.facts.price == Decimal(5)
