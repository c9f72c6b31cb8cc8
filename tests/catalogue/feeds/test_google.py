"""Google's product data: every row is what the specification asks for, and nothing else."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.feeds.formats import FORMATS
from catalogue.feeds.gaps import Gap
from catalogue.feeds.rendering import render
from catalogue.feeds.terms import Condition, FeedFormat, FeedTerms, terms_of
from contracts.stored import StoredProduct
from tests.catalogue.feeds.specification import google_rows
from tests.catalogue.stored import BLACK, ENGLISH_STORE, HOSTILE, LAMP, PERSIAN_STORE, PHONE, WHITE, products

FORM = FORMATS[FeedFormat.GOOGLE]
PERSIAN = terms_of(PERSIAN_STORE, FeedFormat.GOOGLE)


def rows_of(*products: StoredProduct, terms: FeedTerms = PERSIAN) -> list[dict[str, str]]:
    return google_rows(FORM.head + b"".join(render(products, FeedFormat.GOOGLE, terms).rows))


def test_a_persian_product_has_a_row_for_each_variation() -> None:
    """On one line each, in rial."""
    black, white = rows_of(PHONE)
    assert black == {
        "id": "woo_778",
        "title": "گوشی سامسونگ – مشکی",
        "description": "با صفحه‌نمایش روشن. - سبک",
        "link": "https://shop.example/p/778",
        "image_link": "https://shop.example/778.jpg",
        "additional_image_link": "https://shop.example/777.jpg,https://shop.example/777-2.jpg",
        "availability": "in_stock",
        "price": "15000000.00 IRR",
        "sale_price": "12500000.00 IRR",
        "brand": "سامسونگ",
        "gtin": "4006381333931",
        "identifier_exists": "yes",
        "item_group_id": "woo_777",
        "product_type": "موبایل",
        "color": "مشکی",
    }
    assert (white["id"], white["availability"]) == ("woo_779", "out_of_stock")
    assert "identifier_exists" not in white, "whether a bar code exists is not known"


def test_an_english_product_without_variations_is_one_row() -> None:
    """Without a group."""
    (row,) = rows_of(LAMP)
    assert (row["id"], row["price"], row["sale_price"]) == ("shopify_12", "24.99 USD", "19.90 USD")
    assert not {"item_group_id", "color", "size"} & row.keys()


def test_size_and_colour_are_options_in_both_languages() -> None:
    """By the names that shops use."""
    shoe = replace(BLACK, options={"Colour": "Black", "سایز": "۴۲"})
    (row,) = rows_of(replace(PHONE, variations=[shoe], variations_total=1))
    assert (row["color"], row["size"]) == ("Black", "۴۲")


def test_the_shop_states_what_it_makes_itself_and_the_condition() -> None:
    """Only then a product without a bar code is said to have none."""
    terms = terms_of(PERSIAN_STORE, FeedFormat.GOOGLE, own_goods=True, condition=Condition.NEW)
    black, white = rows_of(PHONE, terms=terms)
    assert (black["identifier_exists"], white["identifier_exists"]) == ("yes", "no")
    assert white["condition"] == "new"


def test_a_product_without_a_brand_is_written() -> None:
    """Google requires a brand only where there is one."""
    lamp = replace(LAMP, brands=[])
    rendered = render([lamp], FeedFormat.GOOGLE, PERSIAN)
    assert "brand" not in rows_of(lamp)[0]
    assert rendered.gaps[0].lacks == {Gap.BRAND: 1}


def test_backorders_are_left_out() -> None:
    """Google requires the date of delivery, which no shop sends."""
    rendered = render([replace(LAMP, availability="backorder")], FeedFormat.GOOGLE, PERSIAN)
    assert rendered.rows == []
    assert rendered.gaps[0].lacks == {Gap.AVAILABILITY_DATE: 1}


def test_an_id_of_51_characters_is_left_out() -> None:
    """A cut id could be that of another product."""
    rendered = render([replace(LAMP, external_id="x" * 51)], FeedFormat.GOOGLE, PERSIAN)
    assert (rendered.rows, rendered.gaps[0].lacks) == ([], {Gap.ID: 1})
    long_group = replace(PHONE, external_id="x" * 51)
    assert "item_group_id" not in rows_of(long_group)[0]


def test_quotes_commas_and_line_ends_are_escaped() -> None:
    """A reader of tab-separated values gets the text back, on one line."""
    lamp = replace(
        LAMP,
        title='Lamp 12", "warm"\tand\nbright',
        description="<p>first</p><p>second\tthird</p>",
        categories=["Lamps, indoor", 'Size 12"', "A > B"],
        gallery=["https://shop.example/a,b.jpg"],
    )
    (row,) = rows_of(lamp)
    assert row["title"] == 'Lamp 12", "warm" and bright'
    assert row["description"] == "first second third"
    assert row["product_type"] == '"Lamps, indoor","Size 12""",A > B'
    assert row["additional_image_link"] == "https://shop.example/a%2Cb.jpg"


def test_ten_further_images_at_most() -> None:
    """Each once, without the main one."""
    gallery = [LAMP.image, *(f"https://shop.example/{number}.jpg" for number in range(20))]
    (row,) = rows_of(replace(LAMP, gallery=gallery))
    images = row["additional_image_link"].split(",")
    assert images == [f"https://shop.example/{number}.jpg" for number in range(10)]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_harmless(text: str) -> None:
    """In each text, option, id and address; a row that cannot be written is left out."""
    black = replace(BLACK, options={text: text}, description=text, gtin=text, link=text, image=text)
    phone = replace(
        PHONE,
        title=f"گوشی {text}",
        description=f"توضیح {text}",
        brands=[text],
        categories=[text],
        attributes=[{"name": text, "options": [text]}],
        gallery=[text],
        variations=[black, replace(WHITE, external_id=text)],
    )
    assert rows_of(phone)[0]["id"] == "woo_778"


@given(product=products(), filled=st.booleans())
def test_any_product_is_written_by_the_specification_or_left_out(
    *, product: StoredProduct, filled: bool
) -> None:
    """Each variation is one or the other."""
    unique = {variation.external_id: variation for variation in product.variations}
    product = replace(product, variations=list(unique.values()))
    if filled:
        product = replace(
            product, title="x", description="x", link=PHONE.link, image=PHONE.image, price=Decimal(1)
        )
    rows = rows_of(product)
    left_out = sum(gaps.left_out for gaps in render([product], FeedFormat.GOOGLE, PERSIAN).gaps)
    assert len(rows) + left_out == max(1, len(unique))


def test_the_store_of_an_english_shop_needs_no_country() -> None:
    """Google is asked for countries in its own settings."""
    assert terms_of(ENGLISH_STORE, FeedFormat.GOOGLE).country == ""
