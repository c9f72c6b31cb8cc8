"""OpenAI's feed: every row is what the specification asks for, and nothing else."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.feeds.formats import FORMATS
from catalogue.feeds.rendering import render
from catalogue.feeds.terms import Condition, FeedFormat, terms_of
from contracts.stored import StoredProduct
from tests.catalogue.feeds.specification import openai_rows
from tests.catalogue.stored import BLACK, ENGLISH_STORE, HOSTILE, LAMP, PERSIAN_STORE, PHONE, WHITE, products

PERSIAN = terms_of(PERSIAN_STORE, FeedFormat.OPENAI)
ENGLISH = terms_of(ENGLISH_STORE, FeedFormat.OPENAI, country="us", targets=["US", "ca"])


def rows_of(*products: StoredProduct, terms: Any = PERSIAN) -> list[dict[str, Any]]:
    return openai_rows(render(products, FeedFormat.OPENAI, terms).rows)


def test_a_persian_product_has_a_row_for_each_variation() -> None:
    """In rial, because toman has no ISO code; the regular price is the price of a sale's row."""
    black, white = rows_of(PHONE)
    assert black == {
        "item_id": "woo_778",
        "title": "گوشی سامسونگ – مشکی",
        "description": "با صفحه‌نمایش روشن.\n\n- سبک",
        "url": "https://shop.example/p/778",
        "brand": "سامسونگ",
        "seller_name": "فروشگاه آفتاب",
        "image_url": "https://shop.example/778.jpg",
        "availability": "in_stock",
        "price": "15000000.00 IRR",
        "target_countries": ["IR"],
        "store_country": "IR",
        "is_eligible_search": "true",
        "is_eligible_checkout": "false",
        "group_id": "woo_777",
        "listing_has_variations": "true",
        "variant_dict": {"رنگ": "مشکی"},
        "gtin": "4006381333931",
        "sale_price": "12500000.00 IRR",
        "additional_image_urls": ["https://shop.example/777.jpg", "https://shop.example/777-2.jpg"],
        "product_category": "موبایل",
        "color": "مشکی",
        "seller_url": "https://shop.example",
    }
    assert (white["price"], white["availability"]) == ("13000000.00 IRR", "out_of_stock")
    assert "sale_price" not in white
    assert "gtin" not in white


def test_an_english_product_without_variations_is_one_row() -> None:
    """With the product's own id, in the currency of the shop, for the countries that were named."""
    (row,) = rows_of(LAMP, terms=ENGLISH)
    assert row["item_id"] == "shopify_12"
    assert (row["price"], row["sale_price"]) == ("24.99 USD", "19.90 USD")
    assert (row["store_country"], row["target_countries"]) == ("US", ["US", "CA"])
    assert row["listing_has_variations"] == "false"
    assert not {"group_id", "variant_dict", "color", "size", "condition"} & row.keys()


def test_the_thirteen_columns_come_first() -> None:
    """In every row, in one order."""
    first = list(rows_of(PHONE)[0])[:13]
    assert first == list(rows_of(LAMP, terms=ENGLISH)[0])[:13]
    assert first[0] == "item_id"


@pytest.mark.parametrize(
    ("currency", "price", "stated"),
    [
        ("IRT", "1250000", "12500000.00 IRR"),
        ("تومان", "1250000", "12500000.00 IRR"),
        ("IRHT", "1250", "12500000.00 IRR"),
        ("IRR", "12500000", "12500000.00 IRR"),
        ("JPY", "1500", "1500 JPY"),
        ("KWD", "1.5", "1.500 KWD"),
        ("USD", "0.10", "0.10 USD"),
    ],
)
def test_prices_are_exact_decimals(currency: str, price: str, stated: str) -> None:
    """With the decimals of the currency, and without separators."""
    lamp = replace(LAMP, currency=currency, price=Decimal(price), regular_price=None)
    assert rows_of(lamp)[0]["price"] == stated


def test_the_currency_of_the_store_is_that_of_products_without_their_own() -> None:
    """A product's own one comes first."""
    assert rows_of(replace(LAMP, currency=""))[0]["price"] == "249.90 IRR"


def test_variations_without_options_are_no_group() -> None:
    """A group needs all three columns, and options are not invented."""
    (row,) = rows_of(replace(PHONE, variations=[replace(BLACK, options={"رنگ": " "})], variations_total=1))
    assert not {"group_id", "listing_has_variations", "variant_dict"} & row.keys()
    assert row["title"] == "گوشی سامسونگ"


def test_a_variation_lacks_what_its_product_has() -> None:
    """Link, image, price and description come from the product; the bar code does not."""
    bare = replace(BLACK, link="", image="", price=None, regular_price=None, gtin="")
    phone = replace(PHONE, variations=[bare], variations_total=1, gtin="4006381333931")
    (row,) = rows_of(replace(phone, min_price=None, max_price=None))
    assert (row["url"], row["image_url"]) == ("https://shop.example/p/777", "https://shop.example/777.jpg")
    assert row["price"] == "12500000.00 IRR"
    assert "gtin" not in row


def test_a_variation_has_its_own_description_first() -> None:
    """Followed by that of the product."""
    phone = replace(PHONE, variations=[replace(BLACK, description="<b>مات</b>")], variations_total=1)
    assert rows_of(phone)[0]["description"] == "مات\n\nبا صفحه‌نمایش روشن.\n\n- سبک"


def test_a_short_description_stands_in() -> None:
    """Where the product has no other."""
    assert (
        rows_of(replace(LAMP, description="<p> </p>", short_description="<i>Warm</i>"), terms=ENGLISH)[0][
            "description"
        ]
        == "Warm"
    )


def test_long_texts_are_cut() -> None:
    """A title keeps the options at its end."""
    phone = replace(
        PHONE,
        title="گوشی " * 100,
        description="<p>" + "متن بلند " * 10_000 + "</p>",
        variations=[replace(BLACK, options={"رنگ": "مشکی", "حافظه": "۱۲۸"})],
        variations_total=1,
    )
    (row,) = rows_of(phone)
    assert row["title"].endswith("… – مشکی / ۱۲۸")
    assert 4_900 < len(row["description"]) <= 5_000


def test_an_attribute_with_one_option_is_a_colour_or_a_size() -> None:
    """Several options are a choice, not a property."""
    lamp = replace(
        LAMP,
        attributes=[{"name": "Color", "options": ["Red"]}, {"name": "سایز", "options": ["S", "M"]}],
    )
    (row,) = rows_of(lamp, terms=ENGLISH)
    assert row["color"] == "Red"
    assert "size" not in row


def test_the_shop_states_the_condition_of_its_goods() -> None:
    """It is not invented."""
    used = terms_of(PERSIAN_STORE, FeedFormat.OPENAI, condition=Condition.USED)
    assert rows_of(PHONE, terms=used)[0]["condition"] == "used"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_harmless(text: str) -> None:
    """In each text, option, id and address; a row that cannot be written is left out."""
    black = replace(BLACK, options={text: text}, description=text, gtin=text, link=text, image=text)
    phone = replace(
        PHONE,
        title=f"گوشی {text}",
        description=f"توضیح {text}",
        brands=[f"برند {text}"],
        categories=[text],
        attributes=[{"name": text, "options": [text]}],
        gallery=[text],
        variations=[black, replace(WHITE, external_id=text)],
    )
    rendered = render([phone], FeedFormat.OPENAI, PERSIAN)
    assert "woo_778" in {row["item_id"] for row in openai_rows(rendered.rows)}


@given(product=products(), filled=st.booleans())
def test_any_product_is_written_by_the_specification_or_left_out(
    *, product: StoredProduct, filled: bool
) -> None:
    """Each variation is one or the other."""
    unique = {variation.external_id: variation for variation in product.variations}
    product = replace(product, variations=list(unique.values()))
    if filled:
        product = replace(
            product,
            title="x",
            description="x",
            brands=["x"],
            link=PHONE.link,
            image=PHONE.image,
            currency="USD",
        )
    rendered = render([product], FeedFormat.OPENAI, PERSIAN)
    openai_rows(rendered.rows)
    left_out = sum(gaps.left_out for gaps in rendered.gaps)
    assert len(rendered.rows) + left_out == max(1, len(unique))
    required = FORMATS[FeedFormat.OPENAI].required
    assert bool(left_out) == any(gap in required for gaps in rendered.gaps for gap in gaps.lacks)
