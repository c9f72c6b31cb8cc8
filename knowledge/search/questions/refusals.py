"""What a question says that a product must not be: غیر از سامسونگ, اپل نباشه, not black."""

from dataclasses import dataclass

from knowledge.search.keys import compact
from knowledge.search.polite import polite
from knowledge.search.questions.reading import REFUSED, Reading, phrases
from knowledge.search.stems import singulars

MOST_EXCLUDED = 8
LONGEST_VALUE = 3
"""Words of one thing that a product must not be."""

_NOT = phrases(
    "به غیر از", "بغیر از", "غیر از", "به جز", "بجز", "جز", "به استثنای", "except for", "except",
    "other than", "apart from", "excluding", "but not", "not from", "i dont want", "dont want",
    "i do not want", "do not want",
)  # fmt: skip
_MAYBE_NOT = phrases("غیر", "not")
"""They are parts of names as well: مداد غیر سمی, forget me not."""
_NO = "نه"
"""As a word of its own it is also the number nine, so it must end a part of the sentence."""
_STOPS = frozenset(
    word
    for words in (
        "برای واسه با در که به از تا زیر بالای بین دارید دارین داری دارن داره هست هستش باشه باشد میخوام",
        "لطفا چی",
        "for with in on under below over above between please that which to at",
    )
    for word in words.split()
)
_JOINS = frozenset(("و", "یا", "and", "or"))
_KINDS = frozenset(
    word
    for words in (
        "رنگ رنگهای برند برندهای مارک مارکهای سایز سایزهای مدل مدلهای نوع جنس شرکت این اون آن ها های",
        "a an the any this these those brand brands color colour size model from of by made very too so",
    )
    for word in words.split()
)
"""Words that stand before a value: رنگ مشکی, a samsung phone."""

COLOURS = frozenset(
    word
    for words in (
        "مشکی سیاه سفید قرمز آبی ابی سبز زرد نارنجی بنفش صورتی قهوهای طوسی خاکستری نقرهای طلایی کرم بژ",
        "زرشکی سرمهای فیروزهای یاسی گلبهی نسکافهای شیری آلبالویی البالویی لیمویی یشمی زیتونی خردلی",
        "black white red blue green yellow orange purple violet pink brown grey gray silver gold golden",
        "beige cream navy maroon turquoise burgundy olive",
    )
    for word in words.split()
)
"""Colours as `compact` folds them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A thing that a product must not be: up to three of its `words`, as they were written.

    It takes the places from `start` to `end` out of the question; the words are at the places from `first`
    on. Where a value ends, only a shop's brands and categories can say. Without `is_certain` it is one only
    if the shop knows the value. `earlier` are up to two words right before the value that may be a part of
    it, as in ال جی نباشه. `subject` is what was asked before it, in search form, or empty.
    """

    words: tuple[str, ...]
    first: int
    start: int
    end: int
    is_certain: bool = True
    earlier: tuple[str, ...] = ()
    subject: str = ""


def exclusions(reading: Reading) -> tuple[Exclusion, ...]:
    """Takes what a product must not be out of a question, and returns it in its order."""
    found: list[Exclusion] = []
    for place in range(len(reading.words)):
        if not reading.is_free(place) or len(found) >= MOST_EXCLUDED:
            continue
        certain = reading.phrase(place, _NOT)
        length = certain or reading.phrase(place, _MAYBE_NOT)
        if length:
            is_certain = certain > 0 or (place > 0 and reading.breaks[place - 1])
            here = _named(reading, place, place + length, is_certain=is_certain)
        else:
            here = _refused(reading, place)
        for each in here:
            reading.take(each.start, each.end)
        found += here
    return tuple(found[:MOST_EXCLUDED])


def _named(reading: Reading, start: int, place: int, *, is_certain: bool) -> list[Exclusion]:
    """Returns the things that are named from a place on, after a "not" at `start`."""
    if reading.breaks[place - 1] or (start and reading.words[start - 1] == "me"):
        return []
    found: list[Exclusion] = []
    subject = _subject(reading, start)
    while place < len(reading.words):
        first = _first(reading, place)
        end = _end(reading, first)
        if end == first:
            break
        words = tuple(reading.original(at) for at in range(first, min(end, first + LONGEST_VALUE)))
        begins = _with_join(reading, start) if not found else place - 1
        found.append(
            Exclusion(words=words, first=first, start=begins, end=end, is_certain=is_certain, subject=subject)
        )
        goes_on = end + 1 < len(reading.words) and reading.words[end] in _JOINS
        if not goes_on or reading.breaks[end - 1] or reading.phrase(end + 1, (*_NOT, *_MAYBE_NOT)):
            break
        place = end + 1
    return found


def _with_join(reading: Reading, start: int) -> int:
    """Returns where a "not" begins, with the "and" after an earlier one."""
    return (
        start - 1
        if start > 1 and reading.words[start - 1] in _JOINS and start - 2 in reading.taken
        else start
    )


def _first(reading: Reading, start: int) -> int:
    """Returns where a value begins: after the words that stand before values, and what was asked already."""
    asked = {form for word in reading.words[:start] for form in singulars(word)} - _JOINS - _STOPS
    place = start
    while reading.is_free(place) and not reading.breaks[place]:
        word = reading.words[place]
        if word not in _KINDS and asked.isdisjoint(singulars(word)):
            break
        place += 1
    return place


def _end(reading: Reading, start: int) -> int:
    """Returns where the words of one value end."""
    place = start
    while reading.is_free(place) and place < start + LONGEST_VALUE:
        word = reading.words[place]
        if not word or word in _JOINS or word in _STOPS:
            break
        place += 1
        if reading.breaks[place - 1]:
            break
    return place


def _subject(reading: Reading, end: int) -> str:
    """Returns the last word before a place that says something about a product."""
    for place in range(end - 1, -1, -1):
        word = reading.words[place]
        if reading.is_free(place) and word and not (word in _STOPS or word in _JOINS or word in polite()):
            return word
    return ""


def _refused(reading: Reading, place: int) -> list[Exclusion]:
    """Returns the things before a phrase at a place that refuses them: سامسونگ و اپل نباشه."""
    length = reading.phrase(place, REFUSED)
    if reading.words[place] == _NO and (reading.breaks[place] or place == len(reading.words) - 1):
        length = 1
    if not length or not _is_value(reading, place - 1):
        return []
    places = [place - 1]
    while places[-1] >= 2 and reading.words[places[-1] - 1] in _JOINS and _is_value(reading, places[-1] - 2):
        places.append(places[-1] - 2)
    earlier: list[str] = []
    while len(earlier) < LONGEST_VALUE - 1 and _is_value(reading, places[-1] - 1 - len(earlier)):
        earlier.insert(0, reading.original(places[-1] - 1 - len(earlier)))
    start = places[-1]
    while reading.is_free(start - 1) and reading.words[start - 1] in _KINDS and not reading.breaks[start - 1]:
        start -= 1
    return [
        Exclusion(
            words=(reading.original(at),),
            first=at,
            start=start if at == places[-1] else at - 1,
            end=place + length if at == place - 1 else at + 1,
            earlier=tuple(earlier) if at == places[-1] else (),
        )
        for at in reversed(places)
    ]


def _is_value(reading: Reading, place: int) -> bool:
    """Returns whether the word at a place may be refused by the one after it."""
    if not reading.is_free(place) or reading.breaks[place]:
        return False
    word = reading.words[place]
    return bool(word) and word not in _STOPS and word not in _JOINS and word not in _KINDS


def is_colour(word: str) -> bool:
    """Returns whether a word is a colour of the common ones."""
    return compact(word) in COLOURS
