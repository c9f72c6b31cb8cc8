"""Parsing what real WooCommerce shops send."""

import html
import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.base import Change, Deletion
from connectors.woocommerce.parse import parse
from contracts.catalog import Attribute, Facts, Product, Variation
from contracts.errors import InvalidField
from contracts.events import EventType
from contracts.products.details import Details, Dimensions, Part, Weight

RECORDINGS = Path(__file__).parent.parent / "fixtures" / "woocommerce"
INDEX = [entry for entry in json.loads((RECORDINGS / "index.json").read_text()) if entry["kind"] != "ping"]
MARKED_UP, PLAIN = 'Tee &amp; Mug <b>Bundle</b> "Deluxe"', 'Tee & Mug Bundle "Deluxe"'


def recorded(file: str) -> tuple[EventType, dict[str, Any]]:
    delivery = json.loads((RECORDINGS / file).read_text())
    return EventType(delivery["topic"]), json.loads(delivery["body"])


def of_kind(*kinds: str) -> list[str]:
    return [entry["file"] for entry in INDEX if entry["kind"] in kinds]


def updated(**fields: Any) -> Change:
    return parse(EventType.UPDATED, {"id": 7, **fields})


def product(**fields: Any) -> Product:
    change = updated(**fields)
    assert isinstance(change, Product)
    return change


def expected_facts(body: Mapping[str, Any]) -> Facts:
    """Returns facts by WooCommerce's documentation, for bodies with values of the documented types."""

    def number(name: str) -> Decimal | None:
        return None if body[name] in ("", None) else Decimal(body[name])

    sources = [image["src"] for image in body["images"]]
    return Facts(
        price=number("price"),
        regular_price=number("regular_price"),
        sale_price=number("sale_price"),
        on_sale=body["on_sale"],
        stock_quantity=number("stock_quantity"),
        in_stock=body["stock_status"] in ("instock", "onbackorder"),
        backorder=body["stock_status"] == "onbackorder",
        sku=body["sku"],
        gtin=body["global_unique_id"],
        link=body["permalink"],
        image=sources[0] if sources else "",
        gallery=tuple(sources[1:]),
    )


def expected_details(body: Mapping[str, Any]) -> Details:
    """Returns details by WooCommerce's documentation; it sends units in no body."""
    sides: dict[str, Any] = {name: Decimal(side) for name, side in body["dimensions"].items() if side}
    ends = body["date_on_sale_to_gmt"]
    return Details(
        weight=Weight(value=Decimal(body["weight"])) if body["weight"] else None,
        dimensions=Dimensions(**sides) if sides else None,
        grouped_children=tuple(Part(external_id=f"woo_{id_}") for id_ in body.get("grouped_products", [])),
        sale_end=ends and datetime.fromisoformat(ends).replace(tzinfo=UTC),
        external_url=body.get("external_url", ""),
        button_text=body.get("button_text", ""),
    )


def modified(body: Mapping[str, Any]) -> datetime:
    return datetime.strptime(body["date_modified_gmt"], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)


def test_every_kind_of_delivery_is_among_the_recordings() -> None:
    """The tests below use real bodies of every kind."""
    kinds = Counter(entry["kind"] for entry in INDEX)
    assert kinds == {
        "simple": 46,
        "variation": 17,
        "id_only": 9,
        "variable": 7,
        "external": 2,
        "grouped": 2,
    }
    products = {file.name for file in RECORDINGS.glob("0*.json") if "_ping" not in file.name}
    assert {entry["file"] for entry in INDEX} == products


@pytest.mark.parametrize("file", of_kind("simple", "variable", "external", "grouped"))
def test_a_recorded_product_is_parsed_completely(file: str) -> None:
    """Every field that we use is parsed, for each type of product."""
    event_type, body = recorded(file)
    assert parse(event_type, body) == Product(
        external_id=f"woo_{body['id']}",
        title=body["name"].replace(MARKED_UP, PLAIN),
        short_description=body["short_description"],
        description=body["description"],
        categories=tuple(
            html.unescape(term["name"]) for term in body["categories"] if term["slug"] != "uncategorized"
        ),
        tags=tuple(html.unescape(term["name"]) for term in body["tags"]),
        brands=tuple(html.unescape(term["name"]) for term in body["brands"]),
        attributes=tuple(
            Attribute(name=attribute["name"], options=tuple(attribute["options"]))
            for attribute in body["attributes"]
        ),
        facts=expected_facts(body),
        details=expected_details(body),
        visible=(body["status"], body["catalog_visibility"]) == ("publish", "visible"),
        status=body["status"],
        variation_ids=tuple(f"woo_{variation}" for variation in body["variations"]),
        version=modified(body),
    )


@pytest.mark.parametrize("file", of_kind("variation"))
def test_a_recorded_variation_belongs_to_its_product(file: str) -> None:
    """A variation delivered as a product has its parent and its options."""
    event_type, body = recorded(file)
    assert parse(event_type, body) == Variation(
        external_id=f"woo_{body['id']}",
        parent="woo_21",
        options=tuple(
            Attribute(name=attribute["name"], options=(attribute["option"],))
            for attribute in body["attributes"]
        ),
        description=body["description"],
        facts=expected_facts(body),
        details=expected_details(body),
        visible=True,
        version=modified(body),
    )


@pytest.mark.parametrize("file", of_kind("id_only"))
def test_a_recorded_deletion_has_only_an_id(file: str) -> None:
    """`{"id":N}` has no time of its own."""
    event_type, body = recorded(file)
    assert event_type is EventType.DELETED
    assert parse(event_type, body) == Deletion(external_id=f"woo_{body['id']}", version=None)


def test_a_persian_laptop() -> None:
    """One recording in detail."""
    laptop = parse(*recorded("00006_product.published.json"))
    assert isinstance(laptop, Product)
    assert laptop.title == "لپ‌تاپ ۱۵٫۶ اینچی ایسوس مدل VivoBook 15 X1502ZA"
    assert laptop.categories == ("لپ‌تاپ و الترابوک",)
    assert laptop.attributes == (
        Attribute(name="رنگ", options=("نقره‌ای",)),
        Attribute(name="گارانتی", options=("۱۸ ماهه شرکتی",)),
    )
    assert (laptop.facts.price, laptop.facts.stock_quantity, laptop.facts.sku) == (
        Decimal(32_500_000),
        Decimal(7),
        "LP-ASUS-X1502",
    )
    assert laptop.version == datetime(2026, 11, 21, 0, 28, 43, tzinfo=UTC)
    assert laptop.currency is None
    assert laptop.visible


def test_a_shirt_in_small_and_red() -> None:
    """Another recording in detail."""
    shirt = parse(*recorded("00035_product.published.json"))
    assert isinstance(shirt, Variation)
    assert shirt.options == (
        Attribute(name="سایز", options=("S",)),
        Attribute(name="Color", options=("قرمز",)),
    )
    assert shirt.facts.price == Decimal(450_000)


def test_a_deletion_may_carry_a_whole_product() -> None:
    """Our plugin sends the product; only its id and modification time are used."""
    body = {"id": 7, "name": ["odd"], "price": "not a price", "date_modified_gmt": "2026-11-20T10:00:00"}
    assert parse(EventType.DELETED, body) == Deletion(
        external_id="woo_7", version=datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    )


@pytest.mark.parametrize("event_type", [event for event in EventType if event is not EventType.DELETED])
def test_all_other_types_are_one_upsert(event_type: EventType) -> None:
    """Created, updated, restored and published are the same change."""
    assert parse(event_type, {"id": 7, "name": "کیف"}) == Product(external_id="woo_7", title="کیف")


@pytest.mark.parametrize(
    ("fields", "visible"),
    [
        ({}, True),
        ({"status": "publish"}, True),
        ({"status": ""}, True),
        ({"status": None}, True),
        ({"status": "draft"}, False),
        ({"status": "pending"}, False),
        ({"status": "private"}, False),
        ({"status": "future"}, False),
        ({"status": "trash"}, False),
        ({"status": "auto-draft"}, False),
        ({"catalog_visibility": "visible"}, True),
        ({"catalog_visibility": "catalog"}, True),
        ({"catalog_visibility": "search"}, True),
        ({"catalog_visibility": "hidden"}, False),
        ({"post_password": ""}, True),
        ({"post_password": "sesame"}, False),
        ({"status": "publish", "catalog_visibility": "hidden", "post_password": ""}, False),
    ],
)
def test_only_products_that_the_shop_shows_are_visible(fields: dict[str, Any], visible: bool) -> None:  # noqa: FBT001 - a column of the table
    """Published products that are neither hidden nor protected by a password."""
    assert product(**fields).visible is visible


@pytest.mark.parametrize(("status", "visible"), [("publish", True), ("private", False), ("trash", False)])
def test_a_disabled_variation_is_not_visible(status: str, visible: bool) -> None:  # noqa: FBT001 - a column of the table
    """Its status in WooCommerce is private."""
    change = updated(type="variation", parent_id=3, status=status)
    assert isinstance(change, Variation)
    assert change.visible is visible


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        (None, None),
        ("", None),
        ("0000-00-00T00:00:00", None),
        ("0000-00-00 00:00:00", None),
        ("-0001-11-30T00:00:00", None),
        ("0001-01-01T00:00:00+10:00", None),
        (False, None),
        (0, None),
        (1_795_168_800, datetime(2026, 11, 20, 10, tzinfo=UTC)),
        (1_795_168_800_000, datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 13:30:00 +0330", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2026-11-20T10:00:00", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2026-11-20 10:00:00", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2026-11-20T10:00:00Z", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2026-11-20T13:30:00+03:30", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2026-11-20T10:00:00.25", datetime(2026, 11, 20, 10, microsecond=250_000, tzinfo=UTC)),
        ("2031-01-01T00:00:00", datetime(2031, 1, 1, tzinfo=UTC)),
    ],
)
def test_times_are_utc(written: object, utc: datetime | None) -> None:
    """WordPress writes times without a zone, and an unset time as nothing or as zeros."""
    assert product(date_modified_gmt=written).version == utc


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (None, None),
        ("", None),
        ("   ", None),
        ("45000000", Decimal(45_000_000)),
        (45_000_000, Decimal(45_000_000)),
        ("12.50", Decimal("12.50")),
        (12.5, Decimal("12.5")),
        (0.1, Decimal("0.1")),
        ("0", Decimal(0)),
        (0, Decimal(0)),
        (-2, Decimal(-2)),
        ("۴۵٬۰۰۰٬۰۰۰", Decimal(45_000_000)),
        ("٤٥٫٥", Decimal("45.5")),
        ("45,000,000", Decimal(45_000_000)),
        ("12,50", Decimal("12.50")),
        ("۱،۲۵۰،۰۰۰", Decimal(1_250_000)),
        ("999999999999999999", Decimal(10**18 - 1)),
    ],
)
def test_numbers_are_parsed_in_every_form(written: object, read: Decimal | None) -> None:
    """Texts, numbers, Persian and Arabic digits, with separators; an empty text is no number."""
    facts = product(price=written, stock_quantity=written).facts
    assert (facts.price, facts.stock_quantity) == (read, read)


@pytest.mark.parametrize("written", ["0E+999999999", "-0", "0e-999", -0.0])
def test_zero_has_one_form(written: object) -> None:
    """So that every database accepts it."""
    assert str(product(price=written).facts.price) == "0"


def test_the_regular_price_replaces_a_missing_price() -> None:
    """Some senders have only the regular price; a price of zero is a price."""
    assert product(regular_price="48000000").facts.price == Decimal(48_000_000)
    assert product(price="", regular_price="48000000").facts.price == Decimal(48_000_000)
    assert product(price="0", regular_price="48000000").facts.price == Decimal(0)
    assert product(regular_price="48", sale_price="40", on_sale=True).facts.price == Decimal(40)
    assert product().facts.price is None
    assert "price" in product(regular_price="").absent
    assert "price" not in product(price="").absent


@pytest.mark.parametrize(
    ("fields", "in_stock"),
    [
        ({}, True),
        ({"stock_status": "instock"}, True),
        ({"stock_status": "instock", "stock_quantity": 0}, True),
        ({"stock_status": "onbackorder", "stock_quantity": -3}, True),
        ({"stock_status": "outofstock", "stock_quantity": 5}, False),
        ({"stock_status": "", "stock_quantity": 0}, False),
        ({"stock_quantity": 5}, True),
        ({"stock_quantity": -1}, False),
        ({"stock_quantity": None}, True),
        ({"in_stock": False, "stock_quantity": 5}, False),
        ({"in_stock": None, "stock_quantity": 5}, True),
        ({"in_stock": "yes"}, True),
        ({"in_stock": "no"}, False),
        ({"manage_stock": "parent", "stock_quantity": None, "stock_status": "instock"}, True),
        ({"stock_status": "out of stock", "stock_quantity": 5}, False),
        ({"stock_status": "discontinued", "stock_quantity": 0, "in_stock": False}, False),
        ({"stock_status": "on request", "stock_quantity": 0}, False),
        ({"stock_status": "on request", "in_stock": False}, False),
        ({"stock_status": "on request", "stock_quantity": 0, "backorders_allowed": True}, True),
        ({"stock_status": "on request", "stock_quantity": 2}, True),
    ],
)
def test_whether_a_product_is_in_stock(fields: dict[str, Any], in_stock: bool) -> None:  # noqa: FBT001 - a column of the table
    """The stock status decides, then the flag, then the quantity; without a quantity it is in stock."""
    assert product(**fields).facts.in_stock is in_stock


@pytest.mark.parametrize(
    ("fields", "backorder"),
    [
        ({}, False),
        ({"stock_status": "onbackorder"}, True),
        ({"stock_status": "onbackorder", "stock_quantity": 5}, True),
        ({"stock_status": "instock", "stock_quantity": 0, "backorders_allowed": True}, True),
        ({"stock_status": "instock", "stock_quantity": 5, "backorders_allowed": True}, False),
        ({"stock_quantity": -1, "backorders": "notify"}, True),
        ({"stock_quantity": -1, "backorders": "yes"}, True),
        ({"stock_quantity": -1, "backorders": "no"}, False),
        ({"stock_quantity": 0, "backordered": True}, True),
        ({"stock_quantity": 0, "backorders": {"odd": 1}}, False),
        ({"stock_status": "outofstock", "backorders_allowed": True}, False),
    ],
)
def test_what_is_sold_without_stock_is_on_backorder(fields: dict[str, Any], backorder: bool) -> None:  # noqa: FBT001 - a column of the table
    """It is in stock, as it can be bought, and marked."""
    assert product(**fields).facts.backorder is backorder
    assert product(**fields).facts.in_stock or not backorder


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (None, ()),
        ("", ()),
        (False, ()),
        ([], ()),
        ({}, ()),
        ("لپ‌تاپ", ("لپ‌تاپ",)),
        (["لپ‌تاپ", "گیمینگ"], ("لپ‌تاپ", "گیمینگ")),
        ([{"id": 17, "name": "لپ‌تاپ", "slug": "laptop"}], ("لپ‌تاپ",)),
        ([{"name": "لپ‌تاپ"}, "گیمینگ"], ("لپ‌تاپ", "گیمینگ")),
        ({"1": "لپ‌تاپ", "5": {"name": "گیمینگ"}}, ("لپ‌تاپ", "گیمینگ")),
        (["a", "a", "", None, " a "], ("a",)),
        ([1404], ("1404",)),
        (["Clothing &amp; <b>more</b>"], ("Clothing & more",)),
    ],
)
def test_terms_are_names(written: object, read: tuple[str, ...]) -> None:
    """Categories, tags and brands are sent as names or objects, in lists or in PHP's forms of them."""
    found = product(categories=written, tags=written, brands=written)
    assert (found.categories, found.tags, found.brands) == (read, read, read)


@pytest.mark.parametrize(
    "written",
    [
        [{"name": "رنگ", "options": ["مشکی", "سفید"]}],
        [{"id": 1, "name": "رنگ", "slug": "pa_color", "options": ["مشکی", "سفید"], "visible": True}],
        {"0": {"name": "رنگ", "options": {"1": "مشکی", "3": "سفید"}}},
        {"رنگ": ["مشکی", "سفید"]},
        [{"name": "رنگ", "options": [{"name": "مشکی"}, {"name": "سفید"}]}, {"name": "", "options": ["x"]}],
        [{"name": "رنگ", "options": ["مشکی", "سفید"]}, {"name": "خالی", "options": []}],
    ],
)
def test_attributes_have_options(written: object) -> None:
    """Attributes without a name or without options are left out."""
    assert product(attributes=written).attributes == (Attribute(name="رنگ", options=("مشکی", "سفید")),)


@pytest.mark.parametrize(
    "attributes",
    [
        [{"name": "color", "option": "red"}],
        {"attribute_pa_color": "red"},
        {"attribute_color": "red"},
        {"color": "red"},
        [{"name": "color", "options": ["red"]}],
    ],
)
def test_full_variations_belong_to_their_product(attributes: object) -> None:
    """The plugin sends all variations in full, with options in any of WordPress's forms."""
    found = product(
        name="تی‌شرت",
        variations=[{"id": "71", "price": "450000", "attributes": attributes}, {"id": 72}],
    )
    assert found.variations == (
        Variation(
            external_id="woo_71",
            parent="woo_7",
            options=(Attribute(name="color", options=("red",)),),
            facts=Facts(price=Decimal(450_000)),
        ),
        Variation(external_id="woo_72", parent="woo_7"),
    )
    assert found.variation_ids == ("woo_71", "woo_72")


@pytest.mark.parametrize(
    ("written", "ids"),
    [
        ([], ()),
        ("", ()),
        ([71, "72"], ("woo_71", "woo_72")),
        ({"0": 71, "2": 72}, ("woo_71", "woo_72")),
    ],
)
def test_variations_may_be_only_ids(written: object, ids: tuple[str, ...]) -> None:
    """REST sends their ids; an empty list means that the product has none."""
    found = product(variations=written)
    assert (found.variations, found.variation_ids) == ((), ids)


def test_of_a_variation_that_is_sent_twice_the_last_counts() -> None:
    """No statement could write both."""
    twice = [{"id": 71, "price": "10"}, {"id": 72}, {"id": "71", "price": "20"}]
    found = product(variations=twice)
    assert [(inside.external_id, inside.facts.price) for inside in found.variations] == [
        ("woo_71", 20),
        ("woo_72", None),
    ]
    assert found.variation_ids == ("woo_71", "woo_72")


def test_a_product_without_the_field_keeps_its_variations() -> None:
    """A missing field differs from an empty list."""
    assert product().variation_ids is None


@pytest.mark.parametrize(
    ("fields", "image", "gallery"),
    [
        ({}, "", ()),
        (
            {"image": "https://s/a.jpg", "gallery": ["https://s/b.jpg", "https://s/c.jpg"]},
            "https://s/a.jpg",
            ("https://s/b.jpg", "https://s/c.jpg"),
        ),
        (
            {"images": [{"src": "https://s/a.jpg"}, {"src": "https://s/b.jpg"}]},
            "https://s/a.jpg",
            ("https://s/b.jpg",),
        ),
        ({"image": {"src": "https://s/a.jpg", "id": 5}}, "https://s/a.jpg", ()),
        ({"image": [{"id": 9, "src": "https://s/a.jpg"}]}, "https://s/a.jpg", ()),
        ({"image": {"url": "https://s/a.jpg"}, "images": []}, "https://s/a.jpg", ()),
        (
            {"image": ["https://s/a.jpg"], "gallery": "https://s/b.jpg"},
            "https://s/a.jpg",
            ("https://s/b.jpg",),
        ),
        ({"image": {"0": {"src": "https://s/a.jpg"}}}, "https://s/a.jpg", ()),
        ({"images": {"id": 9, "src": "https://s/a.jpg", "name": "x"}}, "https://s/a.jpg", ()),
        ({"image": 0, "images": [0, "0", True, "https://s/a.jpg"]}, "https://s/a.jpg", ()),
        ({"image": None, "images": ["https://s/a.jpg"]}, "https://s/a.jpg", ()),
        ({"image": False, "gallery": [None, "", {"src": None}, "https://s/b.jpg"]}, "", ("https://s/b.jpg",)),
    ],
)
def test_images_are_addresses(fields: dict[str, Any], image: str, gallery: tuple[str, ...]) -> None:
    """They are sent as addresses or objects; the first one is the main image."""
    facts = product(**fields).facts
    assert (facts.image, facts.gallery) == (image, gallery)


@pytest.mark.parametrize("written", [0, "0", False, True, 17, 1.5, None, [], ["0"], {}])
def test_a_link_that_is_no_address_is_empty(written: object) -> None:
    assert product(permalink=written).facts.link == ""


@pytest.mark.parametrize(
    "attributes",
    [
        {"Waterproof": True, "Wireless": False},
        [{"name": "Waterproof", "options": True}, {"name": "Wireless", "options": [False]}],
        [{"name": "Waterproof", "option": True}, {"name": "Wireless", "option": False}],
        {"Waterproof": [True], "Wireless": {"0": False}},
    ],
)
def test_a_feature_that_a_product_has_or_lacks_is_yes_or_no(attributes: object) -> None:
    expected = (
        Attribute(name="Waterproof", options=("yes",)),
        Attribute(name="Wireless", options=("no",)),
    )
    assert product(attributes=attributes).attributes == expected


@pytest.mark.parametrize("kind", ["variation", "subscription_variation", " Variation", "product-variation"])
def test_every_kind_of_variation_is_one(kind: str) -> None:
    """Plugins add kinds of their own."""
    change = updated(type=kind, parent_id=3)
    assert isinstance(change, Variation)
    assert change.parent == "woo_3"


@pytest.mark.parametrize(
    "kind", ["variable", "variable-subscription", "simple", None, 5, ["variation"], "variations"]
)
def test_every_other_type_is_a_product(kind: object) -> None:
    assert isinstance(updated(type=kind, parent_id=3), Product)


@pytest.mark.parametrize(
    ("written", "external_id"),
    [(777, "woo_777"), ("777", "woo_777"), (" 777 ", "woo_777"), (2**63 - 1, f"woo_{2**63 - 1}")],
)
def test_ids_have_64_bits(written: object, external_id: str) -> None:
    """As numbers or texts."""
    assert updated(id=written) == Product(external_id=external_id, title="")


def test_texts_lose_only_nul_characters() -> None:
    """Postgres stores none; emoji and half-spaces stay."""
    found = product(name="قاب\x00 👨‍👩‍👧‍👦", description="الف\x00ب", currency=" irt ")
    assert (found.title, found.description, found.currency) == ("قاب 👨‍👩‍👧‍👦", "الفب", "IRT")


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"id": None}, "product.id"),
        ({"id": 0}, "product.id"),
        ({"id": -1}, "product.id"),
        ({"id": 1.5}, "product.id"),
        ({"id": True}, "product.id"),
        ({"id": "abc"}, "product.id"),
        ({"id": "۷"}, "product.id"),
        ({"id": 2**63}, "product.id"),
        ({"id": "9" * 30}, "product.id"),
        ({"id": "9" * 5000}, "product.id"),
        ({"id": [7]}, "product.id"),
        ({"name": {"rendered": "x"}}, "product.name"),
        ({"name": True}, "product.name"),
        ({"description": [1]}, "product.description"),
        ({"price": {"amount": 1}}, "product.price"),
        ({"price": "expensive"}, "product.price"),
        ({"price": "NaN"}, "product.price"),
        ({"price": "Infinity"}, "product.price"),
        ({"price": True}, "product.price"),
        ({"price": "1000000000000000000"}, "product.price"),
        ({"price": "1e9999999"}, "product.price"),
        ({"price": "-1e9999999"}, "product.price"),
        ({"price": "1e-9999999"}, "product.price"),
        ({"price": "sNaN"}, "product.price"),
        ({"price": "0." + "1" * 50_000}, "product.price"),
        ({"regular_price": []}, "product.regular_price"),
        ({"stock_quantity": "many"}, "product.stock_quantity"),
        ({"on_sale": "maybe"}, "product.on_sale"),
        ({"on_sale": []}, "product.on_sale"),
        ({"categories": 5}, "product.categories"),
        ({"attributes": "red"}, "product.attributes"),
        ({"images": 3}, "product.images"),
        ({"price": "1,2,3"}, "product.price"),
        ({"date_modified_gmt": "yesterday"}, "product.date_modified_gmt"),
        ({"date_modified_gmt": 12}, "product.date_modified_gmt"),
        ({"date_modified_gmt": True}, "product.date_modified_gmt"),
        ({"date_modified_gmt": "9999-12-31T23:59:59-10:00"}, "product.date_modified_gmt"),
        ({"variations": 7}, "product.variations"),
        ({"type": "variation"}, "product.parent_id"),
        ({"type": "variation", "parent_id": 0}, "product.parent_id"),
    ],
    ids=lambda value: value if isinstance(value, str) else repr(value)[:60],
)
def test_an_invalid_field_is_named(fields: dict[str, Any], path: str) -> None:
    """The error has the field's path and a short reason for people."""
    with pytest.raises(InvalidField) as invalid:
        updated(**fields)
    assert invalid.value.field == path
    assert 0 < len(invalid.value.problem) < 200


# fmt: off
KEYS = (
    "id", "name", "short_description", "description", "sku", "global_unique_id", "gtin", "barcode", "price",
    "regular_price", "sale_price", "on_sale", "stock_quantity", "stock_status", "in_stock",
    "permalink", "image", "images", "gallery", "attributes", "status",
    "date_modified_gmt", "parent_id", "type", "categories", "tags", "brands",
    "currency", "catalog_visibility", "post_password", "variations", "options", "option",
    "src",
)
SPELLED = ("variation", "publish", "yes", "<b>", "[x]", "&#0;", "1e9", "sNaN", "۱۲", "2026-W01-1", "1_0")
# fmt: on
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64)
    | st.floats()
    | st.text()
    | st.sampled_from(SPELLED)
    | st.datetimes(timezones=st.none() | st.timezones()).map(datetime.isoformat)
    | st.decimals().map(str),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(
    st.sampled_from(EventType),
    st.fixed_dictionaries({"id": st.integers(1, 99) | JSON}, optional=dict.fromkeys(KEYS[1:], JSON)),
)
@example(EventType.UPDATED, {"id": 7, "date_modified_gmt": "0001-01-01T00:00:00+10:00"})
@example(EventType.UPDATED, {})
def test_any_object_is_parsed_or_refused(event_type: EventType, body: dict[str, Any]) -> None:
    """Parsing any JSON object raises nothing but InvalidField."""
    try:
        change = parse(event_type, body)
    except InvalidField as error:
        named = error.field
    else:
        named = ""
        assert change.external_id.startswith("woo_")
        assert isinstance(change, Deletion) is (event_type is EventType.DELETED)
    assert named == "" or named.startswith("product.")
