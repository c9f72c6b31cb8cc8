"""What a question asks for besides its words: a price, an order, and what the product must not be.

Phrases that are understood are taken out of the question; the rest is searched for.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from knowledge.normalise import normalise, search_form
from knowledge.search.amounts import Amount, amount

PRICE = "price"
PRICE_DESCENDING = "-price"
NEWEST = "newest"

MOST_WORDS = 300
"""Words of a question that are looked at for phrases; the others are searched for as they are."""

MOST_EXCLUDED = 8
LONGEST_VALUE = 3
"""Words of one thing that a product must not be."""

_ZERO_WIDTH = str.maketrans("", "", "\u200c\u200d")
_BREAK = re.compile(r"[،,;؛.:!?؟]$")
_SIGNED = re.compile(r"[$€£﷼]")

Phrase = tuple[str, ...]


def _phrases(*texts: str) -> tuple[Phrase, ...]:
    return tuple(sorted((tuple(text.split()) for text in texts), key=len, reverse=True))


_BELOW = _phrases(
    "زیر", "کمتر از", "کم تر از", "پایین تر از", "پایینتر از", "پایین", "ارزان تر از", "ارزانتر از", "حداکثر",
    "نهایتا", "تا سقف", "تا", "under", "below", "less than", "cheaper than", "up to", "at most", "max",
    "maximum", "no more than", "not more than", "within",
)  # fmt: skip
_ABOVE = _phrases(
    "بالای", "بالاتر از", "بالا تر از", "بیشتر از", "بیش از", "حداقل", "گران تر از", "گرانتر از", "از",
    "over", "above", "more than", "at least", "min", "minimum", "from", "starting at",
)  # fmt: skip
_BETWEEN = _phrases("بین", "از", "between", "from")
_TO = frozenset(("تا", "و", "الی", "to", "and"))
_ORDERS = {
    **dict.fromkeys(
        _phrases("ارزانترین", "ارزان ترین", "ارزونترین", "ارزون ترین", "کم قیمت ترین", "cheapest",
                 "least expensive", "lowest price", "lowest priced"),
        PRICE,
    ),
    **dict.fromkeys(
        _phrases("گرانترین", "گران ترین", "گرونترین", "گرون ترین", "most expensive", "priciest",
                 "highest price"),
        PRICE_DESCENDING,
    ),
    **dict.fromkeys(_phrases("جدیدترین", "جدید ترین", "تازه ترین", "newest", "latest"), NEWEST),
}  # fmt: skip
_NOT = _phrases(
    "به غیر از", "بغیر از", "غیر از", "به جز", "بجز", "جز", "غیر", "except for", "except", "other than",
    "excluding", "but not", "not from", "not",
)  # fmt: skip
_NOT_AFTERWARDS = _phrases("نباشه", "نباشد", "نمیخوام", "نمیخواهم")
_NO = "نه"
"""As a word of its own it is also the number nine, so it must end a part of the sentence."""
_STOPS = frozenset(
    word
    for words in (
        "برای واسه با در که به از تا زیر بالای بین دارید دارین داری هست باشه باشد میخوام لطفا چی",
        "for with in on under below over above between please that which to from at",
    )
    for word in words.split()
)
_JOINS = frozenset(("و", "یا", "and", "or"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What was taken out of a question, and its `rest`.

    `excluded` has the words of each thing that a product must not be, three at most: where a value ends, only
    a shop's brands and categories can say. `order` is PRICE, PRICE_DESCENDING, NEWEST or empty. Prices are in
    the shop's currency.
    """

    rest: str
    lowest: Decimal | None = None
    highest: Decimal | None = None
    order: str = ""
    excluded: tuple[Phrase, ...] = ()


@dataclass(slots=True)
class _Reading:
    """The tokens of a question; `taken` are the places of the understood ones."""

    tokens: list[str]
    words: list[str]
    breaks: list[bool]
    currency: str
    taken: set[int] = field(default_factory=set)

    def phrase(self, start: int, phrases: Sequence[Phrase]) -> int:
        """Returns how many tokens from `start` are one of the phrases, the longest; 0 if none is."""
        for phrase in phrases:
            end = start + len(phrase)
            if tuple(self.words[start:end]) == phrase and not any(self.breaks[start : end - 1]):
                return len(phrase)
        return 0

    def take(self, start: int, end: int) -> None:
        self.taken.update(range(start, end))


def understand(question: str, currency: str) -> Understood:
    """Returns what a question asks for besides its words.

    Prices in a currency that cannot be converted to the shop's are words like others.
    """
    tokens = normalise(question).split()
    reading = _Reading(
        tokens,
        [_folded(token) for token in tokens[:MOST_WORDS]],
        [_BREAK.search(token) is not None for token in tokens[:MOST_WORDS]],
        currency,
    )
    lowest, highest = _prices(reading)
    order = _order(reading)
    excluded = _excluded(reading)
    rest = [token for place, token in enumerate(tokens) if place not in reading.taken]
    return Understood(
        rest=" ".join(rest), lowest=lowest, highest=highest, order=order, excluded=tuple(excluded)
    )


def _folded(token: str) -> str:
    """Returns a token as one word in search form, with its currency sign; parts are joined by spaces."""
    sign = _SIGNED.search(token)
    return (sign[0] if sign else "") + search_form(token.translate(_ZERO_WIDTH))


def _prices(reading: _Reading) -> tuple[Decimal | None, Decimal | None]:
    lowest: Decimal | None = None
    highest: Decimal | None = None
    place = 0
    while place < len(reading.words):
        amounts = _range(reading, place) or _limit(reading, place)
        prices = [one.price(reading.currency) if one else None for one in amounts]
        end = max((one.end for one in amounts if one), default=place)
        if end == place or any(one and price is None for one, price in zip(amounts, prices, strict=True)):
            place += 1
            continue
        low, high = prices
        lowest, highest = (lowest if low is None else low), (highest if high is None else high)
        reading.take(place, end)
        place = end
    return lowest, highest


_Limits = tuple[Amount | None, Amount | None]
"""The lowest and the highest amount of a phrase."""


def _range(reading: _Reading, place: int) -> _Limits | None:
    """Returns the amounts of a phrase such as بین ۱ تا ۵ میلیون."""
    start = place + reading.phrase(place, _BETWEEN)
    low = amount(reading.words, start)
    joining = reading.words[low.end : low.end + 1] if low else []
    if low is None or not joining or joining[0] not in _TO or (start == place and joining[0] in _JOINS):
        return None
    high = amount(reading.words, low.end + 1)
    return (low.scaled_as(high), high) if high is not None and high.is_money else None


def _limit(reading: _Reading, place: int) -> _Limits:
    """Returns the amount of a phrase such as زیر ۵ میلیون, on its side."""
    for phrases, is_highest in ((_BELOW, True), (_ABOVE, False)):
        length = reading.phrase(place, phrases)
        found = amount(reading.words, place + length) if length else None
        if found is not None and found.is_money:
            return (None, found) if is_highest else (found, None)
    return None, None


def _order(reading: _Reading) -> str:
    for place in range(len(reading.words)):
        for phrase, order in _ORDERS.items():
            if place not in reading.taken and reading.phrase(place, (phrase,)):
                reading.take(place, place + len(phrase))
                return order
    return ""


def _excluded(reading: _Reading) -> list[Phrase]:
    excluded: list[Phrase] = []
    for place in range(len(reading.words)):
        length = 0 if place in reading.taken else reading.phrase(place, _NOT)
        if length:
            values, end = _values(reading, place + length)
            if values:
                excluded += values
                reading.take(place, end)
        elif _is_refused(reading, place):
            excluded.append((reading.words[place - 1],))
            reading.take(place - 1, place + 1)
    return excluded[:MOST_EXCLUDED]


def _is_refused(reading: _Reading, place: int) -> bool:
    """Returns whether the word at a place refuses the one before it."""
    if not place or not reading.taken.isdisjoint((place - 1, place)) or reading.breaks[place - 1]:
        return False
    if reading.words[place] == _NO:
        return reading.breaks[place] or place == len(reading.words) - 1
    return reading.phrase(place, _NOT_AFTERWARDS) > 0


def _values(reading: _Reading, start: int) -> tuple[list[Phrase], int]:
    """Returns the things that are named from `start` on, and the place after them."""
    values: list[Phrase] = []
    place = start
    while place < len(reading.words):
        value, end = _value(reading, place)
        if not value:
            break
        values.append(value)
        place = end
        if not (place + 1 < len(reading.words) and reading.words[place] in _JOINS):
            break
        if reading.phrase(place + 1, _NOT):
            break
        place += 1
    return values, place


def _value(reading: _Reading, start: int) -> tuple[Phrase, int]:
    """Returns the words of one thing, and the place after it."""
    words: list[str] = []
    place = start
    while place < len(reading.words) and len(words) < LONGEST_VALUE:
        word = reading.words[place]
        if place in reading.taken or not word or word in _JOINS or word in _STOPS:
            break
        words += word.split()
        place += 1
        if reading.breaks[place - 1]:
            break
    return tuple(words[:LONGEST_VALUE]), place
