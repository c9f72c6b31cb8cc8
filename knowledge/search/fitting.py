"""Which of a shop's values the value of a filter means: those with all its words, in any spelling."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from knowledge.normalise import search_form
from knowledge.search.keys import compact

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
_HISSES = ("ses", "xes", "ches", "shes")
_LIKELY = 0.2


def _singular(word: str) -> str:
    """Returns a word without the ending of its plural."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word.removesuffix(ending)
    if word.isascii() and word.endswith("s") and len(word) > 3 and not word.endswith("ss"):
        return word[:-2] if word.endswith(_HISSES) else word[:-1]
    return word


@lru_cache(maxsize=10_000)
def _words(text: str) -> tuple[str, ...]:
    """Returns the words of a text in the singular; a half-space parts words."""
    words = search_form(text.translate(_SPACED)).split()[:WORDS]
    return tuple(_singular(word) for word in words if word not in _ENDINGS) or tuple(words)


def _asked(text: str) -> tuple[str, ...]:
    """Returns the words of a filter's value in the singular; a half-space joins words."""
    words = search_form(text.translate(_JOINED)).split()
    return tuple(_singular(word) for word in words if word not in _ENDINGS) or tuple(words)


class Names:
    """Names to look for among values. `sought` are their words, and the words of each name as one."""

    def __init__(self, names: Iterable[str]) -> None:
        self.words = {name: _asked(name) for name in names}
        self.sought = {word for words in self.words.values() for word in (*words, "".join(words))} - {""}
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

    def _read(self, place: int, words: Sequence[str]) -> None:
        """Note which sought words a value has, also as neighbours that are written as one there."""
        for first in range(len(words)):
            run = ""
            for end, word in enumerate(words[first:], start=first + 1):
                run += word
                if len(run) > self._names.longest:
                    break
                if run in self._names.sought:
                    self._having.setdefault(run, set()).add(place)
                    if first == 0:
                        self._first.setdefault(run, set()).add(place)
                    if end == len(words):
                        self._last.setdefault(run, set()).add(place)

    def fitting(self, name: str, *, kinds: bool = False) -> list[str]:
        """Returns the values that a name means, in their order: those with all its words.

        Words may be joined or apart, in the singular or the plural. With `kinds`, values that only mention
        the words are left out where other values name kinds of them: گوشی موبایل is a گوشی, and running shoes
        are shoes. قاب گوشی is none: the noun comes first in Persian and last in English.
        """
        words = self._names.words[name]
        joined = "".join(words)
        found = self._with_all(words) | self._having.get(joined, set())
        if kinds:
            noun = self._last if joined.isascii() else self._first
            found = (found & noun.get(joined, set())) or found
        return [self._values[place] for place in sorted(found)]

    def _with_all(self, words: Iterable[str]) -> set[int]:
        having = sorted((self._having.get(word, set()) for word in set(words)), key=len)
        found = having[0] if having else set()
        for more in having[1:]:
            if not found:
                break
            found = found & more
        return found


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
