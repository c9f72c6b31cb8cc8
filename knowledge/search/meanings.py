"""What the values of filters mean among a store's values, where no value of the store is equal."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cache

from contracts.search import Unmatched
from knowledge.search.fitting import Comparison, Names, suggested
from knowledge.search.keys import ATTRIBUTE, CATEGORY, attribute_keys, compact, keys

MEANT = 100
"""The most values that one value of a filter means, and the most attributes that one name means."""

REPORTED = 20
"""The most values of a question that are reported as unmatched."""


@dataclass(slots=True, kw_only=True)
class Meant:
    """What the values of one field mean: unscoped keys, and for an attribute the beginnings of its keys.

    `is_varied` is whether variations have one of the keys.
    """

    keys: set[str] = field(default_factory=set)
    beginnings: set[str] = field(default_factory=set)
    is_varied: bool = False

    def __ior__(self, other: "Meant") -> "Meant":
        self.keys |= other.keys
        self.beginnings |= other.beginnings
        self.is_varied |= other.is_varied
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A value of a filter, with all its names; `field` is the field of the request."""

    field: str
    kind: str
    value: str
    names: tuple[str, ...]
    attribute: str = ""

    @property
    def keys(self) -> set[str]:
        if self.kind == ATTRIBUTE:
            return attribute_keys(self.attribute, self.names)
        return keys(self.kind, self.names)

    def nothing(self) -> Meant:
        """Returns a meaning without keys."""
        return Meant(beginnings={f"{ATTRIBUTE}/{compact(self.attribute)}/"} if self.attribute else set())


class _Options:
    """The options of one attribute; `folded` are their letters and digits."""

    def __init__(self, names: Names, options: Sequence[str], folded: Set[str]) -> None:
        self.comparison, self.folded = Comparison(names, options), folded


class _Known:
    """The store's values, compared with the asked ones. Each value is read and folded once."""

    def __init__(self, asked: Sequence[Asked], values: Iterable[tuple[str, str, str]]) -> None:
        self.values: dict[str, list[str]] = {}
        self.options: dict[str, list[str]] = {}
        for kind, name, value in values:
            if kind == ATTRIBUTE:
                self.options.setdefault(name, []).append(value)
            else:
                self.values.setdefault(kind, []).append(value)
        self._compact = cache(compact)
        self._comparisons = {
            kind: Comparison(_names(asked, kind), of_kind) for kind, of_kind in self.values.items()
        }
        self._option_names = _names(asked, ATTRIBUTE)
        self._of_attributes: dict[str, _Options] = {}
        self._attributes = self._meant_attributes({each.attribute for each in asked if each.attribute})

    def _meant_attributes(self, asked: Set[str]) -> dict[str, list[str]]:
        """Returns each asked name of an attribute, with the names that it means."""
        equal: dict[str, list[str]] = {}
        for name in self.options if asked else ():
            equal.setdefault(self._compact(name), []).append(name)
        comparison = Comparison(Names(asked), list(self.options))
        return {name: (equal.get(self._compact(name)) or comparison.fitting(name))[:MEANT] for name in asked}

    def _options_of(self, attribute: str) -> _Options:
        if attribute not in self._of_attributes:
            options = self.options[attribute]
            folded = set(map(self._compact, options))
            self._of_attributes[attribute] = _Options(self._option_names, options, folded)
        return self._of_attributes[attribute]

    def meant(self, asked: Asked) -> Meant:
        """Returns the keys of the values that have all the words of one of the asked names."""
        meant = Meant()
        if asked.kind != ATTRIBUTE:
            if (comparison := self._comparisons.get(asked.kind)) is None:
                return meant
            for name in asked.names:
                found = comparison.fitting(name, kinds=asked.kind == CATEGORY)
                meant.keys |= _keys(asked.kind, map(self._compact, found[: _room(meant.keys)]))
            return meant
        wanted = {self._compact(name) for name in asked.names} - {""}
        for attribute in self._attributes[asked.attribute]:
            if not (attribute_name := self._compact(attribute)):
                continue
            options = self._options_of(attribute)
            folded = wanted & options.folded
            for name in () if folded else asked.names:
                found = options.comparison.fitting(name)
                folded |= set(map(self._compact, found[: _room(meant.keys, folded)]))
            kind = f"{ATTRIBUTE}/{attribute_name}"
            meant.keys |= _keys(kind, folded)
            meant.beginnings.add(f"{kind}/")
        return meant

    def place(self, asked: Asked) -> tuple[str, str]:
        """Returns field and value that the report of a value without a meaning names."""
        if asked.kind == ATTRIBUTE and not self._attributes[asked.attribute]:
            return "attributes", asked.attribute
        return asked.field, asked.value

    def likely(self, asked: Asked) -> list[str]:
        """Returns values of the store that a value without a meaning may be a misspelling of, and others."""
        if asked.kind != ATTRIBUTE:
            return suggested(asked.value, self.values.get(asked.kind, []))
        if names := self._attributes[asked.attribute]:
            options = dict.fromkeys(option for name in names for option in self.options[name])
            return suggested(asked.value, list(options))
        return suggested(asked.attribute, list(self.options))


def _names(asked: Iterable[Asked], kind: str) -> Names:
    return Names(name for each in asked if each.kind == kind for name in each.names)


def _room(*found: Set[str]) -> int:
    """Returns how many more values the value of a filter may mean."""
    return max(MEANT - sum(map(len, found)), 0)


def _keys(kind: str, folded: Iterable[str]) -> set[str]:
    return {f"{kind}/{value}" for value in folded if value}


def compare(
    asked: Mapping[int, Asked], values: Iterable[tuple[str, str, str]]
) -> tuple[dict[int, Meant], list[Unmatched]]:
    """Returns what each asked value means, and up to `REPORTED` reports of values that mean nothing.

    Values of the store are (kind, name of the attribute, value), the most frequent first. Takes time linear
    in the values of both; only reported values are compared letter by letter.
    """
    known = _Known(list(asked.values()), values)
    meanings = {place: known.meant(each) for place, each in asked.items()}
    unmatched: dict[tuple[str, str], Asked] = {}
    for place, each in asked.items():
        if not meanings[place].keys and len(unmatched) < REPORTED:
            unmatched.setdefault(known.place(each), each)
    return meanings, [
        Unmatched(field=name, value=value, known=known.likely(each))
        for (name, value), each in unmatched.items()
    ]
