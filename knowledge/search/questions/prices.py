"""The limits of a price that a question names: زیر ۵ میلیون, از ۵ میلیون کمتر, not over 300k toman."""

from decimal import Decimal

from knowledge.search.questions.amounts import Amount, amount
from knowledge.search.questions.reading import REFUSED, Reading, phrases

_BELOW = phrases(
    "زیر", "کمتر از", "کم تر از", "پایین تر از", "پایینتر از", "پایین", "ارزان تر از", "ارزانتر از",
    "ارزون تر از", "ارزونتر از", "حداکثر", "نهایتا", "تا سقف", "سقف", "تا", "under", "below", "less than",
    "lower than", "cheaper than", "up to", "at most", "max", "maximum", "within",
)  # fmt: skip
_ABOVE = phrases(
    "بالای", "بالاتر از", "بالا تر از", "بیشتر از", "بیش تر از", "بیش از", "حداقل", "گران تر از",
    "گرانتر از", "گرون تر از", "گرونتر از", "over", "above", "more than", "higher than",
    "more expensive than", "exceeding", "at least", "min", "minimum", "from", "starting at", "starting from",
)  # fmt: skip
_BELOW_AFTERWARDS = phrases(
    "کمتر", "کم تر", "ارزانتر", "ارزان تر", "ارزونتر", "ارزون تر", "پایینتر", "پایین تر"
)
_ABOVE_AFTERWARDS = phrases("بیشتر", "بیش تر", "گرانتر", "گران تر", "گرونتر", "گرون تر", "بالاتر", "بالا تر")
_AND_BELOW = phrases("به پایین", "و کمتر", "و پایینتر", "or less", "or under", "and under", "and below")
_AND_ABOVE = phrases("به بالا", "و بیشتر", "و بالاتر", "or more", "and up", "and over", "and above")
_FROM = phrases("از")
_BETWEEN = phrases("بین", "از", "between", "from")
_PRICE = phrases("قیمت", "price", "a price of", "price of")
_TO = frozenset(("تا", "و", "الی", "to", "and"))
_DASHES = frozenset(("-", "–", "—"))
_JOINS = frozenset(("و", "and"))
_NOT = phrases("not", "no", "نه")
_NOT_AFTERWARDS = (*REFUSED, *phrases("نشه", "نشود", "نره", "نرود"))

Limits = tuple[Amount | None, Amount | None]
"""The lowest and the highest amount of a phrase."""


def prices(reading: Reading, currency: str) -> tuple[Decimal | None, Decimal | None]:
    """Takes the limits of the price out of a question, and returns the lowest and the highest one.

    They are in the shop's currency. The lowest is never above the highest: what contradicts stays words.
    """
    lowest: Decimal | None = None
    highest: Decimal | None = None
    place = 0
    while place < len(reading.words):
        limits, end = _range(reading, place) or _limit(reading, place) or ((None, None), place)
        values = [one.price(currency) if one else None for one in limits]
        is_priced = all(value is not None for one, value in zip(limits, values, strict=True) if one)
        low = lowest if values[0] is None else values[0]
        high = highest if values[1] is None else values[1]
        if end == place or not is_priced or (low is not None and high is not None and low > high):
            place += 1
            continue
        lowest, highest = low, high
        reading.take(place, end)
        place = end
    return lowest, highest


def _range(reading: Reading, place: int) -> tuple[Limits, int] | None:
    """Returns the amounts of a phrase such as بین ۱ تا ۵ میلیون, and the place after it.

    Without a word before it, its first number must be money itself: سایز ۴۲ تا ۳ میلیون is no range.
    """
    start = place + reading.phrase(place, _BETWEEN)
    low = amount(reading.words, start)
    if low is None or not _joins(reading, low, is_open=start == place):
        return None
    high = amount(reading.words, low.end + 1)
    if high is None or not high.is_money:
        return None
    return (low.scaled_as(high), high), high.end


def _joins(reading: Reading, low: Amount, *, is_open: bool) -> bool:
    """Returns whether what follows the lower amount joins it with a higher one."""
    if low.end >= len(reading.words):
        return False
    if reading.text.tokens[low.end] in _DASHES:
        return True
    joining = reading.words[low.end]
    return joining in _TO and (not is_open or (low.is_money and joining not in _JOINS))


def _limit(reading: Reading, place: int) -> tuple[Limits, int] | None:
    """Returns the amount of a phrase such as زیر ۵ میلیون on its side, and the place after it.

    A negation before or after it turns the side.
    """
    for negation in dict.fromkeys((reading.phrase(place, _NOT), 0)):
        start = place + negation
        if (found := _after_word(reading, start) or _before_word(reading, start)) is None:
            continue
        limit, is_highest, end = found
        afterwards = reading.phrase(end, _NOT_AFTERWARDS)
        if (negation > 0) != (afterwards > 0):
            is_highest = not is_highest
        return ((None, limit) if is_highest else (limit, None)), end + afterwards
    return None


def _after_word(reading: Reading, place: int) -> tuple[Amount, bool, int] | None:
    """Returns an amount after its word, whether it is the highest, and the place after it."""
    for known, is_highest in ((_BELOW, True), (_ABOVE, False)):
        length = reading.phrase(place, known)
        start = place + length + (reading.phrase(place + length, _PRICE) if length else 0)
        found = amount(reading.words, start) if length else None
        if found is not None and found.is_money:
            return found, is_highest, found.end
    return None


def _before_word(reading: Reading, place: int) -> tuple[Amount, bool, int] | None:
    """Returns an amount before its word: از ۵ میلیون کمتر, ۵ میلیون به بالا. A bare از is no limit."""
    opening = reading.phrase(place, _FROM)
    found = amount(reading.words, place + opening)
    if found is None or not found.is_money:
        return None
    below, above = _AND_BELOW, _AND_ABOVE
    if opening:
        below, above = below + _BELOW_AFTERWARDS, above + _ABOVE_AFTERWARDS
    for known, is_highest in ((below, True), (above, False)):
        if length := reading.phrase(found.end, known):
            return found, is_highest, found.end + length
    return None
