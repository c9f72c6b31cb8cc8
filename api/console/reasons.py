"""Reasons in Persian. The service writes them as English sentences; a table has a Persian one for each."""

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from markupsafe import Markup

from api.console.language import TEXTS

LONGEST = 2_000
"""Characters of a reason that are translated; the log bounds reasons below it."""

DEPTH = 3
"""How deep sentences may stand inside each other."""

SHORTEST_CUT = 12
"""A sentence that the log cut off is known by so many of its first characters."""

_PLACE = re.compile(r"\{[nw]?\}")
_KINDS = {"{n}": r"(\d[\d,.]*?)", "{w}": r"(\S+?)", "{}": r"(.+?)"}
_LAST = r"(.+)"
_SENTENCE_END = re.compile(r"(?<=[.”])\s+")

Shown = Callable[[str], Markup]
"""Returns a text that has no translation, safe for HTML."""

ShownValue = Callable[[str, bool], Markup]
"""Returns a value, safe for HTML; the second argument says whether it is a number, and no code or id."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """An English sentence with places for values, and the Persian one with the same places."""

    english: str
    persian: str
    regex: re.Pattern[str]
    start: str
    """What the sentence begins with, before its first value."""


def compiled(english: str, persian: str) -> Pattern:
    """Returns the pattern of a line of the table; a value at the very end reaches to the end of the text."""
    literals, places = _PLACE.split(english), _PLACE.findall(english)
    written = re.escape(literals[0])
    for number, (place, literal) in enumerate(zip(places, literals[1:], strict=True), start=1):
        is_last = number == len(places) and not literal and place == "{}"
        written += (_LAST if is_last else _KINDS[place]) + re.escape(literal)
    return Pattern(english, persian, re.compile(rf"{written}(?=\s|$)", re.DOTALL), literals[0])


def _longest_first(patterns: list[Pattern]) -> list[Pattern]:
    return sorted(patterns, key=lambda one: len(_PLACE.sub("", one.english)), reverse=True)


@cache
def _tables() -> tuple[list[Pattern], list[Pattern]]:
    """Returns the patterns of sentences, and of sentences and values."""
    with (TEXTS / "reasons.fa.toml").open("rb") as file:
        tables = tomllib.load(file)
    values = [compiled(*line) for line in tables.pop("values").items()]
    sentences = [compiled(*line) for table in tables.values() for line in table.items()]
    return _longest_first(sentences), _longest_first([*sentences, *values])


@dataclass(frozen=True, slots=True)
class _Found:
    """A sentence of a reason with its values; `pattern` is None where no pattern covers the text."""

    pattern: Pattern | None
    text: str
    values: Sequence[str] = ()


def persian(reason: str, *, value: ShownValue, untranslated: Shown) -> Markup:
    """Returns a reason in Persian; `value` shows its values, `untranslated` what no pattern covers."""
    sentences, _ = _tables()
    parts = []
    for found in _read(reason[:LONGEST], sentences):
        if found.pattern is None:
            parts.append(untranslated(found.text))
        else:
            parts.append(_written(found, value, DEPTH))
    return Markup(" ").join(parts)


def patterns_of(reason: str) -> list[str | None]:
    """Returns the English pattern of each sentence of a reason; None for one that no pattern covers."""
    read = _read(reason, _tables()[0])
    return [None if found.pattern is None else found.pattern.english for found in read]


def _written(found: _Found, value: ShownValue, depth: int) -> Markup:
    assert found.pattern is not None  # noqa: S101 - callers leave out what has no pattern
    places = _PLACE.findall(found.pattern.english)
    values = [
        value(one, True) if place == "{n}" else _value(one, value, depth - 1)  # noqa: FBT003 - see ShownValue
        for place, one in zip(places, found.values, strict=True)
    ]
    return Markup.format(Markup(found.pattern.persian), *values)  # noqa: S704 - the table is our own


def _value(text: str, value: ShownValue, depth: int) -> Markup:
    """Returns a value: in Persian where it is a sentence or a word of the table, else as `value` shows it."""
    if depth > 0:
        parts = _read(text, _tables()[1])
        if all(part.pattern is not None for part in parts):
            return Markup(" ").join(_written(part, value, depth) for part in parts)
    return value(text, False)  # noqa: FBT003 - see ShownValue


def _read(text: str, patterns: Sequence[Pattern]) -> list[_Found]:
    """Returns the sentences of a text in order; what no pattern covers ends where a sentence ends."""
    found: list[_Found] = []
    rest = text.strip()
    while rest:
        whole = _first(rest, patterns)
        if whole is None and (cut := _cut(rest, patterns)) is not None:
            return [*found, _Found(cut, rest)]
        if whole is None:
            unknown, *following = _SENTENCE_END.split(rest, maxsplit=1)
            whole = _Found(None, unknown)
            if found and found[-1].pattern is None:
                whole = _Found(None, f"{found.pop().text} {unknown}")
            rest = "".join(following)
        else:
            rest = rest[len(whole.text) :].lstrip()
        found.append(whole)
    return found


def _first(text: str, patterns: Sequence[Pattern]) -> _Found | None:
    """Returns the sentence at the beginning of a text: the one with the most words of its own."""
    for pattern in patterns:
        if text.startswith(pattern.start) and (match := pattern.regex.match(text)):
            return _Found(pattern, match.group(), match.groups())
    return None


def _cut(text: str, patterns: Sequence[Pattern]) -> Pattern | None:
    """Returns the sentence without values of which a text is the beginning."""
    if len(text) < SHORTEST_CUT:
        return None
    return next((one for one in patterns if one.start == one.english and one.english.startswith(text)), None)
