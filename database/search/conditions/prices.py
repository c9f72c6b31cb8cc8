"""SQL of the prices of products in the currency of their store, by which they are filtered and sorted.

A product may have a currency of its own. Prices in the currencies of Iran are converted; others cannot be
compared, so they are NULL: they pass no filter and come last. In a store without a currency, each product's
price counts as it is.
"""

from contracts.search import Question
from knowledge.currencies import RIALS, SPELLINGS

LOWEST = "coalesce({row}.min_price, {row}.price)"
HIGHEST = "coalesce({row}.max_price, {row}.price)"
"""SQL of the price range of a product in its own currency."""


def lowest(question: Question, row: str) -> str:
    """Returns SQL of the lowest price of a product in the currency of its store."""
    return converted(question, LOWEST.format(row=row), row)


def highest(question: Question, row: str) -> str:
    """Returns SQL of the highest price of a product in the currency of its store."""
    return converted(question, HIGHEST.format(row=row), row)


def converted(question: Question, price: str, row: str) -> str:
    """Returns SQL of a price of the product `row` in the currency of its store."""
    store = f"{row}.store_id" if question.store_id is None else ":store_id"
    own = f"(SELECT s.currency FROM stores s WHERE s.id = {store})"
    return f"""CASE WHEN coalesce(upper({row}.currency) = upper({own}), true) THEN {price}
        ELSE trim_scale({price} * {_rials(f"{row}.currency")} / {_rials(own)}) END"""


def _rials(currency: str) -> str:
    """Returns SQL of the rial in one unit of a currency; NULL for currencies of other countries."""
    spellings = {**{code: code for code in RIALS}, **SPELLINGS}
    rates = " ".join(f"WHEN '{word.upper()}' THEN {RIALS[code]}" for word, code in spellings.items())
    return f"CASE upper({currency}) {rates} END"
