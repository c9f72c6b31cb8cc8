"""The words of the console: the same keys in both languages, and no key of a page is missing."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.console.formats import Formats
from api.console.language import Language, text, texts
from api.console.rendering import TEMPLATES

PERSIAN, ENGLISH = texts(Language.PERSIAN), texts(Language.ENGLISH)
_PLACE = re.compile(r"\{(\w+)\}")
_KEY = re.compile(r"""\bt\(\s*["']([a-z_0-9.]+)["']\s*[,)]""")
_LATIN = re.compile(r"[A-Za-z_]{2,}")

NAMES = {
    *("PILITO_TOKEN", "curl", "MCP", "JSON", "Bearer", "Standard", "Webhooks", "Sync"),
    *("IRT", "IRR", "EUR", "https", "shop", "example", "db"),
}
"""Words in Latin letters that Persian texts have: names, codes and examples of addresses."""

ONE = "_one"
"""The end of the key of a text for one thing."""

NEVER_ONE = {
    **dict.fromkeys(("time.seconds", "time.minutes", "time.hours", "time.days"), "`time.second` is for one"),
    "time.millisecond": "a unit, without a plural",
    "sync.seen": "`1 of 1 products` is right",
    "budget.used": "a budget of one token is of no use",
    "usage.bar": "a text has more tokens than one",
    "product.chunk": "a chunk has more tokens than one",
    "product.attempts": "shown from the second attempt on",
    "token.days": "a choice between 30, 90 and 365",
    "questions.last_days": "one day is `today`",
    "synonym.wrong": "the bounds are constants",
}
"""Texts with a number before a noun that are never shown for one thing, and why."""

NOW = datetime(2026, 11, 26, tzinfo=UTC)

ISOLATED = re.compile("\u2066.*?\u2069")
"""A name or a code, isolated from the direction of its sentence."""

OTHER_LANGUAGE = "nav.other_language"
"""In its own language: it is for people who do not read this one."""


def plain(key: str) -> str:
    """Returns a Persian text without its places and without what is isolated."""
    return ISOLATED.sub("", _PLACE.sub("", PERSIAN[key]))


def test_both_languages_have_the_same_keys() -> None:
    """A text without its other language would end a page with an error."""
    assert set(PERSIAN) == {key for key in ENGLISH if not key.endswith(ONE)}


def test_an_english_noun_agrees_with_its_number() -> None:
    """A text for one thing belongs to a text for any number `n`; Persian nouns do not change."""
    ones = {key.removesuffix(ONE) for key in ENGLISH if key.endswith(ONE)}
    assert all("{n}" in ENGLISH[key] for key in ones)
    english, persian = Formats(Language.ENGLISH, NOW), Formats(Language.PERSIAN, NOW)
    said = [
        text(formats.language, "retry.do", n=formats.number(count))
        for formats in (english, persian)
        for count in (1, 2, 1_000)
    ]
    assert said == [
        *("Retry 1 event", "Retry 2 events", "Retry 1,000 events"),
        *(PERSIAN["retry.do"].format(n=n) for n in ("۱", "۲", "۱٬۰۰۰")),
    ]


def test_a_text_with_a_noun_after_its_number_has_one_for_one_thing() -> None:
    """A number before a plural noun is named `n`."""
    plural = re.compile(r"\{(\w+)\} [a-z]+s\b")
    without = {key for key in ENGLISH if plural.search(ENGLISH[key]) and f"{key}{ONE}" not in ENGLISH}
    assert without == NEVER_ONE.keys()


@pytest.mark.parametrize("key", sorted(PERSIAN))
def test_both_texts_of_a_key_have_the_same_places(key: str) -> None:
    """What one text fills in, the other fills in too; no text is empty."""
    assert set(_PLACE.findall(PERSIAN[key])) == set(_PLACE.findall(ENGLISH[key]))
    assert PERSIAN[key].strip()
    assert ENGLISH[key].strip()


def test_persian_texts_are_in_one_script() -> None:
    """Names and codes in Latin letters are isolated; all other letters and digits are the Persian ones."""
    mixed = {key: plain(key) for key in PERSIAN if _LATIN.search(plain(key))}
    assert mixed.keys() == {OTHER_LANGUAGE}
    isolated = " ".join(one for text in PERSIAN.values() for one in ISOLATED.findall(text))
    assert set(_LATIN.findall(isolated)) - NAMES == set()
    assert [key for key in PERSIAN if re.search("[0-9يك٠-٩]", plain(key))] == []


@pytest.mark.parametrize("template", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.name)
def test_every_key_of_a_template_has_a_text(template: Path) -> None:
    """Keys that a template joins from parts are tested by the pages themselves."""
    assert [key for key in _KEY.findall(template.read_text()) if key not in ENGLISH] == []


@pytest.mark.parametrize("template", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.name)
def test_a_template_is_short_and_has_no_style_or_script_of_its_own(template: Path) -> None:
    """The content policy refuses inline style and script."""
    source = template.read_text()
    assert len(source.splitlines()) <= 200
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", source)
