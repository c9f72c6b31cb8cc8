"""Words for stock mean the same in every spelling; unknown words promise nothing."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.values.stock import Stock, meaning, stock_of

OUT = (
    "outofstock",
    "out of stock",
    "out_of_stock",
    "Out-Of-Stock",
    "OUTOFSTOCK",
    " outofstock ",
    "insufficientstock",
    "https://schema.org/OutOfStock",
    "http://schema.org/SoldOut/",
    "schema:Discontinued",
    "discontinued",
    "Temporarily out of stock",
    "currently unavailable",
    "ناموجود",
    "نا‌موجود",
    "نا موجود",
    "اتمام موجودي",
    "موجود نیست",
    "غير متوفر",
)
IN = (
    "instock",
    "in stock",
    "IN_STOCK",
    "https://schema.org/InStock",
    "LimitedAvailability",
    "موجود",
    "موجود است",
)
BACKORDER = (
    "onbackorder",
    "on backorder",
    "on-backorder",
    "BackOrder",
    "https://schema.org/PreOrder",
    "pre_order",
    "preorder",
    "available for order",
    "پیش‌فروش",
    "پيش فروش",
)


@pytest.mark.parametrize(
    ("word", "stock"),
    [
        *((word, Stock.OUT) for word in OUT),
        *((word, Stock.IN) for word in IN),
        *((word, Stock.BACKORDER) for word in BACKORDER),
    ],
)
def test_known_words(word: str, stock: Stock) -> None:
    assert meaning(word) is stock


def test_spaces_hyphens_and_case_mean_nothing() -> None:
    for word in (*OUT, *IN, *BACKORDER):
        if "/" not in word and ":" not in word:
            assert meaning(f" {word.upper().replace(' ', '_')}\u200f") is meaning(word)


ABSENT = (
    "Sold out",
    "Out of stock",
    "OutOfStock",
    "no longer available",
    "0 in stock",
    "Not available on backorder",
    "isn't available",
    "None left",
    "Currently not in stock",
    "Nicht verfügbar",
    "ناموجود",
    "موجود نیست",
    "در حال حاضر موجود نمی‌باشد",
    "اتمام موجودی",
    "تمام شد",
    "موجودی به اتمام رسید",
    "۰ عدد موجود",
)
NOT_ABSENT = (
    "In stock: 10",
    "100 available",
    "in stock/5 left",
    "In stock (ships 12/05)",
    "In stock; 0 days delivery",
    "In stock until sold out",
    "Almost sold out",
    "In stock, no backorders",
    "No stock limit",
    "Available in 3 colours",
    "موجودی رو به اتمام",
    "موجود است، محدودیتی ندارد",
)


@given(
    st.sampled_from(ABSENT),
    st.sampled_from((": ", " - ", " (", "/", " #", ", ", "; ", " | ")),
    st.sampled_from(
        ("back soon", "expected 12/2026", "12/05)", "12", "به زودی", "SKU-7", "https://shop.example/")
    ),
)
def test_absence_counts_whatever_follows_it(said: str, between: str, rest: str) -> None:
    assert meaning(said) is Stock.OUT
    assert meaning(f"{said}{between}{rest}") is Stock.OUT


@pytest.mark.parametrize(
    ("text", "stock"),
    [
        *((text, None) for text in NOT_ABSENT),
        ("In stock: 0", Stock.OUT),
        ("موجودی: صفر", Stock.OUT),
        ("Availability: in stock", Stock.IN),
        ("موجودی: ناموجود", Stock.OUT),
        ("Back in stock on 12/05", Stock.OUT),
        ("Available from 2027-01-01", Stock.OUT),
        ("Coming soon", Stock.OUT),
        ("به‌زودی موجود می‌شود", Stock.OUT),
        ("Backorder: ships 12/05", Stock.BACKORDER),
        ("Out of stock, available on backorder", Stock.BACKORDER),
        ("https://schema.org/OutOfStock?x=1#y", Stock.OUT),
        ("https://schema.org/", None),
        ("http://purl.org/goodrelations/v1#InStock", Stock.IN),
    ],
)
def test_sentences_about_stock(text: str, stock: Stock | None) -> None:
    """Numbers, dates and negations count; what is in doubt promises and denies nothing."""
    assert meaning(text) is stock


@given(
    st.text(max_size=300)
    | st.lists(st.sampled_from(("not ", "in stock ", "0 ", "/", "http://")), max_size=60).map("".join)
)
def test_any_text_has_a_meaning_or_none(text: str) -> None:
    assert meaning(text) is None or isinstance(meaning(text), Stock)


def decided(word: str, *, flag: bool | None, quantity: int | None, backorders: bool = False) -> Stock:
    count = None if quantity is None else Decimal(quantity)
    return stock_of(word, flag=flag, quantity=count, backorders=backorders)


@given(
    st.text(max_size=30).filter(lambda word: word.strip() and meaning(word) is None),
    st.sampled_from((None, True, False)),
    st.none() | st.integers(-5, 5),
    st.booleans(),
)
def test_an_unknown_word_is_decided_by_flag_and_quantity(
    word: str,
    flag: bool | None,  # noqa: FBT001 - drawn by hypothesis
    quantity: int | None,
    backorders: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    found = decided(word, flag=flag, quantity=quantity, backorders=backorders)
    is_empty = quantity is not None and quantity <= 0
    if flag is False or (is_empty and not backorders):
        assert found is Stock.OUT
    else:
        assert found is (Stock.BACKORDER if is_empty else Stock.IN)


@pytest.mark.parametrize("word", OUT)
def test_a_word_for_sold_out_decides_alone(word: str) -> None:
    assert decided(word, flag=True, quantity=5, backorders=True) is Stock.OUT


@pytest.mark.parametrize("quantity", [0, -3])
def test_what_is_sold_without_stock_is_a_backorder(quantity: int) -> None:
    assert decided("instock", flag=True, quantity=quantity, backorders=True) is Stock.BACKORDER
    assert decided("", flag=True, quantity=quantity, backorders=True) is Stock.BACKORDER
    assert decided("", flag=None, quantity=quantity, backorders=True) is Stock.BACKORDER
    assert decided("onbackorder", flag=None, quantity=quantity) is Stock.BACKORDER
    assert decided("instock", flag=None, quantity=quantity) is Stock.IN, "WooCommerce does not count it"


def test_without_any_word_or_number_a_product_is_in_stock() -> None:
    assert decided("", flag=None, quantity=None) is Stock.IN
