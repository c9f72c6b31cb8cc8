"""The keys of a product or variation: folded, scoped by store, and bounded."""

from contracts.catalog import Attribute, Facts, Product, Variation
from database.products import keys
from knowledge.search.keys import LONGEST

LONG = "نام بلند "


def test_a_product_has_keys_of_its_name_codes_brands_categories_and_options() -> None:
    """One for each spelling that differs in letters or digits."""
    product = Product(
        external_id="7",
        title="گوشی",
        categories=("موبایل", "گوشی موبایل", "گوشی‌موبایل"),
        brands=("سامسونگ", "Samsung"),
        attributes=(Attribute(name="رنگ", options=("مشکی", "Navy Blue")),),
        facts=Facts(sku="SM-S911B", gtin="626 000-1"),
    )
    assert keys.of_product(7, product) == [
        "7/attribute/رنگ/navyblue",
        "7/attribute/رنگ/مشکی",
        "7/brand/samsung",
        "7/brand/سامسونگ",
        "7/category/موبایل",
        "7/category/گوشیموبایل",
        "7/code/6260001",
        "7/code/sms911b",
        "7/title/گوشی",
    ]


def test_what_a_variation_was_not_sent_with_is_what_is_stored() -> None:
    """An empty value that was sent is empty."""
    stored = {
        "metadata": {"sku": "V-9", "gtin": None, "brands": ["Acme"]},
        "options": [{"name": "Size", "options": ["XL"]}],
    }
    every = frozenset(("sku", "gtin", "brands", "options"))
    part = Variation(external_id="8", parent="7", absent=every)
    assert keys.of_variation(7, part, stored) == ["7/attribute/size/xl", "7/brand/acme", "7/code/v9"]
    emptied = Variation(external_id="8", parent="7", absent=every - {"sku", "options"})
    assert keys.of_variation(7, emptied, stored) == ["7/brand/acme"]
    assert keys.of_variation(7, part, None) == []


def test_a_key_is_bounded_however_long_a_name_is() -> None:
    """An entry of an index has room for no more."""
    attributes = (Attribute(name=LONG * 500, options=(LONG * 500, "مشکی")),)
    product = Product(external_id="7", title="", brands=(LONG * 500,), attributes=attributes)
    found = keys.of_product(7, product)
    assert len(found) == 3
    assert all(len(key) <= 2 * LONGEST + 20 for key in found)
