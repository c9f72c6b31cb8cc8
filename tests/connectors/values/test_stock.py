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
