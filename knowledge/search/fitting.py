"""Which of a shop's values the value of a filter means: those with all its words, in any spelling."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from knowledge.normalise import search_form
from knowledge.search.keys import compact
from knowledge.search.stems import singulars

WORDS = 12
"""The most words of a value that are compared."""

KNOWN = 20
"""The most values that are suggested."""

COMPARED = 500
COMPARED_CHARACTERS = 60
"""The most values that are compared by their spelling, and the characters of each."""

_SPACED = str.maketrans({"\u200c": " ", "\u200d": None})
_JOINED = str.maketrans("", "", "\u200c\u200d")
_ENDINGS = ("هایی", "های", "ها")
_LIKELY = 0.2


Forms = tuple[str, ...]
"""A word, and each word that it may be the plural of."""


def _forms(words: Sequence[str]) -> tuple[Forms, ...]:
    found = tuple(singulars(word) for word in words if word not in _ENDINGS)
    return found or tuple((word,) for word in words)


@lru_cache(maxsize=10_000)
def _words(text: str) -> tuple[Forms, ...]:
    """Returns the words of a text; a half-space parts words."""
    return _forms(search_form(text.translate(_SPACED)).split()[:WORDS])


def _asked(text: str) -> tuple[Forms, ...]:
    """Returns the words of a filter's value; a half-space joins words."""
    return _forms(search_form(text.translate(_JOINED)).split())


class _Run:
    """Neighbouring words that are written as one: as they are, and each in the singular."""

    def __init__(self) -> None:
        self._begins = {""}

    def add(self, forms: Forms) -> set[str]:
        """Returns the run with one more word."""
        run = {begin + form for begin in self._begins for form in forms}
        self._begins = {begin + form for begin in self._begins for form in forms[:2]}
        if len(self._begins) > 2:
            self._begins = {min(self._begins, key=len), max(self._begins, key=len)}
        return run


def _joined(words: Iterable[Forms]) -> set[str]:
    """Returns words that are written as one."""
    run, joined = _Run(), set[str]()
    for forms in words:
        joined = run.add(forms)
    return joined


class Names:
    """Names to look for among values. `sought` are their words, and the words of each name as one."""

    def __init__(self, names: Iterable[str]) -> None:
        self.words = {name: _asked(name) for name in names}
        self.joined = {name: _joined(words) for name, words in self.words.items()}
        words = {form for words in self.words.values() for forms in words for form in forms}
        self.sought = words.union(*self.joined.values()) - {""}
        self.longest = max(map(len, self.sought), default=0)


class Comparison:
    """Which of some values each of some names means; a value is read once, however many names there are."""

    def __init__(self, names: Names, values: Sequence[str]) -> None:
        self._names, self._values = names, values
        self._having: dict[str, set[int]] = {}
        self._first: dict[str, set[int]] = {}
        self._last: dict[str, set[int]] = {}
        for place, value in enumerate(values):
            self._read(place, _words(value))

    def _read(self, place: int, words: Sequence[Forms]) -> None:
        """Note which sought words a value has, also as neighbours that are written as one there."""
        for first in range(len(words)):
            run = _Run()
            for end, forms in enumerate(words[first:], start=first + 1):
                joined = run.add(forms)
                if min(map(len, joined)) > self._names.longest:
                    break
                for found in joined & self._names.sought:
                    self._having.setdefault(found, set()).add(place)
                    if first == 0:
                        self._first.setdefault(found, set()).add(place)
                    if end == len(words):
                        self._last.setdefault(found, set()).add(place)

    def fitting(self, name: str, *, kinds: bool = False) -> list[str]:
        """Returns the values that a name means, in their order: those with all its words.

        Words may be joined or apart, in the singular or the plural. With `kinds`, values that only mention
        the words are left out where other values name kinds of them: گوشی موبایل is a گوشی, and running shoes
        are shoes. قاب گوشی is none: the noun comes first in Persian and last in English.
        """
        joined = self._names.joined[name]
        found = self._with_all(self._names.words[name]) | _any(self._having, joined)
        if kinds:
            noun = self._last if all(map(str.isascii, joined)) else self._first
            found = (found & _any(noun, joined)) or found
        return [self._values[place] for place in sorted(found)]

    def _with_all(self, words: Iterable[Forms]) -> set[int]:
        having = sorted((_any(self._having, forms) for forms in set(words)), key=len)
        found = having[0] if having else set()
        for more in having[1:]:
            if not found:
                break
            found = found & more
        return found


def _any(places: Mapping[str, set[int]], forms: Iterable[str]) -> set[int]:
    return set().union(*(places.get(form, ()) for form in forms))


def fitting(name: str, values: Sequence[str], *, kinds: bool = False) -> list[str]:
    """Returns the values that one name means, as `Comparison.fitting` does."""
    return Comparison(Names([name]), values).fitting(name, kinds=kinds)


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
