"""A stored product as UCP's product."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from catalogue import ucp, words
from catalogue.extension import Attribute, Why
from catalogue.extent import BRIEF, FULL
from catalogue.feeds.gaps import Gap
from catalogue.feeds.items import items
from catalogue.hygiene import Fence
from catalogue.prices import price_of, regular_price_of
from catalogue.product import price_unavailable, ucp_product
from contracts.products.details import CustomField, Details, Dimensions, Part, Weight
from contracts.search import FoundProduct, Hit, Matched
from contracts.stored import StoredProduct, StoredVariation
from contracts.stores import OpenStore
from tests.catalogue.stored import BLACK, ENGLISH_STORE, HOSTILE, LAMP, PERSIAN_STORE, PHONE, WHITE


def mapped(product: StoredProduct, store: OpenStore = PERSIAN_STORE) -> ucp.Product:
    """Returns a product that has a price."""
    found = ucp_product(product, store)
    assert found is not None
    return found


def rial(amount: int) -> dict[str, object]:
    return {"amount": amount, "currency": "IRR"}


def test_a_variable_product_of_a_persian_shop() -> None:
    """Prices are in rial, and the shop's words for them in its own digits. Variants of results are short."""
    phone = {"type": "image", "url": "https://shop.example/777.jpg", "alt_text": "گوشی سامسونگ"}
    assert mapped(PHONE).dumped() == {
        "id": "woo_777",
        "title": "گوشی سامسونگ",
        "description": {"plain": "یک گوشی خوب"},
        "url": "https://shop.example/p/777",
        "categories": [{"value": "موبایل", "taxonomy": "merchant"}],
        "price_range": {"min": rial(1_250_000_000), "max": rial(1_300_000_000)},
        "media": [phone],
        "options": [{"name": "رنگ", "values": [{"label": "مشکی"}, {"label": "سفید"}]}],
        "variants": [
            {
                "id": "woo_778",
                "sku": "SM-S911B-K",
                "barcodes": [{"type": "GTIN", "value": "4006381333931"}],
                "title": "مشکی",
                "description": {"plain": ""},
                "price": rial(1_250_000_000),
                "list_price": rial(1_500_000_000),
                "availability": {"available": True, "status": "in_stock"},
                "options": [{"name": "رنگ", "label": "مشکی"}],
            },
            {
                "id": "woo_779",
                "sku": "SM-S911B-W",
                "title": "سفید",
                "description": {"plain": ""},
                "price": rial(1_300_000_000),
                "availability": {"available": False, "status": "out_of_stock"},
                "options": [{"name": "رنگ", "label": "سفید"}],
            },
        ],
        "tags": ["هدیه"],
        "metadata": {
            "com.pilito": {
                "price_text": "۱٬۲۵۰٬۰۰۰ تا ۱٬۳۰۰٬۰۰۰ تومان",
                "currency": "IRT",
                "brands": ["سامسونگ"],
                "attributes": [
                    {"name": "رنگ", "values": ["مشکی", "سفید", "آبی"]},
                    {"name": "جنس", "values": ["فلز"]},
                ],
                "variants_total": 2,
                "known_at": "2026-11-26T09:31:00Z",
                "facts_at": "2026-11-26T09:30:00Z",
            }
        },
    }


def test_a_simple_product_of_an_english_shop() -> None:
    """It is its own variant, with its id."""
    lamp = mapped(LAMP, ENGLISH_STORE)
    assert [variant.dumped() for variant in lamp.variants] == [
        {
            "id": "shopify_12",
            "sku": "LAMP-1",
            "barcodes": [{"type": "GTIN", "value": "0012345678905"}],
            "title": "Desk lamp",
            "description": {"plain": ""},
            "price": {"amount": 1990, "currency": "USD"},
            "list_price": {"amount": 2499, "currency": "USD"},
            "availability": {"available": True, "status": "in_stock"},
        }
    ]
    assert lamp.options is None
    assert lamp.description.plain == "A warm light."
    assert lamp.metadata.pilito.price_text == "19.90 USD"
    assert lamp.metadata.pilito.known_at is None


def test_one_product_has_both_descriptions_and_all_images() -> None:
    """Up to 4,000 characters."""
    phone = ucp_product(PHONE, PERSIAN_STORE, extent=FULL)
    assert phone is not None
    black = phone.variants[0].dumped()
    assert black["url"] == "https://shop.example/p/778"
    assert black["media"] == [{"type": "image", "url": "https://shop.example/778.jpg"}]
    assert phone.description.plain == "یک گوشی خوب\n\nبا صفحه‌نمایش روشن.\n\n- سبک"
    assert [image.url for image in phone.media or ()] == [
        "https://shop.example/777.jpg",
        "https://shop.example/777-2.jpg",
    ]


def test_a_variation_without_a_price_has_the_price_of_its_product() -> None:
    """And its regular price, if no other variation has a price."""
    priceless = replace(BLACK, price=None, regular_price=None)
    plain = replace(PHONE, variations=[priceless], min_price=None, max_price=None)
    phone = mapped(replace(plain, regular_price=Decimal(1_400_000)))
    assert phone.variants[0].price.amount == 1_250_000_000
    assert phone.variants[0].list_price == ucp.Price(amount=1_400_000_000, currency="IRR")


@pytest.mark.parametrize("shown", [[WHITE], []], ids=["with a priced one", "alone of many"])
def test_a_variation_without_a_price_has_none_where_others_have_one(shown: list[StoredVariation]) -> None:
    """The product's price is the lowest of the others, and it is not that of this one."""
    priceless = replace(BLACK, price=None, regular_price=None)
    phone = replace(PHONE, variations=[priceless, *shown], variations_total=9, regular_price=Decimal(9**9))
    assert price_of(phone, priceless) is None
    assert regular_price_of(phone, priceless) is None
    found = ucp_product(phone, PERSIAN_STORE)
    assert [variant.id for variant in (found.variants if found else ())] == [one.external_id for one in shown]
    if found is None:
        assert "قیمت ندارد" in price_unavailable(phone, PERSIAN_STORE).content
    assert "مشکی — قیمت نامعلوم" in words.one(phone, PERSIAN_STORE, fence=Fence())
    listed = list(items(phone, "IRT"))
    assert listed[0].price is None
    assert Gap.PRICE in listed[0].gaps
    assert [item.price is None for item in listed[1:]] == [False for _ in shown]


def test_a_price_range_covers_variants_that_are_not_shown() -> None:
    """The assistant would quote a wrong lowest price otherwise."""
    some = replace(PHONE, variations=[WHITE], variations_total=40, max_price=Decimal(9_000_000))
    phone = mapped(some)
    assert (phone.price_range.min.amount, phone.price_range.max.amount) == (1_250_000_000, 9_000_000_000)
    assert phone.metadata.pilito.variants_total == 40
    assert [value.label for value in (phone.options or [])[0].values] == ["سفید", "مشکی", "آبی"]


@pytest.mark.parametrize(
    ("product", "content"),
    [
        (
            replace(PHONE, price=None, variations=[], variations_total=0),
            "«گوشی سامسونگ» قیمت ندارد؛ از فروشگاه بپرسید. شناسه: woo_777",
        ),
        (
            replace(PHONE, currency="سکه", variations=[]),
            "«گوشی سامسونگ» قیمت «۱٬۲۵۰٬۰۰۰ تا ۱٬۳۰۰٬۰۰۰ سکه» به ارز استاندارد نیست؛ از فروشگاه بپرسید."
            " شناسه: woo_777",
        ),
        (replace(LAMP, price=None), "“Desk lamp” has no price; ask the shop. Id: shopify_12"),
        (
            replace(LAMP, currency="BTC"),
            "“Desk lamp” has the price 19.90 BTC, in no ISO 4217 currency; ask the shop. Id: shopify_12",
        ),
    ],
)
def test_a_product_without_a_price_in_an_iso_currency_is_a_message(
    product: StoredProduct, content: str
) -> None:
    """No price is invented: UCP has no product without one."""
    assert ucp_product(product, PERSIAN_STORE) is None
    assert price_unavailable(product, PERSIAN_STORE).dumped() == {
        "type": "warning",
        "code": "price_unavailable",
        "content": content,
    }


def test_a_product_without_a_currency_is_in_that_of_its_store() -> None:
    """Which may have been set later."""
    assert mapped(replace(LAMP, currency=""), ENGLISH_STORE).price_range.min.currency == "USD"
    assert ucp_product(replace(LAMP, currency=""), replace(ENGLISH_STORE, currency="")) is None


def test_a_list_price_is_higher_than_the_price() -> None:
    """A discount of nothing, or below it, is none."""
    for regular in (None, Decimal("19.9"), Decimal(10), Decimal("19.901")):
        assert mapped(replace(LAMP, regular_price=regular)).variants[0].list_price is None


def test_what_is_sold_without_stock_is_marked() -> None:
    """It can be bought, and comes later."""
    availability = mapped(replace(LAMP, availability="backorder")).variants[0].availability
    assert availability.dumped() == {"available": True, "status": "backorder"}


@pytest.mark.parametrize("gtin", ["", "123", "4006381333932", "0000000000000", "abc", "400638133393१"])
def test_a_code_that_is_no_gtin_is_no_barcode(gtin: str) -> None:
    """A reader compares barcodes with other shops' ones."""
    assert mapped(replace(LAMP, gtin=gtin)).variants[0].barcodes is None


def test_a_gtin_is_read_in_any_spelling() -> None:
    """Also an old ISBN."""
    for gtin in ("400-6381-333931", "۴۰۰۶۳۸۱۳۳۳۹۳۱"):
        barcodes = mapped(replace(LAMP, gtin=gtin)).variants[0].barcodes
        assert barcodes == [ucp.Barcode(type="GTIN", value="4006381333931")]
    barcodes = mapped(replace(LAMP, gtin="0-8044-2957-x")).variants[0].barcodes
    assert barcodes == [ucp.Barcode(type="ISBN", value="080442957X")]


def test_a_result_says_why_it_was_found() -> None:
    """Its score, similarity, the share of the question's words, and the missing ones."""
    fields = {name: getattr(PHONE, name) for name in FoundProduct.__slots__ if hasattr(PHONE, name)}
    found = FoundProduct(**{**fields, "on_sale": False, "regular_price": None, "variations": []})
    matched = Matched(share=0.5, missing=["قرمز"])
    hit = Hit(score=0.8, similarity=0.9, matched=matched, text="", product=found)
    phone = ucp_product(PHONE, PERSIAN_STORE, why=Why.of(hit))
    assert phone is not None
    said = phone.metadata.pilito
    assert (said.score, said.similarity, said.matched_share) == (0.8, 0.9, 0.5)
    assert said.missing_words == ["قرمز"]


def test_details_are_in_the_extension() -> None:
    """As texts and numbers without markup; what is not known is left out."""
    details = Details(
        weight=Weight(value=Decimal("1.20"), unit="kg"),
        dimensions=Dimensions(length=Decimal(1), unit="cm"),
        grouped_children=(Part(external_id="woo_1", name="Cup"), Part(external_id="woo_2")),
        custom_fields=(CustomField(name="warranty", value="<b>2</b> years"),),
        average_rating=Decimal("4.50"),
        rating_count=2,
        sale_end=datetime(2026, 12, 1, tzinfo=UTC),
        price_includes_tax=True,
    )
    shown = mapped(replace(PHONE, details=details)).metadata.pilito
    assert (shown.weight, shown.dimensions, shown.parts) == ("1.2 kg", None, ["Cup"])
    assert (shown.rating, shown.rating_count, shown.price_includes_tax) == (4.5, 2, True)
    assert shown.sale_ends == "2026-12-01T00:00:00Z"
    assert Attribute(name="warranty", values=["2 years"]) in (shown.attributes or [])


def test_a_product_has_a_title() -> None:
    """Its id where the shop has none."""
    assert mapped(replace(LAMP, title=" <b></b>\u200b")).title == "shopify_12"


def test_links_are_web_addresses() -> None:
    """Others are left out."""
    hostile = replace(
        PHONE,
        link="javascript:x",
        image="data:x",
        gallery=["//x"],
        variations=[replace(BLACK, link="x", image="")],
    )
    dumped = mapped(hostile).dumped()
    assert "url" not in dumped
    assert "media" not in dumped
    full = ucp_product(hostile, PERSIAN_STORE, extent=FULL)
    assert full is not None
    assert full.variants[0].url is None


@pytest.mark.parametrize("text", [*HOSTILE, " ".join(HOSTILE) * 200])
def test_hostile_text_is_data(text: str) -> None:
    """Instructions are words of a field; markup, links and what is not shown are gone."""
    hostile = replace(
        PHONE,
        title=f"گوشی {text}",
        short_description=text,
        description=text,
        categories=[text],
        tags=[text],
        brands=[text],
        attributes=[{"name": text, "options": [text]}],
        sku=text,
        gtin=text,
        link=text,
        image=text,
        gallery=[text],
        currency="IRT",
        variations=[replace(BLACK, options={text: text}, description=text, sku=text, link=text)],
        variations_total=1,
    )
    for extent in (BRIEF, FULL):
        product = ucp_product(hostile, PERSIAN_STORE, extent=extent)
        assert product is not None
        said = json.dumps(product.dumped(), ensure_ascii=False)
        assert product.title.startswith("گوشی")
        assert product.price_range.min.amount == 1_250_000_000
        assert (product.url, product.media) == (None, None)
        for forbidden in (
            "<script",
            "<img",
            "](",
            "(javascript:",
            "(data:",
            "\u202e",
            "\u200b",
            "\U000e0069",
        ):
            assert forbidden not in said
        assert len(said) < 20_000
