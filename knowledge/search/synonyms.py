"""Synonyms: groups of phrases that mean the same to a shopper, looked up in questions and filter values."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from knowledge.normalise import search_form
from knowledge.search.keys import compact
from knowledge.search.stems import singulars

Words = tuple[str, ...]
"""A phrase in search form, word by word."""

ALTERNATIVES = 8
"""The most alternatives of one place of a question, and of one filter value."""

_HALF_SPACE = "\u200c"
_LONGEST_SPAN = 6
_JOINED_WORDS = (2, 3)
"""How many words a phrase has that a text may write as one."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """A place of a question, in words, and the phrases that mean the same as the words there."""

    start: int
    length: int
    alternatives: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    """The phrases of a group; `joined` are its phrases of several words, each as one word."""

    phrases: tuple[Words, ...]
    joined: tuple[Words, ...]


@dataclass(slots=True)
class _Node:
    """The groups of the phrase that ends here, and the words with which longer phrases continue."""

    groups: list[int] = field(default_factory=list)
    following: dict[str, "_Node"] = field(default_factory=dict)


class Synonyms:
    """An immutable table of groups. Groups do not chain: a phrase in two groups does not join them.

    With a `base`, its groups count as well, after the table's own. A group of a single phrase has no
    alternatives, and hides that phrase in the base.
    """

    def __init__(self, groups: Iterable[Sequence[str]], base: "Synonyms | None" = None) -> None:
        self._base = base
        self._groups: list[_Group] = []
        self._root = _Node()
        self._values: dict[str, list[int]] = {}
        self._names: list[tuple[str, ...]] = []
        for phrases in groups:
            self._add(phrases)

    def expansions(self, words: Sequence[str]) -> list[Expansion]:
        """Returns the places of a question that have alternatives, from left to right, without overlap.

        `words` are in search form, and may have the half-spaced words of that form: joined, then in parts.
        At each place the longest phrase counts, in a plural as well; a phrase as one word comes after all
        phrases. Takes time linear in the words.
        """
        found = []
        start = 0
        while start < len(words):
            length, groups = self._longest(words, start)
            if not length:
                start += 1
                continue
            here = tuple(words[start : start + length])
            phrases = chain.from_iterable(group.phrases for group in groups)
            joined = chain.from_iterable(group.joined for group in groups)
            as_one = ("".join(here),)
            every = dict.fromkeys(chain(phrases, (word for word in joined if word != as_one)))
            others = [phrase for phrase in every if not _contains(here, phrase)]
            if others:
                found.append(Expansion(start, length, tuple(others[:ALTERNATIVES])))
            start += length
        return found

    def alternatives(self, value: str) -> set[str]:
        """Returns the other phrases for the value of a filter, without spaces as in keys of products."""
        name = compact(value)
        own = self._values.get(name, [])
        groups = [self._names[group] for group in own]
        if self._base and not self._hides(own):
            groups += [self._base._names[group] for group in self._base._values.get(name, [])]
        others = dict.fromkeys(other for group in groups for other in group if other != name)
        return set(list(others)[:ALTERNATIVES])

    def _add(self, phrases: Sequence[str]) -> None:
        spelled = [(phrase, spellings) for phrase in phrases if (spellings := _spellings(phrase))]
        number = len(self._groups)
        in_turn = [words for turn in (0, -1) for _, spellings in spelled for words in [spellings[turn]]]
        joined = [("".join(words),) for words in in_turn if len(words) in _JOINED_WORDS]
        self._groups.append(_Group(tuple(dict.fromkeys(in_turn)), tuple(dict.fromkeys(joined))))
        self._names.append(tuple(dict.fromkeys(compact(phrase) for phrase, _ in spelled)))
        for name in self._names[-1]:
            self._values.setdefault(name, []).append(number)
        for _, spellings in spelled:
            for words in (*spellings, ("".join(spellings[-1]),)):
                self._node(words).groups.append(number)

    def _node(self, words: Words) -> _Node:
        node = self._root
        for word in words:
            node = node.following.setdefault(word, _Node())
        return node

    def _hides(self, groups: Iterable[int]) -> bool:
        return any(len(self._names[group]) == 1 for group in groups)

    def _longest(self, words: Sequence[str], start: int) -> tuple[int, list[_Group]]:
        """Returns the length of the longest phrase that starts at a word, and its groups."""
        length, numbers = self._walked(words, start)
        groups = [self._groups[number] for number in numbers]
        if not self._base:
            return length, groups
        base_length, base_groups = self._base._longest(words, start)
        if base_length > length:
            return base_length, base_groups
        shared = base_length == length and not self._hides(numbers)
        return length, groups + base_groups if shared else groups

    def _walked(self, words: Sequence[str], start: int) -> tuple[int, list[int]]:
        length, numbers = 0, list[int]()
        node, position = self._root, start
        while position < len(words):
            following = (node.following.get(form) for form in singulars(words[position]))
            if (child := next(filter(None, following), None)) is None:
                break
            node, position = child, position + _span(words, position)
            if node.groups:
                length, numbers = position - start, list(dict.fromkeys(node.groups))
        return length, numbers


def _spellings(phrase: str) -> list[Words]:
    """Returns a phrase with its half-spaced words joined, then in parts; one of them where they are equal."""
    forms = dict.fromkeys(phrase.replace(_HALF_SPACE, filler) for filler in ("", " "))
    return list(dict.fromkeys(words for form in forms if (words := tuple(search_form(form).split()))))


def _span(words: Sequence[str], start: int) -> int:
    """Returns 1, or the number of words that search form made of one half-spaced word."""
    joined = ""
    for end in range(start + 1, min(start + 1 + _LONGEST_SPAN, len(words))):
        joined += words[end]
        if not words[start].startswith(joined):
            break
        if joined == words[start] and end > start + 1:
            return end + 1 - start
    return 1


def _contains(words: Words, part: Words) -> bool:
    return any(words[start : start + len(part)] == part for start in range(len(words) - len(part) + 1))
