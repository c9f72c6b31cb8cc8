"""Prices that a shop shows with tax are known with tax, as its visitors see them."""

from decimal import Decimal
from typing import Any

import pytest

from connectors.woocommerce.parse import parse
from contracts.catalog import Product, Variation
from contracts.events import EventType


def amount(text: str) -> str:
    """Returns an amount as WooCommerce writes one."""
    symbol = '<span class="woocommerce-Price-currencySymbol" translate="no">&#x062A;&#x0648;</span>'
    return f'<span class="woocommerce-Price-amount amount"><bdi>{text}&nbsp;{symbol}</bdi></span>'


def sale(before: str, now: str) -> str:
    return f'<del aria-hidden="true">{amount(before)}</del> <ins aria-hidden="true">{amount(now)}</ins>'


def read(**fields: Any) -> Product:
    change = parse(EventType.UPDATED, {"id": 7, "name": "چراغ", **fields})
    assert isinstance(change, Product)
    return change


@pytest.mark.parametrize(
    ("price", "shown", "expected"),
    [
        ("1000", "1,100", "1100"),
        ("1000", "۱٬۱۰۰", "1100"),
        ("1000", "1.100,00", "1100.00"),
        ("1.000", "1.10", "1.10"),
        ("1250", "1.375", "1375"),
        ("1100", "1,000", "1000"),
        ("45.05", "45", "45.05"),
        ("1000", "83.33", "1000"),
        ("1000", "call us", "1000"),
        ("1", "1." + "1" * 300, "1"),
        ("0", "1,100", "0"),
    ],
)
def test_a_price_with_its_tax(price: str, shown: str, expected: str) -> None:
    """In any convention of numbers; what is rounded, or differs more than a tax does, is not used."""
    suffix = f'<small class="woocommerce-price-suffix">{amount("1,000")}</small>'
    facts = read(price=price, regular_price=price, price_html=amount(shown) + suffix).facts
    assert (facts.price, facts.regular_price) == (Decimal(expected), Decimal(expected))


def test_a_sale_with_its_tax() -> None:
    """The regular price is the one that is crossed out, the sale price the one that counts."""
    html = sale("1,100", "990")
    facts = read(price="900", regular_price="1000", sale_price="900", on_sale=True, price_html=html).facts
    assert (facts.price, facts.regular_price, facts.sale_price) == (Decimal(990), Decimal(1100), Decimal(990))
    facts = read(price="900", price_html=html).facts
    assert facts.price == 990, "an entry of a list has the price alone"


def test_variations_with_the_tax_of_their_product() -> None:
    """The API sends them without what is shown; a range that the tax does not explain changes none."""
    variations = [
        {"id": 8, "price": "1000", "regular_price": "1000"},
        {"id": 9, "price": "1999.99", "regular_price": "3000", "sale_price": "1999.99"},
        {"id": 10, "price": ""},
    ]
    html = f"{amount('1,100')} &ndash; {amount('2,200')}"
    small, large, unpriced = read(price="1000", price_html=html, variations=variations).variations
    assert (small.facts.price, large.facts.price) == (Decimal(1100), Decimal(2200))
    assert unpriced.facts.price is None
    assert (large.facts.regular_price, large.facts.sale_price) == (Decimal(3300), Decimal(2200))
    html = f"{amount('1,100')} &ndash; {amount('2,900')}"
    prices = [
        one.facts.price for one in read(price="1000", price_html=html, variations=variations).variations
    ]
    assert prices == [1000, Decimal("1999.99"), None]


def test_a_variation_that_is_delivered_alone() -> None:
    """WooCommerce's webhooks send it with its own markup."""
    body = {"id": 8, "type": "variation", "parent_id": 7, "price": "1000", "price_html": amount("1,090")}
    change = parse(EventType.UPDATED, body)
    assert isinstance(change, Variation)
    assert change.facts.price == 1090


@pytest.mark.parametrize("html", [None, 5, ["x"], "<del" * 1_000, amount("1,100") * 2_000])
def test_markup_that_cannot_be_read_changes_nothing(html: object) -> None:
    """Neither does a markup that is too long."""
    assert read(price="1000", price_html=html).facts.price == 1000
