"""Prices as the shop shows them: WooCommerce's API has prices without or with tax, as the owner types them.

What visitors see is in `price_html` alone. The ratio of the shown price to the price is the tax; a ratio that
no tax has, such as that of a price a month, is not used, and neither is what rounding changes.
"""

import html
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator

from connectors.fields import DETAIL_SCHEMA
from connectors.values import numbers
from connectors.values.text import plain
from contracts.catalog import Facts, Variation

_LONGEST = 5_000
_HIGHEST_RATIO = Decimal("1.5")
_MOST_DECIMALS = 6

_BEFORE = re.compile(r"<del\b.*?</del>", re.DOTALL)
_SUFFIX = re.compile(r'<small class="woocommerce-price-suffix">.*?</small>', re.DOTALL)
_AMOUNT = re.compile(r"woocommerce-Price-amount[^>]{0,200}>\s*<bdi>(.{1,500}?)</bdi>", re.DOTALL)
_SYMBOL = re.compile(r'<span class="woocommerce-Price-currencySymbol"[^>]{0,100}>[^<]{0,200}</span>')
_TAG = re.compile(r"<[^>]{0,200}>")
_NO_DIGIT = re.compile("[^0-9]")


def _html(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= _LONGEST else ""


PriceHtml = Annotated[str, BeforeValidator(_html), DETAIL_SCHEMA]


def as_shown(facts: Facts, price_html: str) -> Facts:
    """Returns the facts with the prices that the shop shows, or as they are where it shows them so."""
    shown = _lowest(facts, price_html)
    if shown is None or facts.price is None:
        return facts
    regular = _taxed(facts.regular_price, facts.price, shown)
    before = _amounts("".join(_BEFORE.findall(_SUFFIX.sub("", price_html))))
    if regular is not None and facts.on_sale and len(before) == 1:
        regular = _near(before[0], regular) or regular
    sale = _taxed(facts.sale_price, facts.price, shown)
    return replace(facts, price=shown, regular_price=regular, sale_price=sale)


def variations_as_shown(
    variations: Sequence[Variation], facts: Facts, price_html: str
) -> tuple[Variation, ...]:
    """Returns variations, which the API sends without what is shown, with the tax of their product.

    `facts` are of the product as it was sent. The tax counts only if it explains the highest price that
    is shown as well: variations may have taxes of their own.
    """
    price, shown = facts.price, _lowest(facts, price_html)
    known = [one.facts.price for one in variations if one.facts.price is not None]
    if shown is None or price is None or not known:
        return tuple(variations)
    highest = _taxed(max(known), price, shown)
    amounts = _amounts(_current(price_html))
    if highest is None or not _is_rounded(highest, _near(amounts[-1], highest)):
        return tuple(variations)
    return tuple(replace(one, facts=_with_tax(one.facts, price, shown)) for one in variations)


def _with_tax(facts: Facts, price: Decimal, shown: Decimal) -> Facts:
    return replace(
        facts,
        price=_taxed(facts.price, price, shown),
        regular_price=_taxed(facts.regular_price, price, shown),
        sale_price=_taxed(facts.sale_price, price, shown),
    )


def _lowest(facts: Facts, price_html: str) -> Decimal | None:
    """Returns the lowest price that is shown if it differs from the price by a tax, else None."""
    amounts = _amounts(_current(price_html))
    if not amounts or not facts.price or facts.price < 0:
        return None
    shown = _near(amounts[0], facts.price)
    return None if shown is None or _is_rounded(facts.price, shown) else shown


def _current(price_html: str) -> str:
    return _BEFORE.sub("", _SUFFIX.sub("", price_html))


def _amounts(markup: str) -> list[str]:
    """Returns the amounts in a price's markup as texts, without symbols of currencies."""
    found = (_TAG.sub("", _SYMBOL.sub("", amount)) for amount in _AMOUNT.findall(markup))
    return [html.unescape(amount).strip() for amount in found]


def _near(amount: str, price: Decimal) -> Decimal | None:
    """Returns an amount in the convention by which it is the price with a tax; None if it is in none."""
    readings = []
    with suppress(ValueError):
        readings.append(numbers.number(amount))
    with suppress(ValueError):
        readings.append(numbers.number(_NO_DIGIT.sub("", plain(amount))))
    return next((one for one in readings if one is not None and _is_with_tax(one, price)), None)


def _is_with_tax(shown: Decimal, price: Decimal) -> bool:
    exponent = shown.as_tuple().exponent
    is_written = isinstance(exponent, int) and exponent >= -_MOST_DECIMALS
    return is_written and price > 0 and 1 / _HIGHEST_RATIO <= shown / price <= _HIGHEST_RATIO


def _is_rounded(price: Decimal, shown: Decimal | None) -> bool:
    """Returns whether a shown price is the price, rounded to its decimals."""
    if shown is None:
        return False
    exponent = shown.as_tuple().exponent
    unit = Decimal(1).scaleb(exponent) if isinstance(exponent, int) else Decimal(1)
    return abs(price - shown) < unit


def _taxed(price: Decimal | None, of: Decimal, shown: Decimal) -> Decimal | None:
    """Returns a price with the tax by which `of` is shown as `shown`, with as many decimals."""
    if price is None:
        return None
    return shown if price == of else (price * shown / of).quantize(shown)
