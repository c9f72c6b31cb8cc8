"""What a question asks for besides its words: a price, an order, and what the product must not be.

Phrases that are understood are taken out of the question; the rest is searched for.
"""

from dataclasses import dataclass
from decimal import Decimal

from knowledge.search.questions.prices import prices
from knowledge.search.questions.reading import REFUSED, Reading, Text, phrases
from knowledge.search.questions.refusals import Exclusion, exclusions

PRICE = "price"
PRICE_DESCENDING = "-price"
NEWEST = "newest"

_ORDERS = {
    **dict.fromkeys(
        phrases("ارزانترین", "ارزان ترین", "ارزونترین", "ارزون ترین", "کم قیمت ترین", "cheapest",
                "least expensive", "lowest price", "lowest priced"),
        PRICE,
    ),
    **dict.fromkeys(
        phrases("گرانترین", "گران ترین", "گرونترین", "گرون ترین", "most expensive", "priciest",
                "highest price"),
        PRICE_DESCENDING,
    ),
    **dict.fromkeys(phrases("جدیدترین", "جدید ترین", "تازه ترین", "newest", "latest"), NEWEST),
}  # fmt: skip
_NOT = phrases("not the", "not", "نه", "غیر از", "به غیر از", "به جز", "بجز", "except the", "except")


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What a question asks for besides its words.

    `order` is PRICE, PRICE_DESCENDING, NEWEST or empty. Prices are in the shop's currency, the lowest is not
    above the highest. `taken` are the places in the text of prices and order; `excluded` have their own.
    """

    text: Text
    taken: frozenset[int] = frozenset()
    lowest: Decimal | None = None
    highest: Decimal | None = None
    order: str = ""
    excluded: tuple[Exclusion, ...] = ()

    def __bool__(self) -> bool:
        """Returns whether something is understood."""
        return bool(self.taken or self.excluded)


def understand(question: str, currency: str) -> Understood:
    """Returns what a question asks for besides its words.

    Prices in a currency that cannot be converted to the shop's are words like others; without a currency,
    all are.
    """
    reading = Reading.of(Text.of(question))
    lowest, highest = prices(reading, currency)
    order = _order(reading)
    taken = frozenset(reading.taken)  # before the exclusions add theirs
    return Understood(
        text=reading.text,
        taken=taken,
        lowest=lowest,
        highest=highest,
        order=order,
        excluded=exclusions(reading),
    )


def _order(reading: Reading) -> str:
    """Takes the order out of a question and returns it; one that is refused is taken out as well."""
    for place in range(len(reading.words)):
        for phrase, order in _ORDERS.items():
            end = place + reading.phrase(place, (phrase,))
            if end == place or not reading.taken.isdisjoint(range(place, end)):
                continue
            before, after = reading.phrase_before(place, _NOT), reading.phrase(end, REFUSED)
            reading.take(place - before, end + after)
            if before or after:
                break
            return order
    return ""
