"""Words for stock by their meaning, in any spelling: of WooCommerce, schema.org, Google, and Persian."""

import re
import unicodedata
from decimal import Decimal
from enum import Enum, auto


class Stock(Enum):
    """Whether a product can be bought; `BACKORDER` is bought now and delivered later."""

    IN = auto()
    OUT = auto()
    BACKORDER = auto()


_LONGEST = 200
_BEFORE_NAME = re.compile(r".*[/#:]")
_JOINED = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "آ": "ا"})

# fmt: off
_MEANINGS = {
    Stock.IN: (
        "in stock", "available", "in store only", "online only", "limited availability", "limited stock",
        "low stock", "low in stock", "available now", "in stock online", "yes", "true", "1",
        "موجود", "موجود است", "موجود در انبار", "در انبار موجود است", "در انبار", "موجودی محدود",
        "موجود می‌باشد", "متوفر",
    ),
    Stock.OUT: (
        "out of stock", "out stock", "sold out", "discontinued", "insufficient stock", "no stock",
        "not in stock", "unavailable", "not available", "reserved", "oos", "no", "false", "0",
        "ناموجود", "نا موجود", "موجود نیست", "موجود نمی‌باشد", "اتمام موجودی", "تمام شد", "تمام شده",
        "عدم موجودی", "فروخته شد", "فروخته شده", "توقف تولید", "غير متوفر", "نفدت الكمية",
    ),
    Stock.BACKORDER: (
        "on backorder", "backorder", "backordered", "backorders", "available on backorder",
        "available for backorder", "backorder available", "preorder", "pre-order", "on preorder",
        "available for preorder", "presale", "pre-sale", "made to order", "available for order",
        "available to order",
        "پیش‌فروش", "پیش‌خرید", "پیش‌سفارش", "قابل پیش‌خرید", "سفارشی", "قابل سفارش", "بر اساس سفارش",
    ),
}
_ABSENCE = (
    "out of stock", "sold out", "unavailable", "not available", "not in stock", "no stock",
    "insufficient stock", "discontinued", "ناموجود", "موجود نیست", "اتمام موجودی", "عدم موجودی", "غير متوفر",
)
# fmt: on
"""Expressions that say the same inside of longer ones, such as `temporarily out of stock`."""


def _joined(words: str) -> str:
    """Returns the letters and digits of words, in one case and one spelling of Persian letters."""
    folded = unicodedata.normalize("NFKC", words).casefold().translate(_JOINED)
    return "".join(character for character in folded if character.isalnum())


_WORDS = {_joined(word): meaning for meaning, words in _MEANINGS.items() for word in words}
_ABSENT = tuple(map(_joined, _ABSENCE))


def meaning(word: str) -> Stock | None:
    """Returns what a word or the address of one means; None for an unknown one."""
    name = _joined(_BEFORE_NAME.sub("", word.strip().rstrip("/")[:_LONGEST]))
    known = _WORDS.get(name)
    if known is None and any(absence in name for absence in _ABSENT):
        return Stock.OUT
    return known


def stock_of(word: str, *, flag: bool | None, quantity: Decimal | None, backorders: bool) -> Stock:
    """Returns whether a product can be bought.

    `word` is the shop's word for it, `flag` its yes or no, `quantity` the pieces that it counts (None: it
    counts none), and `backorders` whether it sells what it does not have. A known word decides, then the
    flag, then the quantity. An unknown word is no promise: both the flag and the quantity may deny it.
    """
    word, known = word.strip(), meaning(word)
    is_empty = quantity is not None and quantity <= 0
    if known is Stock.IN or (known is None and not word and flag):
        return Stock.BACKORDER if is_empty and backorders else Stock.IN
    if known is not None:
        return known
    if flag is False:
        return Stock.OUT
    if is_empty:
        return Stock.BACKORDER if backorders else Stock.OUT
    return Stock.IN
