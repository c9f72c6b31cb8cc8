"""Details of products in every form that shops send; one that cannot be read refuses only itself."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.bounds import Cuts
from connectors.custom.parse import parse as parse_custom
from connectors.woocommerce.parse import parse
from contracts.bounds import CUSTOM_FIELDS
from contracts.catalog import Product, Variation
from contracts.events import EventType
from contracts.products.details import CustomField, Details, Dimensions, Part, Weight


def read(cuts: Cuts | None = None, **fields: Any) -> Product:
    change = parse(EventType.UPDATED, {"id": 7, "name": "چراغ", "price": "5", **fields}, cuts)
    assert isinstance(change, Product)
    return change


def test_what_the_plugin_sends() -> None:
    """Each detail is read in the form that the API documents."""
    sent = read(
        weight={"value": "1.50", "unit": "kg"},
        dimensions={"length": "10", "width": "", "height": "۳۰", "unit": "cm"},
        sale_end_gmt="2026-12-01T00:00:00",
        backorders="notify",
        average_rating="4.50",
        rating_count=2,
        review_count="3",
        grouped_children=[{"id": 8, "name": "فنجان &amp; نعلبکی"}],
        external_url="https://elsewhere.example/",
        button_text="خرید",
        featured=True,
        custom_fields=[{"name": "گارانتی", "value": "۱۸ ماه"}, {"name": "none", "value": ""}],
        price_includes_tax=True,
        text_cut=True,
    )
    assert sent.details == Details(
        weight=Weight(value=Decimal("1.50"), unit="kg"),
        dimensions=Dimensions(length=Decimal(10), height=Decimal(30), unit="cm"),
        sale_end=datetime(2026, 12, 1, tzinfo=UTC),
        backorders="notify",
        average_rating=Decimal("4.50"),
        rating_count=2,
        review_count=3,
        grouped_children=(Part(external_id="woo_8", name="فنجان & نعلبکی"),),
        external_url="https://elsewhere.example/",
        button_text="خرید",
        featured=True,
        custom_fields=(CustomField(name="گارانتی", value="۱۸ ماه"),),
        price_includes_tax=True,
        text_cut=True,
    )


@pytest.mark.parametrize(
    ("sent", "value", "unit"),
    [
        ("1.2 kg", "1.2", "kg"),
        ("۲۵۰ گرم", "250", "گرم"),
        ("1,5kg", "1.5", "kg"),
        (3, "3", ""),
        ("0", None, ""),
    ],
)
def test_weights_that_shops_write(sent: object, value: str | None, unit: str) -> None:
    """A number alone, or with its unit in any script; zero is no weight."""
    expected = None if value is None else Weight(value=Decimal(value), unit=unit)
    assert read(weight=sent).details.weight == expected


EMPTY: dict[str, Any] = {
    "weight": "", "dimensions": [], "sale_end_gmt": None, "backorders": "no", "average_rating": "0.00",
    "rating_count": 0, "review_count": None, "grouped_children": [], "external_url": "", "button_text": "",
    "featured": False, "custom_fields": "", "price_includes_tax": None, "text_cut": False,
}  # fmt: skip


def test_empty_values_say_nothing() -> None:
    """PHP's empty values are read, and are no details."""
    sent = read(**EMPTY)
    assert sent.details == Details()
    assert not sent.lacks(*(EMPTY.keys() - {"sale_end_gmt"}))


BROKEN: dict[str, Any] = {
    "weight": "heavy", "dimensions": "10x20", "sale_end_gmt": "soon", "average_rating": 7,
    "rating_count": 1.5, "review_count": -1, "grouped_children": [{"name": "x"}], "external_url": True,
    "button_text": ["x"], "featured": "perhaps", "custom_fields": [{"name": "x"}],
    "price_includes_tax": "maybe", "text_cut": {},
}  # fmt: skip


@pytest.mark.parametrize("field", BROKEN)
def test_a_detail_that_cannot_be_read_refuses_itself(field: str) -> None:
    """At the door the product is taken; when it is processed the field is named, and stays as it was."""
    assert read(**{field: BROKEN[field]}).facts.price == 5
    cuts = Cuts()
    sent = read(cuts, **{field: BROKEN[field]})
    assert sent.details == Details()
    assert sent.facts.price == 5
    if field != "external_url":
        assert [note.partition(":")[0].partition(".")[0] for note in cuts.notes][:1] == [field]


def test_a_detail_that_is_not_sent_stays() -> None:
    """And so do a unit and the names of a set's parts, which WooCommerce's own API does not have."""
    stored = read(
        weight={"value": "2", "unit": "kg"},
        dimensions={"length": "5", "unit": "cm"},
        grouped_children=[{"id": 8, "name": "فنجان"}],
        custom_fields=[{"name": "a", "value": "b"}],
        featured=True,
    )
    newer = read(weight="3", dimensions={"width": "4"}, grouped_products=[8, 9], featured=False)
    assert newer.completed(stored).details == Details(
        weight=Weight(value=Decimal(3), unit="kg"),
        dimensions=Dimensions(width=Decimal(4), unit="cm"),
        grouped_children=(Part(external_id="woo_8", name="فنجان"), Part(external_id="woo_9")),
        custom_fields=(CustomField(name="a", value="b"),),
    )
    assert read(weight="").completed(stored).details.weight is None


def test_variations_have_details_of_their_own() -> None:
    """A variation has its own weight, end of its sale and backorders."""
    sent = {"id": 8, "weight": {"value": "1", "unit": "kg"}, "backorders": "yes", "stock_quantity": 0}
    (variation,) = read(variations=[sent]).variations
    assert isinstance(variation, Variation)
    assert variation.details == Details(weight=Weight(value=Decimal(1), unit="kg"), backorders="yes")
    assert variation.facts.backorder
    assert {"dimensions", "sale_end"} <= variation.absent


def test_bounds_and_ids_of_custom_shops() -> None:
    """More custom fields than a product may have are left out and noted; ids are as the shop spells them."""
    cuts = Cuts()
    fields = [{"name": f"n{n}", "value": n} for n in range(CUSTOM_FIELDS + 1)]
    assert len(read(cuts, custom_fields=fields).details.custom_fields) == CUSTOM_FIELDS
    assert cuts.notes == (f"custom_fields: only the first {CUSTOM_FIELDS} entries were kept.",)
    custom = parse_custom(EventType.UPDATED, {"id": "a-1", "name": "x", "grouped_children": ["b-2"]})
    assert isinstance(custom, Product)
    assert custom.details.grouped_children == (Part(external_id="b-2"),)
