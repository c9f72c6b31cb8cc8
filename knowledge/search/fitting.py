"""Which of a shop's values the value of a filter means: those with all its words, in any spelling."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from knowledge.normalise import search_form
from knowledge.search.keys import compact
from knowledge.search.stems import PLURALS, singulars

WORDS = 12
"""The most words of a value that are compared."""

KNOWN = 20
"""The most values that are suggested."""

COMPARED = 500
COMPARED_CHARACTERS = 60
"""The most values that are compared by their spelling, and the characters of each."""

_SPACED = str.maketrans({"\u200c": " ", "\u200d": None})
_JOINED = str.maketrans("", "", "\u200c\u200d")
_LIKELY = 0.2

Forms = tuple[str, ...]
"""A word, and what it may be the plural of."""


def _forms(words: Iterable[str]) -> tuple[Forms, ...]:
    """Returns the forms of words; endings that stand alone are left out."""
    return tuple(singulars(word) for word in words if word not in PLURALS)


@lru_cache(maxsize=10_000)
def _words(text: str) -> tuple[Forms, ...]:
    """Returns the words of a text; a half-space parts words."""
    words = search_form(text.translate(_SPACED)).split()[:WORDS]
    return _forms(words) or tuple((word,) for word in words)


@lru_cache(maxsize=1_000)
def _asked(text: str) -> tuple[Forms, ...]:
    """Returns the words of a filter's value; a half-space joins words."""
    words = search_form(text.translate(_JOINED)).split()
    return _forms(words) or tuple((word,) for word in words)


@lru_cache(maxsize=1_000)
def _joined(asked: str) -> Forms:
    """Returns the words of a filter's value as one word: as they are written, and in their singulars."""
    words = _asked(asked)
    turns = range(max(map(len, words), default=0))
    return tuple("".join(forms[min(turn, len(forms) - 1)] for forms in words) for turn in turns)


def _runs_at(words: Sequence[Forms], joined: Forms) -> Iterator[tuple[int, int]]:
    """Yields where neighbouring words are `joined` when they are written as one: the first and the end."""
    for first, begin in enumerate(words):
        for word in joined:
            if word.startswith(begin):
                break
        else:
            continue
        rests = set(joined)
        for end, forms in enumerate(words[first:], start=first + 1):
            rests = {rest[len(form) :] for rest in rests for form in forms if rest.startswith(form)}
            if not rests:
                break
            if "" in rests:
                yield first, end
                break


def _has(words: Sequence[Forms], joined: Forms) -> bool:
    return any(True for _ in _runs_at(words, joined))


def has_words_of(asked: str, value: str) -> bool:
    """Returns whether `value` has all words of `asked`, joined or apart, in the singular or the plural."""
    wanted, words = _asked(asked), _words(value)
    return bool(wanted) and (all(_has(words, word) for word in wanted) or _has(words, _joined(asked)))


def _is_kind_of(asked: str, value: str) -> bool:
    """Returns whether `value` names a kind of `asked`: گوشی موبایل is a گوشی, and running shoes are shoes.

    قاب گوشی is none: the noun comes first in Persian and last in English.
    """
    joined, words = _joined(asked), _words(value)
    at_last = all(map(str.isascii, joined))
    return any((end == len(words)) if at_last else first == 0 for first, end in _runs_at(words, joined))


def fitting(asked: str, values: Iterable[str], *, kinds: bool = False) -> list[str]:
    """Returns the values that `asked` means, in their order: those with all its words.

    With `kinds`, values that only mention the words are left out where other values name kinds of them.
    """
    found = [value for value in values if has_words_of(asked, value)]
    return ([value for value in found if _is_kind_of(asked, value)] if kinds else []) or found


@lru_cache(maxsize=1_000)
def _pairs(text: str) -> frozenset[str]:
    letters = compact(text[:COMPARED_CHARACTERS])
    return frozenset(letters[at : at + 2] for at in range(max(len(letters) - 1, 1)))


def suggested(asked: str, values: Sequence[str]) -> list[str]:
    """Returns at most `KNOWN` values: those spelled like `asked` first, then the others in their order.

    Only the first values are compared.
    """
    pairs = _pairs(asked)

    def likeness(value: str) -> float:
        others = _pairs(value)
        common = len(pairs & others)
        share = (common / len(pairs | others) + common / min(len(pairs), len(others))) / 2
        return share if share > _LIKELY else 0.0

    return sorted(values[:COMPARED], key=likeness, reverse=True)[:KNOWN]
