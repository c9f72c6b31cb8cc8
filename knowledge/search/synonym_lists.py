"""Lists of synonyms as people write them: checked, and as text with one group a line."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from knowledge.normalise import normalise, search_form
from knowledge.search.keys import compact

Group = list[str]
"""Phrases that mean the same."""

MOST_GROUPS = 500
MOST_PHRASES = 10
LONGEST_PHRASE = 60
"""In characters."""
MOST_WORDS = 4

SEPARATOR = "="
COMMENT = "#"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a list. Groups and phrases count from 1; 0 is the whole list or group."""

    group: int
    phrase: int
    reason: str

    def __str__(self) -> str:
        where = (f"group {self.group}", f"phrase {self.phrase}")
        return ", ".join(
            name for name, number in zip(where, (self.group, self.phrase), strict=True) if number
        )

    @property
    def sentence(self) -> str:
        """The reason, after its place if it is not that of the whole list."""
        return ": ".join(filter(None, (str(self), self.reason)))


def tidy(groups: Iterable[Sequence[str]]) -> list[Group]:
    """Returns groups as they are stored: phrases in one Unicode spelling, on one line, each once."""
    return [
        list({compact(phrase): phrase for phrase in map(_on_one_line, reversed(phrases))}.values())[::-1]
        for phrases in groups
    ]


def problems(groups: Sequence[Sequence[str]]) -> list[Problem]:
    """Returns everything that is wrong with a list, in its order."""
    if len(groups) > MOST_GROUPS:
        return [Problem(0, 0, f"The list has {len(groups)} groups; the most is {MOST_GROUPS}.")]
    found, homes = list[Problem](), dict[str, int]()
    for number, phrases in enumerate(groups, 1):
        if not 1 <= len(phrases) <= MOST_PHRASES:
            found.append(
                Problem(number, 0, f"The group has {len(phrases)} phrases; it needs 1 to {MOST_PHRASES}.")
            )
            continue
        for position, phrase in enumerate(phrases, 1):
            reasons = list(_reasons(phrase))
            if not reasons and homes.setdefault(compact(phrase), number) != number:
                reasons = [f"The phrase is in group {homes[compact(phrase)]} too. Join the two groups."]
            found += [Problem(number, position, reason) for reason in reasons]
    return found


def parse(text: str) -> list[Group]:
    """Returns the groups of a text: one a line, phrases separated by `=`.

    Empty lines, and lines that begin with `#`, are skipped.
    """
    lines = (line.strip() for line in text.removeprefix("\ufeff").splitlines())
    return [
        [phrase.strip() for phrase in line.split(SEPARATOR)]
        for line in lines
        if line and not line.startswith(COMMENT)
    ]


def write(groups: Iterable[Sequence[str]]) -> str:
    """Returns the text of groups; `parse` reads it back."""
    return "".join(f" {SEPARATOR} ".join(phrases) + "\n" for phrases in groups)


def _on_one_line(phrase: str) -> str:
    return " ".join(normalise(phrase).split())


def _reasons(phrase: str) -> Iterator[str]:
    if len(phrase) > LONGEST_PHRASE:
        yield f"The phrase has {len(phrase)} characters; the most is {LONGEST_PHRASE}."
        return
    phrase = _on_one_line(phrase)
    words = len(search_form(phrase.replace("\u200c", "")).split())
    if not words:
        yield "The phrase has no letter or digit."
    elif words > MOST_WORDS:
        yield f"The phrase has {words} words; the most is {MOST_WORDS}."
    if SEPARATOR in phrase or phrase.startswith(COMMENT):
        yield f"A phrase has no {SEPARATOR} and does not begin with {COMMENT}."
