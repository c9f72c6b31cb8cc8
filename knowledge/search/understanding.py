"""What a question asks for besides its words: a price, an order, and what the product must not be.

Phrases that are understood are taken out of the question; the rest is searched for.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

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
        _phrases("ارزانترین", "ارزان ترین", "ارزونترین", "ارزون ترین", "کم قیمت ترین", "cheapest", "least expensive",
                 "lowest price", "lowest priced"),
        PRICE,
    ),
    **dict.fromkeys(
        _phrases("گرانترین", "گران ترین", "گرونترین", "گرون ترین", "most expensive", "priciest", "highest price"),
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
    "برای واسه با در که به از تا زیر بالای بین دارید دارین داری هست باشه باشد میخوام لطفا چی for with in on under"
    " below over above between please that which to from at".split()
)
_JOINS = frozenset(("و", "یا", "and", "or"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What was taken out of a question, and its `rest`.

    `excluded` has the words of each thing that a product must not be, three at most: where a value ends, only
    a shop's brands and categories can say. `order` is PRICE, PRICE_DESCENDING, NEWEST or empty.
    """

    rest: str
    lowest: Amount | None = None
    highest: Amount | None = None
    order: str = ""
    excluded: tuple[Phrase, ...] = ()


@dataclass(slots=True)
class _Reading:
    """The tokens of a question; `taken` are the places of those that were understood."""

    tokens: list[str]
    words: list[str]
    breaks: list[bool]
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


def understand(question: str) -> Understood:
    """Returns what a question asks for besides its words; idempotent on its `rest`."""
    tokens = normalise(question).split()
    reading = _Reading(
        tokens,
        [_folded(token) for token in tokens[:MOST_WORDS]],
        [_BREAK.search(token) is not None for token in tokens[:MOST_WORDS]],
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


def _prices(reading: _Reading) -> tuple[Amount | None, Amount | None]:
    lowest: Amount | None = None
    highest: Amount | None = None
    place = 0
    while place < len(reading.words):
        found = _range(reading, place) or _limit(reading, place)
        if found is None:
            place += 1
            continue
        low, high, end = found
        lowest, highest = low or lowest, high or highest
        reading.take(place, end)
        place = end
    return lowest, highest


def _range(reading: _Reading, place: int) -> tuple[Amount | None, Amount | None, int] | None:
    """Returns (lowest, highest, end) of a phrase such as بین ۱ تا ۵ میلیون."""
    start = place + reading.phrase(place, _BETWEEN)
    low = amount(reading.words, start)
    if low is None or reading.words[low.end : low.end + 1] == [] or reading.words[low.end] not in _TO:
        return None
    if start == place and reading.words[low.end] in ("و", "and"):
        return None
    high = amount(reading.words, low.end + 1)
    if high is None or not high.is_money:
        return None
    return low.scaled_as(high), high, high.end


def _limit(reading: _Reading, place: int) -> tuple[Amount | None, Amount | None, int] | None:
    """Returns (lowest, highest, end) of a phrase such as زیر ۵ میلیون."""
    for phrases, is_highest in ((_BELOW, True), (_ABOVE, False)):
        length = reading.phrase(place, phrases)
        found = amount(reading.words, place + length) if length else None
        if found is not None and found.is_money:
            return (None, found, found.end) if is_highest else (found, None, found.end)
    return None


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
        elif place and place not in reading.taken and _is_refused(reading, place):
            if place - 1 not in reading.taken and not reading.breaks[place - 1]:
                excluded.append((reading.words[place - 1],))
                reading.take(place - 1, place + 1)
    return excluded[:MOST_EXCLUDED]


def _is_refused(reading: _Reading, place: int) -> bool:
    """Returns whether the word at a place refuses the one before it."""
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
