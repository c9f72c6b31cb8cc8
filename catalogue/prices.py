"""The prices of a stored product: of each variation, over all of them, and in the words of the shop."""

from decimal import Decimal

from catalogue.money import Language, wording
from contracts.stored import StoredProduct, StoredVariation
from contracts.stores import OpenStore


def currency_of(product: StoredProduct, store: OpenStore) -> str:
    """Returns the currency of a product as the shop writes it, or of its store; it may be empty."""
    return product.currency or store.currency


def price_of(product: StoredProduct, variation: StoredVariation | None) -> Decimal | None:
    """Returns the price of a variation or, without one, of a product; None if it is not known.

    A variation without a price has the product's if no active variation has one: otherwise the product's is
    that of others.
    """
    if variation is None or _inherits(product, variation):
        return product.price
    return variation.price


def _inherits(product: StoredProduct, variation: StoredVariation) -> bool:
    """Returns whether a variation has the price of its product."""
    if variation.price is not None or product.min_price is not None:
        return False
    return all(one.price is None for one in product.variations)


def regular_price_of(product: StoredProduct, variation: StoredVariation | None) -> Decimal | None:
    """Returns the price without a discount if it is higher than the price, else None."""
    price = price_of(product, variation)
    if variation is None or (variation.regular_price is None and _inherits(product, variation)):
        regular = product.regular_price
    else:
        regular = variation.regular_price
    return regular if price is not None and regular is not None and regular > price else None


def price_range(product: StoredProduct) -> tuple[Decimal, Decimal] | None:
    """Returns the lowest and the highest price of all variations, or of the product; None without one."""
    shown = [price_of(product, variation) for variation in product.variations or (None,)]
    stored = (product.min_price, product.max_price) if product.variations_total else ()
    known = [price for price in (*shown, *stored) if price is not None]
    return (min(known), max(known)) if known else None


def price_text(product: StoredProduct, store: OpenStore, language: Language) -> str:
    """Returns the price or the range of prices as the shop says it; empty if it is not known.

    Examples: `۱٬۲۵۰٬۰۰۰ تومان`, `19.99 to 24.99 USD`.
    """
    found = price_range(product)
    if found is None:
        return ""
    lowest, highest = found
    currency = currency_of(product, store)
    text = wording(highest, currency, language)
    if lowest == highest:
        return text
    first = wording(lowest, currency, language).partition(" ")[0]
    if language == "fa":
        return f"{first} {'–' if text.isascii() else 'تا'} {text}"
    return f"{first} to {text}"
